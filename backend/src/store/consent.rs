//! The decision: one per request, by the person or by what they decided before.

use protocol::ids::{ClientId, ResourceUri, Subject, UnixTime};
use protocol::scope::ScopeSet;
use rusqlite::{Connection, OptionalExtension as _, named_params};
use server_kit::witness;

use super::pending::{COLUMNS, PendingRequest, find};
use super::{
    Asked, ClientSource, Family, SecretHash, Standing, Store, StoreError, code, family, registered,
    remembered, session,
};

/// Which scopes are allowed.
#[derive(Clone, Debug)]
pub enum Chosen {
    /// These, as far as the stored request asks for them.
    Ticked(ScopeSet),
    /// All that it asks for, if a consent that is remembered covers them.
    AsRemembered,
}

/// What is to be done with a request.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Allow it.
    Allow {
        /// Which scopes.
        chosen: Chosen,
        /// The code that the client will be sent.
        code: SecretHash,
        /// The name of everything that grows from it.
        family: String,
        /// When the code ends.
        code_expires_at: UnixTime,
        /// When everything that grows from it ends.
        family_expires_at: UnixTime,
    },
    /// Allow nothing.
    Deny,
}

impl Verdict {
    /// What of the asked scopes is allowed.
    fn scope(&self, asked: &Asked) -> ScopeSet {
        let scope = match self {
            Self::Allow { chosen: Chosen::Ticked(ticked), .. } => asked.scope.intersection(ticked),
            Self::Allow { chosen: Chosen::AsRemembered, .. } => asked.scope.clone(),
            Self::Deny => ScopeSet::default(),
        };
        // To stay connected to nothing is nothing.
        if scope.of_resource().is_empty() { ScopeSet::default() } else { scope }
    }
}

/// What became of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The code is stored; send the browser back with it.
    Allowed,
    /// Nothing was allowed; send the browser back with `access_denied`.
    Denied,
    /// It was decided before. Nothing changed.
    AlreadyDecided,
    /// Its time was over. Nothing changed.
    Expired,
    /// This browser never brought such a request, or it is one that cannot be allowed.
    Unknown,
    /// This person is not signed in with this cookie any more, or has to sign in anew.
    SignedOut,
    /// It was to be allowed from memory, and is not remembered. Nothing changed: it can still be decided.
    NotRemembered,
}

impl Store {
    /// Decides a request, once. Of simultaneous decisions one wins; the code exists exactly if that one allows. What the
    /// person decides is remembered, what memory decides is not: it gets no younger by being used. Only what was
    /// allowed after `remembered_since` is in memory.
    ///
    /// # Errors
    /// [`StoreError`]: then nothing is decided.
    ///
    /// Spec: OAuth 2.1 §4.1.2.
    pub async fn decide(
        &self,
        id: SecretHash,
        cookie: SecretHash,
        subject: Subject,
        verdict: Verdict,
        remembered_since: UnixTime,
        now: UnixTime,
    ) -> Result<Decision, StoreError> {
        self.write(move |connection| {
            let signed_in = session::find(connection, cookie, now)?;
            if signed_in.is_none_or(|session| session.subject != subject) {
                return Ok(Decision::SignedOut);
            }
            let from_memory = matches!(&verdict, Verdict::Allow { chosen: Chosen::AsRemembered, .. });
            if from_memory {
                let pending = find(connection, id, cookie)?.map(|pending| pending.request);
                let covers = |request| remembered::covers(connection, &subject, &request, remembered_since);
                if !pending.map(covers).transpose()?.unwrap_or_default() {
                    return Ok(Decision::NotRemembered);
                }
            }
            let Some(pending) = consume(connection, id, cookie, now)? else {
                return Ok(match find(connection, id, cookie)? {
                    Some(pending) if pending.decided => Decision::AlreadyDecided,
                    Some(pending) if pending.expires_at <= now => Decision::Expired,
                    Some(pending) if pending.request.must_sign_in => Decision::SignedOut,
                    _ => Decision::Unknown,
                });
            };
            let request = &pending.request;
            let Standing::Asks(asked) = &request.standing else { return Ok(Decision::Unknown) };
            let scope = verdict.scope(asked);
            let decision =
                if from_memory { "the decision, as remembered" } else { "the decision, once for all" };
            witness::stored(decision, || [("person", subject.to_string()), ("allowed", in_words(&scope))]);
            if !from_memory {
                remembered::note(connection, &subject, request, asked, &scope, remembered_since, now)?;
            }
            let Verdict::Allow { code, family, code_expires_at, family_expires_at, .. } = verdict else {
                return Ok(Decision::Denied);
            };
            if scope.is_empty() {
                return Ok(Decision::Denied);
            }
            let session = (!scope.has_offline_access()).then_some(cookie);
            let family = Family {
                id: family,
                client: request.client.clone(),
                subject,
                resource: asked.resource.clone(),
                scope,
                expires_at: family_expires_at,
                revoked: false,
            };
            family::insert(connection, &family, session, now)?;
            if family.client.source == ClientSource::Registered {
                registered::mark_used(connection, &family.client, now)?;
            }
            let code = code::NewCode {
                hash: code,
                family: &family,
                redirect_uri: &request.redirect_uri,
                code_challenge: &asked.code_challenge,
                expires_at: code_expires_at,
            };
            code::insert(connection, &code)?;
            mark(connection, &family, now)?;
            Ok(Decision::Allowed)
        })
        .await
    }

