//! What the authorization server remembers, in one SQLite file.
//!
//! The methods are events of the protocol, each one statement or one short transaction. What may happen once is
//! consumed by a guarded `UPDATE … RETURNING`, so that of many simultaneous attempts, in however many processes on one
//! file, exactly one wins. Secrets of others are stored as hashes only; the server's own keys are there as
//! [`KeptSecret`].
//!
//! What is written down or consumed is reported where that happens ([`witness`]), from whatever thread.

mod client;
mod client_assertion;
mod code;
mod connection;
mod consent;
mod family;
mod grants;
mod hash;
mod health;
mod kept_secret;
mod pending;
mod prune;
mod refresh;
mod registered;
mod remembered;
mod schema;
mod session;
mod signing_key;
mod wal;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};
use server_kit::witness;

pub use client::{Client, ClientAuthentication, ClientSource};
pub use code::{CodeVerdict, FoundCode, Redemption};
pub use consent::{Chosen, Decision, Verdict};
pub use family::{Family, RevokedBecause};
pub use grants::Grant;
pub use hash::SecretHash;
pub use kept_secret::KeptSecret;
pub use pending::{Asked, NewRequest, PendingRequest, Standing};
pub use refresh::{NewRefreshToken, Rotation};
pub use registered::Registered;
pub use session::Session;
pub use signing_key::{KeyRecord, StoredKey, Term};

use connection::Worker;
use wal::Wal;

/// How long an authorization request waits for its answer, in seconds.
pub const PENDING_SECONDS: u64 = 600;
/// How many authorization requests wait at most. Beyond it the oldest go, so that a flood cannot fill the disk.
pub const MAX_PENDING: u64 = 10_000;
/// How many wrong verifiers a code survives: whoever holds a stolen code cannot try on.
pub const MAX_WRONG_VERIFIERS: u32 = 5;

/// How patient a store is, and how large it may get.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long an event waits while another process has the file locked.
    pub busy_timeout: Duration,
    /// How many events wait for their turn at most; more are refused. A transaction takes up to 256 of them.
    pub queued: usize,
    /// How long the write-ahead log may be, in bytes, before it is cut back.
    pub wal_bytes: u64,
    /// How large the database may get, in pages of 4 KiB. `None` leaves it to the disk.
    pub pages: Option<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { busy_timeout: Duration::from_secs(2), queued: 1024, wal_bytes: 8 * 1024 * 1024, pages: None }
    }
}

/// Why the store cannot answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file or its folder cannot be used.
    #[error("the database file {path} cannot be opened: {reason}")]
    File {
        /// The path as given.
        path: String,
        /// What the operating system says.
        reason: std::io::Error,
    },
    /// The file is no database, or a broken one.
    #[error("the database file {path} cannot be used: {reason}. If it is broken, put a backup in its place.")]
    Broken {
        /// The path as given.
        path: String,
        /// What SQLite says.
        reason: rusqlite::Error,
    },
    /// SQLite refuses.
    #[error("the database refuses: {0}")]
    Database(#[from] rusqlite::Error),
    /// The transaction that this event shared with others was not committed.
    #[error("the database could not commit: {0}")]
    Commit(String),
    /// The file was written by a newer version of this program.
    #[error("the database has schema version {found}, this program knows {known}")]
    Newer {
        /// Version in the file.
        found: usize,
        /// Newest version known here.
        known: usize,
    },
    /// A stored value is not what was once written.
    #[error("the database holds an unreadable {0}")]
    Unreadable(&'static str),
    /// Too many events wait already.
    #[error("the database has too much to do")]
    Busy,
    /// The store's thread has ended.
    #[error("the database is closed")]
    Closed,
}

/// The store. Clones share it; the file is closed when the last one goes.
#[derive(Clone, Debug)]
pub struct Store {
    writer: Arc<Worker>,
    reader: Arc<Worker>,
}

impl Store {
    /// Opens the file, makes it if it is not there (readable by its owner only), and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::File`], [`StoreError::Broken`] or [`StoreError::Newer`].
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_with(path, Limits::default()).await
    }

    /// The same with other limits.
    ///
    /// # Errors
    /// As for [`Store::open`].
    pub async fn open_with(path: &Path, limits: Limits) -> Result<Self, StoreError> {
        let path = path.to_owned();
        tokio::task::spawn_blocking(move || {
            open(&path, limits).map_err(|error| match error {
                StoreError::Database(reason) => {
                    StoreError::Broken { path: path.display().to_string(), reason }
                }
                other => other,
            })
        })
        .await
        .map_err(|_| StoreError::Closed)?
    }

    /// Folds the write-ahead log into the file and empties it, as far as other processes let it: what was overwritten
    /// in the file is then in the log no more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn fold_log(&self) -> Result<(), StoreError> {
        let path = self.read(|connection| Ok(connection.path().map(str::to_owned))).await?;
        let path = path.ok_or(StoreError::Closed)?;
        tokio::task::spawn_blocking(move || {
            // A checkpoint cannot happen inside a transaction, in which every event runs.
            let connection = schema::connect(Path::new(&path), Limits::default())?;
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
            Ok(())
        })
        .await
        .map_err(|_| StoreError::Closed)?
    }

    /// Does what is queued, folds the write-ahead log back into the file, and closes it. Later events are refused.
    pub async fn close(&self) {
        let (reader, writer) = (Arc::clone(&self.reader), Arc::clone(&self.writer));
        let closing = tokio::task::spawn_blocking(move || {
            // The reader first: while it looks at the log, the writer could not empty it.
            reader.end();
            writer.end();
        });
        // The threads may be waiting for a lock, but not for ever.
        let _ = closing.await;
    }

    /// Runs statements that change something; they are committed, durably, before this returns.
    async fn write<T, F>(&self, event: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let witness = witness::handle();
        self.writer.run(move |connection| witness.within(|| event(connection))).await
    }

    /// Runs statements that only read.
    async fn read<T, F>(&self, question: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let witness = witness::handle();
        self.reader.run(move |connection| witness.within(|| question(connection))).await
    }
}

fn open(path: &Path, limits: Limits) -> Result<Store, StoreError> {
    let _turn = schema::opening_turn(path)?;
    schema::make_private(path)?;
    let mut connection = schema::connect(path, limits)?;
    schema::migrate(&mut connection)?;
    let reader = schema::connect(path, limits)?;
    reader.pragma_update(None, "query_only", true)?;
    let wal = Wal::of(path, limits.wal_bytes, limits.busy_timeout);
    let (writes, reads) = (TransactionBehavior::Immediate, TransactionBehavior::Deferred);
    Ok(Store {
        writer: Arc::new(Worker::start("store-writer", connection, writes, limits.queued, Some(wal))?),
        reader: Arc::new(Worker::start("store-reader", reader, reads, limits.queued, None)?),
    })
}
