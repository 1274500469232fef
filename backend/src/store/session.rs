//! Who is signed in, in which browser.

use protocol::ids::{Subject, UnixTime};
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};
use server_kit::witness;

use super::{SecretHash, Store, StoreError, family};

/// Somebody is signed in.
#[derive(Clone, Debug)]
pub struct Session {
    /// Who.
    pub subject: Subject,
    /// SHA-256 of what proved it: a session does not outlive the password that it was opened with.
    pub credential: SecretHash,
    /// Until when, whatever happens.
    pub expires_at: UnixTime,
    /// Until when, if the browser does not come back.
    pub idle_until: UnixTime,
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
                .prepare_cached("UPDATE pending_request SET must_sign_in = 0 WHERE cookie_hash = ?")?
                .execute([new])?;
            connection
                .prepare_cached(
                    "INSERT INTO browser_session
                         (cookie_hash, subject, credential, signed_in_at, expires_at, idle_until)
                     VALUES (:cookie, :subject, :credential, :now, :expires_at, :idle_until)",
                )?
                .execute(named_params! {
                    ":cookie": new,
                    ":subject": session.subject.as_str(),
                    ":credential": session.credential,
                    ":now": now.0,
                    ":expires_at": session.expires_at.0,
                    ":idle_until": session.idle_until.0,
                })?;
            witness::stored("a session of this browser, under a new cookie", || {
                [("person", session.subject.to_string())]
            });
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
            witness::stored("the end of this browser's session", || []);
            move_browser(connection, old, new)
        })
        .await
    }

    /// Signs a person out in every browser, and ends what was to last only as long as one of these sessions. The
    /// requests of this browser move to a fresh cookie.
    ///
    /// # Errors
    /// [`StoreError`]: then nobody is signed out.
    pub async fn sign_out_everywhere(
        &self,
        subject: Subject,
        old: SecretHash,
        new: SecretHash,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            family::end_with_sessions_of(connection, &subject, now)?;
            move_browser(connection, old, new)?;
            connection
                .prepare_cached("DELETE FROM browser_session WHERE subject = ?")?
                .execute([subject.as_str()])?;
            witness::stored("the end of all sessions of this person", || [("person", subject.to_string())]);
            Ok(())
        })
        .await
    }

    /// Notes that the browser of a session came back. A session that has ended stays ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn prolong_session(
        &self,
        cookie: SecretHash,
        idle_until: UnixTime,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            connection
                .prepare_cached(
                    "UPDATE browser_session SET idle_until = max(idle_until, :idle_until)
                     WHERE cookie_hash = :cookie AND expires_at > :now AND idle_until > :now",
                )?
                .execute(named_params! { ":idle_until": idle_until.0, ":cookie": cookie, ":now": now.0 })?;
            Ok(())
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
    connection
        .prepare_cached(
            "SELECT subject, credential, expires_at, idle_until FROM browser_session
             WHERE cookie_hash = :cookie AND expires_at > :now AND idle_until > :now",
        )?
        .query_row(named_params! { ":cookie": cookie, ":now": now.0 }, |row| Ok(from_row(row)))
        .optional()?
        .transpose()
}

fn from_row(row: &Row<'_>) -> Result<Session, StoreError> {
    Ok(Session {
        subject: Subject::parse(&row.get::<_, String>("subject")?)
            .map_err(|_| StoreError::Unreadable("subject"))?,
        credential: row.get("credential")?,
        expires_at: UnixTime(row.get("expires_at")?),
        idle_until: UnixTime(row.get("idle_until")?),
    })
}

fn move_browser(connection: &Connection, old: SecretHash, new: SecretHash) -> Result<(), StoreError> {
    connection.prepare_cached("DELETE FROM browser_session WHERE cookie_hash = ?")?.execute([old])?;
    connection
        .prepare_cached("UPDATE pending_request SET cookie_hash = :new WHERE cookie_hash = :old")?
        .execute(named_params! { ":new": new, ":old": old })?;
    Ok(())
}
