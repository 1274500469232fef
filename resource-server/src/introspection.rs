//! Whether a token was revoked: a signature cannot tell, so the authorization server is asked.
//!
//! - An answer is good for a set number of seconds: for so long at most a revoked token still works here.
//! - One question about a token at a time; the others wait for its answer.
//! - Only tokens whose signature, audience and times are right get here, so strangers cannot make this server ask.
//! - When nobody answers, nothing is assumed: the call is refused for the moment.
//!
//! Spec: RFC 7662 §2, §4; RFC 7009 §2.1.

use std::sync::{Arc, Mutex, PoisonError};

use protocol::basic_credentials::BasicCredentials;
use protocol::clause::Clause;
use protocol::ids::{Issuer, UnixTime};
use protocol::loopback::LoopbackPolicy;
use protocol::secret::Secret;
use protocol::{query, strict_json};
use serde_json::Value;

use crate::bearer::Presented;
use crate::budget::REMEMBERED_TOKENS;
use crate::discovery;
use crate::recent::Recent;
use crate::settings::{Introspection, Settings};
use server_kit::clock::Clock;
use server_kit::outbound::Outbound;
use server_kit::witness::from_cache;

/// What whoever watches is told of.
const WHAT: &str = "whether the token was revoked";
/// The longest answer that is read.
const MAX_ANSWER_BYTES: usize = 16 * 1024;
/// The metadata, which says where to ask, is fetched again when it is older.
const METADATA_SECONDS: u64 = 300;
/// For so long a failure is the answer: whoever waited for it does not try again, one after the other.
const FAILURE_SECONDS: u64 = 1;

/// The authorization server could not be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unavailable;

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
type Known = Arc<tokio::sync::Mutex<Option<Dated<bool>>>>;

pub(crate) struct Introspector {
    issuer: Issuer,
    policy: LoopbackPolicy,
    outbound: Outbound,
    clock: Arc<dyn Clock>,
    authorization: Secret,
    max_age: u64,
    endpoint: tokio::sync::Mutex<Option<Dated<String>>>,
    tokens: Mutex<Recent<Known>>,
}

impl Introspector {
    pub(crate) fn new(settings: &Settings, introspection: &Introspection, clock: Arc<dyn Clock>) -> Self {
        let credentials =
            BasicCredentials { id: settings.resource.to_string(), secret: introspection.secret.clone() };
        Self {
            issuer: settings.issuer.clone(),
            policy: settings.loopback,
            outbound: Outbound::new(settings.loopback).on_errand(WHAT, Clause::PublicAddress),
            clock,
            authorization: credentials.to_header(),
            max_age: introspection.max_age_seconds,
            endpoint: tokio::sync::Mutex::new(None),
            tokens: Mutex::new(Recent::new(REMEMBERED_TOKENS)),
        }
    }

    /// Whether the authorization server stands by this token.
    pub(crate) async fn is_active(&self, token: &Presented) -> Result<bool, Unavailable> {
        if self.max_age == 0 {
            return self.ask(&token.text).await;
        }
        let known = self.known(token);
        let mut active = known.lock().await;
        let now = self.clock.now();
        if let Some(dated) = active.as_ref().filter(|dated| dated.is_fresh(now, self.max_age)) {
            from_cache(WHAT, self.issuer.as_str(), now.since(dated.asked_at));
            return dated.answer;
        }
        let answer = self.ask(&token.text).await;
        // A failure counts from its end, an answer from its question.
        let asked_at = if answer.is_ok() { now } else { self.clock.now() };
        *active = Some(Dated { answer, asked_at });
        answer
    }

    /// What is known about a token. Forgetting costs a question, and nothing else.
    fn known(&self, token: &Presented) -> Known {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = tokens.get(&token.hash) {
            return Arc::clone(known);
        }
        let known = Known::default();
        tokens.insert(token.hash, Arc::clone(&known));
        known
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
            from_cache(discovery::WHAT, self.issuer.as_str(), now.since(dated.asked_at));
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
