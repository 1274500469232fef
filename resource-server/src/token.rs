//! What makes an access token good for this server. Key, algorithm, issuer, audience and time are decided by our
//! settings and our clock, never by the token.
//!
//! Spec: RFC 9068 §4; RFC 8725 §3; MCP 2025-11-25 Authorization, Token Audience Binding and Validation.

use protocol::access_token::{AccessTokenClaims, is_access_token_type};
use protocol::base64url_decode;
use protocol::clause::Clause;
use protocol::ids::{ClientId, Issuer, ResourceUri, Subject, UnixTime};
use protocol::jwks::TokenAlgorithm;
use protocol::scope::ScopeSet;
use server_kit::witness::{checked, or_absent};

use crate::budget::Caller;
use crate::denial::TokenFault;
use crate::jwks_cache::VerifyingKey;
use crate::strict::{Member, Members, Room};

/// How far the authorization server's clock may be ahead of ours, in seconds.
const MAX_CLOCK_SKEW: u64 = 5;

/// The claims of a token that passed every check: what a tool may know of its caller. The token itself is not in it.
///
/// Only these layers make one. A tool finds it, as `Arc<VerifiedToken>`, in the extensions of the request's
/// [`http::request::Parts`], which rmcp hands to it.
#[derive(Clone, Debug)]
pub struct VerifiedToken {
    claims: AccessTokenClaims,
    caller: Caller,
}

impl VerifiedToken {
    /// Who calls, through which client, and what was granted.
    #[must_use]
    pub fn claims(&self) -> &AccessTokenClaims {
        &self.claims
    }

    pub(crate) fn caller(&self) -> Caller {
        self.caller
    }

    /// What of the claims depends on the time, judged once more.
    pub(crate) fn check_times(&self, now: UnixTime) -> Result<(), TokenFault> {
        check_expiry(self.claims.exp, now)
    }
}

/// A token whose form is right: three parts, an access token, an algorithm that exists here, a key id. Nothing in it is
/// believed yet.
pub(crate) struct Unverified<'a> {
    /// What was signed: header and payload as they were sent.
    signed: &'a str,
    payload: &'a str,
    signature: &'a str,
    algorithm: TokenAlgorithm,
    key_id: String,
}

impl<'a> Unverified<'a> {
    /// Looks at parts and header: all that can be refused without cryptography. How long a token may be is the business of
    /// whoever reads it from the request.
    pub(crate) fn parse(token: &'a str) -> Result<Self, TokenFault> {
        let mut parts = token.split('.');
        let parts = (parts.next(), parts.next(), parts.next(), parts.next());
        let is_jwt = matches!(parts, (_, _, Some(_), None));
        let found = || format!("{} parts", token.split('.').count());
        judge("form of the token", is_jwt, || "a JWT of three parts", found);
        let (Some(header), Some(payload), Some(signature), None) = parts else {
            return Err(TokenFault::NotAJwt);
        };
        let signed = &token[..header.len() + 1 + payload.len()];
        let header = base64url_decode(header).ok_or(TokenFault::NotAJwt)?;
        let header = members(&header).ok_or(TokenFault::NotAJwt)?;
        let (algorithm, key_id) = read_header(&header)?;
        Ok(Self { signed, payload, signature, algorithm, key_id })
    }

    /// Which key claims to have signed.
    pub(crate) fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Checks the signature, then every claim.
    pub(crate) fn verify(
        &self,
        key: &VerifyingKey,
        issuer: &Issuer,
        resource: &ResourceUri,
        now: UnixTime,
    ) -> Result<VerifiedToken, TokenFault> {
        self.verify_signature(key)?;
        let payload = base64url_decode(self.payload).ok_or(TokenFault::BadClaims)?;
        let claims = members(&payload).ok_or(TokenFault::BadClaims)?;
        check_issuer(&claims, issuer)?;
        check_audience(claims.get("aud"), resource)?;
        let (iat, exp) = check_times(&claims, now)?;
        // A token that is bound to a key proves nothing without that key (RFC 9449 §7.2), and no proof is looked for here.
        let is_free = claims.get("cnf").is_none();
        judge("cnf", is_free, || "absent: bound to no key", || if is_free { "absent" } else { "present" });
        if !is_free {
            return Err(TokenFault::BoundToKey);
        }
        let claims = AccessTokenClaims {
            iss: issuer.clone(),
            aud: resource.clone(),
            sub: Subject::parse(text(&claims, "sub")?).map_err(|_| TokenFault::BadClaims)?,
            client_id: ClientId::parse(text(&claims, "client_id")?).map_err(|_| TokenFault::BadClaims)?,
            scope: scope(&claims)?,
            iat,
            exp,
            jti: text(&claims, "jti")?.to_owned(),
        };
        let caller = Caller::of(claims.sub.as_str(), claims.client_id.as_str());
        Ok(VerifiedToken { claims, caller })
    }

    /// The algorithm is the key's; a header that says another is refused. jsonwebtoken verifies the signature alone:
    /// header and claims are read here, strictly.
    fn verify_signature(&self, key: &VerifyingKey) -> Result<(), TokenFault> {
        let is_the_keys = self.algorithm == key.algorithm;
        judge("alg of the key", is_the_keys, || key.algorithm.as_str(), || self.algorithm.as_str());
        if !is_the_keys {
            return Err(TokenFault::WrongAlgorithm);
        }
        let signed = self.signed.as_bytes();
        let verified = jsonwebtoken::crypto::verify(self.signature, signed, &key.key, key.jwt_algorithm());
        let fits = matches!(verified, Ok(true));
        let found = || if fits { "made by this key, over header and claims" } else { "not made by this key" };
        judge("signature", fits, || "made by the key, over header and claims", found);
        if fits { Ok(()) } else { Err(TokenFault::BadSignature) }
    }
}

