//! The authorization server's public keys: fetched when needed, kept, and never replaced by something worse.
//!
//! - Each key is for one algorithm, and its set says for which: a token does not choose.
//! - An unknown key id leads to a fetch, but to one in [`REFRESH_SECONDS`] at most: a flood of invented ids costs nothing.
//! - Keys that are older than [`MAX_AGE_SECONDS`] are fetched again, so a removed key is dead by then.
//!   From [`AHEAD_SECONDS`] on that happens on the side.
//! - One fetch at a time; the others wait for it, and none of them can end it. A failed or useless answer leaves the keys as
//!   they are.
//!
//! Spec: RFC 7517 §5; RFC 8414 §2 (`jwks_uri`), §3.3.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use jsonwebtoken::{Algorithm, DecodingKey};
use protocol::clause::Clause;
use protocol::ids::{Issuer, UnixTime};
use protocol::jwks::TokenAlgorithm;
use protocol::loopback::LoopbackPolicy;
use protocol::{base64url_decode, strict_json};
use serde_json::{Map, Value};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::task::JoinHandle;

use crate::discovery::{self, MAX_DOCUMENT_BYTES};
use server_kit::clock::Clock;
use server_kit::outbound::Outbound;
use server_kit::witness;

/// The least time between two fetches because of an unknown key id.
pub const REFRESH_SECONDS: u64 = 30;
/// The least time between two fetches while there are no keys at all.
const RETRY_SECONDS: u64 = 1;
/// Keys are fetched again when they are older.
pub(crate) const MAX_AGE_SECONDS: u64 = 300;
/// Keys that are older are fetched again while they are still used, so that nobody waits.
const AHEAD_SECONDS: u64 = 240;
/// What whoever watches is told of.
const WHAT: &str = "the authorization server's keys";
/// More keys than any server publishes.
const MAX_KEYS: usize = 32;
/// The smallest modulus whose signatures count: RSA-2048.
const MIN_MODULUS_BYTES: usize = 256;

/// Why there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyError {
    /// The authorization server has none of this id.
    Unknown,
    /// The authorization server could not be asked, and there is nothing from before.
    Unavailable,
}

/// A public key, and the one algorithm that it verifies.
pub(crate) struct VerifyingKey {
    pub(crate) id: String,
    pub(crate) key: DecodingKey,
    pub(crate) algorithm: TokenAlgorithm,
    /// As it was published: a key that is published again is the same key.
    published: Map<String, Value>,
}

type Keys = HashMap<String, Arc<VerifyingKey>>;

/// The keys, and the way to them.
pub(crate) struct JwksCache {
    shared: Arc<Shared>,
    clock: Arc<dyn Clock>,
    /// When the last fetch began. Whoever holds the lock fetches.
    last_attempt: Arc<Mutex<Option<UnixTime>>>,
}

struct Shared {
    issuer: Issuer,
    policy: LoopbackPolicy,
    outbound: Outbound,
    current: RwLock<Option<Current>>,
}

/// The keys as they were fetched.
#[derive(Clone)]
struct Current {
    keys: Arc<Keys>,
    url: Arc<str>,
    fetched_at: UnixTime,
}

impl JwksCache {
    pub(crate) fn new(issuer: Issuer, policy: LoopbackPolicy, clock: Arc<dyn Clock>) -> Self {
        let outbound = Outbound::new(policy).on_errand(WHAT, Clause::PublicAddress);
        let shared = Arc::new(Shared { issuer, policy, outbound, current: RwLock::new(None) });
        Self { shared, clock, last_attempt: Arc::default() }
    }

