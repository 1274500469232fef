//! Sweeping: what has expired is deleted, in batches small enough that nobody has to wait for them.
//!
//! Nothing relies on it. Every statement that uses a row asks whether it is still valid; sweeping only gives back the
//! space. How long rows stay after their end, and why, stands here and nowhere else.

use protocol::ids::UnixTime;

use super::{Store, StoreError};

/// How many rows are deleted in one go. Others get their turn in between.
const BATCH_ROWS: usize = 500;

/// What to delete.
struct Rule {
    /// The rows, in plain words.
    what: &'static str,
    /// How long they stay after their end, in seconds.
    kept_seconds: u64,
    /// Deletes those that ended before `?1`, but no more than `?2` at once.
    delete: &'static str,
}

/// A late client is told "expired" and not "unknown".
const FAMILY_KEPT_SECONDS: u64 = 24 * 3600;

/// No server remembers a consent for longer than a year; many for less, and that they judge when they look.
const CONSENT_KEPT_SECONDS: u64 = 366 * 24 * 3600;

/// An assertion is remembered for so long after it would have ended: a clock that goes back revives none.
pub(super) const ASSERTION_KEPT_SECONDS: u64 = 3600;

const RULES: [Rule; 9] = [
    Rule {
        what: "sign-ins",
        kept_seconds: 0,
        delete: "DELETE FROM browser_session WHERE cookie_hash IN
                 (SELECT cookie_hash FROM browser_session WHERE expires_at < ?1 LIMIT ?2)",
    },
    Rule {
        what: "authorization requests",
        // A late visitor is told "expired" and not "unknown".
        kept_seconds: 3600,
        delete: "DELETE FROM pending_request WHERE sequence IN
                 (SELECT sequence FROM pending_request WHERE expires_at < ?1 LIMIT ?2)",
    },
    Rule {
        what: "codes that nobody redeemed",
        // A late client is told "expired" and not "unknown". Nothing has grown from such a code, so its family goes too.
        kept_seconds: 3600,
        delete: "DELETE FROM family WHERE id IN
                 (SELECT family FROM code WHERE redeemed_at IS NULL AND expires_at < ?1 LIMIT ?2)",
    },
    Rule {
        what: "assertions of clients",
        // The time for which they are kept is in the column, by `ASSERTION_KEPT_SECONDS`.
        kept_seconds: 0,
        delete: "DELETE FROM client_assertion WHERE assertion_hash IN
                 (SELECT assertion_hash FROM client_assertion WHERE kept_until < ?1 LIMIT ?2)",
    },
    Rule {
        what: "registered clients",
        kept_seconds: 0,
        delete: "DELETE FROM registered_client WHERE sequence IN
                 (SELECT sequence FROM registered_client WHERE expires_at < ?1 LIMIT ?2)",
    },
    Rule {
        what: "refresh tokens",
        // Used ones are how theft is recognized, so all stay as long as their family. They go before it, since a family
        // may have had thousands, and whatever is deleted with it does not count into its batch.
        kept_seconds: FAMILY_KEPT_SECONDS,
        delete: "DELETE FROM refresh_token WHERE token_hash IN
                 (SELECT token_hash FROM family JOIN refresh_token ON refresh_token.family = family.id
                  WHERE family.expires_at < ?1 LIMIT ?2)",
    },
    Rule {
        what: "families",
        // A redeemed code goes with its family: until then a second use is recognized, and ends what grew from it.
        kept_seconds: FAMILY_KEPT_SECONDS,
        delete: "DELETE FROM family WHERE id IN (SELECT id FROM family WHERE expires_at < ?1 LIMIT ?2)",
    },
    Rule {
        what: "marks on the consent page",
        kept_seconds: CONSENT_KEPT_SECONDS,
        delete: "DELETE FROM granted_scope WHERE (subject, client_id, resource, scope) IN
                 (SELECT subject, client_id, resource, scope FROM granted_scope WHERE granted_at < ?1 LIMIT ?2)",
    },
    Rule {
        what: "remembered consents",
        kept_seconds: CONSENT_KEPT_SECONDS,
        delete: "DELETE FROM remembered_consent WHERE (subject, client_id, resource) IN
                 (SELECT subject, client_id, resource FROM remembered_consent WHERE granted_at < ?1 LIMIT ?2)",
    },
];