/// Tells whoever watches.
fn judge<E: Into<String>, F: Into<String>>(
    title: &'static str,
    holds: bool,
    expected: impl FnOnce() -> E,
    found: impl FnOnce() -> F,
) {
    checked(Clause::TokenValidity, title, holds, expected, found);
}

/// Algorithm and key id.
fn read_header(header: &Members) -> Result<(TokenAlgorithm, String), TokenFault> {
    let alg = header.text("alg");
    let algorithm = alg.and_then(|alg| alg.parse().ok());
    let known = || TokenAlgorithm::ALL.map(TokenAlgorithm::as_str).join(", ");
    judge("alg", algorithm.is_some(), known, || or_absent(alg));
    let algorithm = algorithm.ok_or(TokenFault::WrongAlgorithm)?;

    let typ = header.text("typ");
    let is_access_token = typ.is_some_and(is_access_token_type);
    judge("typ", is_access_token, || "at+jwt", || or_absent(typ));
    if !is_access_token {
        return Err(TokenFault::WrongType);
    }
    // `jku`, `x5u`, `jwk` and `x5c` are never read: a token cannot bring its own key.
    if header.get("crit").is_some() {
        judge("crit", false, || "absent", || "present");
        return Err(TokenFault::CriticalHeader);
    }
    let key_id = header.text("kid").ok_or(TokenFault::NoKeyId)?.to_owned();
    Ok((algorithm, key_id))
}

/// A claim that has to be there.
fn text<'a>(claims: &'a Members<'_>, name: &'static str) -> Result<&'a str, TokenFault> {
    let claim = claims.text(name);
    judge(name, claim.is_some(), || "a text", || or_absent(claim));
    claim.ok_or(TokenFault::BadClaims)
}

/// Header or claims. Neither has many members, or deep ones.
fn members(text: &[u8]) -> Option<Members<'_>> {
    Members::parse(text, Room::new(256, 8))
}

fn check_issuer(claims: &Members, issuer: &Issuer) -> Result<(), TokenFault> {
    let iss = claims.text("iss");
    let is_ours = iss == Some(issuer.as_str());
    judge("iss", is_ours, || issuer.as_str(), || or_absent(iss));
    match iss {
        None => Err(TokenFault::BadClaims),
        Some(_) if is_ours => Ok(()),
        Some(_) => Err(TokenFault::OtherIssuer),
    }
}

fn check_audience(aud: Option<&Member>, resource: &ResourceUri) -> Result<(), TokenFault> {
    let found = || match aud {
        Some(Member::Text(one)) => one.to_string(),
        Some(Member::Texts(many)) => many.join(", "),
        Some(Member::Number(_) | Member::Other) => "no text".to_owned(),
        None => "absent".to_owned(),
    };
    let is_ours = match aud {
        Some(Member::Text(one)) => one == resource.as_str(),
        Some(Member::Texts(many)) => many.iter().any(|one| one == resource.as_str()),
        Some(Member::Number(_) | Member::Other) | None => false,
    };
    checked(Clause::TokenAudience, "aud", is_ours, || resource.as_str(), found);
    if !matches!(aud, Some(Member::Text(_) | Member::Texts(_))) {
        return Err(TokenFault::BadClaims);
    }
    if is_ours { Ok(()) } else { Err(TokenFault::OtherAudience) }
}

fn check_times(claims: &Members, now: UnixTime) -> Result<(UnixTime, UnixTime), TokenFault> {
    let time = |name| match claims.get(name) {
        None => Ok(None),
        Some(Member::Number(seconds)) => Ok(Some(UnixTime(*seconds))),
        Some(_) => Err(TokenFault::BadClaims),
    };
    let issued = time("iat")?.ok_or(TokenFault::BadClaims)?;
    let expires = time("exp")?.ok_or(TokenFault::BadClaims)?;
    let not_before = time("nbf")?.unwrap_or(issued);
    check_expiry(expires, now)?;
    let (begins, latest) = (issued.max(not_before), now.plus(MAX_CLOCK_SKEW));
    judge("iat, nbf", begins <= latest, || format!("at most {}", latest.0), || begins.0.to_string());
    if begins > latest {
        return Err(TokenFault::NotYetValid);
    }
    Ok((issued, expires))
}

fn check_expiry(expires: UnixTime, now: UnixTime) -> Result<(), TokenFault> {
    let is_later = expires > now;
    judge("exp", is_later, || format!("after {}, now", now.0), || expires.0.to_string());
    if is_later { Ok(()) } else { Err(TokenFault::Expired) }
}

/// The scope claim may be missing: then the token allows nothing that needs one.
fn scope(claims: &Members) -> Result<ScopeSet, TokenFault> {
    match claims.get("scope") {
        None => Ok(ScopeSet::default()),
        Some(Member::Text(text)) if text.is_empty() => Ok(ScopeSet::default()),
        Some(Member::Text(text)) => text.parse().map_err(|_| TokenFault::BadClaims),
        Some(_) => Err(TokenFault::BadClaims),
    }
}
