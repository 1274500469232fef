//! The public keys of clients: at hand in a document, or fetched from its `jwks_uri` and kept.
//!
//! - Keys that are older than [`MAX_AGE_SECONDS`] are fetched again, so a withdrawn key is dead by then.
//! - A signature by none of the known keys leads to a fetch, but to one in [`REFRESH_SECONDS`] at most.
//! - One fetch at a time for a URL; the others wait for it. A failed or useless answer leaves the keys as they are, for
//!   [`MAX_STALE_SECONDS`]: a client can refresh while its host is down.
//!
//! Spec: RFC 7517 §5; RFC 7591 §2 (`jwks_uri`); Client ID Metadata Document draft -01 §6.5.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use protocol::clause::Clause;
use protocol::client_keys::{ClientJwk, KeySource, read_jwks};
use protocol::ids::UnixTime;
use protocol::strict_json;

use server_kit::clock::Clock;
use server_kit::outbound::Outbound;
use server_kit::witness;

/// What is fetched here, for whoever watches.
const WHAT: &str = "the client's keys";
/// The least time between two fetches from one URL, be the first one successful or not.
const REFRESH_SECONDS: u64 = 30;
/// The same while there are no keys at all.
const RETRY_SECONDS: u64 = 5;
const MAX_AGE_SECONDS: u64 = 300;
const MAX_STALE_SECONDS: u64 = 24 * 3600;
/// The longest key set that is read: ten RSA keys with their certificates left out.
const MAX_BYTES: usize = 16 * 1024;
/// How many key sets are kept at most.
const MAX_KEPT: usize = 1000;

/// Which keys the caller can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Whatever is known and not too old.
    Known,
    /// What the client has published since.
    Newer,
}

/// The key sets of all clients that were seen lately.
pub(super) struct KeySets {
    outbound: Outbound,
    clock: Arc<dyn Clock>,
    kept: Mutex<HashMap<String, Kept>>,
}

struct Kept {
    set: Arc<tokio::sync::Mutex<KeySet>>,
    last_used: UnixTime,
}

/// What is known of one URL. Whoever holds its lock may fetch.
#[derive(Default)]
struct KeySet {
    keys: Option<(Arc<Vec<ClientJwk>>, UnixTime)>,
    last_attempt: Option<UnixTime>,
}

impl KeySets {
    pub(super) fn new(outbound: Outbound, clock: Arc<dyn Clock>) -> Self {
        let outbound = outbound.on_errand(WHAT, Clause::ClientDocumentFetch);
        Self { outbound, clock, kept: Mutex::default() }
    }

    /// The usable keys, if any can be had. Keys in a document are as new as the document.
    pub(super) async fn keys(&self, source: &KeySource, wanted: Wanted) -> Option<Arc<Vec<ClientJwk>>> {
        match source {
            KeySource::Inline(jwks) => read_jwks(jwks).ok().map(Arc::new),
            KeySource::Uri(uri) => self.at(uri, wanted).await,
        }
    }

    async fn at(&self, uri: &str, wanted: Wanted) -> Option<Arc<Vec<ClientJwk>>> {
        let set = self.entry(uri);
        let mut set = set.lock().await;
        let now = self.clock.now();
        if set.is_due(wanted, now) {
            let fetched = self.fetch(uri).await;
            set.last_attempt = Some(self.clock.now());
            match fetched {
                Ok(keys) => set.keys = Some((Arc::new(keys), now)),
                Err(reason) => tracing::info!(reason, "keys of a client not fetched"),
            }
        } else if let Some((_, fetched_at)) = &set.keys {
            witness::from_cache(WHAT, uri, now.since(*fetched_at));
        }
        let (keys, fetched_at) = set.keys.as_ref()?;
        (now.since(*fetched_at) < MAX_STALE_SECONDS).then(|| Arc::clone(keys))
    }

    fn entry(&self, uri: &str) -> Arc<tokio::sync::Mutex<KeySet>> {
        let now = self.clock.now();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if !kept.contains_key(uri) && kept.len() >= MAX_KEPT {
            let oldest = kept.iter().min_by_key(|(_, kept)| kept.last_used).map(|(uri, _)| uri.clone());
            oldest.map(|uri| kept.remove(&uri));
        }
        let entry =
            kept.entry(uri.to_owned()).or_insert_with(|| Kept { set: Arc::default(), last_used: now });
        entry.last_used = now;
        Arc::clone(&entry.set)
    }

    async fn fetch(&self, uri: &str) -> Result<Vec<ClientJwk>, String> {
        let fetched = self.outbound.get(uri, MAX_BYTES).await.map_err(|reason| reason.to_string())?;
        let jwks = strict_json::parse_object(&fetched.body).map_err(|reason| reason.to_string())?;
        read_jwks(&jwks).map_err(|reason| reason.to_string())
    }
}

impl KeySet {
    fn is_due(&self, wanted: Wanted, now: UnixTime) -> bool {
        let is_old = |fetched_at: &UnixTime| now.since(*fetched_at) >= MAX_AGE_SECONDS;
        let (wants, pause) = match (&self.keys, wanted) {
            (None, _) => (true, RETRY_SECONDS),
            (Some(_), Wanted::Newer) => (true, REFRESH_SECONDS),
            (Some((_, fetched_at)), Wanted::Known) => (is_old(fetched_at), REFRESH_SECONDS),
        };
        wants && self.last_attempt.is_none_or(|last| now.since(last) >= pause)
    }
}
