//! Refresh tokens: each is exchanged for its successor at most once, and whoever uses one again ends the family.

use protocol::ids::UnixTime;
use rusqlite::{Connection, OptionalExtension as _, named_params};

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// This attempt won: the successor is the family's one live refresh token.
    Rotated,
    /// It was exchanged a moment ago, and nobody used the successor yet: the answer may have been lost, so the same
    /// successor may be given again.
    Repaired,
    /// It was exchanged before: somebody has a copy. The family is ended.
    Reused {
        /// The family.
        family: String,
    },
    /// Its time is over, or the family's. The family is ended.
    Expired,
    /// The family was ended before.
    Ended,
    /// There is no such token.
    Unknown,
}

/// How a token stands that could not be exchanged.
struct Spent {
    family: String,
    revoked: bool,
    /// Whether the family's time is not over.
    in_time: bool,
    used_at: Option<UnixTime>,
    /// Whether its successor is there and waits for its first use.
    successor_waits: bool,
}

impl Store {
    /// The family of a refresh token, whatever the state of both. Decides nothing:
    /// [`Store::rotate_refresh_token`] does.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_refresh_token(&self, token: SecretHash) -> Result<Option<Family>, StoreError> {
        self.read(move |connection| {
            let sql = format!(
                "SELECT {} FROM refresh_token JOIN family ON family.id = refresh_token.family
                 WHERE token_hash = ?",
                family::COLUMNS
            );
            connection
                .prepare_cached(&sql)?
                .query_row([token], |row| Ok(Family::from_row(row)))
                .optional()?
                .transpose()
        })
        .await
    }

    /// Exchanges a refresh token for its successor after every check passed. One guarded statement: of many attempts,
    /// in whatever processes, exactly one is told [`Rotation::Rotated`]. What is found used or expired ends the family
    /// in the same transaction, and no clock that goes back brings it to life again.
    ///
    /// `repair_seconds`: for so long the same exchange may be repeated.
    ///
    /// # Errors
    /// [`StoreError`]: then it is not exchanged.
    ///
    /// Spec: OAuth 2.1 §4.3.1, §4.3.3.
    pub async fn rotate_refresh_token(
        &self,
        token: SecretHash,
        successor: NewRefreshToken,
        repair_seconds: u64,
        now: UnixTime,
    ) -> Result<Rotation, StoreError> {
        self.write(move |connection| {
            if let Some(family) = consume(connection, token, now)? {
                insert(connection, &family, successor)?;
                return Ok(Rotation::Rotated);
            }
            let Some(spent) = look_again(connection, token, successor.hash, now)? else {
                return Ok(Rotation::Unknown);
            };
            let end = |because| family::revoke(connection, &spent.family, because, now);
            match spent.used_at {
                _ if spent.revoked => Ok(Rotation::Ended),
                Some(used_at) if spent.in_time => {
                    if spent.successor_waits && used_at <= now && now.since(used_at) < repair_seconds {
                        return Ok(Rotation::Repaired);
                    }
                    end(RevokedBecause::RefreshTokenReused)?;
                    Ok(Rotation::Reused { family: spent.family })
                }
                Some(_) | None => {
                    end(RevokedBecause::RefreshTokenExpired)?;
                    Ok(Rotation::Expired)
                }
            }
        })
        .await
    }
}

/// The guard: only an unused token in its time, of a live family, can be used.
fn consume(connection: &Connection, token: SecretHash, now: UnixTime) -> Result<Option<String>, StoreError> {
    Ok(connection
        .prepare_cached(
            "UPDATE refresh_token SET used_at = :now
             WHERE token_hash = :token AND used_at IS NULL AND expires_at > :now
                 AND EXISTS (SELECT 1 FROM family WHERE family.id = refresh_token.family
                     AND family.revoked_at IS NULL AND family.expires_at > :now)
             RETURNING family",
        )?
        .query_row(named_params! { ":now": now.0, ":token": token }, |row| row.get(0))
        .optional()?)
}

fn look_again(
    connection: &Connection,
    token: SecretHash,
    successor: SecretHash,
    now: UnixTime,
) -> Result<Option<Spent>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT family.id, family.revoked_at IS NOT NULL, family.expires_at > :now, refresh_token.used_at,
                 EXISTS (SELECT 1 FROM refresh_token AS successor WHERE successor.token_hash = :successor
                     AND successor.used_at IS NULL AND successor.expires_at > :now)
             FROM refresh_token JOIN family ON family.id = refresh_token.family
             WHERE refresh_token.token_hash = :token",
        )?
        .query_row(named_params! { ":now": now.0, ":token": token, ":successor": successor }, |row| {
            Ok(Spent {
                family: row.get(0)?,
                revoked: row.get(1)?,
                in_time: row.get(2)?,
                used_at: row.get::<_, Option<u64>>(3)?.map(UnixTime),
                successor_waits: row.get(4)?,
            })
        })
        .optional()?)
}

/// Puts a token down. It never outlives its family.
pub(super) fn insert(
    connection: &Connection,
    family: &str,
    token: NewRefreshToken,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO refresh_token (token_hash, family, expires_at)
             SELECT :token, id, min(:expires_at, expires_at) FROM family WHERE id = :family",
        )?
        .execute(named_params! {
            ":token": token.hash,
            ":expires_at": token.expires_at.0,
            ":family": family,
        })?;
    Ok(())
}
