//! The write-ahead log, kept small.
//!
//! SQLite folds it back into the database by itself, but only as far as no reader still looks at the past, and it never
//! waits for one. While a reader holds on (a backup, somebody's shell), the log grows with every commit. So after a
//! transaction that left it large it is folded back and cut to nothing; if somebody is in the way, again a little later.

use std::path::PathBuf;
use std::time::Duration;

use rusqlite::Connection;

/// Beyond so many times the limit, an attempt waits for readers in the way, though only for a moment.
const INSIST_AT: u64 = 4;
const PATIENCE: Duration = Duration::from_millis(200);

/// The log of a database, seen from its writer.
#[derive(Debug)]
pub(super) struct Wal {
    file: PathBuf,
    limit: u64,
    next_attempt: u64,
    /// How patient the connection is otherwise.
    busy_timeout: Duration,
}

impl Wal {
    /// The log beside this database, to be cut back when it is longer than `limit` bytes.
    pub(super) fn of(database: &std::path::Path, limit: u64, busy_timeout: Duration) -> Self {
        let mut file = database.as_os_str().to_owned();
        file.push("-wal");
        Self { file: file.into(), limit, next_attempt: limit, busy_timeout }
    }

    /// Looks after it. Called after each transaction, when its callers have their answers.
    pub(super) fn tend(&mut self, connection: &Connection) {
        let size = std::fs::metadata(&self.file).map_or(0, |file| file.len());
        if size <= self.limit {
            self.next_attempt = self.limit;
            return;
        }
        if size <= self.next_attempt {
            return;
        }
        let insists = size > self.limit.saturating_mul(INSIST_AT);
        // An attempt that waits is made more rarely.
        let (patience, step) =
            if insists { (PATIENCE, self.limit) } else { (Duration::ZERO, self.limit / 8) };
        if self.truncate(connection, patience) {
            self.next_attempt = self.limit;
        } else {
            tracing::warn!(bytes = size, "a long read keeps the write-ahead log from being cut back");
            self.next_attempt = size + step;
        }
    }

    /// Cuts it to nothing before the connection closes.
    pub(super) fn fold_back(&mut self, connection: &Connection) {
        if !self.truncate(connection, self.busy_timeout) {
            tracing::warn!("the write-ahead log stays beside the database: somebody still reads");
        }
    }

    /// Whether everything is in the database and the log is empty.
    fn truncate(&self, connection: &Connection, patience: Duration) -> bool {
        let attempt = || {
            connection.busy_timeout(patience)?;
            let blocked =
                connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0))?;
            connection.busy_timeout(self.busy_timeout)?;
            Ok::<_, rusqlite::Error>(!blocked)
        };
        attempt().unwrap_or_else(|error| {
            tracing::warn!(%error, "the write-ahead log was not folded back");
            false
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Limits, Store, StoreError};

    const LIMIT: u64 = 256 * 1024;

    async fn store(folder: &tempfile::TempDir) -> (Store, PathBuf) {
        let path = folder.path().join("as.sqlite");
        let limits = Limits { wal_bytes: LIMIT, ..Limits::default() };
        let store = Store::open_with(&path, limits).await.unwrap();
        (store, folder.path().join("as.sqlite-wal"))
    }

    fn size(file: &PathBuf) -> u64 {
        std::fs::metadata(file).map_or(0, |file| file.len())
    }

    /// Changes many pages at once.
    async fn write_much(store: &Store, round: u64) -> Result<(), StoreError> {
        store
            .write(move |connection| {
                connection.execute_batch(&format!(
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
                     INSERT OR REPLACE INTO browser_session (cookie_hash, subject, signed_in_at, expires_at)
                     SELECT CAST(i AS BLOB), hex(zeroblob(1000)) || {round}, 0, 0 FROM n;"
                ))?;
                Ok(())
            })
            .await
    }

    /// Req: P13
    #[tokio::test]
    async fn a_long_read_makes_the_log_grow_and_its_end_makes_it_small_again() {
        let folder = tempfile::tempdir().unwrap();
        let (store, wal) = store(&folder).await;
        let reader = Connection::open(folder.path().join("as.sqlite")).unwrap();
        reader.execute_batch("BEGIN; SELECT count(*) FROM browser_session;").unwrap();
        for round in 0..6 {
            write_much(&store, round).await.unwrap();
        }
        assert!(size(&wal) > INSIST_AT * LIMIT, "the reader is in the way: {}", size(&wal));

        reader.execute_batch("COMMIT").unwrap();
        // The log is looked after when the answer is out; so the next one finds it done.
        for round in 6..9 {
            write_much(&store, round).await.unwrap();
        }
        store.check().await.unwrap();
        assert!(size(&wal) <= 3 * LIMIT, "{}", size(&wal));
    }

    #[tokio::test]
    async fn a_closed_store_leaves_no_log() {
        let folder = tempfile::tempdir().unwrap();
        let (store, wal) = store(&folder).await;
        write_much(&store, 0).await.unwrap();
        assert!(size(&wal) > 0);
        // Another process keeps the file open, so SQLite does not tidy up by itself.
        let other = Connection::open(folder.path().join("as.sqlite")).unwrap();
        other.query_row("SELECT count(*) FROM browser_session", [], |_| Ok(())).unwrap();
        store.close().await;
        assert_eq!(size(&wal), 0);
        assert!(matches!(store.check().await, Err(StoreError::Closed)));
    }
}