impl Store {
    /// Deletes what has expired, and says how many rows that were. It may be interrupted at any time.
    ///
    /// # Errors
    /// [`StoreError`]: what was deleted until then stays deleted.
    pub async fn prune(&self, now: UnixTime) -> Result<usize, StoreError> {
        let mut rows = 0;
        for rule in &RULES {
            let deleted = self.prune_by(rule, now).await?;
            if deleted > 0 {
                tracing::info!(rows = deleted, what = rule.what, "expired rows deleted");
            }
            rows += deleted;
        }
        Ok(rows)
    }

    async fn prune_by(&self, rule: &'static Rule, now: UnixTime) -> Result<usize, StoreError> {
        let mut rows = 0;
        loop {
            let batch = self.prune_batch(rule, now).await?;
            rows += batch;
            if batch < BATCH_ROWS {
                return Ok(rows);
            }
        }
    }

    /// One event like any other: it waits for those before it, and those after it do not wait for the next batch.
    async fn prune_batch(&self, rule: &'static Rule, now: UnixTime) -> Result<usize, StoreError> {
        let ended_before = now.0.saturating_sub(rule.kept_seconds);
        self.write(move |connection| {
            Ok(connection.prepare_cached(rule.delete)?.execute((ended_before, BATCH_ROWS))?)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::store::{CodeVerdict, FoundCode, Redemption, SecretHash};

    const NOW: UnixTime = UnixTime(1_800_000_000);
    const LONG_AGO: u64 = NOW.0 - 90 * 24 * 3600;

    const CLIENT: &str = r#"{"id":"c","source":"configured","name":"C","redirect_uris":["https://c.example/cb"],"authentication":"none","wants_refresh":false,"fingerprint":""}"#;

    async fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("as.sqlite")).await.unwrap();
        (folder, store)
    }

    /// Families with a code each, all with these times.
    fn insert_codes(
        connection: &Connection,
        name: &str,
        count: u64,
        code_expires: u64,
        family_expires: u64,
        redeemed: bool,
    ) -> Result<(), StoreError> {
        connection.execute_batch(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
             INSERT INTO family (id, client_id, client, subject, resource, scope, created_at, expires_at)
             SELECT '{name}' || i, 'c', '{CLIENT}', 's', 'https://r.example', 'x', {LONG_AGO}, {family_expires} FROM n;
             INSERT INTO code (code_hash, family, redirect_uri, code_challenge, expires_at, redeemed_at)
             SELECT CAST(id AS BLOB), id, 'https://c.example/cb', '{challenge}', {code_expires}, {redeemed}
             FROM family WHERE id LIKE '{name}%';",
            challenge = "a".repeat(43),
            redeemed = if redeemed { "1" } else { "NULL" },
        ))?;
        Ok(())
    }

