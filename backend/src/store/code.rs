//! Authorization codes: each is redeemed at most once.

use protocol::ids::{RedirectUri, UnixTime};
use protocol::pkce::CodeChallenge;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};

use super::pending::{parse_challenge, parse_redirect_uri};
use super::{
    Family, MAX_WRONG_VERIFIERS, NewRefreshToken, RevokedBecause, SecretHash, Store, StoreError, family,
    refresh,
};

/// A code that was issued once.
#[derive(Clone, Debug)]
pub struct FoundCode {
    /// What it stands for.
    pub family: Family,
    /// Where it was sent.
    pub redirect_uri: RedirectUri,
    /// S256 of the verifier that must come with it.
    pub code_challenge: CodeChallenge,
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
    /// It was redeemed before: somebody has a copy. What grew from it is ended.
    Replayed {
        /// What grew from it.
        family: String,
    },
    /// Its time is over, or too many wrong verifiers were tried.
    Expired,
    /// What the person allowed was ended before anything grew from it.
    Ended,
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
            let sql = format!(
                "SELECT redirect_uri, code_challenge, code.expires_at, wrong_verifiers, redeemed_at, {}
                 FROM code JOIN family ON family.id = code.family WHERE code_hash = ?",
                family::COLUMNS
            );
            connection
                .prepare_cached(&sql)?
                .query_row([code], |row| Ok(FoundCode::from_row(row)))
                .optional()?
                .transpose()
        })
        .await
    }

    /// Whether a code was issued for this challenge, as far back as codes are kept. Requests that nobody has answered do
    /// not count: a browser may load one twice.
    ///
    /// # Errors
    /// [`StoreError`].
    ///
    /// Spec: RFC 9700 §2.1.1 (constant challenges are detected).
    pub async fn challenge_was_used(&self, challenge: CodeChallenge) -> Result<bool, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached("SELECT 1 FROM code WHERE code_challenge = ?")?;
            Ok(statement.exists([challenge.as_str()])?)
        })
        .await
    }

    /// Redeems a code after every check passed. One guarded statement: of many attempts, in whatever processes,
    /// exactly one is told [`Redemption::Redeemed`], and only then the refresh token exists. An attempt that comes
    /// later ends what grew from the code, in the same transaction.
    ///
    /// # Errors
    /// [`StoreError`]: then it is not redeemed.
    ///
    /// Spec: OAuth 2.1 §4.1.3, §7.5.3.
    pub async fn redeem_code(
        &self,
        code: SecretHash,
        refresh_token: Option<NewRefreshToken>,
        now: UnixTime,
    ) -> Result<Redemption, StoreError> {
        self.write(move |connection| {
            if let Some(family) = consume(connection, code, now)? {
                if let Some(token) = refresh_token {
                    refresh::insert(connection, &family, token)?;
                }
                return Ok(Redemption::Redeemed);
            }
            let replayed = connection
                .prepare_cached(
                    "UPDATE code SET replayed_at = coalesce(replayed_at, :now)
                     WHERE code_hash = :code AND redeemed_at IS NOT NULL
                     RETURNING family",
                )?
                .query_row(named_params! { ":now": now.0, ":code": code }, |row| row.get::<_, String>(0))
                .optional()?;
            if let Some(family) = replayed {
                family::revoke(connection, &family, RevokedBecause::CodeReplayed, now)?;
                return Ok(Redemption::Replayed { family });
            }
            let ended = connection
                .prepare_cached(
                    "SELECT revoked_at IS NOT NULL FROM code JOIN family ON family.id = code.family
                     WHERE code_hash = ?",
                )?
                .query_row([code], |row| row.get(0))
                .optional()?;
            Ok(match ended {
                None => Redemption::Unknown,
                Some(true) => Redemption::Ended,
                Some(false) => Redemption::Expired,
            })
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
            family: Family::from_row(row)?,
            redirect_uri: parse_redirect_uri(&text("redirect_uri")?)?,
            code_challenge: parse_challenge(&text("code_challenge")?)?,
            expires_at: UnixTime(row.get("expires_at")?),
            redeemed: row.get::<_, Option<u64>>("redeemed_at")?.is_some(),
            wrong_verifiers: row.get("wrong_verifiers")?,
        })
    }
}

/// The guard: only an unused code in its time, of a live family, can be redeemed.
fn consume(connection: &Connection, code: SecretHash, now: UnixTime) -> Result<Option<String>, StoreError> {
    Ok(connection
        .prepare_cached(
            "UPDATE code SET redeemed_at = :now
             WHERE code_hash = :code AND redeemed_at IS NULL AND expires_at > :now AND wrong_verifiers < :most
                 AND EXISTS (SELECT 1 FROM family WHERE family.id = code.family
                     AND family.revoked_at IS NULL AND family.expires_at > :now)
             RETURNING family",
        )?
        .query_row(named_params! { ":now": now.0, ":code": code, ":most": MAX_WRONG_VERIFIERS }, |row| {
            row.get(0)
        })
        .optional()?)
}

/// A code as it is put down.
pub(super) struct NewCode<'a> {
    pub(super) hash: SecretHash,
    pub(super) family: &'a Family,
    pub(super) redirect_uri: &'a RedirectUri,
    pub(super) code_challenge: &'a CodeChallenge,
    pub(super) expires_at: UnixTime,
}

pub(super) fn insert(connection: &Connection, code: &NewCode<'_>) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO code (code_hash, family, redirect_uri, code_challenge, expires_at)
             VALUES (:code, :family, :redirect_uri, :code_challenge, :expires_at)",
        )?
        .execute(named_params! {
            ":code": code.hash,
            ":family": code.family.id,
            ":redirect_uri": code.redirect_uri.as_str(),
            ":code_challenge": code.code_challenge.as_str(),
            ":expires_at": code.expires_at.0,
        })?;
    Ok(())
}
