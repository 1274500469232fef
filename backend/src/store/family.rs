//! Families: everything that grows from one consent. Revoking the family ends all of it.

use protocol::ids::{ClientId, ResourceUri, Subject, UnixTime};
use protocol::scope::ScopeSet;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};
use server_kit::witness;

use super::pending::{parse_client, parse_resource, parse_scope, write_client};
use super::{Client, SecretHash, Store, StoreError};

/// What one consent gave.
#[derive(Clone, Debug)]
pub struct Family {
    /// Its name: random, and no secret. It stands in the `jti` of its access tokens.
    pub id: String,
    /// The only client that may use it, as it was known when the person decided.
    pub client: Client,
    /// Who allowed it.
    pub subject: Subject,
    /// What its tokens are for.
    pub resource: ResourceUri,
    /// What they may allow at most.
    pub scope: ScopeSet,
    /// When all of it ends.
    pub expires_at: UnixTime,
    /// Whether all of it was ended before that.
    pub revoked: bool,
}

/// Why a family was ended. Stored as a word, for whoever has to find out what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevokedBecause {
    /// Its code was redeemed a second time.
    CodeReplayed,
    /// One of its refresh tokens was used a second time.
    RefreshTokenReused,
    /// Its refresh token was used too late. Recorded, so that a clock that goes back does not revive it.
    RefreshTokenExpired,
    /// Its client gave it back.
    GivenBack,
    /// The person signed out, and had not allowed that it goes on without them.
    SignedOut,
    /// The person took back what they had allowed.
    TakenBack,
}

impl RevokedBecause {
    fn as_str(self) -> &'static str {
        match self {
            Self::CodeReplayed => "code_replayed",
            Self::RefreshTokenReused => "refresh_token_reused",
            Self::RefreshTokenExpired => "refresh_token_expired",
            Self::GivenBack => "given_back",
            Self::SignedOut => "signed_out",
            Self::TakenBack => "taken_back",
        }
    }
}

/// The columns that [`Family::from_row`] reads, for a statement in which the table is named `family`.
pub(super) const COLUMNS: &str = "family.id AS family_id, family.client AS family_client, \
     family.subject AS family_subject, family.resource AS family_resource, family.scope AS family_scope, \
     family.expires_at AS family_expires_at, family.revoked_at AS family_revoked_at";

impl Family {
    /// Reads a row that was selected by [`COLUMNS`].
    pub(super) fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let text = |name| row.get::<_, String>(name).map_err(StoreError::from);
        Ok(Self {
            id: text("family_id")?,
            client: parse_client(&text("family_client")?)?,
            subject: Subject::parse(&text("family_subject")?)
                .map_err(|_| StoreError::Unreadable("subject"))?,
            resource: parse_resource(&text("family_resource")?)?,
            scope: parse_scope(&text("family_scope")?)?,
            expires_at: UnixTime(row.get("family_expires_at")?),
            revoked: row.get::<_, Option<u64>>("family_revoked_at")?.is_some(),
        })
    }
}

impl Store {
    /// The family of this name, whatever its state.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_family(&self, id: String) -> Result<Option<Family>, StoreError> {
        self.read(move |connection| {
            let sql = format!("SELECT {COLUMNS} FROM family WHERE id = ?");
            connection
                .prepare_cached(&sql)?
                .query_row([id], |row| Ok(Family::from_row(row)))
                .optional()?
                .transpose()
        })
        .await
    }

    /// Ends a family. One that was ended before keeps its first reason.
    ///
    /// # Errors
    /// [`StoreError`]: then it is not ended.
    pub async fn revoke_family(
        &self,
        id: String,
        because: RevokedBecause,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.write(move |connection| revoke(connection, &id, because, now)).await
    }
}

pub(super) fn revoke(
    connection: &Connection,
    id: &str,
    because: RevokedBecause,
    now: UnixTime,
) -> Result<(), StoreError> {
    let ended = connection
        .prepare_cached(
            "UPDATE family SET revoked_at = :now, revoked_because = :because
             WHERE id = :id AND revoked_at IS NULL",
        )?
        .execute(named_params! { ":now": now.0, ":because": because.as_str(), ":id": id })?;
    if ended > 0 {
        witness::stored("the end of everything that grew from one consent", || {
            [("family", id.to_owned()), ("because", because.as_str().to_owned())]
        });
    }
    Ok(())
}

