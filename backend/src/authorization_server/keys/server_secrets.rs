//! Secrets of the server that are no signing keys: random bytes, made once and kept with the keys.

use aws_lc_rs::hmac;

use super::encryption;
use super::error::KeyError;
use crate::authorization_server::KeySettings;
use crate::store::{KeptSecret, Store};
use server_kit::entropy::Entropy;

const REFRESH_SUCCESSOR: &str = "refresh-successor";

/// The secrets, read at the start.
pub(crate) struct ServerSecrets {
    successor_key: hmac::Key,
}

impl ServerSecrets {
    /// Reads the secrets. At the first start they are made; two processes that start at once agree.
    pub(crate) async fn start(
        store: &Store,
        settings: &KeySettings,
        entropy: &dyn Entropy,
    ) -> Result<Self, KeyError> {
        let successor_key = secret(store, settings, entropy, REFRESH_SUCCESSOR).await?;
        Ok(Self { successor_key: hmac::Key::new(hmac::HMAC_SHA256, &successor_key) })
    }

    /// What the successor of a refresh token is derived with: the same successor in every process and after a restart.
    pub(crate) fn successor_key(&self) -> &hmac::Key {
        &self.successor_key
    }
}

async fn secret(
    store: &Store,
    settings: &KeySettings,
    entropy: &dyn Entropy,
    name: &'static str,
) -> Result<Vec<u8>, KeyError> {
    let encryption = settings.encryption.as_ref();
    let bound_name = format!("server secret {name}");
    let kept = if let Some(kept) = store.server_secret(name).await? {
        kept
    } else {
        let made = encryption::seal(encryption, &bound_name, &entropy.bytes())?;
        store.keep_server_secret(name, made).await?
    };
    let opened = encryption::open(encryption, &bound_name, &kept)?;
    if matches!(kept, KeptSecret::Plain(_)) && encryption.is_some() {
        store.seal_server_secret(name, encryption::seal(encryption, &bound_name, &opened)?).await?;
        store.fold_log().await?;
        tracing::info!(name, "a secret that was stored as it is has been encrypted");
    }
    Ok(opened)
}

#[cfg(test)]
mod tests {
    use super::*;
    use server_kit::entropy::SeededEntropy;

    async fn successor_of_a(store: &Store, seed: u64) -> Vec<u8> {
        let secrets = ServerSecrets::start(store, &KeySettings::default(), &SeededEntropy::new(seed)).await;
        hmac::sign(secrets.unwrap().successor_key(), b"a").as_ref().to_vec()
    }

    #[tokio::test]
    async fn the_successor_key_is_the_same_in_every_process_on_a_store_and_another_on_another() {
        let folder = tempfile::tempdir().unwrap();
        let first = Store::open(&folder.path().join("first.sqlite")).await.unwrap();
        let same = Store::open(&folder.path().join("first.sqlite")).await.unwrap();
        let other = Store::open(&folder.path().join("other.sqlite")).await.unwrap();
        let (one, two) = tokio::join!(successor_of_a(&first, 1), successor_of_a(&same, 2));
        assert_eq!(one, two);
        assert_eq!(one, successor_of_a(&first, 3).await, "after a restart, too");
        assert_ne!(one, successor_of_a(&other, 4).await);
    }
}
