//! Families: everything that grows from one consent. Revoking the family ends all of it.

use protocol::ids::{ResourceUri, Subject, UnixTime};
use protocol::scope::ScopeSet;
use rusqlite::{Connection, Row, named_params};

use super::pending::{parse_client, parse_resource, parse_scope, write_client};
use super::{Client, StoreError};

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
}

/// The columns that [`Family::from_row`] reads, for a statement in which the table is named `family`.
pub(super) const COLUMNS: &str = "family.id AS family_id, family.client AS family_client, \
     family.subject AS family_subject, family.resource AS family_resource, family.scope AS family_scope, \
     family.expires_at AS family_expires_at";

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
        })
    }
}

pub(super) fn insert(connection: &Connection, family: &Family, now: UnixTime) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO family (id, client_id, client, subject, resource, scope, created_at, expires_at)
             VALUES (:id, :client_id, :client, :subject, :resource, :scope, :now, :expires_at)",
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
        })?;
    Ok(())
}
