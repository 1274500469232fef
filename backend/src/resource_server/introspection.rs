//! Whether a token was revoked: a signature cannot tell, so the authorization server is asked.
//!
//! - An answer is good for a set number of seconds: for so long at most a revoked token still works here.
//! - One question about a token at a time; the others wait for its answer.
//! - Only tokens whose signature, audience and times are right get here, so strangers cannot make this server ask.
//! - When nobody answers, nothing is assumed: the call is refused for the moment.
//!
//! Spec: RFC 7662 §2, §4; RFC 7009 §2.1.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use protocol::basic_credentials::BasicCredentials;
use protocol::ids::{Issuer, UnixTime};
use protocol::loopback::LoopbackPolicy;
use protocol::secret::Secret;
use protocol::{query, strict_json};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::discovery;
use super::settings::{Introspection, Settings};
use crate::clock::Clock;
use crate::outbound::Outbound;

/// How many tokens are remembered at most.
const MAX_TOKENS: usize = 10_000;
/// The longest answer that is read.
const MAX_ANSWER_BYTES: usize = 16 * 1024;
/// The metadata, which says where to ask, is fetched again when it is older.
const METADATA_SECONDS: u64 = 300;
/// For so long a failure is the answer: whoever waited for it does not try again, one after the other.
const FAILURE_SECONDS: u64 = 1;

/// The authorization server could not be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unavailable;

/// What was answered, and when it was asked for.
#[derive(Clone, Debug)]
struct Dated<T> {
    answer: Result<T, Unavailable>,
    asked_at: UnixTime,
}

impl<T> Dated<T> {
    /// Whether it still counts. A clock that went back makes it worthless.
    fn is_fresh(&self, now: UnixTime, max_age: u64) -> bool {
        let max_age = if self.answer.is_ok() { max_age } else { FAILURE_SECONDS };
        self.asked_at <= now && now.since(self.asked_at) < max_age
    }
}

/// What is known about one token. Whoever holds the lock asks.
struct Known {
    expires_at: UnixTime,
    active: tokio::sync::Mutex<Option<Dated<bool>>>,
}

pub(super) struct Introspector {
    issuer: Issuer,
    policy: LoopbackPolicy,
    outbound: Outbound,
    clock: Arc<dyn Clock>,
    authorization: Secret,
    max_age: u64,
    endpoint: tokio::sync::Mutex<Option<Dated<String>>>,
    /// By the hash of the token.
    tokens: Mutex<HashMap<[u8; 32], Arc<Known>>>,
}

impl Introspector {
    pub(super) fn new(settings: &Settings, introspection: &Introspection, clock: Arc<dyn Clock>) -> Self {
        let credentials =
            BasicCredentials { id: settings.resource.to_string(), secret: introspection.secret.clone() };
        Self {
            issuer: settings.issuer.clone(),
            policy: settings.loopback,
            outbound: Outbound::new(settings.loopback),
            clock,
            authorization: credentials.to_header(),
            max_age: introspection.max_age_seconds,
            endpoint: tokio::sync::Mutex::new(None),
            tokens: Mutex::new(HashMap::new()),
        }
    }

    /// Whether the authorization server stands by this token, which ends at `expires_at` in any case.
    pub(super) async fn is_active(&self, token: &Secret, expires_at: UnixTime) -> Result<bool, Unavailable> {
        if self.max_age == 0 {
            return self.ask(token).await;
        }
        let known = self.known(token, expires_at);
        let mut active = known.active.lock().await;
        let now = self.clock.now();
        if let Some(dated) = active.as_ref().filter(|dated| dated.is_fresh(now, self.max_age)) {
            return dated.answer;
        }
        let answer = self.ask(token).await;
        // A failure counts from its end, an answer from its question.
        let asked_at = if answer.is_ok() { now } else { self.clock.now() };
        *active = Some(Dated { answer, asked_at });
        answer
    }

