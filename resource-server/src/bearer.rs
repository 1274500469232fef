//! The bearer token: who sends no valid one for this server gets no further.
//!
//! Tokens that were verified are remembered for a while ([`crate::verified_tokens`]).
//!
//! Spec: OAuth 2.1 §5.1, §5.3; RFC 6750 §2.1; MCP 2025-11-25 Authorization, Token Handling.

use std::sync::Arc;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use protocol::clause::Clause;
use protocol::secret::Secret;
use server_kit::witness::checked;
use sha2::{Digest as _, Sha256};

use crate::budget::TOKEN_BYTES;
use crate::denial::{Denial, TokenFault};
use crate::introspection::Unavailable;
use crate::jwks_cache::KeyError;
use crate::recent::TokenHash;
use crate::server::Server;
use crate::settings::Settings;
use crate::token::{Unverified, VerifiedToken};

/// A token as it was sent. Nothing but these layers ever sees it.
pub(crate) struct Presented {
    pub(crate) text: Secret,
    /// The whole token's.
    pub(crate) hash: TokenHash,
}

/// Verifying takes some 20 µs with RS256 and two to three times that with the others: not enough to be worth handing it
/// to another thread and back. Whether a token was revoked is asked about at each call, however well it is known.
pub(crate) async fn authenticate(
    server: &Server,
    headers: &HeaderMap,
) -> Result<(Presented, Arc<VerifiedToken>), Denial> {
    let text = credentials(headers);
    let found = || if text.is_ok() { "a token" } else { "no token" };
    checked(Clause::BearerHeader, "Authorization", text.is_ok(), || "Bearer and one token, once", found);
    let text = text?;
    let length = text.reveal().len();
    let (expected, found) = (|| format!("at most {TOKEN_BYTES} bytes"), || format!("{length} bytes"));
    checked(Clause::TokenValidity, "length of the token", length <= TOKEN_BYTES, expected, found);
    if length > TOKEN_BYTES {
        return Err(Denial::InvalidToken(TokenFault::TooLong));
    }
    let presented = Presented { hash: Sha256::digest(text.reveal().as_bytes()).into(), text };
    let token = match server.verified.get(&presented.hash, &server.keys, server.clock.now()) {
        Some(known) => known.map_err(Denial::InvalidToken)?,
        None => verify(server, &presented).await?,
    };
    let Some(introspector) = &server.introspector else { return Ok((presented, token)) };
    let is_active = introspector.is_active(&presented).await;
    let found = || match is_active {
        Ok(true) => "true",
        Ok(false) => "false",
        Err(Unavailable) => "no answer",
    };
    checked(Clause::TokenRevoked, "active", is_active == Ok(true), || "true", found);
    match is_active {
        Ok(true) => Ok((presented, token)),
        Ok(false) => Err(Denial::InvalidToken(TokenFault::Revoked)),
        Err(Unavailable) => Err(Denial::RevocationUnknown),
    }
}

/// A token that is not known yet.
async fn verify(server: &Server, presented: &Presented) -> Result<Arc<VerifiedToken>, Denial> {
    let unverified = Unverified::parse(presented.text.reveal()).map_err(Denial::InvalidToken)?;
    let key = server.keys.key(unverified.key_id()).await;
    let expected = || "a key that the authorization server publishes";
    checked(Clause::TokenValidity, "kid", key.is_ok(), expected, || unverified.key_id());
    let key = key.map_err(|error| match error {
        KeyError::Unknown => Denial::InvalidToken(TokenFault::UnknownKey),
        KeyError::Unavailable => Denial::KeysUnavailable,
    })?;
    let Settings { issuer, resource, .. } = &server.settings;
    let verified = unverified.verify(&key, issuer, resource, server.clock.now());
    let token = Arc::new(verified.map_err(Denial::InvalidToken)?);
    server.verified.remember(presented.hash, key, Arc::clone(&token), server.clock.now());
    Ok(token)
}

/// Reads the one place where a token may stand. A token in the query or in the body is not looked for.
fn credentials(headers: &HeaderMap) -> Result<Secret, Denial> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Err(Denial::NoCredentials) };
    if values.next().is_some() {
        return Err(Denial::MalformedAuthorization);
    }
    let text = value.to_str().map_err(|_| Denial::MalformedAuthorization)?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Denial::NoCredentials);
    }
    let token = token.trim_matches(' ');
    if token.is_empty() || !token.bytes().all(|byte| B64TOKEN[usize::from(byte)]) {
        return Err(Denial::MalformedAuthorization);
    }
    Ok(Secret::new(token))
}

/// The characters of `b64token`, RFC 6750 §2.1. Tokens are long, and each request has one.
const B64TOKEN: [bool; 256] = {
    let characters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";
    let mut legal = [false; 256];
    let mut next = 0;
    while next < characters.len() {
        legal[characters[next] as usize] = true;
        next += 1;
    }
    legal
};

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Result<Secret, Denial> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().unwrap());
        }
        credentials(&headers)
    }

    /// Req: RS-11, RS-14, RS-16
    #[test]
    fn the_header_is_read_in_one_way_or_not_at_all() {
        assert_eq!(read(&["bEaReR abc.def_-"]), Ok(Secret::new("abc.def_-")));
        for nothing in [&[][..], &["Basic abc"], &["DPoP abc"], &["abc"]] {
            assert_eq!(read(nothing), Err(Denial::NoCredentials), "{nothing:?}");
        }
        for malformed in
            [&["Bearer"][..], &["Bearer "], &["Bearer a b"], &["Bearer a,b"], &["Bearer a", "Bearer a"]]
        {
            assert_eq!(read(malformed), Err(Denial::MalformedAuthorization), "{malformed:?}");
        }
    }
}
