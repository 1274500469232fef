//! Tokens whose signature was verified before: the arithmetic is not repeated, every other question is.
//!
//! - An entry is found by the hash of the whole token, signature included: no other token can pass for it.
//! - It counts only while the very key that verified it is published, and only in the token's time.
//! - There are so many at most; whatever is not used makes room.
//!
//! Whether a token was revoked is not remembered here: that is [`crate::introspection`]'s.

use std::sync::{Arc, Mutex, PoisonError};

use protocol::clause::Clause;
use protocol::ids::UnixTime;
use server_kit::witness::{checked, from_cache};

use crate::budget::REMEMBERED_TOKENS;
use crate::denial::TokenFault;
use crate::jwks_cache::{JwksCache, VerifyingKey};
use crate::recent::{Recent, TokenHash};
use crate::token::VerifiedToken;

pub(crate) struct VerifiedTokens {
    entries: Mutex<Recent<Entry>>,
}

struct Entry {
    token: Arc<VerifiedToken>,
    key: Arc<VerifyingKey>,
    verified_at: UnixTime,
}

impl VerifiedTokens {
    pub(crate) fn new() -> Self {
        Self { entries: Mutex::new(Recent::new(REMEMBERED_TOKENS)) }
    }

    /// The token of this hash, or why it is no good any more; `None` if it has to be verified.
    pub(crate) fn get(
        &self,
        hash: &TokenHash,
        keys: &JwksCache,
        now: UnixTime,
    ) -> Option<Result<Arc<VerifiedToken>, TokenFault>> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get(hash)?;
        let key = keys.key_at_hand(&entry.key.id, now);
        if !key.is_some_and(|key| Arc::ptr_eq(&key, &entry.key)) {
            return None;
        }
        checked(Clause::TokenValidity, "kid", true, || "a key that is still published", || &*entry.key.id);
        let age = now.since(entry.verified_at);
        from_cache("signature and claims of this very token, verified before", keys.issuer().as_str(), age);
        Some(entry.token.check_times(now).map(|()| Arc::clone(&entry.token)))
    }

    pub(crate) fn remember(
        &self,
        hash: TokenHash,
        key: Arc<VerifyingKey>,
        token: Arc<VerifiedToken>,
        now: UnixTime,
    ) {
        let entry = Entry { token, key, verified_at: now };
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).insert(hash, entry);
    }
}