    fn insert_requests(connection: &Connection, count: u64, expires: u64) -> Result<(), StoreError> {
        connection.execute_batch(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
             INSERT INTO pending_request
                 (id_hash, cookie_hash, client, redirect_uri, refusal, must_ask, created_at, expires_at)
             SELECT CAST({expires} || '-' || i AS BLOB), x'00', '{{}}', 'u', 'X', 0, {LONG_AGO}, {expires} FROM n;"
        ))?;
        Ok(())
    }

    fn insert_sessions(connection: &Connection, count: u64, expires: u64) -> Result<(), StoreError> {
        connection.execute_batch(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
             INSERT INTO browser_session (cookie_hash, subject, signed_in_at, expires_at)
             SELECT CAST({expires} || '-' || i AS BLOB), 's', {LONG_AGO}, {expires} FROM n;"
        ))?;
        Ok(())
    }

    fn insert_assertions_and_clients(
        connection: &Connection,
        count: u64,
        expires: u64,
    ) -> Result<(), StoreError> {
        connection.execute_batch(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
             INSERT INTO client_assertion SELECT CAST({expires} || '-' || i AS BLOB), {expires} FROM n;
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
             INSERT INTO registered_client (client_id, client, issued_at, expires_at)
             SELECT {expires} || '-' || i, '{{}}', {LONG_AGO}, {expires} FROM n;"
        ))?;
        Ok(())
    }

    fn insert_consents(connection: &Connection, count: u64, granted: u64) -> Result<(), StoreError> {
        connection.execute_batch(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
             INSERT INTO remembered_consent (subject, client_id, resource, client, scope, granted_at)
             SELECT 's', {granted} || '-' || i, 'r', '{{}}', 'a', {granted} FROM n;"
        ))?;
        Ok(())
    }

    async fn count(store: &Store, table: &'static str) -> u64 {
        let sql = format!("SELECT count(*) FROM {table}");
        store.read(move |connection| Ok(connection.query_row(&sql, [], |row| row.get(0))?)).await.unwrap()
    }

    #[tokio::test]
    async fn what_may_still_be_asked_for_stays() {
        let (_folder, store) = store().await;
        store
            .write(|connection| {
                insert_sessions(connection, 3, NOW.0 - 1)?;
                insert_sessions(connection, 4, NOW.0 + 1)?;
                insert_assertions_and_clients(connection, 2, NOW.0 - 1)?;
                insert_assertions_and_clients(connection, 5, NOW.0 + 1)?;
                insert_consents(connection, 2, NOW.0 - 366 * 24 * 3600 - 1)?;
                insert_consents(connection, 3, NOW.0 - 366 * 24 * 3600 + 1)?;
                insert_requests(connection, 3, NOW.0 - 3601)?;
                insert_requests(connection, 4, NOW.0 - 3599)?;
                insert_codes(connection, "never-redeemed", 3, NOW.0 - 3601, NOW.0 + 1, false)?;
                insert_codes(connection, "late", 4, NOW.0 - 3599, NOW.0 + 1, false)?;
                insert_codes(connection, "redeemed", 5, LONG_AGO, NOW.0 - 24 * 3600 + 1, true)?;
                insert_codes(connection, "ended", 6, LONG_AGO, NOW.0 - 24 * 3600 - 1, true)
            })
            .await
            .unwrap();
        assert_eq!(store.prune(NOW).await.unwrap(), 3 + 3 + 3 + 6 + 2 + 2 + 2);
        for (table, left) in [
            ("browser_session", 4),
            ("pending_request", 4),
            ("family", 9),
            ("code", 9),
            ("remembered_consent", 3),
            ("client_assertion", 5),
            ("registered_client", 5),
        ] {
            assert_eq!(count(&store, table).await, left, "{table}");
        }
        assert_eq!(store.prune(NOW).await.unwrap(), 0);
    }

    /// Req: P13
    #[tokio::test]
    async fn a_large_sweep_lets_others_in_between() {
        let (_folder, store) = store().await;
        store
            .write(|connection| {
                insert_codes(connection, "old", 25_000, LONG_AGO, LONG_AGO, true)?;
                insert_requests(connection, 25_000, LONG_AGO)?;
                insert_codes(connection, "new", 1, NOW.0 + 60, NOW.0 + 60, false)
            })
            .await
            .unwrap();
        let rule = RULES.iter().find(|rule| rule.what == "families").unwrap();
        assert_eq!(store.prune_batch(rule, NOW).await.unwrap(), BATCH_ROWS, "no more at once");

        // The code's hash is its family's name here, which is no hash; so it is stored again under one.
        let code = SecretHash::of_text("code");
        store
            .write(move |connection| {
                Ok(connection.execute("UPDATE code SET code_hash = ? WHERE family = 'new1'", [code])?)
            })
            .await
            .unwrap();
        let redemption = async {
            let judge = |_: &FoundCode| CodeVerdict::<(), ()>::Redeem { refresh_token: None, outcome: () };
            let redeemed = store.redeem_code(code, judge, NOW).await.unwrap();
            (redeemed, count(&store, "pending_request").await + count(&store, "family").await)
        };
        let (swept, (redeemed, left)) = tokio::join!(store.prune(NOW), redemption);
        assert!(matches!(redeemed, Redemption::Redeemed { .. }));
        assert!(left > 40_000, "the sweep was far from its end: {left}");
        assert_eq!(swept.unwrap(), 50_000 - BATCH_ROWS);
        assert_eq!((count(&store, "family").await, count(&store, "pending_request").await), (1, 0));
    }
}