    /// Whether this person has allowed this client anything before, and has not taken it back.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_allowed(&self, subject: Subject, client_id: ClientId) -> Result<bool, StoreError> {
        self.read(move |connection| {
            Ok(connection
                .prepare_cached(
                    "SELECT 1 FROM granted_scope WHERE subject = :subject AND client_id = :client_id",
                )?
                .exists(named_params! { ":subject": subject.as_str(), ":client_id": client_id.as_str() })?)
        })
        .await
    }

    /// What this person allowed this client at this resource before: for the marks on the consent page.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn granted_scopes(
        &self,
        subject: Subject,
        client_id: ClientId,
        resource: ResourceUri,
    ) -> Result<ScopeSet, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT scope FROM granted_scope
                 WHERE subject = :subject AND client_id = :client_id AND resource = :resource",
            )?;
            let rows = statement.query_map(
                named_params! {
                    ":subject": subject.as_str(),
                    ":client_id": client_id.as_str(),
                    ":resource": resource.as_str(),
                },
                |row| row.get::<_, String>(0),
            )?;
            rows.map(|scope| scope?.parse().map_err(|_| StoreError::Unreadable("scope"))).collect()
        })
        .await
    }
}

fn in_words(allowed: &ScopeSet) -> String {
    if allowed.is_empty() { "nothing".to_owned() } else { allowed.to_string() }
}

/// The guard: only an open request can be consumed, and only by the browser that brought it.
fn consume(
    connection: &Connection,
    id: SecretHash,
    cookie: SecretHash,
    now: UnixTime,
) -> Result<Option<PendingRequest>, StoreError> {
    let sql = format!(
        "UPDATE pending_request SET decided_at = :now
         WHERE id_hash = :id AND cookie_hash = :cookie AND decided_at IS NULL AND expires_at > :now
             AND refusal IS NULL AND must_sign_in = 0
         RETURNING {COLUMNS}"
    );
    connection
        .prepare_cached(&sql)?
        .query_row(named_params! { ":now": now.0, ":id": id, ":cookie": cookie }, |row| {
            Ok(PendingRequest::from_row(row))
        })
        .optional()?
        .transpose()
}

fn mark(connection: &Connection, family: &Family, now: UnixTime) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO granted_scope (subject, client_id, resource, scope, granted_at)
         VALUES (:subject, :client_id, :resource, :scope, :now)
         ON CONFLICT DO UPDATE SET granted_at = excluded.granted_at",
    )?;
    for scope in family.scope.iter() {
        statement.execute(named_params! {
            ":subject": family.subject.as_str(),
            ":client_id": family.client.id.as_str(),
            ":resource": family.resource.as_str(),
            ":scope": scope.as_str(),
            ":now": now.0,
        })?;
    }
    Ok(())
}
