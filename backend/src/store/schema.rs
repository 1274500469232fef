//! Opening the file: its mode, the settings of a connection, and the migrations.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};

use super::{Limits, StoreError};

/// Applied in order; `PRAGMA user_version` counts how many of them a file has seen.
const MIGRATIONS: [&str; 9] = [
    include_str!("../../migrations/0001_first.sql"),
    include_str!("../../migrations/0002_families.sql"),
    include_str!("../../migrations/0003_refresh_tokens.sql"),
    include_str!("../../migrations/0004_registered_clients.sql"),
    include_str!("../../migrations/0005_keys.sql"),
    include_str!("../../migrations/0006_code_challenge.sql"),
    include_str!("../../migrations/0007_operation.sql"),
    include_str!("../../migrations/0008_people.sql"),
    include_str!("../../migrations/0009_retention.sql"),
];

/// Makes the file, if need be, so that nobody but its owner can read it: it holds the signing keys.
///
/// SQLite gives its side files (`-wal`, `-shm`) the same mode.
pub(super) fn make_private(path: &Path) -> Result<(), StoreError> {
    open_private(path).map(drop)
}

/// Waits until nobody else is opening this database; the turn ends when the value is dropped.
///
/// Two connections that switch a new file to WAL at once get "busy" without any waiting, whatever the timeout is. The
/// lock is on a file of its own: closing another handle on the database would end SQLite's own locks.
pub(super) fn opening_turn(path: &Path) -> Result<File, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push("-opening");
    let lock = PathBuf::from(name);
    let file = open_private(&lock)?;
    file.lock().map_err(|reason| StoreError::File { path: lock.display().to_string(), reason })?;
    Ok(file)
}

fn open_private(path: &Path) -> Result<File, StoreError> {
    let failed = |reason| StoreError::File { path: path.display().to_string(), reason };
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let file = options.open(path).map_err(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        file.set_permissions(std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
    }
    Ok(file)
}

/// A connection with the settings that every statement here relies on.
pub(super) fn connect(path: &Path, limits: Limits) -> Result<Connection, StoreError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(limits.busy_timeout)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A code that was answered "redeemed" stays redeemed when the power fails.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // The WAL is folded back every 1000 pages as far as readers allow, and cut to this size afterwards; see `wal.rs`.
    connection.pragma_update(None, "wal_autocheckpoint", 1000)?;
    connection.pragma_update(None, "journal_size_limit", limits.wal_bytes)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // More than there are statements: each is parsed once.
    connection.set_prepared_statement_cache_capacity(256);
    if let Some(pages) = limits.pages {
        connection.pragma_update(None, "max_page_count", pages)?;
    }
    Ok(connection)
}

/// Applies what the file has not seen yet. Two processes that start at once do it one after the other.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: usize = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found > MIGRATIONS.len() {
        return Err(StoreError::Newer { found, known: MIGRATIONS.len() });
    }
    for migration in &MIGRATIONS[found..] {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", MIGRATIONS.len())?;
    transaction.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    /// Req: ALL-11
    #[cfg(unix)]
    #[tokio::test]
    async fn the_file_is_readable_by_its_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("as.sqlite");
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let _store = Store::open(&path).await.unwrap();
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{:?}", entry.file_name());
        }
    }

    #[tokio::test]
    async fn a_file_of_a_newer_program_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("as.sqlite");
        let connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        drop(connection);
        assert!(matches!(Store::open(&path).await, Err(StoreError::Newer { found: 99, .. })));
    }

    #[tokio::test]
    async fn a_missing_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = Store::open(&folder.path().join("no/as.sqlite")).await.unwrap_err();
        assert!(error.to_string().contains("no/as.sqlite"), "{error}");
    }
}
