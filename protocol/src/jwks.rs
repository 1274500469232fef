//! JSON Web Key Sets, as an authorization server publishes them: the public halves of its signing keys.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::encoding::base64url;

/// How an access token is signed. There are no others: none that is symmetric, and not `none`.
///
/// Spec: RFC 7518 §3.1 (RS256, ES256), RFC 8037 §3.1 (`EdDSA`); RFC 9068 §2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TokenAlgorithm {
    /// RSA, PKCS #1 v1.5, with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA on the curve P-256, with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

/// A text that names none of the algorithms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it must be RS256, ES256 or EdDSA")]
pub struct UnknownAlgorithm;

impl TokenAlgorithm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Rs256, Self::Es256, Self::EdDsa];

    /// As it stands in `alg`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

impl fmt::Display for TokenAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for TokenAlgorithm {
    type Err = UnknownAlgorithm;

    /// Reads `alg` to the letter.
    fn from_str(text: &str) -> Result<Self, UnknownAlgorithm> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == text).ok_or(UnknownAlgorithm)
    }
}

/// A public key as it is published, for one algorithm and with its thumbprint as its id.
///
/// Spec: RFC 7517 §4; RFC 7638 (`kid`). There is no member for private parts, so none can be published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PublicJwk {
    #[serde(flatten)]
    key: PublicKey,
    /// `sig`.
    #[serde(rename = "use")]
    usage: &'static str,
    alg: TokenAlgorithm,
    kid: String,
}

/// The key itself: of each kind exactly the members that make it up.
///
/// Spec: RFC 7518 §6.2.1, §6.3.1; RFC 8037 §2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kty")]
enum PublicKey {
    #[serde(rename = "RSA")]
    Rsa { n: String, e: String },
    #[serde(rename = "EC")]
    P256 { crv: &'static str, x: String, y: String },
    #[serde(rename = "OKP")]
    Ed25519 { crv: &'static str, x: String },
}

impl PublicJwk {
    /// An RSA key for RS256, by modulus and exponent, both big-endian without leading zeros.
    #[must_use]
    pub fn rsa(modulus: &[u8], exponent: &[u8]) -> Self {
        Self::new(PublicKey::Rsa { n: base64url(modulus), e: base64url(exponent) })
    }

    /// A key on P-256 for ES256, by the coordinates of its point.
    #[must_use]
    pub fn p256(x: &[u8; 32], y: &[u8; 32]) -> Self {
        Self::new(PublicKey::P256 { crv: "P-256", x: base64url(x), y: base64url(y) })
    }

    /// An Ed25519 key for `EdDSA`.
    #[must_use]
    pub fn ed25519(x: &[u8; 32]) -> Self {
        Self::new(PublicKey::Ed25519 { crv: "Ed25519", x: base64url(x) })
    }

    fn new(key: PublicKey) -> Self {
        let alg = match key {
            PublicKey::Rsa { .. } => TokenAlgorithm::Rs256,
            PublicKey::P256 { .. } => TokenAlgorithm::Es256,
            PublicKey::Ed25519 { .. } => TokenAlgorithm::EdDsa,
        };
        let kid = key.thumbprint();
        Self { key, usage: "sig", alg, kid }
    }

    /// The one algorithm that it verifies.
    #[must_use]
    pub fn algorithm(&self) -> TokenAlgorithm {
        self.alg
    }

    /// Its thumbprint: the same key has the same id wherever and whenever it is published.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }
}

impl PublicKey {
    /// RFC 7638 §3, RFC 8037 §2: the members that make up the key, in alphabetical order, without blanks.
    fn thumbprint(&self) -> String {
        base64url(&Sha256::digest(match self {
            Self::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
            Self::P256 { crv, x, y } => format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#),
            Self::Ed25519 { crv, x } => format!(r#"{{"crv":"{crv}","kty":"OKP","x":"{x}"}}"#),
        }))
    }
}

/// The keys of an authorization server.
///
/// Spec: RFC 7517 §5.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Jwks<'a> {
    /// The keys.
    pub keys: Vec<&'a PublicJwk>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::encoding::base64url_decode;

    fn bytes(text: &str) -> [u8; 32] {
        base64url_decode(text).unwrap().try_into().unwrap()
    }

    /// The vector of RFC 7638 §3.1. Req: K05
    #[test]
    fn rfc7638_thumbprint() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let key = PublicJwk::rsa(&base64url_decode(n).unwrap(), &[1, 0, 1]);
        assert_eq!(
            serde_json::to_value(&key).unwrap(),
            json!({
                "kty": "RSA", "n": n, "e": "AQAB", "use": "sig", "alg": "RS256",
                "kid": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
            })
        );
    }

    /// The key of RFC 9449 §4.1 and its thumbprint in §6.1. Req: K05
    #[test]
    fn rfc9449_thumbprint_of_a_key_on_p256() {
        let x = "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs";
        let y = "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA";
        assert_eq!(
            serde_json::to_value(PublicJwk::p256(&bytes(x), &bytes(y))).unwrap(),
            json!({
                "kty": "EC", "crv": "P-256", "x": x, "y": y, "use": "sig", "alg": "ES256",
                "kid": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I",
            })
        );
    }

    /// The vector of RFC 8037 A.3. Req: K05
    #[test]
    fn rfc8037_thumbprint() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        assert_eq!(
            serde_json::to_value(PublicJwk::ed25519(&bytes(x))).unwrap(),
            json!({
                "kty": "OKP", "crv": "Ed25519", "x": x, "use": "sig", "alg": "EdDSA",
                "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
            })
        );
    }

    /// Req: AS-140
    #[test]
    fn there_is_no_other_algorithm() {
        for algorithm in TokenAlgorithm::ALL {
            assert_eq!(algorithm.as_str().parse(), Ok(algorithm));
            assert_eq!(serde_json::to_value(algorithm).unwrap(), algorithm.as_str());
        }
        for other in ["none", "None", "", "HS256", "PS256", "ES384", "rs256", "Ed25519"] {
            assert_eq!(other.parse::<TokenAlgorithm>(), Err(UnknownAlgorithm), "{other}");
        }
    }
}
