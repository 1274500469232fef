//! The keys in memory: read at the start, exchanged as a whole when the store has others, so that a token is always signed
//! by a key that the published set contains.

use std::sync::{Arc, PoisonError, RwLock};

use axum::body::Bytes;
use protocol::access_token::AccessTokenClaims;
use protocol::ids::UnixTime;
use protocol::jwks::{Jwks, PublicJwk, TokenAlgorithm};
use protocol::secret::Secret;
use tokio::sync::Mutex;

use super::error::KeyError;
use super::rotation::{self, LoadedKey, Material};
use super::schedule::Schedule;
use super::signing_key::SigningKey;
use super::signing_threads::SigningThreads;
use crate::authorization_server::KeySettings;
use crate::store::Store;

pub(crate) struct KeyRing {
    store: Store,
    settings: KeySettings,
    /// How long the tokens live that are signed here.
    token_seconds: u64,
    current: RwLock<Arc<KeySet>>,
    /// Whoever holds it brings the keys up to date: a slow reader cannot put old keys in the place of new ones.
    turn: Mutex<()>,
    threads: SigningThreads,
}

/// All keys at one moment, in the order in which they were made.
struct KeySet {
    keys: Vec<LoadedKey>,
    schedule: Schedule,
    /// As `/jwks` answers it.
    document: Bytes,
}

impl KeyRing {
    /// Reads the keys. At the first start the first one is made; another algorithm than before gets a key of its own,
    /// which takes over like any other.
    pub(crate) async fn start(
        store: Store,
        settings: KeySettings,
        token_seconds: u64,
        now: UnixTime,
    ) -> Result<Self, KeyError> {
        settings.check()?;
        let ring = Self {
            store,
            settings,
            token_seconds,
            current: RwLock::new(Arc::new(KeySet::new(Vec::new()))),
            turn: Mutex::new(()),
            threads: SigningThreads::start()?,
        };
        let keys = ring.load().await?;
        let newest = keys.last().map(|newest| newest.stored.record.algorithm);
        if newest != Some(ring.settings.algorithm) {
            ring.add_key(&keys, now).await?;
        }
        ring.maintain(now).await?;
        Ok(ring)
    }

    /// Reads what other processes have changed, adds a key if the signing one is old, deletes those that verify nothing
    /// any more. To be called every [`rotation::KEY_WATCH_SECONDS`]. After an error the keys are as before.
    pub(crate) async fn maintain(&self, now: UnixTime) -> Result<(), KeyError> {
        let _turn = self.turn.lock().await;
        let mut keys = self.load().await?;
        if rotation::schedule(&keys).is_due(self.settings.max_age_seconds, now) {
            self.add_key(&keys, now).await?;
            keys = self.load().await?;
        }
        let (retired, keys) = split_retired(keys, now);
        if !retired.is_empty() {
            tracing::info!(count = retired.len(), "signing keys whose tokens have all expired are deleted");
            self.store.delete_signing_keys(retired).await?;
        }
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(KeySet::new(keys));
        Ok(())
    }

    /// An access token with these claims, signed by the key whose time it is when the token is issued.
    pub(crate) async fn sign(&self, claims: &AccessTokenClaims) -> Result<Secret, KeyError> {
        let key = self.current().signer(claims.iat).ok_or(KeyError::NotSigned)?;
        let input = key.signing_input(claims)?;
        match key.public().algorithm() {
            // A quarter of a millisecond of pure computation, in which this thread could answer ten others.
            TokenAlgorithm::Rs256 => self.threads.sign(key, input).await,
            // These take less than 20 µs, which is about what handing them to another thread would cost.
            TokenAlgorithm::Es256 | TokenAlgorithm::EdDsa => key.sign(input),
        }
    }

    /// Whether one of the published keys, this one, made this signature.
    pub(crate) fn verifies(&self, kid: &str, message: &[u8], signature: &[u8]) -> bool {
        let current = self.current();
        let key = current.keys.iter().find(|key| key.key.public().kid() == kid);
        key.is_some_and(|key| key.key.verifies(message, signature))
    }

    /// The public halves of all keys whose tokens may be valid now or soon, as `/jwks` answers them.
    pub(crate) fn document(&self) -> Bytes {
        self.current().document.clone()
    }

    fn current(&self) -> Arc<KeySet> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    async fn load(&self) -> Result<Vec<LoadedKey>, KeyError> {
        rotation::load(&self.store, &self.settings, self.token_seconds, &self.current().keys).await
    }

    /// Adds a key after these, unless another process has just done the same.
    async fn add_key(&self, keys: &[LoadedKey], now: UnixTime) -> Result<(), KeyError> {
        let newest = keys.last().map(|newest| newest.stored.sequence);
        let signs_from = if newest.is_none() { now } else { now.plus(self.settings.lead_seconds) };
        let material = Material::generate(self.settings.algorithm).await?;
        let record = material.record(&self.settings, now, signs_from)?;
        let (kid, algorithm) = (record.kid.clone(), record.algorithm);
        if self.store.add_signing_key_after(newest, record).await? {
            tracing::info!(kid, %algorithm, signs_from = signs_from.0, "a new signing key is published");
        }
        Ok(())
    }
}

impl KeySet {
    fn new(keys: Vec<LoadedKey>) -> Self {
        let schedule = rotation::schedule(&keys);
        let public: Vec<&PublicJwk> = keys.iter().map(|key| key.key.public()).collect();
        // Texts in lists, which JSON can always express.
        let document = serde_json::to_vec(&Jwks { keys: public }).map(Bytes::from).unwrap_or_default();
        Self { keys, schedule, document }
    }

    fn signer(&self, now: UnixTime) -> Option<Arc<SigningKey>> {
        self.schedule.signer(now).and_then(|signer| self.keys.get(signer)).map(|key| Arc::clone(&key.key))
    }
}

/// The numbers of the keys that verify nothing any more, and the other keys.
fn split_retired(keys: Vec<LoadedKey>, now: UnixTime) -> (Vec<u64>, Vec<LoadedKey>) {
    let schedule = rotation::schedule(&keys);
    let mut retired = Vec::new();
    let mut position = 0;
    let mut kept = keys;
    kept.retain(|key| {
        let is_retired = schedule.is_retired(position, now);
        position += 1;
        if is_retired {
            retired.push(key.stored.sequence);
        }
        !is_retired
    });
    (retired, kept)
}
