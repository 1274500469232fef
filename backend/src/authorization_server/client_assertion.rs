//! `private_key_jwt`: a client proves who it is by a short-lived signature that only it can make.
//!
//! The audience must be our issuer identifier, and nothing else: RFC 7523 would also allow the URL of the token
//! endpoint, but a client that takes that URL from a hostile server's metadata signs for whoever is named there. The
//! issuer is what a client compares before it believes metadata (OAuth 2.1 draft 15 and RFC 7523bis demand the same).
//!
//! Spec: RFC 7523 §2.2, §3; RFC 7521 §4.2, §5.2; RFC 8725 §3.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use protocol::clause::Clause;
use protocol::client_keys::{ClientJwk, ClientKeys, PublicKey, SigningAlgorithm};
use protocol::ids::{ClientId, Issuer, UnixTime};
use protocol::{base64url_decode, strict_json};
use serde_json::{Map, Value};

use super::client_keys::Wanted;
use super::state::Server;
use super::token::TokenDenial;
use crate::store::SecretHash;
use server_kit::witness::checked;

/// `client_assertion_type` of a JWT.
pub(super) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The longest assertion that is looked at.
const MAX_ASSERTION_BYTES: usize = 8 * 1024;
/// The longest `jti`.
const MAX_JTI_BYTES: usize = 256;
/// How far ahead `exp` may be: what leaks is soon worth nothing, and what must be remembered is soon forgotten.
const MAX_LIFETIME_SECONDS: u64 = 300;
/// How far the client's clock may be ahead of ours, in seconds.
const MAX_CLOCK_SKEW: u64 = 30;

/// Why an assertion proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AssertionFault {
    TooLong,
    NotAJwt,
    WrongAlgorithm,
    WrongType,
    CriticalHeader,
    BadClaims,
    /// `iss` and `sub` differ: somebody speaks about somebody else.
    OtherIssuer,
    OtherAudience,
    Expired,
    LivesTooLong,
    NotYetValid,
    KeysUnavailable,
    BadSignature,
    Replayed,
}

impl AssertionFault {
    /// The rule and the sentence.
    pub(super) fn wire(self) -> (Clause, &'static str) {
        match self {
            Self::TooLong => (Clause::ClientAssertionFormat, "The assertion is longer than 8 kilobytes."),
            Self::NotAJwt => (Clause::ClientAssertionFormat, "The assertion is no JWT."),
            Self::WrongAlgorithm => {
                (Clause::ClientAssertion, "The assertion must be signed by RS256, PS256, ES256 or EdDSA.")
            }
            Self::WrongType => (
                Clause::ClientAssertion,
                "The typ of the assertion must be JWT or client-authentication+jwt.",
            ),
            Self::CriticalHeader => {
                (Clause::ClientAssertion, "The assertion has a crit header, which is not understood here.")
            }
            Self::BadClaims => (
                Clause::ClientAssertion,
                "The assertion needs iss, sub, aud and jti as texts, and times as whole seconds.",
            ),
            Self::OtherIssuer => {
                (Clause::ClientAssertion, "iss and sub of the assertion must both be the client_id.")
            }
            Self::OtherAudience => (
                Clause::ClientAssertion,
                "aud of the assertion must be the issuer identifier of this server.",
            ),
            Self::Expired => (Clause::ClientAssertion, "The assertion has expired."),
            Self::LivesTooLong => {
                (Clause::ClientAssertion, "The assertion expires more than five minutes from now.")
            }
            Self::NotYetValid => (Clause::ClientAssertion, "The assertion is from the future."),
            Self::KeysUnavailable => (Clause::ClientKeys, "The keys of this client cannot be had."),
            Self::BadSignature => (
                Clause::ClientAssertion,
                "The assertion is not signed by a key of this client that serves its alg.",
            ),
            Self::Replayed => (Clause::ClientAssertionOnce, "The assertion was used before."),
        }
    }
}

/// An assertion whose form is right. Nothing in it is believed yet.
#[derive(Clone, Debug)]
pub(super) struct ClientAssertion {
    jwt: String,
    algorithm: SigningAlgorithm,
    key_id: Option<String>,
    client_id: ClientId,
    audience: String,
    expires_at: UnixTime,
    /// The later of `iat` and `nbf`.
    valid_from: Option<UnixTime>,
    id: String,
}

