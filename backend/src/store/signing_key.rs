//! The key that signs access tokens. It lives in the file, so that tokens stay valid over a restart.

use rusqlite::OptionalExtension as _;

use super::{Store, StoreError};

impl Store {
    /// The stored key as PKCS#8, if there is one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn signing_key(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(|connection| {
            Ok(connection.query_row("SELECT pkcs8 FROM signing_key", [], |row| row.get(0)).optional()?)
        })
        .await
    }

    /// Stores a key unless there is one, and gives the one that is there now: two processes that start at once agree.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keep_signing_key(&self, pkcs8: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        self.write(move |connection| {
            connection
                .execute("INSERT OR IGNORE INTO signing_key (only_row, pkcs8) VALUES (1, ?)", [pkcs8])?;
            Ok(connection.query_row("SELECT pkcs8 FROM signing_key", [], |row| row.get(0))?)
        })
        .await
    }
}
