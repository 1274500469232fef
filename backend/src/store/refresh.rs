//! Refresh tokens: each is exchanged for its successor at most once, and whoever uses one again ends the family.

use protocol::clause::Clause;
use protocol::ids::UnixTime;
use protocol::observation::MASK;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};
use server_kit::witness::{self, checked};

use super::family::{self, RevokedBecause};
use super::{Family, SecretHash, Store, StoreError};

/// A refresh token as it is put down.
#[derive(Clone, Copy, Debug)]
pub struct NewRefreshToken {
    /// The token.
    pub hash: SecretHash,
    /// When it ends if nobody uses it. The family may end before.
    pub expires_at: UnixTime,
}

/// What became of an attempt to exchange a refresh token for its successor.
#[derive(Clone, Debug)]
pub enum Rotation<T, E> {
    /// This attempt won: the successor is the family's one live refresh token.
    Rotated {
        /// Whose token it is.
        family: Box<Family>,
        /// What was decided.
        outcome: T,
    },
    /// It was exchanged a moment ago, and nobody used the successor yet: the answer may have been lost, so the same
    /// successor may be given again.
    Repaired {
        /// Whose token it is.
        family: Box<Family>,
        /// What was decided.
        outcome: T,
    },
    /// It was decided against it. Nothing changed.
    Refused(E),
    /// It was exchanged before: somebody has a copy. The family is ended.
    Reused {
        /// The family.
        family: String,
    },
    /// Its time is over, or the family's. The family is ended.
    Expired,
    /// There is no such token.
    Unknown,
}

/// A refresh token that was issued once.
struct FoundRefreshToken {
    family: Family,
    expires_at: UnixTime,
    used_at: Option<UnixTime>,
}

impl Store {
    /// The family of a refresh token, whatever the state of both, for whoever has to know its client before anything is
    /// decided.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_refresh_token(&self, token: SecretHash) -> Result<Option<Family>, StoreError> {
        self.read(move |connection| Ok(find(connection, token)?.map(|found| found.family))).await
    }

    /// Exchanges a refresh token for its successor if `judge` finds nothing against it. Finding, judging and exchanging
    /// are one transaction, and the guard is one statement: of many attempts, in whatever processes, exactly one is told
    /// [`Rotation::Rotated`]. What is found used or expired ends the family, and no clock that goes back brings it to
    /// life again.
    ///
    /// `repair_seconds`: for so long the same exchange may be repeated. `judge` runs on the thread of the store: it must
    /// not wait for anything.
    ///
    /// # Errors
    /// [`StoreError`]: then it is not exchanged.
    ///
    /// Spec: OAuth 2.1 §4.3.1, §4.3.3.
    pub async fn rotate_refresh_token<T, E>(
        &self,
        token: SecretHash,
        successor: NewRefreshToken,
        judge: impl FnOnce(&Family) -> Result<T, E> + Send + 'static,
        repair_seconds: u64,
        now: UnixTime,
    ) -> Result<Rotation<T, E>, StoreError>
    where
        T: Send + 'static,
        E: Send + 'static,
    {
        self.write(move |connection| {
            let Some(FoundRefreshToken { family, expires_at, used_at }) = find(connection, token)? else {
                return Ok(Rotation::Unknown);
            };
            let outcome = match judge(&family) {
                Ok(outcome) => outcome,
                Err(reason) => return Ok(Rotation::Refused(reason)),
            };
            let is_over = family.expires_at <= now || used_at.is_none() && expires_at <= now;
            let until = expires_at.min(family.expires_at);
            let left = || format!("{} s", until.since(now));
            checked(Clause::RefreshLifetime, "time that is left", !is_over, || "some", left);
            if is_over {
                family::revoke(connection, &family.id, RevokedBecause::RefreshTokenExpired, now)?;
                return Ok(Rotation::Expired);
            }
            let consumed = consume(connection, token, now)?;
            let uses =
                || used_at.map_or_else(|| "none".to_owned(), |at| format!("used {} s ago", now.since(at)));
            checked(Clause::RefreshRotation, "uses of the refresh_token so far", consumed, || "none", uses);
            if consumed {
                witness::stored("the refresh token, used up", || [("refresh_token", MASK.to_owned())]);
                insert(connection, &family, successor)?;
                return Ok(Rotation::Rotated { family: Box::new(family), outcome });
            }
            let in_window =
                used_at.is_some_and(|used_at| used_at <= now && now.since(used_at) < repair_seconds);
            if in_window && waits(connection, successor.hash, now)? {
                return Ok(Rotation::Repaired { family: Box::new(family), outcome });
            }
            family::revoke(connection, &family.id, RevokedBecause::RefreshTokenReused, now)?;
            Ok(Rotation::Reused { family: family.id })
        })
        .await
    }
}

impl FoundRefreshToken {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            family: Family::from_row(row)?,
            expires_at: UnixTime(row.get("expires_at")?),
            used_at: row.get::<_, Option<u64>>("used_at")?.map(UnixTime),
        })
    }
}

fn find(connection: &Connection, token: SecretHash) -> Result<Option<FoundRefreshToken>, StoreError> {
    let sql = format!(
        "SELECT refresh_token.expires_at, used_at, {}
         FROM refresh_token JOIN family ON family.id = refresh_token.family WHERE token_hash = ?",
        family::COLUMNS
    );
    connection
        .prepare_cached(&sql)?
        .query_row([token], |row| Ok(FoundRefreshToken::from_row(row)))
        .optional()?
        .transpose()
}

/// The guard: a token is exchanged once. `false`: it was exchanged before.
fn consume(connection: &Connection, token: SecretHash, now: UnixTime) -> Result<bool, StoreError> {
    let changed = connection
        .prepare_cached(
            "UPDATE refresh_token SET used_at = :now WHERE token_hash = :token AND used_at IS NULL",
        )?
        .execute(named_params! { ":now": now.0, ":token": token })?;
    Ok(changed == 1)
}

/// Whether a successor is there and waits for its first use.
fn waits(connection: &Connection, successor: SecretHash, now: UnixTime) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM refresh_token
               WHERE token_hash = :successor AND used_at IS NULL AND expires_at > :now";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.exists(named_params! { ":successor": successor, ":now": now.0 })?)
}

/// Puts a token down. It never outlives its family.
pub(super) fn insert(
    connection: &Connection,
    family: &Family,
    token: NewRefreshToken,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO refresh_token (token_hash, family, expires_at) VALUES (:token, :family, :expires_at)",
        )?
        .execute(named_params! {
            ":token": token.hash,
            ":family": family.id,
            ":expires_at": token.expires_at.min(family.expires_at).0,
        })?;
    witness::stored("a refresh token of this family", || {
        [("refresh_token", MASK.to_owned()), ("family", family.id.clone())]
    });
    Ok(())
}
