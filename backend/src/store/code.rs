//! Authorization codes: each is redeemed at most once.

use protocol::ids::{ClientId, RedirectUri, Subject, UnixTime};
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};

use super::pending::{parse_challenge, parse_client_id, parse_redirect_uri, parse_resource, parse_scope};
use super::{Asked, MAX_WRONG_VERIFIERS, SecretHash, Store, StoreError};

/// Codes are remembered this long after their end, so that a replay is recognized as one.
const KEPT_AFTER_EXPIRY_SECONDS: u64 = 24 * 3600;

/// What a code stands for.
#[derive(Clone, Debug)]
pub struct CodeGrant {
    /// The name of everything that grows from one consent.
    pub family: String,
    /// The only client that may redeem it.
    pub client_id: ClientId,
    /// Where the code was sent.
    pub redirect_uri: RedirectUri,
    /// Who allowed it.
    pub subject: Subject,
    /// Challenge, resource, and the scopes that were allowed.
    pub asked: Asked,
}

/// A code that was issued once.
#[derive(Clone, Debug)]
pub struct FoundCode {
    /// What it stands for.
    pub grant: CodeGrant,
    /// When it ends.
    pub expires_at: UnixTime,
    /// Whether it was redeemed.
    pub redeemed: bool,
    /// How often a wrong verifier was sent with it.
    pub wrong_verifiers: u32,
}

/// What became of an attempt to redeem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redemption {
    /// This attempt won, and no other ever will.
    Redeemed,
    /// It was redeemed before: somebody has a copy. What grew from it should not be trusted.
    Replayed {
        /// What grew from it.
        family: String,
    },
    /// Its time is over, or too many wrong verifiers were tried.
    Expired,
    /// There is no such code.
    Unknown,
}

impl Store {
    /// The code, whatever its state. Decides nothing: [`Store::redeem_code`] does.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_code(&self, code: SecretHash) -> Result<Option<FoundCode>, StoreError> {
        self.read(move |connection| {
            connection
                .prepare_cached(
                    "SELECT family, client_id, redirect_uri, code_challenge, subject, resource, scope, expires_at,
                         wrong_verifiers, redeemed_at
                     FROM code WHERE code_hash = ?",
                )?
                .query_row([code], |row| Ok(FoundCode::from_row(row)))
                .optional()?
                .transpose()
        })
        .await
    }

    /// Redeems a code after every check passed. One guarded statement: of many attempts, in whatever processes,
    /// exactly one is told [`Redemption::Redeemed`].
    ///
    /// # Errors
    /// [`StoreError`]: then it is not redeemed.
    ///
    /// Spec: OAuth 2.1 §4.1.3.
    pub async fn redeem_code(&self, code: SecretHash, now: UnixTime) -> Result<Redemption, StoreError> {
        self.write(move |connection| {
            let won = connection
                .prepare_cached(
                    "UPDATE code SET redeemed_at = :now
                     WHERE code_hash = :code AND redeemed_at IS NULL AND expires_at > :now
                         AND wrong_verifiers < :most
                     RETURNING family",
                )?
                .query_row(
                    named_params! { ":now": now.0, ":code": code, ":most": MAX_WRONG_VERIFIERS },
                    |row| row.get::<_, String>(0),
                )
                .optional()?;
            if won.is_some() {
                return Ok(Redemption::Redeemed);
            }
            let replayed = connection
                .prepare_cached(
                    "UPDATE code SET replayed_at = coalesce(replayed_at, :now)
                     WHERE code_hash = :code AND redeemed_at IS NOT NULL
                     RETURNING family",
                )?
                .query_row(named_params! { ":now": now.0, ":code": code }, |row| row.get(0))
                .optional()?;
            if let Some(family) = replayed {
                return Ok(Redemption::Replayed { family });
            }
            let exists =
                connection.prepare_cached("SELECT 1 FROM code WHERE code_hash = ?")?.exists([code])?;
            Ok(if exists { Redemption::Expired } else { Redemption::Unknown })
        })
        .await
    }

    /// Counts a wrong verifier; after [`MAX_WRONG_VERIFIERS`] the code is void.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_wrong_verifier(&self, code: SecretHash) -> Result<(), StoreError> {
        self.write(move |connection| {
            connection
                .prepare_cached("UPDATE code SET wrong_verifiers = wrong_verifiers + 1 WHERE code_hash = ?")?
                .execute([code])?;
            Ok(())
        })
        .await
    }
}

impl FoundCode {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let text = |name| row.get::<_, String>(name).map_err(StoreError::from);
        Ok(Self {
            grant: CodeGrant {
                family: text("family")?,
                client_id: parse_client_id(&text("client_id")?)?,
                redirect_uri: parse_redirect_uri(&text("redirect_uri")?)?,
                subject: Subject::parse(&text("subject")?).map_err(|_| StoreError::Unreadable("subject"))?,
                asked: Asked {
                    code_challenge: parse_challenge(&text("code_challenge")?)?,
                    resource: parse_resource(&text("resource")?)?,
                    scope: parse_scope(&text("scope")?)?,
                },
            },
            expires_at: UnixTime(row.get("expires_at")?),
            redeemed: row.get::<_, Option<u64>>("redeemed_at")?.is_some(),
            wrong_verifiers: row.get("wrong_verifiers")?,
        })
    }
}

pub(super) fn insert(
    connection: &Connection,
    code: SecretHash,
    grant: &CodeGrant,
    expires_at: UnixTime,
    now: UnixTime,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM code WHERE expires_at < ?")?
        .execute([now.0.saturating_sub(KEPT_AFTER_EXPIRY_SECONDS)])?;
    connection
        .prepare_cached(
            "INSERT INTO code (code_hash, family, client_id, redirect_uri, code_challenge, subject, resource, scope,
                 expires_at)
             VALUES (:code, :family, :client_id, :redirect_uri, :code_challenge, :subject, :resource, :scope,
                 :expires_at)",
        )?
        .execute(named_params! {
            ":code": code,
            ":family": grant.family,
            ":client_id": grant.client_id.as_str(),
            ":redirect_uri": grant.redirect_uri.as_str(),
            ":code_challenge": grant.asked.code_challenge.as_str(),
            ":subject": grant.subject.as_str(),
            ":resource": grant.asked.resource.as_str(),
            ":scope": grant.asked.scope.to_string(),
            ":expires_at": expires_at.0,
        })?;
    Ok(())
}
