//! Access tokens as JWTs: header and claims.

use serde::{Deserialize, Serialize};

use crate::encoding::base64url_decode;
use crate::ids::{ClientId, Issuer, ResourceUri, Subject, UnixTime};
use crate::jwks::TokenAlgorithm;
use crate::scope::ScopeSet;
use crate::strict_json;

/// `typ` of an access token.
///
/// Spec: RFC 9068 §2.1.
pub const TYP: &str = "at+jwt";

/// Whether a `typ` header says access token: `at+jwt` or `application/at+jwt`, in any case.
///
/// Spec: RFC 9068 §4, RFC 7515 §4.1.9.
#[must_use]
pub fn is_access_token_type(typ: &str) -> bool {
    typ.eq_ignore_ascii_case(TYP) || typ.eq_ignore_ascii_case("application/at+jwt")
}

/// The header that the authorization server writes: the same for all tokens of a key.
///
/// Spec: RFC 9068 §2.1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessTokenHeader {
    /// How it is signed.
    pub alg: TokenAlgorithm,
    /// `at+jwt`.
    pub typ: String,
    /// Which key signed.
    pub kid: String,
}

/// The claims that the authorization server writes and the MCP server reads.
///
/// Spec: RFC 9068 §2.2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessTokenClaims {
    /// Who issued it.
    pub iss: Issuer,
    /// Which server it is for.
    pub aud: ResourceUri,
    /// Whose permission it carries.
    pub sub: Subject,
    /// Which client it was issued to.
    pub client_id: ClientId,
    /// What it allows.
    pub scope: ScopeSet,
    /// When it was issued.
    pub iat: UnixTime,
    /// When it ends.
    pub exp: UnixTime,
    /// Its own name.
    pub jti: String,
}

/// Header and claims of a JWT as JSON, **not verified**: for showing, never for deciding.
#[derive(Clone, Debug, PartialEq)]
pub struct UnverifiedJwt {
    /// The header.
    pub header: serde_json::Map<String, serde_json::Value>,
    /// The claims.
    pub claims: serde_json::Map<String, serde_json::Value>,
}

/// Opens a JWT without verifying it; `None` if it is no JWT in compact form.
#[must_use]
pub fn open_unverified(token: &str) -> Option<UnverifiedJwt> {
    let mut parts = token.split('.');
    let (header, claims, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let read = |part| strict_json::parse_object(&base64url_decode(part)?).ok();
    Some(UnverifiedJwt { header: read(header)?, claims: read(claims)? })
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    /// Req: RS-21, AS-140
    #[test]
    fn only_the_access_token_types_pass() {
        for typ in ["at+jwt", "AT+JWT", "application/at+jwt"] {
            assert!(is_access_token_type(typ), "{typ}");
        }
        for typ in ["JWT", "", "at+jwt ", "dpop+jwt", "application/jwt"] {
            assert!(!is_access_token_type(typ), "{typ}");
        }
    }

    /// The unsecured JWT of RFC 7519 §6.1.
    #[test]
    fn opens_a_jwt_for_showing() {
        let token = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.";
        let jwt = open_unverified(token).unwrap();
        assert_eq!(jwt.header["alg"], "none");
        assert_eq!(jwt.claims["iss"], "joe");
        for bad in ["", "a.b", "a.b.c.d", "!.!.!"] {
            assert_eq!(open_unverified(bad), None, "{bad}");
        }
    }
}
