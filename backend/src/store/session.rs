//! Who is signed in, in which browser.

use protocol::ids::{Subject, UnixTime};
use rusqlite::{Connection, OptionalExtension as _, named_params};

use super::{SecretHash, Store, StoreError, family};

/// Somebody is signed in.
#[derive(Clone, Debug)]
pub struct Session {
    /// Who.
    pub subject: Subject,
    /// Until when, whatever happens.
    pub expires_at: UnixTime,
}

impl Store {
    /// Signs a person in under a fresh cookie. The session of the old cookie ends, and the requests that the browser
    /// brought under it move to the new one, in the same transaction: a cookie that somebody planted is worth nothing.
    ///
    /// # Errors
    /// [`StoreError`]: then nobody is signed in.
    pub async fn sign_in(
        &self,
        old: SecretHash,
        new: SecretHash,
        session: Session,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            move_browser(connection, old, new)?;
            // If somebody else was there before, they have gone.
            family::follow_session(connection, old, new, &session.subject)?;
            family::end_with_session(connection, old, now)?;
            connection
                .prepare_cached(
                    "INSERT INTO browser_session (cookie_hash, subject, signed_in_at, expires_at)
                     VALUES (:cookie, :subject, :now, :expires_at)",
                )?
                .execute(named_params! {
                    ":cookie": new,
                    ":subject": session.subject.as_str(),
                    ":now": now.0,
                    ":expires_at": session.expires_at.0,
                })?;
            Ok(())
        })
        .await
    }

    /// Signs out. The browser's requests move to a fresh cookie without a session, so that another person can go on.
    /// What the person allowed in this session ends with it, unless they allowed `offline_access`.
    ///
    /// # Errors
    /// [`StoreError`]: then nobody is signed out.
    ///
    /// Spec: OAuth 2.1 §4.3.3 (refresh tokens and sign-out); OpenID Connect Core §11.
    pub async fn sign_out(&self, old: SecretHash, new: SecretHash, now: UnixTime) -> Result<(), StoreError> {
        self.write(move |connection| {
            family::end_with_session(connection, old, now)?;
            move_browser(connection, old, new)
        })
        .await
    }

    /// Who is signed in with this cookie now, if anybody.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_session(
        &self,
        cookie: SecretHash,
        now: UnixTime,
    ) -> Result<Option<Session>, StoreError> {
        self.read(move |connection| find(connection, cookie, now)).await
    }
}

pub(super) fn find(
    connection: &Connection,
    cookie: SecretHash,
    now: UnixTime,
) -> Result<Option<Session>, StoreError> {
    let row: Option<(String, u64)> = connection
        .prepare_cached(
            "SELECT subject, expires_at FROM browser_session WHERE cookie_hash = :cookie AND expires_at > :now",
        )?
        .query_row(named_params! { ":cookie": cookie, ":now": now.0 }, |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((subject, expires_at)) = row else { return Ok(None) };
    let subject = Subject::parse(&subject).map_err(|_| StoreError::Unreadable("subject"))?;
    Ok(Some(Session { subject, expires_at: UnixTime(expires_at) }))
}

fn move_browser(connection: &Connection, old: SecretHash, new: SecretHash) -> Result<(), StoreError> {
    connection.prepare_cached("DELETE FROM browser_session WHERE cookie_hash = ?")?.execute([old])?;
    connection
        .prepare_cached("UPDATE pending_request SET cookie_hash = :new WHERE cookie_hash = :old")?
        .execute(named_params! { ":new": new, ":old": old })?;
    Ok(())
}