    /// The key of this id, if it is here and its set is not too old. Nothing is waited for; keys that will soon be too old
    /// are fetched meanwhile.
    pub(crate) fn key_at_hand(&self, id: &str, now: UnixTime) -> Option<Arc<VerifyingKey>> {
        let current = self.shared.current.read().unwrap_or_else(PoisonError::into_inner);
        let Current { keys, url, fetched_at } = current.as_ref()?;
        let age = age(now, *fetched_at);
        if age >= MAX_AGE_SECONDS {
            return None;
        }
        let key = keys.get(id).cloned();
        if key.is_some() {
            witness::from_cache(WHAT, url, age);
        }
        drop(current);
        if age >= AHEAD_SECONDS
            && let Ok(last_attempt) = Arc::clone(&self.last_attempt).try_lock_owned()
        {
            self.fetch(last_attempt, REFRESH_SECONDS);
        }
        key
    }

    /// The key of this id.
    pub(crate) async fn key(&self, id: &str) -> Result<Arc<VerifyingKey>, KeyError> {
        if let Some(key) = self.key_at_hand(id, self.clock.now()) {
            return Ok(key);
        }
        self.refresh(id).await;
        match self.shared.current() {
            Some(current) => current.keys.get(id).cloned().ok_or(KeyError::Unknown),
            None => Err(KeyError::Unavailable),
        }
    }

    /// Whose keys these are.
    pub(crate) fn issuer(&self) -> &Issuer {
        &self.shared.issuer
    }

    /// Whether anything can be verified: there are keys, or they can be had now.
    pub(crate) async fn is_ready(&self) -> bool {
        if !self.is_fresh() {
            self.refresh("").await;
        }
        self.shared.current().is_some()
    }

    fn is_fresh(&self) -> bool {
        let current = self.shared.current();
        current.is_some_and(|current| age(self.clock.now(), current.fetched_at) < MAX_AGE_SECONDS)
    }

    /// Fetches the keys, unless somebody did so a moment ago.
    async fn refresh(&self, id: &str) {
        let last_attempt = Arc::clone(&self.last_attempt).lock_owned().await;
        let current = self.shared.current();
        // Whoever waited for the lock may find the work done.
        if let Some(current) = current.as_ref().filter(|current| current.keys.contains_key(id))
            && self.is_fresh()
        {
            witness::from_cache(WHAT, &current.url, self.clock.now().since(current.fetched_at));
            return;
        }
        let pause = if current.is_some() { REFRESH_SECONDS } else { RETRY_SECONDS };
        if let Some(fetching) = self.fetch(last_attempt, pause) {
            // It ends whatever happens; a panic in it is as good as no answer.
            let _ = fetching.await;
        }
    }

    /// Begins a fetch, unless the last one is too recent. It is a task of its own: whoever hangs up while others wait for
    /// the keys, too, must not end it.
    fn fetch(
        &self,
        mut last_attempt: OwnedMutexGuard<Option<UnixTime>>,
        pause: u64,
    ) -> Option<JoinHandle<()>> {
        let now = self.clock.now();
        if last_attempt.is_some_and(|last| age(now, last) < pause) {
            return None;
        }
        *last_attempt = Some(now);
        let shared = Arc::clone(&self.shared);
        // Whoever watches the request that needs the keys sees where they come from.
        Some(tokio::spawn(witness::handle().scope(async move {
            shared.replace_keys(now).await;
            drop(last_attempt);
        })))
    }
}

impl Shared {
    fn current(&self) -> Option<Current> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Fetches the keys. A failure leaves those that are there.
    async fn replace_keys(&self, now: UnixTime) {
        match self.fetch().await {
            Ok((mut keys, url)) => {
                tracing::info!(issuer = %self.issuer, keys = keys.len(), "keys fetched");
                let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
                if let Some(before) = current.as_ref() {
                    keep_unchanged(&mut keys, &before.keys);
                }
                *current = Some(Current { keys: Arc::new(keys), url: url.into(), fetched_at: now });
            }
            Err(reason) => tracing::warn!(issuer = %self.issuer, reason, "keys not fetched"),
        }
    }

