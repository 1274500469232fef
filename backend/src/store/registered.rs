//! Clients that registered themselves.
//!
//! A flood of registrations must neither fill the disk nor push out a client that somebody uses. So a client is unused
//! until a person allows it something; unused ones are bounded in number and in time, and a consent makes a client stay,
//! even one that was pushed out while its person was still reading.

use protocol::ids::UnixTime;
use rusqlite::{Connection, OptionalExtension as _, named_params};
use server_kit::witness;

use super::pending::{parse_client, write_client};
use super::{Client, Store, StoreError};

/// After this time without a consent a used client is forgotten: a year, in which everything it was given has ended.
const KEPT_AFTER_CONSENT_SECONDS: u64 = 365 * 24 * 3600;

/// What became of a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registered {
    /// Since when the client is known: earlier than now for one that registered before, with the same words.
    pub issued_at: UnixTime,
}

impl Store {
    /// Puts a client down as unused. One that is known already stays as it is, and has its time anew if it is unused.
    /// Of more than `most` unused ones those go whose time is up first.
    ///
    /// # Errors
    /// [`StoreError`]: then nothing was put down.
    ///
    /// Spec: RFC 7591 §3.2, §5.
    pub async fn register_client(
        &self,
        client: Client,
        expires_at: UnixTime,
        most: u64,
        now: UnixTime,
    ) -> Result<Registered, StoreError> {
        self.write(move |connection| {
            // Whose time is over is as if it had never been, even before it is swept away.
            connection
                .prepare_cached("DELETE FROM registered_client WHERE client_id = ? AND expires_at <= ?")?
                .execute((client.id.as_str(), now.0))?;
            let issued_at = connection
                .prepare_cached(
                    "INSERT INTO registered_client (client_id, client, issued_at, expires_at)
                     VALUES (:id, :client, :now, :expires_at)
                     ON CONFLICT (client_id) DO UPDATE SET expires_at = max(expires_at, excluded.expires_at)
                     RETURNING issued_at",
                )?
                .query_row(
                    named_params! {
                        ":id": client.id.as_str(),
                        ":client": write_client(&client)?,
                        ":now": now.0,
                        ":expires_at": expires_at.0,
                    },
                    |row| row.get(0),
                )?;
            witness::stored("the client, until somebody allows it something or its time is over", || {
                [("client_id", client.id.to_string()), ("lasts", format!("{} s", expires_at.since(now)))]
            });
            connection
                .prepare_cached(
                    "DELETE FROM registered_client WHERE sequence IN (
                         SELECT sequence FROM registered_client WHERE used_at IS NULL
                         ORDER BY expires_at DESC, sequence DESC LIMIT -1 OFFSET :most)",
                )?
                .execute(named_params! { ":most": most })?;
            Ok(Registered { issued_at: UnixTime(issued_at) })
        })
        .await
    }

    /// The registered client with this id, if its time is not over.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_registered(&self, id: &str, now: UnixTime) -> Result<Option<Client>, StoreError> {
        let id = id.to_owned();
        self.read(move |connection| {
            let json: Option<String> = connection
                .prepare_cached(
                    "SELECT client FROM registered_client WHERE client_id = :id AND expires_at > :now",
                )?
                .query_row(named_params! { ":id": id, ":now": now.0 }, |row| row.get(0))
                .optional()?;
            json.as_deref().map(parse_client).transpose()
        })
        .await
    }

    /// How many clients are registered: for tests of what a flood leaves.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_registered(&self) -> Result<u64, StoreError> {
        self.read(|connection| {
            Ok(connection.query_row("SELECT count(*) FROM registered_client", [], |row| row.get(0))?)
        })
        .await
    }
}

/// Somebody allowed this client something, as it was known when it asked.
pub(super) fn mark_used(connection: &Connection, client: &Client, now: UnixTime) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO registered_client (client_id, client, issued_at, used_at, expires_at)
             VALUES (:id, :client, :now, :now, :expires_at)
             ON CONFLICT (client_id) DO UPDATE SET used_at = :now, expires_at = :expires_at",
        )?
        .execute(named_params! {
            ":id": client.id.as_str(),
            ":client": write_client(client)?,
            ":now": now.0,
            ":expires_at": now.plus(KEPT_AFTER_CONSENT_SECONDS).0,
        })?;
    Ok(())
}
