//! What a person has allowed, as they see it: by client and resource, however many times they were asked.

use protocol::ids::{ClientId, ResourceUri, Subject, UnixTime};
use protocol::scope::ScopeSet;
use rusqlite::{Row, named_params};

use super::pending::{parse_client, parse_resource, parse_scope};
use super::{Client, Store, StoreError, family, remembered};

/// What one client may do at one resource in the name of one person.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The client, as it was known last.
    pub client: Client,
    /// Where.
    pub resource: ResourceUri,
    /// What.
    pub scope: ScopeSet,
    /// When it was first allowed, of what still holds.
    pub since: UnixTime,
    /// When it was last allowed, by the person or from memory.
    pub last: UnixTime,
}

impl Store {
    /// What holds for this person now: families that live, and consents that are remembered from after `since`. Ordered
    /// by what was allowed last.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn grants(
        &self,
        subject: Subject,
        since: UnixTime,
        now: UnixTime,
    ) -> Result<Vec<Grant>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT client, resource, scope, min(created_at), max(created_at) FROM family
                 WHERE subject = :subject AND revoked_at IS NULL AND expires_at > :now
                 GROUP BY client, resource, scope
                 UNION ALL
                 SELECT client, resource, scope, granted_at, granted_at FROM remembered_consent
                 WHERE subject = :subject AND granted_at > :since
                 ORDER BY 5 DESC",
            )?;
            let rows = statement.query_map(
                named_params! { ":subject": subject.as_str(), ":now": now.0, ":since": since.0 },
                |row| Ok(Grant::from_row(row)),
            )?;
            let mut grants: Vec<Grant> = Vec::new();
            for row in rows {
                let row = row??;
                let same =
                    |grant: &&mut Grant| grant.client.id == row.client.id && grant.resource == row.resource;
                match grants.iter_mut().find(same) {
                    Some(grant) => {
                        grant.scope = grant.scope.union(&row.scope);
                        grant.since = grant.since.min(row.since);
                    }
                    None => grants.push(row),
                }
            }
            Ok(grants)
        })
        .await
    }

    /// Takes back everything that this person allowed this client at this resource: its families end, and nothing of it
    /// is remembered. One transaction.
    ///
    /// # Errors
    /// [`StoreError`]: then nothing is taken back.
    pub async fn revoke_grant(
        &self,
        subject: Subject,
        client: ClientId,
        resource: ResourceUri,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            family::take_back(connection, &subject, &client, &resource, now)?;
            remembered::forget(connection, &subject, &client, &resource)?;
            connection
                .prepare_cached(
                    "DELETE FROM granted_scope
                     WHERE subject = :subject AND client_id = :client_id AND resource = :resource",
                )?
                .execute(named_params! {
                    ":subject": subject.as_str(),
                    ":client_id": client.as_str(),
                    ":resource": resource.as_str(),
                })?;
            Ok(())
        })
        .await
    }
}

impl Grant {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            client: parse_client(&row.get::<_, String>(0)?)?,
            resource: parse_resource(&row.get::<_, String>(1)?)?,
            scope: parse_scope(&row.get::<_, String>(2)?)?,
            since: UnixTime(row.get(3)?),
            last: UnixTime(row.get(4)?),
        })
    }
}