impl ClientAssertion {
    /// Looks at size, header and the form of the claims: all that can be refused without knowing the client.
    pub(super) fn parse(jwt: &str) -> Result<Self, AssertionFault> {
        if jwt.len() > MAX_ASSERTION_BYTES {
            return Err(AssertionFault::TooLong);
        }
        let mut parts = jwt.split('.');
        let (Some(header), Some(claims), Some(_signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(AssertionFault::NotAJwt);
        };
        let header = object(header).ok_or(AssertionFault::NotAJwt)?;
        let algorithm = header.get("alg").and_then(Value::as_str).and_then(SigningAlgorithm::parse);
        let algorithm = algorithm.ok_or(AssertionFault::WrongAlgorithm)?;
        if !header.get("typ").is_none_or(is_assertion_type) {
            return Err(AssertionFault::WrongType);
        }
        // `jku`, `x5u`, `jwk` and `x5c` are never read: an assertion cannot bring its own key.
        if header.contains_key("crit") {
            return Err(AssertionFault::CriticalHeader);
        }
        let key_id = match header.get("kid") {
            None => None,
            Some(kid) => Some(kid.as_str().ok_or(AssertionFault::NotAJwt)?.to_owned()),
        };
        let claims = object(claims).ok_or(AssertionFault::NotAJwt)?;
        let text = |name| claims.get(name).and_then(Value::as_str).ok_or(AssertionFault::BadClaims);
        let subject = text("sub")?;
        if text("iss")? != subject {
            return Err(AssertionFault::OtherIssuer);
        }
        let id = text("jti")?;
        if id.is_empty() || id.len() > MAX_JTI_BYTES {
            return Err(AssertionFault::BadClaims);
        }
        Ok(Self {
            jwt: jwt.to_owned(),
            algorithm,
            key_id,
            client_id: ClientId::parse(subject).map_err(|_| AssertionFault::BadClaims)?,
            audience: audience(&claims)?.to_owned(),
            expires_at: time(&claims, "exp")?.ok_or(AssertionFault::BadClaims)?,
            valid_from: time(&claims, "iat")?.max(time(&claims, "nbf")?),
            id: id.to_owned(),
        })
    }

    /// Which client it says it is from.
    pub(super) fn client_id(&self) -> &str {
        self.client_id.as_str()
    }

    /// Checks claims and signature, then uses it up.
    pub(super) async fn prove(
        &self,
        server: &Server,
        keys: &ClientKeys,
    ) -> Result<Result<(), AssertionFault>, TokenDenial> {
        let now = server.clock.now();
        if let Err(fault) = self.check(&server.settings.issuer, now) {
            return Ok(Err(fault));
        }
        let signature = self.check_signature(server, keys).await;
        let found = || signature.map_or_else(|fault| fault.wire().1, |()| "one of its keys");
        let signed = signature.is_ok();
        checked(Clause::ClientAssertion, "signature of the assertion", signed, || "one of its keys", found);
        if let Err(fault) = signature {
            return Ok(Err(fault));
        }
        let accepted = server.store.accept_assertion(self.name(), self.expires_at).await?;
        let uses = || if accepted { "none" } else { "used before" };
        checked(Clause::ClientAssertionOnce, "uses of the assertion so far", accepted, || "none", uses);
        Ok(if accepted { Ok(()) } else { Err(AssertionFault::Replayed) })
    }

    /// The claims, without consequences.
    fn check(&self, issuer: &Issuer, now: UnixTime) -> Result<(), AssertionFault> {
        const RULE: Clause = Clause::ClientAssertion;
        let ours = self.audience == issuer.as_str();
        checked(RULE, "aud of the assertion", ours, || issuer.as_str(), || self.audience.as_str());
        if !ours {
            return Err(AssertionFault::OtherAudience);
        }
        let over = self.expires_at <= now;
        let too_long = self.expires_at > now.plus(MAX_LIFETIME_SECONDS + MAX_CLOCK_SKEW);
        let expected = || format!("in at most {MAX_LIFETIME_SECONDS} s");
        let found = || format!("in {} s", self.expires_at.since(now));
        checked(RULE, "exp of the assertion", !over && !too_long, expected, found);
        if over {
            return Err(AssertionFault::Expired);
        }
        if too_long {
            return Err(AssertionFault::LivesTooLong);
        }
        let begun = self.valid_from.is_none_or(|from| from <= now.plus(MAX_CLOCK_SKEW));
        let found = || if begun { "not in the future" } else { "in the future" };
        checked(RULE, "iat and nbf of the assertion", begun, || "not in the future", found);
        if begun { Ok(()) } else { Err(AssertionFault::NotYetValid) }
    }

    /// By the keys that are known; if none of them signed it, by newer ones, if there are any.
    async fn check_signature(&self, server: &Server, keys: &ClientKeys) -> Result<(), AssertionFault> {
        if keys.algorithm.is_some_and(|only| only != self.algorithm) {
            return Err(AssertionFault::WrongAlgorithm);
        }
        let known = server.key_sets.keys(&keys.source, Wanted::Known).await;
        let known = known.ok_or(AssertionFault::KeysUnavailable)?;
        if self.is_signed_by_one_of(&known).await {
            return Ok(());
        }
        match server.key_sets.keys(&keys.source, Wanted::Newer).await {
            Some(newer) if newer != known && self.is_signed_by_one_of(&newer).await => Ok(()),
            _ => Err(AssertionFault::BadSignature),
        }
    }

    async fn is_signed_by_one_of(&self, keys: &Arc<Vec<ClientJwk>>) -> bool {
        let candidates: Vec<_> = keys
            .iter()
            .filter(|key| key.may_verify(self.algorithm, self.key_id.as_deref()))
            .filter_map(|key| decoding_key(key.key()))
            .collect();
        let (jwt, algorithm) = (self.jwt.clone(), jws_algorithm(self.algorithm));
        let verified = tokio::task::spawn_blocking(move || {
            candidates.iter().any(|key| has_signature_of(&jwt, algorithm, key))
        });
        verified.await.unwrap_or(false)
    }

    /// By what it is remembered: `jti` is unique for its client only. No client id has a line break in it.
    fn name(&self) -> SecretHash {
        SecretHash::of_text(&format!("{}\n{}", self.client_id, self.id))
    }
}

fn object(part: &str) -> Option<Map<String, Value>> {
    strict_json::parse_object(&base64url_decode(part)?).ok()
}

fn is_assertion_type(typ: &Value) -> bool {
    let Some(typ) = typ.as_str() else { return false };
    let typ = typ.to_ascii_lowercase();
    matches!(typ.strip_prefix("application/").unwrap_or(&typ), "jwt" | "client-authentication+jwt")
}

/// One audience, as a text or as a list of one: an assertion that several servers accept is a secret that they share.
fn audience(claims: &Map<String, Value>) -> Result<&str, AssertionFault> {
    match claims.get("aud") {
        Some(Value::String(one)) => Ok(one),
        Some(Value::Array(list)) => match list.as_slice() {
            [Value::String(one)] => Ok(one),
            [] | [_] => Err(AssertionFault::BadClaims),
            _ => Err(AssertionFault::OtherAudience),
        },
        _ => Err(AssertionFault::BadClaims),
    }
}

fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<UnixTime>, AssertionFault> {
    match claims.get(name) {
        None => Ok(None),
        Some(value) => value.as_u64().map(|seconds| Some(UnixTime(seconds))).ok_or(AssertionFault::BadClaims),
    }
}

fn jws_algorithm(algorithm: SigningAlgorithm) -> Algorithm {
    match algorithm {
        SigningAlgorithm::Rs256 => Algorithm::RS256,
        SigningAlgorithm::Ps256 => Algorithm::PS256,
        SigningAlgorithm::Es256 => Algorithm::ES256,
        SigningAlgorithm::EdDsa => Algorithm::EdDSA,
    }
}

fn decoding_key(key: &PublicKey) -> Option<DecodingKey> {
    match key {
        PublicKey::Rsa { n, e } => DecodingKey::from_rsa_components(n, e).ok(),
        PublicKey::P256 { x, y } => DecodingKey::from_ec_components(x, y).ok(),
        PublicKey::Ed25519 { x } => DecodingKey::from_ed_components(x).ok(),
    }
}

/// jsonwebtoken verifies the signature and that the algorithm is the key's; the claims were judged above.
fn has_signature_of(jwt: &str, algorithm: Algorithm, key: &DecodingKey) -> bool {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    jsonwebtoken::decode::<serde::de::IgnoredAny>(jwt, key, &validation).is_ok()
}
