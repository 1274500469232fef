//! JSON Web Key Sets, as far as both sides need them: public RSA keys with an id.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::encoding::base64url;

/// A public RSA key for RS256 signatures.
///
/// Spec: RFC 7517 §4, RFC 7518 §6.3.1. There is no member for private parts, so none can be published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RsaPublicJwk {
    /// `RSA`.
    pub kty: String,
    /// `sig`.
    #[serde(rename = "use")]
    pub usage: String,
    /// `RS256`.
    pub alg: String,
    /// Thumbprint of the key, RFC 7638.
    pub kid: String,
    /// Modulus, base64url.
    pub n: String,
    /// Exponent, base64url.
    pub e: String,
}

impl RsaPublicJwk {
    /// Describes a key by modulus and exponent, big-endian without leading zeros.
    #[must_use]
    pub fn new(modulus: &[u8], exponent: &[u8]) -> Self {
        let (n, e) = (base64url(modulus), base64url(exponent));
        // RFC 7638 §3: the required members, in alphabetical order, without blanks.
        let kid = base64url(&Sha256::digest(format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#)));
        Self { kty: "RSA".into(), usage: "sig".into(), alg: "RS256".into(), kid, n, e }
    }
}

/// The keys of an authorization server.
///
/// Spec: RFC 7517 §5.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RsaJwks {
    /// The keys.
    pub keys: Vec<RsaPublicJwk>,
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::encoding::base64url_decode;

    /// The vector of RFC 7638 §3.1. Req: AS-141
    #[test]
    fn rfc7638_thumbprint() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let key = RsaPublicJwk::new(&base64url_decode(n).unwrap(), &[1, 0, 1]);
        assert_eq!(key.kid, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        assert_eq!(key.n, n);
        assert_eq!(key.e, "AQAB");
    }
}
