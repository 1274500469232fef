//! Assertions of clients: each is accepted once.

use protocol::ids::UnixTime;
use rusqlite::named_params;

use super::prune::ASSERTION_KEPT_SECONDS;
use super::{SecretHash, Store, StoreError};

impl Store {
    /// Accepts an assertion, named by the hash of its client and its `jti`. One guarded statement: of many attempts, in
    /// whatever processes, exactly one is told `true`.
    ///
    /// # Errors
    /// [`StoreError`]: then it must not be accepted.
    ///
    /// Spec: RFC 7523 §3, item 7.
    pub async fn accept_assertion(
        &self,
        assertion: SecretHash,
        expires_at: UnixTime,
    ) -> Result<bool, StoreError> {
        self.write(move |connection| {
            let inserted = connection
                .prepare_cached(
                    "INSERT INTO client_assertion (assertion_hash, kept_until) VALUES (:assertion, :kept_until)
                     ON CONFLICT DO NOTHING",
                )?
                .execute(named_params! {
                    ":assertion": assertion,
                    ":kept_until": expires_at.plus(ASSERTION_KEPT_SECONDS).0,
                })?;
            Ok(inserted == 1)
        })
        .await
    }
}
