//! Reading the keys from the store, and adding one: at the first start, by age, by command.
//!
//! A key that is added is published first and signs later. How much later is [`KeySettings::lead_seconds`]: whoever
//! verifies has to have read the key set anew by then.

use std::sync::Arc;

use protocol::ids::UnixTime;
use protocol::jwks::TokenAlgorithm;
use tokio::task::spawn_blocking;

use super::encryption;
use super::error::KeyError;
use super::schedule::Schedule;
use super::signing_key::SigningKey;
use crate::authorization_server::KeySettings;
use crate::store::{KeptSecret, KeyRecord, Store, StoredKey, Term};

/// Each process on a store looks this often at least for keys that another one has added.
pub const KEY_WATCH_SECONDS: u64 = 60;

/// For so long a key set is kept, by caches on the way (`max-age` of `/jwks`) and by our own MCP server.
const VERIFIER_CACHE_SECONDS: u64 = 300;

/// The shortest time between publishing a key and signing with it: another process publishes it a little later, a cache
/// may have been filled just before, and a verifier may have been filled from that cache just before it let go.
const MIN_LEAD_SECONDS: u64 = KEY_WATCH_SECONDS + 2 * VERIFIER_CACHE_SECONDS;

/// When a key that is added by command begins to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takeover {
    /// When every verifier can know it: no verification fails.
    WhenKnown,
    /// Now, because the present key is no longer trusted. A verifier that does not ask for a key that it does not know
    /// refuses tokens until it reads the key set anew.
    AtOnce,
}

/// A key that was added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedKey {
    /// Its name in the key set.
    pub kid: String,
    /// What it signs with.
    pub algorithm: TokenAlgorithm,
    /// When it begins to sign.
    pub signs_from: UnixTime,
}

impl KeySettings {
    pub(super) fn check(&self) -> Result<(), KeyError> {
        let (lead, max_age) = (self.lead_seconds, self.max_age_seconds);
        if lead < MIN_LEAD_SECONDS {
            return Err(KeyError::ShortLead { seconds: lead, least: MIN_LEAD_SECONDS });
        }
        if max_age != 0 && max_age < lead {
            return Err(KeyError::ShortAge { seconds: max_age, lead });
        }
        Ok(())
    }
}

/// Makes a new key of the configured algorithm and publishes it. The servers that run on this store notice within
/// [`KEY_WATCH_SECONDS`]; the old key stays published until its last token has expired.
///
/// # Errors
/// [`KeyError`]; then nothing has changed.
pub async fn rotate_keys(
    store: &Store,
    settings: &KeySettings,
    takeover: Takeover,
    now: UnixTime,
) -> Result<PublishedKey, KeyError> {
    let material = Material::generate(settings.algorithm).await?;
    publish(store, settings, material, takeover, now).await
}

/// A key that is not stored yet.
pub(super) struct Material {
    pub(super) key: SigningKey,
    pub(super) pkcs8: Vec<u8>,
}

impl Material {
    pub(super) async fn generate(algorithm: TokenAlgorithm) -> Result<Self, KeyError> {
        let (key, pkcs8) = spawn_blocking(move || SigningKey::generate(algorithm))
            .await
            .map_err(|_| KeyError::NotMade)??;
        Ok(Self { key, pkcs8 })
    }

    pub(super) fn record(
        &self,
        settings: &KeySettings,
        now: UnixTime,
        signs_from: UnixTime,
    ) -> Result<KeyRecord, KeyError> {
        let kid = self.key.public().kid();
        Ok(KeyRecord {
            kid: kid.to_owned(),
            algorithm: self.key.public().algorithm(),
            term: Term { published_at: now, signs_from, token_seconds: 0 },
            private_key: encryption::seal(settings.encryption.as_ref(), &name(kid), &self.pkcs8)?,
        })
    }
}

