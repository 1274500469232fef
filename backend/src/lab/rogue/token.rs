//! Codes and tokens that nobody has to remember: what they are for stands in them. They prove nothing.

use protocol::access_token::open_unverified;
use protocol::{base64url, base64url_decode};
use serde_json::json;

use super::place::Rogue;

/// What a client gets that asks for nothing.
pub(super) const LEAST: &str = "mcp:connect";

/// A code, or a refresh token, for these scopes.
pub(super) fn voucher(scope: &str) -> String {
    base64url(scope.as_bytes())
}

/// The voucher that comes after this one: for the same scopes, and yet another.
pub(super) fn next(voucher: &str, scope: &str) -> String {
    let so_far = voucher.bytes().filter(|byte| *byte == b'.').count();
    self::voucher(scope) + &".".repeat(so_far + 1)
}

/// The scopes of a voucher; `None` if it is none.
pub(super) fn redeemed(voucher: &str) -> Option<String> {
    String::from_utf8(base64url_decode(voucher.trim_end_matches('.'))?).ok()
}

/// An access token with the looks of a signed one.
pub(super) fn access_token(rogue: &Rogue, scope: &str, voucher: &str) -> String {
    let part = |value: serde_json::Value| base64url(value.to_string().as_bytes());
    let header = part(json!({ "typ": "at+jwt", "alg": "RS256", "kid": "rogue" }));
    let claims = part(json!({
        "iss": rogue.issuer(),
        "aud": rogue.resource(),
        "sub": "somebody",
        "scope": scope,
        "jti": voucher,
        "exp": 4_102_444_800_u64,
    }));
    format!("{header}.{claims}.{}", base64url(b"signed by nobody"))
}

/// The scopes of an access token; none if it is none.
pub(super) fn granted(token: &str) -> String {
    let scope = open_unverified(token).and_then(|jwt| Some(jwt.claims.get("scope")?.as_str()?.to_owned()));
    scope.unwrap_or_default()
}