    /// Metadata first, then the keys that it points to. Gives that place, too.
    async fn fetch(&self) -> Result<(Keys, String), String> {
        let metadata = discovery::fetch(&self.outbound, &self.issuer, self.policy).await?;
        let jwks_uri = metadata.jwks_uri.ok_or("the metadata has no jwks_uri")?;
        let fetched =
            self.outbound.get(&jwks_uri, MAX_DOCUMENT_BYTES).await.map_err(|reason| reason.to_string())?;
        let keys = read_keys(&fetched.body).ok_or("the key set cannot be read")?;
        if keys.is_empty() {
            Err("there is no key in the set that could be used".to_owned())
        } else {
            Ok((keys, jwks_uri))
        }
    }
}

/// The usable keys of a set: public keys for signatures by one of our algorithms, with an id. Others are passed over.
fn read_keys(body: &[u8]) -> Option<Keys> {
    let set = strict_json::parse_object(body).ok()?;
    let keys = set.get("keys")?.as_array()?;
    if keys.len() > MAX_KEYS {
        return None;
    }
    Some(keys.iter().filter_map(Value::as_object).filter_map(read_key).collect())
}

/// A key that is still published stays the very key it was: what was verified by it stays verified.
fn keep_unchanged(keys: &mut Keys, before: &Keys) {
    for (id, key) in keys {
        if let Some(known) = before.get(id).filter(|known| known.published == key.published) {
            *key = Arc::clone(known);
        }
    }
}

/// `alg` must be there: an RSA key that does not name it could be meant for another padding.
fn read_key(jwk: &Map<String, Value>) -> Option<(String, Arc<VerifyingKey>)> {
    let text = |name| jwk.get(name).and_then(Value::as_str);
    if text("use").is_some_and(|usage| usage != "sig") {
        return None;
    }
    let algorithm: TokenAlgorithm = text("alg")?.parse().ok()?;
    let key = match (algorithm, text("kty")?, text("crv")) {
        (TokenAlgorithm::Rs256, "RSA", _) => rsa(text("n")?, text("e")?)?,
        (TokenAlgorithm::Es256, "EC", Some("P-256")) => p256(text("x")?, text("y")?)?,
        (TokenAlgorithm::EdDsa, "OKP", Some("Ed25519")) => ed25519(text("x")?)?,
        _ => return None,
    };
    let id = text("kid")?.to_owned();
    Some((id.clone(), Arc::new(VerifyingKey { id, key, algorithm, published: jwk.clone() })))
}

fn rsa(modulus: &str, exponent: &str) -> Option<DecodingKey> {
    let strong = base64url_decode(modulus)?.len() >= MIN_MODULUS_BYTES;
    DecodingKey::from_rsa_components(modulus, exponent).ok().filter(|_| strong)
}

fn p256(x: &str, y: &str) -> Option<DecodingKey> {
    let fits = is_coordinate(x) && is_coordinate(y);
    DecodingKey::from_ec_components(x, y).ok().filter(|_| fits)
}

fn ed25519(x: &str) -> Option<DecodingKey> {
    DecodingKey::from_ed_components(x).ok().filter(|_| is_coordinate(x))
}

/// RFC 7518 §6.2.1.2, RFC 8037 §2: 32 bytes, leading zeros included.
fn is_coordinate(text: &str) -> bool {
    base64url_decode(text).is_some_and(|bytes| bytes.len() == 32)
}

impl VerifyingKey {
    /// Its algorithm as jsonwebtoken calls it.
    pub(crate) fn jwt_algorithm(&self) -> Algorithm {
        match self.algorithm {
            TokenAlgorithm::Rs256 => Algorithm::RS256,
            TokenAlgorithm::Es256 => Algorithm::ES256,
            TokenAlgorithm::EdDsa => Algorithm::EdDSA,
        }
    }
}
/// How long ago a moment was, in seconds. One that is still to come was written down by a clock that has been set back since:
/// how long ago that was nobody knows, so it counts as long ago.
fn age(now: UnixTime, moment: UnixTime) -> u64 {
    if moment > now { u64::MAX } else { now.since(moment) }
}