/// Adds a key by command, whatever else happens to the store meanwhile.
pub(super) async fn publish(
    store: &Store,
    settings: &KeySettings,
    material: Material,
    takeover: Takeover,
    now: UnixTime,
) -> Result<PublishedKey, KeyError> {
    settings.check()?;
    // Reading the others proves that this command has the secret that the servers have.
    let others = load(store, settings, 0, &[]).await?;
    let signs_from = match takeover {
        Takeover::WhenKnown if !others.is_empty() => now.plus(settings.lead_seconds),
        // The first key of all: no verifier can have read a key set without it.
        Takeover::WhenKnown | Takeover::AtOnce => now,
    };
    let record = material.record(settings, now, signs_from)?;
    let published = PublishedKey { kid: record.kid.clone(), algorithm: record.algorithm, signs_from };
    if store.add_signing_key(record).await? {
        Ok(published)
    } else {
        Err(KeyError::AlreadyThere(published.kid))
    }
}

/// A stored key, opened.
#[derive(Clone)]
pub(super) struct LoadedKey {
    pub(super) stored: StoredKey,
    pub(super) key: Arc<SigningKey>,
}

/// All keys of the store, opened. Those in `known` are not opened again.
///
/// What an older version or a start without a secret has left is completed on the way: the `kid`, the encryption.
pub(super) async fn load(
    store: &Store,
    settings: &KeySettings,
    token_seconds: u64,
    known: &[LoadedKey],
) -> Result<Vec<LoadedKey>, KeyError> {
    let mut loaded = Vec::new();
    let mut sealed = false;
    for mut stored in store.signing_keys(token_seconds).await? {
        let key = match known.iter().find(|known| known.stored.sequence == stored.sequence) {
            Some(known) => Arc::clone(&known.key),
            None => open(settings, &stored.record).await?,
        };
        sealed |= complete(store, settings, &mut stored, key.public().kid()).await?;
        loaded.push(LoadedKey { stored, key });
    }
    if sealed {
        store.fold_log().await?;
    }
    Ok(loaded)
}

async fn open(settings: &KeySettings, record: &KeyRecord) -> Result<Arc<SigningKey>, KeyError> {
    let name = name(&record.kid);
    let pkcs8 = encryption::open(settings.encryption.as_ref(), &name, &record.private_key)?;
    let algorithm = record.algorithm;
    let key = spawn_blocking(move || SigningKey::from_pkcs8(algorithm, &pkcs8)).await;
    let Ok(Ok(key)) = key else { return Err(KeyError::Damaged(name)) };
    // A key of an older version has no `kid` yet.
    if record.kid.is_empty() || record.kid == key.public().kid() {
        Ok(Arc::new(key))
    } else {
        Err(KeyError::Damaged(name))
    }
}

/// Writes a key as this version would have written it. Whether it was encrypted for that.
async fn complete(
    store: &Store,
    settings: &KeySettings,
    stored: &mut StoredKey,
    kid: &str,
) -> Result<bool, KeyError> {
    let KeptSecret::Plain(pkcs8) = &stored.record.private_key else { return Ok(false) };
    let encryption = settings.encryption.as_ref();
    if !stored.record.kid.is_empty() && encryption.is_none() {
        return Ok(false);
    }
    let private_key = encryption::seal(encryption, &name(kid), pkcs8)?;
    store.rewrite_signing_key(stored.sequence, kid.to_owned(), private_key.clone()).await?;
    kid.clone_into(&mut stored.record.kid);
    stored.record.private_key = private_key;
    if encryption.is_some() {
        tracing::info!(kid, "a signing key that was stored as it is has been encrypted");
    }
    Ok(encryption.is_some())
}

/// What errors call a key. It is bound into the encryption, too.
fn name(kid: &str) -> String {
    format!("signing key {kid}")
}

/// The times of these keys.
pub(super) fn schedule(keys: &[LoadedKey]) -> Schedule {
    Schedule::of(keys.iter().map(|key| key.stored.record.term))
}
