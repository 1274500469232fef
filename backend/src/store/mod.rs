//! What the authorization server remembers, in one SQLite file.
//!
//! The methods are events of the protocol, each one statement or one short transaction. What may happen once is
//! consumed by a guarded `UPDATE … RETURNING`, so that of many simultaneous attempts, in however many processes on one
//! file, exactly one wins. Secrets of others are stored as hashes only; the server's own keys are there as
//! [`KeptSecret`].

mod client;
mod client_assertion;
mod code;
mod connection;
mod consent;
mod family;
mod hash;
mod kept_secret;
mod pending;
mod refresh;
mod registered;
mod schema;
mod session;
mod signing_key;

use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, TransactionBehavior};

pub use client::{Client, ClientAuthentication, ClientSource};
pub use code::{CodeVerdict, FoundCode, Redemption};
pub use consent::{Decision, Verdict};
pub use family::{Family, RevokedBecause};
pub use hash::SecretHash;
pub use kept_secret::KeptSecret;
pub use pending::{Asked, NewRequest, PendingRequest, Standing};
pub use refresh::{NewRefreshToken, Rotation};
pub use registered::Registered;
pub use session::Session;
pub use signing_key::{KeyRecord, StoredKey, Term};

use connection::Worker;

/// How long an authorization request waits for its answer, in seconds.
pub const PENDING_SECONDS: u64 = 600;
/// How many authorization requests wait at most. Beyond it the oldest go, so that a flood cannot fill the disk.
pub const MAX_PENDING: u64 = 10_000;
/// How many wrong verifiers a code survives: whoever holds a stolen code cannot try on.
pub const MAX_WRONG_VERIFIERS: u32 = 5;

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
    /// [`StoreError::File`], [`StoreError::Newer`] or [`StoreError::Database`].
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let path = path.to_owned();
        tokio::task::spawn_blocking(move || {
            let _turn = schema::opening_turn(&path)?;
            schema::make_private(&path)?;
            let mut connection = schema::connect(&path)?;
            schema::migrate(&mut connection)?;
            let reader = schema::connect(&path)?;
            reader.pragma_update(None, "query_only", true)?;
            Ok(Self {
                writer: Arc::new(Worker::start("store-writer", connection, TransactionBehavior::Immediate)?),
                reader: Arc::new(Worker::start("store-reader", reader, TransactionBehavior::Deferred)?),
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
            let connection = schema::connect(Path::new(&path))?;
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
            Ok(())
        })
        .await
        .map_err(|_| StoreError::Closed)?
    }

    /// Runs statements that change something; they are committed, durably, before this returns.
    async fn write<T, F>(&self, event: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.writer.run(event).await
    }

    /// Runs statements that only read.
    async fn read<T, F>(&self, question: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.reader.run(question).await
    }
}
