//! The keys that sign access tokens. They live in the file, so that tokens stay valid over a restart.

use protocol::ids::UnixTime;
use protocol::jwks::TokenAlgorithm;
use rusqlite::{Connection, Row, named_params};

use super::kept_secret::{KeptSecret, erasing};
use super::{Store, StoreError};

/// The times of a key. With those of the later keys they decide when it signs and how long it stays published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// Since when verifiers can know it.
    pub published_at: UnixTime,
    /// From when on it signs, until a later key does.
    pub signs_from: UnixTime,
    /// The longest life of a token that it may have signed, in seconds.
    pub token_seconds: u64,
}

/// A key as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// Thumbprint of its public half. An older version did not store it: then it is empty.
    pub kid: String,
    /// What it signs with.
    pub algorithm: TokenAlgorithm,
    /// Its times.
    pub term: Term,
    /// Its private half, PKCS#8.
    pub private_key: KeptSecret,
}

/// A key that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// Of two keys the later one has the larger number, whatever the clock said.
    pub sequence: u64,
    /// The key.
    pub record: KeyRecord,
}

impl Store {
    /// All keys, in the order in which they were made.
    ///
    /// Whoever asks will sign tokens that live for `token_seconds`, and it is put down with every key, so that each
    /// stays published long enough. 0 if it will not sign.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn signing_keys(&self, token_seconds: u64) -> Result<Vec<StoredKey>, StoreError> {
        self.write(move |connection| {
            connection
                .prepare_cached("UPDATE signing_key SET token_seconds = ?1 WHERE token_seconds < ?1")?
                .execute([token_seconds])?;
            let mut statement = connection.prepare_cached("SELECT * FROM signing_key ORDER BY sequence")?;
            let mut rows = statement.query([])?;
            let mut keys = Vec::new();
            while let Some(row) = rows.next()? {
                keys.push(read(row)?);
            }
            Ok(keys)
        })
        .await
    }

    /// Stores a key. `false`: it is there already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_signing_key(&self, record: KeyRecord) -> Result<bool, StoreError> {
        self.write(move |connection| insert(connection, &record)).await
    }

    /// Stores a key if the newest one is still this, where `None` means that there is none. `false`: another process
    /// was faster.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_signing_key_after(
        &self,
        newest: Option<u64>,
        record: KeyRecord,
    ) -> Result<bool, StoreError> {
        self.write(move |connection| {
            let found: Option<u64> =
                connection.query_row("SELECT max(sequence) FROM signing_key", [], |row| row.get(0))?;
            Ok(found == newest && insert(connection, &record)?)
        })
        .await
    }

    /// Writes the private half of a key anew, encrypted, and leaves nothing of the old form in the row. It completes the
    /// `kid` of a key of an older version. A key that is encrypted already stays as it is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rewrite_signing_key(
        &self,
        sequence: u64,
        kid: String,
        private_key: KeptSecret,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            let (private_key, sealed_under) = private_key.columns();
            erasing(connection, |connection| {
                connection.execute(
                    "UPDATE signing_key SET kid = :kid, private_key = :private_key, sealed_under = :sealed_under
                     WHERE sequence = :sequence AND sealed_under IS NULL",
                    named_params! {
                        ":kid": kid,
                        ":private_key": private_key,
                        ":sealed_under": sealed_under,
                        ":sequence": sequence,
                    },
                )?;
                Ok(())
            })
        })
        .await
    }

    /// Deletes keys that verify nothing any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_signing_keys(&self, sequences: Vec<u64>) -> Result<(), StoreError> {
        self.write(move |connection| {
            erasing(connection, |connection| {
                let mut delete = connection.prepare("DELETE FROM signing_key WHERE sequence = ?")?;
                for sequence in sequences {
                    delete.execute([sequence])?;
                }
                Ok(())
            })
        })
        .await
    }
}

fn insert(connection: &Connection, record: &KeyRecord) -> Result<bool, StoreError> {
    let (private_key, sealed_under) = record.private_key.columns();
    let inserted = connection.execute(
        "INSERT INTO signing_key
             (kid, algorithm, published_at, signs_from, token_seconds, private_key, sealed_under)
         VALUES (:kid, :algorithm, :published_at, :signs_from, :token_seconds, :private_key, :sealed_under)
         ON CONFLICT (kid) DO NOTHING",
        named_params! {
            ":kid": record.kid,
            ":algorithm": record.algorithm.as_str(),
            ":published_at": record.term.published_at.0,
            ":signs_from": record.term.signs_from.0,
            ":token_seconds": record.term.token_seconds,
            ":private_key": private_key,
            ":sealed_under": sealed_under,
        },
    )?;
    Ok(inserted == 1)
}

fn read(row: &Row<'_>) -> Result<StoredKey, StoreError> {
    let algorithm: String = row.get("algorithm")?;
    Ok(StoredKey {
        sequence: row.get("sequence")?,
        record: KeyRecord {
            kid: row.get("kid")?,
            algorithm: algorithm.parse().map_err(|_| StoreError::Unreadable("algorithm of a signing key"))?,
            term: Term {
                published_at: UnixTime(row.get("published_at")?),
                signs_from: UnixTime(row.get("signs_from")?),
                token_seconds: row.get("token_seconds")?,
            },
            private_key: KeptSecret::from_row(row, "private_key")?,
        },
    })
}
