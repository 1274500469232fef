//! Authorization codes: each is redeemed at most once.

use protocol::clause::Clause;
use protocol::ids::{RedirectUri, UnixTime};
use protocol::observation::MASK;
use protocol::pkce::CodeChallenge;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};
use server_kit::witness;

use super::pending::{parse_challenge, parse_redirect_uri};
use super::{Family, NewRefreshToken, RevokedBecause, SecretHash, Store, StoreError, family, refresh};

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

/// What is decided about a code that was found, in the transaction that acts on it.
#[derive(Clone, Debug)]
pub enum CodeVerdict<T, E> {
    /// Everything fits.
    Redeem {
        /// The refresh token that grows from it, if one does.
        refresh_token: Option<NewRefreshToken>,
        /// Goes with the outcome.
        outcome: T,
    },
    /// The verifier is wrong. That is counted; after [`MAX_WRONG_VERIFIERS`](super::MAX_WRONG_VERIFIERS) the code is void.
    WrongVerifier(E),
    /// Something else does not fit. Nothing changes.
    Refuse(E),
}

/// What became of an attempt to redeem.
#[derive(Clone, Debug)]
pub enum Redemption<T, E> {
    /// This attempt won, and no other ever will.
    Redeemed {
        /// What the code stood for.
        family: Box<Family>,
        /// What was decided.
        outcome: T,
    },
    /// Everything fits, but it was redeemed before: somebody has a copy. What grew from it is ended.
    Replayed {
        /// What grew from it.
        family: String,
    },
    /// It was decided against it.
    Refused(E),
    /// There is no such code.
    Unknown,
}

impl Store {
    /// The code, whatever its state, for whoever has to know its client before anything is decided.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_code(&self, code: SecretHash) -> Result<Option<FoundCode>, StoreError> {
        self.read(move |connection| find(connection, code)).await
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

    /// Redeems a code if `judge` finds nothing against it. Finding, judging and redeeming are one transaction, and the
    /// guard is one statement: of many attempts, in whatever processes, exactly one is told [`Redemption::Redeemed`],
    /// and only then the refresh token exists. An attempt that comes later ends what grew from the code.
    ///
    /// `judge` runs on the thread of the store: it must not wait for anything.
    ///
    /// # Errors
    /// [`StoreError`]: then it is not redeemed.
    ///
    /// Spec: OAuth 2.1 §4.1.3, §7.5.3.
    pub async fn redeem_code<T, E>(
        &self,
        code: SecretHash,
        judge: impl FnOnce(&FoundCode) -> CodeVerdict<T, E> + Send + 'static,
        now: UnixTime,
    ) -> Result<Redemption<T, E>, StoreError>
    where
        T: Send + 'static,
        E: Send + 'static,
    {
        self.write(move |connection| {
            let Some(found) = find(connection, code)? else { return Ok(Redemption::Unknown) };
            let (refresh_token, outcome) = match judge(&found) {
                CodeVerdict::Redeem { refresh_token, outcome } => (refresh_token, outcome),
                CodeVerdict::WrongVerifier(reason) => {
                    count_wrong_verifier(connection, code)?;
                    return Ok(Redemption::Refused(reason));
                }
                CodeVerdict::Refuse(reason) => return Ok(Redemption::Refused(reason)),
            };
            let family = found.family;
            let consumed = consume(connection, code, now)?;
            let uses = || if consumed { "none" } else { "redeemed before" };
            witness::checked(Clause::CodeOnce, "uses of the code so far", consumed, || "none", uses);
            if !consumed {
                note_replay(connection, code, now)?;
                family::revoke(connection, &family.id, RevokedBecause::CodeReplayed, now)?;
                return Ok(Redemption::Replayed { family: family.id });
            }
            witness::stored("the code, used up", || [("code", MASK.to_owned())]);
            if let Some(token) = refresh_token {
                refresh::insert(connection, &family, token)?;
            }
            Ok(Redemption::Redeemed { family: Box::new(family), outcome })
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

fn find(connection: &Connection, code: SecretHash) -> Result<Option<FoundCode>, StoreError> {
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
}

/// The guard: a code is consumed once. `false`: it was consumed before.
fn consume(connection: &Connection, code: SecretHash, now: UnixTime) -> Result<bool, StoreError> {
    let changed = connection
        .prepare_cached("UPDATE code SET redeemed_at = :now WHERE code_hash = :code AND redeemed_at IS NULL")?
        .execute(named_params! { ":now": now.0, ":code": code })?;
    Ok(changed == 1)
}

fn note_replay(connection: &Connection, code: SecretHash, now: UnixTime) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE code SET replayed_at = :now WHERE code_hash = :code AND replayed_at IS NULL")?
        .execute(named_params! { ":now": now.0, ":code": code })?;
    Ok(())
}

fn count_wrong_verifier(connection: &Connection, code: SecretHash) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE code SET wrong_verifiers = wrong_verifiers + 1 WHERE code_hash = ?")?
        .execute([code])?;
    witness::stored("a wrong verifier, counted against the code", || [("code", MASK.to_owned())]);
    Ok(())
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
    witness::stored("the code, bound to the challenge and to what was asked", || {
        [
            ("code", MASK.to_owned()),
            ("code_challenge", code.code_challenge.as_str().to_owned()),
            ("redirect_uri", code.redirect_uri.to_string()),
            ("client_id", code.family.client.id.to_string()),
            ("resource", code.family.resource.to_string()),
            ("scope", code.family.scope.to_string()),
        ]
    });
    Ok(())
}