/// Ends what was to last only as long as this session.
pub(super) fn end_with_session(
    connection: &Connection,
    session: SecretHash,
    now: UnixTime,
) -> Result<(), StoreError> {
    let ended = connection
        .prepare_cached(
            "UPDATE family SET revoked_at = :now, revoked_because = :because
             WHERE session = :session AND revoked_at IS NULL",
        )?
        .execute(named_params! {
            ":now": now.0,
            ":because": RevokedBecause::SignedOut.as_str(),
            ":session": session,
        })?;
    tell_ended(ended, RevokedBecause::SignedOut);
    Ok(())
}

/// Ends what was to last only as long as any session of this person.
pub(super) fn end_with_sessions_of(
    connection: &Connection,
    subject: &Subject,
    now: UnixTime,
) -> Result<(), StoreError> {
    let ended = connection
        .prepare_cached(
            "UPDATE family SET revoked_at = :now, revoked_because = :because
             WHERE subject = :subject AND session IS NOT NULL AND revoked_at IS NULL",
        )?
        .execute(named_params! {
            ":now": now.0,
            ":because": RevokedBecause::SignedOut.as_str(),
            ":subject": subject.as_str(),
        })?;
    tell_ended(ended, RevokedBecause::SignedOut);
    Ok(())
}

/// Ends everything that this person allowed this client at this resource.
pub(super) fn take_back(
    connection: &Connection,
    subject: &Subject,
    client: &ClientId,
    resource: &ResourceUri,
    now: UnixTime,
) -> Result<(), StoreError> {
    let ended = connection
        .prepare_cached(
            "UPDATE family SET revoked_at = :now, revoked_because = :because
             WHERE subject = :subject AND client_id = :client_id AND resource = :resource
                 AND revoked_at IS NULL",
        )?
        .execute(named_params! {
            ":now": now.0,
            ":because": RevokedBecause::TakenBack.as_str(),
            ":subject": subject.as_str(),
            ":client_id": client.as_str(),
            ":resource": resource.as_str(),
        })?;
    tell_ended(ended, RevokedBecause::TakenBack);
    Ok(())
}

fn tell_ended(families: usize, because: RevokedBecause) {
    if families > 0 {
        witness::stored("the end of everything that grew from some consents", || {
            [("consents", families.to_string()), ("because", because.as_str().to_owned())]
        });
    }
}

/// The session goes on under another cookie, and what this person allowed in it goes with it.
pub(super) fn follow_session(
    connection: &Connection,
    old: SecretHash,
    new: SecretHash,
    subject: &Subject,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE family SET session = :new WHERE session = :old AND subject = :subject")?
        .execute(named_params! { ":new": new, ":old": old, ":subject": subject.as_str() })?;
    Ok(())
}

/// `session`: the one that the family ends with, if it does.
pub(super) fn insert(
    connection: &Connection,
    family: &Family,
    session: Option<SecretHash>,
    now: UnixTime,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO family
                 (id, client_id, client, subject, resource, scope, created_at, expires_at, session)
             VALUES (:id, :client_id, :client, :subject, :resource, :scope, :now, :expires_at, :session)",
        )?
        .execute(named_params! {
            ":id": family.id,
            ":client_id": family.client.id.as_str(),
            ":client": write_client(&family.client)?,
            ":subject": family.subject.as_str(),
            ":resource": family.resource.as_str(),
            ":scope": family.scope.to_string(),
            ":now": now.0,
            ":expires_at": family.expires_at.0,
            ":session": session,
        })?;
    witness::stored("what the person allowed: the family of all tokens that grow from it", || {
        [
            ("family", family.id.clone()),
            ("client_id", family.client.id.to_string()),
            ("person", family.subject.to_string()),
            ("resource", family.resource.to_string()),
            ("scope", family.scope.to_string()),
        ]
    });
    Ok(())
}
