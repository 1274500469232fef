//! Secrets that the server must have again after a restart, as they are stored: as they are, or encrypted.

use std::fmt;

use rusqlite::{Connection, Row};

use super::{Store, StoreError};

/// A secret as it is stored. What "encrypted" means is not the store's business.
#[derive(Clone, PartialEq, Eq)]
pub enum KeptSecret {
    /// As it is: the file's mode is all that protects it.
    Plain(Vec<u8>),
    /// Encrypted.
    Sealed {
        /// Names the secret that opens it.
        under: [u8; 8],
        /// Nonce, ciphertext, tag.
        sealed: Vec<u8>,
    },
}

impl fmt::Debug for KeptSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain(_) => "Plain(…)",
            Self::Sealed { .. } => "Sealed(…)",
        })
    }
}

impl KeptSecret {
    /// The two columns.
    pub(super) fn columns(&self) -> (&[u8], Option<[u8; 8]>) {
        match self {
            Self::Plain(secret) => (secret, None),
            Self::Sealed { under, sealed } => (sealed, Some(*under)),
        }
    }

    /// Reads the two columns.
    pub(super) fn from_row(row: &Row<'_>, secret: &str) -> Result<Self, StoreError> {
        let bytes = row.get(secret)?;
        Ok(match row.get("sealed_under")? {
            None => Self::Plain(bytes),
            Some(under) => Self::Sealed { under, sealed: bytes },
        })
    }
}

/// Runs a statement whose old values are overwritten in the file, not only unlinked: they are private keys.
///
/// Not always on: elsewhere only hashes are deleted, and freed pages would be written for nothing.
pub(super) fn erasing<T>(
    connection: &Connection,
    statement: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    connection.pragma_update(None, "secure_delete", true)?;
    let outcome = statement(connection);
    connection.pragma_update(None, "secure_delete", false)?;
    outcome
}

impl Store {
    /// The server's secret of this name, if it was made already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn server_secret(&self, name: &'static str) -> Result<Option<KeptSecret>, StoreError> {
        self.read(move |connection| select(connection, name)).await
    }

    /// Stores a secret unless there is one of this name, and gives the one that is there now: two processes that start
    /// at once agree.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keep_server_secret(
        &self,
        name: &'static str,
        secret: KeptSecret,
    ) -> Result<KeptSecret, StoreError> {
        self.write(move |connection| {
            let (bytes, under) = secret.columns();
            connection
                .prepare_cached(
                    "INSERT OR IGNORE INTO server_secret (name, secret, sealed_under) VALUES (?, ?, ?)",
                )?
                .execute((name, bytes, under))?;
            select(connection, name)?.ok_or(StoreError::Unreadable("server secret"))
        })
        .await
    }

    /// Replaces a secret that is not encrypted by its encrypted form, and leaves nothing of the old form in the row.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn seal_server_secret(&self, name: &'static str, secret: KeptSecret) -> Result<(), StoreError> {
        self.write(move |connection| {
            let (bytes, under) = secret.columns();
            erasing(connection, |connection| {
                connection.execute(
                    "UPDATE server_secret SET secret = ?, sealed_under = ?
                     WHERE name = ? AND sealed_under IS NULL",
                    (bytes, under, name),
                )?;
                Ok(())
            })
        })
        .await
    }
}

fn select(connection: &Connection, name: &str) -> Result<Option<KeptSecret>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT secret, sealed_under FROM server_secret WHERE name = ?")?;
    let mut rows = statement.query([name])?;
    rows.next()?.map(|row| KeptSecret::from_row(row, "secret")).transpose()
}
