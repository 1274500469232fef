//! Access tokens that come back: the server recognizes what it signed itself.
//!
//! Spec: RFC 9068 §4; RFC 7009 §2.1; RFC 7662 §2.2.

use protocol::access_token::{AccessTokenClaims, AccessTokenHeader, is_access_token_type};
use protocol::base64url_decode;
use protocol::clause::Clause;
use protocol::ids::UnixTime;

use super::issue::family_of;
use super::keys::KeyRing;
use server_kit::witness::checked;

/// Longer than any token that is issued here.
const MAX_BYTES: usize = 8 * 1024;

/// An access token that this server signed and whose time is not over. Whether its family was revoked is another
/// question.
#[derive(Debug)]
pub(super) struct OwnToken {
    pub(super) claims: AccessTokenClaims,
    pub(super) family: String,
}

/// Reads a text that may be anything. Verifying takes some 20 µs: less than handing it to another thread and back.
///
/// An expired token is none any more: old ones lie in logs, and must not be good for anything.
pub(super) fn read(keys: &KeyRing, token: &str, now: UnixTime) -> Option<OwnToken> {
    let own = signed_here(keys, token);
    let found = || if own.is_some() { "signed here" } else { "not signed here" };
    checked(Clause::TokenValidity, "signature and type", own.is_some(), || "an at+jwt, signed here", found);
    let own = own?;
    let live = now < own.claims.exp;
    let found = || if live { "not over" } else { "over" };
    checked(Clause::TokenValidity, "time of the token", live, || "not over", found);
    live.then_some(own)
}

fn signed_here(keys: &KeyRing, token: &str) -> Option<OwnToken> {
    if token.len() > MAX_BYTES {
        return None;
    }
    let (message, signature) = token.rsplit_once('.')?;
    let (header, claims) = message.split_once('.')?;
    let header: AccessTokenHeader = serde_json::from_slice(&base64url_decode(header)?).ok()?;
    let ours = is_access_token_type(&header.typ)
        && keys.verifies(&header.kid, message.as_bytes(), &base64url_decode(signature)?);
    if !ours {
        return None;
    }
    let claims: AccessTokenClaims = serde_json::from_slice(&base64url_decode(claims)?).ok()?;
    let family = family_of(&claims.jti)?.to_owned();
    Some(OwnToken { claims, family })
}