    fn known(&self, token: &Secret, expires_at: UnixTime) -> Arc<Known> {
        let hash = Sha256::digest(token.reveal().as_bytes()).into();
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.len() >= MAX_TOKENS && !tokens.contains_key(&hash) {
            let now = self.clock.now();
            tokens.retain(|_, known| now < known.expires_at);
            if tokens.len() >= MAX_TOKENS {
                // Forgetting costs a question each, and nothing else.
                tokens.clear();
            }
        }
        let unknown = || Arc::new(Known { expires_at, active: tokio::sync::Mutex::new(None) });
        Arc::clone(tokens.entry(hash).or_insert_with(unknown))
    }

    async fn ask(&self, token: &Secret) -> Result<bool, Unavailable> {
        let endpoint = self.endpoint().await?;
        let form = query::encode([("token", token.reveal()), ("token_type_hint", "access_token")]);
        let answer = self.outbound.post_form(&endpoint, &self.authorization, form, MAX_ANSWER_BYTES).await;
        let answer = answer.map_err(|reason| {
            tracing::warn!(issuer = %self.issuer, %reason, "the token could not be asked about");
            Unavailable
        })?;
        let object = strict_json::parse_object(&answer.body).ok();
        object.and_then(|object| object.get("active").and_then(Value::as_bool)).ok_or_else(|| {
            tracing::warn!(issuer = %self.issuer, "the answer about the token cannot be read");
            Unavailable
        })
    }

    /// Where to ask, as the metadata says. While it cannot be fetched, the place from before still counts.
    async fn endpoint(&self) -> Result<String, Unavailable> {
        let mut endpoint = self.endpoint.lock().await;
        let now = self.clock.now();
        if let Some(dated) = endpoint.as_ref().filter(|dated| dated.is_fresh(now, METADATA_SECONDS)) {
            return dated.answer.clone();
        }
        let found = discovery::fetch(&self.outbound, &self.issuer, self.policy).await.and_then(|metadata| {
            metadata.introspection_endpoint.ok_or_else(|| "it has no introspection_endpoint".to_owned())
        });
        let answer = found.or_else(|reason| {
            tracing::warn!(issuer = %self.issuer, reason, "nowhere to ask about tokens");
            endpoint.take().and_then(|before| before.answer.ok()).ok_or(Unavailable)
        });
        *endpoint = Some(Dated { answer: answer.clone(), asked_at: self.clock.now() });
        answer
    }
}

#[cfg(test)]
mod tests {
    use protocol::ids::ResourceUri;

    use super::*;
    use crate::clock::FixedClock;

    #[test]
    fn only_so_many_tokens_are_remembered_and_the_expired_go_first() {
        let loopback = LoopbackPolicy::AllowHttpOnLoopback;
        let introspection = Introspection { secret: Secret::new("s"), max_age_seconds: 5 };
        let settings = Settings {
            resource: ResourceUri::parse("http://localhost:8001/mcp", loopback).unwrap(),
            name: "S".into(),
            issuer: Issuer::parse("http://localhost:9000", loopback).unwrap(),
            loopback,
            allowed_origins: Vec::new(),
            introspection: None,
        };
        let clock = Arc::new(FixedClock::at(UnixTime(100)));
        let introspector = Introspector::new(&settings, &introspection, Arc::<FixedClock>::clone(&clock));
        let remember = |i: usize, expires_at| {
            introspector.known(&Secret::new(i.to_string()), UnixTime(expires_at));
            introspector.tokens.lock().unwrap().len()
        };
        for i in 0..MAX_TOKENS - 1 {
            remember(i, 200);
        }
        assert_eq!(remember(MAX_TOKENS, 300), MAX_TOKENS);
        assert_eq!(remember(MAX_TOKENS, 300), MAX_TOKENS, "it is known already");
        clock.advance(100);
        assert_eq!(remember(MAX_TOKENS + 1, 300), 2);
        for i in 0..MAX_TOKENS - 2 {
            remember(i, 300);
        }
        assert_eq!(remember(MAX_TOKENS + 2, 300), 1);
    }
}
