//! Consents that are remembered: for exactly this person, client, resource and scopes, while the client says the same
//! about itself, and never for a client that cannot prove that it is the one that was allowed.
//!
//! Spec: OAuth 2.1 §7.3.1; Client ID Metadata Document draft -00 §6.3.

use protocol::ids::{ClientId, ResourceUri, Subject, UnixTime};
use protocol::scope::ScopeSet;
use rusqlite::{Connection, OptionalExtension as _, named_params};
use server_kit::witness;

use super::pending::{parse_client, parse_scope, write_client};
use super::{Asked, Client, NewRequest, Standing, Store, StoreError};

/// What is remembered of one person, client and resource.
struct Remembered {
    client: Client,
    scope: ScopeSet,
    granted_at: UnixTime,
}

impl NewRequest {
    /// Whether a consent to this request proves anything about the next one. On loopback any program can listen, so
    /// nothing tells that the same client asks again.
    fn can_be_remembered(&self) -> bool {
        !self.client.is_loopback_only() && !self.redirect_uri.is_loopback()
    }
}

impl Store {
    /// Whether this person consented to all of this after `since`, and need not be asked again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remembers(
        &self,
        subject: Subject,
        request: NewRequest,
        since: UnixTime,
    ) -> Result<bool, StoreError> {
        self.read(move |connection| covers(connection, &subject, &request, since)).await
    }
}

/// Whether what is remembered answers this request.
pub(super) fn covers(
    connection: &Connection,
    subject: &Subject,
    request: &NewRequest,
    since: UnixTime,
) -> Result<bool, StoreError> {
    let Standing::Asks(asked) = &request.standing else { return Ok(false) };
    if request.must_ask || !request.can_be_remembered() {
        return Ok(false);
    }
    let remembered = find(connection, subject, &request.client, &asked.resource, since)?;
    Ok(remembered.is_some_and(|remembered| asked.scope.is_subset(&remembered.scope)))
}

/// Writes down a decision. What was remembered before and not asked about now stays, with its age: nothing is
/// remembered for longer than since it was seen on a page. What was asked and not allowed is forgotten.
pub(super) fn note(
    connection: &Connection,
    subject: &Subject,
    request: &NewRequest,
    asked: &Asked,
    allowed: &ScopeSet,
    since: UnixTime,
    now: UnixTime,
) -> Result<(), StoreError> {
    if !request.can_be_remembered() {
        return Ok(());
    }
    let before = find(connection, subject, &request.client, &asked.resource, since)?;
    let kept = before.as_ref().map(|before| before.scope.missing_from(&asked.scope)).unwrap_or_default();
    let granted_at = before.filter(|_| !kept.is_empty()).map_or(now, |before| before.granted_at.min(now));
    let scope = kept.union(allowed);
    if scope.is_empty() {
        return forget(connection, subject, &request.client.id, &asked.resource);
    }
    connection
        .prepare_cached(
            "INSERT INTO remembered_consent (subject, client_id, resource, client, scope, granted_at)
             VALUES (:subject, :client_id, :resource, :client, :scope, :granted_at)
             ON CONFLICT DO UPDATE SET client = excluded.client, scope = excluded.scope,
                 granted_at = excluded.granted_at",
        )?
        .execute(named_params! {
            ":subject": subject.as_str(),
            ":client_id": request.client.id.as_str(),
            ":resource": asked.resource.as_str(),
            ":client": write_client(&request.client)?,
            ":scope": scope.to_string(),
            ":granted_at": granted_at.0,
        })?;
    witness::stored("the consent, for the next time", || {
        [
            ("person", subject.to_string()),
            ("client_id", request.client.id.to_string()),
            ("resource", asked.resource.to_string()),
            ("scope", scope.to_string()),
        ]
    });
    Ok(())
}

/// Forgets everything about this person, client and resource.
pub(super) fn forget(
    connection: &Connection,
    subject: &Subject,
    client: &ClientId,
    resource: &ResourceUri,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "DELETE FROM remembered_consent
             WHERE subject = :subject AND client_id = :client_id AND resource = :resource",
        )?
        .execute(named_params! {
            ":subject": subject.as_str(),
            ":client_id": client.as_str(),
            ":resource": resource.as_str(),
        })?;
    Ok(())
}

fn find(
    connection: &Connection,
    subject: &Subject,
    client: &Client,
    resource: &ResourceUri,
    since: UnixTime,
) -> Result<Option<Remembered>, StoreError> {
    let row: Option<(String, String, u64)> = connection
        .prepare_cached(
            "SELECT client, scope, granted_at FROM remembered_consent
             WHERE subject = :subject AND client_id = :client_id AND resource = :resource
                 AND granted_at > :since",
        )?
        .query_row(
            named_params! {
                ":subject": subject.as_str(),
                ":client_id": client.id.as_str(),
                ":resource": resource.as_str(),
                ":since": since.0,
            },
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    let Some((json, scope, granted_at)) = row else { return Ok(None) };
    let remembered = Remembered {
        client: parse_client(&json)?,
        scope: parse_scope(&scope)?,
        granted_at: UnixTime(granted_at),
    };
    Ok(Some(remembered).filter(|remembered| remembered.client.fingerprint == client.fingerprint))
}
