//! The public keys with which a client proves who it is, and the algorithms whose signatures count.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::encoding::base64url_decode;

/// The most keys of a client that are looked at.
pub const MAX_CLIENT_KEYS: usize = 10;
/// RSA moduli that are accepted: 2048 to 4096 bits.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=512;
/// Members of a JWK that make it private or symmetric (RFC 7518 §6.2.2, §6.3.2, §6.4.1; RFC 8037 §2).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// An algorithm with which clients may sign: asymmetric ones only.
///
/// Spec: RFC 7518 §3.1; RFC 8037 §3.1; RFC 8725 §3.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SigningAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// RSASSA-PSS with SHA-256.
    #[serde(rename = "PS256")]
    Ps256,
    /// ECDSA with P-256 and SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl SigningAlgorithm {
    /// All of them, as metadata lists them.
    pub const ALL: [Self; 4] = [Self::Rs256, Self::Ps256, Self::Es256, Self::EdDsa];

    /// The registered name: `RS256`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The algorithm of this name, in exactly this spelling.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }
}

/// Where a client's keys are, and the one algorithm to which it may have bound itself.
///
/// Spec: RFC 7591 §2 (`jwks`, `jwks_uri`); OpenID Connect Registration §2 (`token_endpoint_auth_signing_alg`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientKeys {
    /// Where they are.
    pub source: KeySource,
    /// Nothing else counts, if the client said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<SigningAlgorithm>,
}

/// Where a client's public keys are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeySource {
    /// In its document or registration: a JWK Set.
    Inline(Map<String, Value>),
    /// At this https URL.
    Uri(String),
}

/// Which rule a client's JWK Set breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwksError {
    /// No object with a list of JWKs, each of which says its `kty`.
    #[error("it is not a JWK Set")]
    NotAJwkSet,
    /// A private or symmetric key: it would not be the client's alone any more.
    #[error("it holds a private or symmetric key")]
    PrivateKey,
    /// More than [`MAX_CLIENT_KEYS`].
    #[error("it has more than {MAX_CLIENT_KEYS} keys")]
    TooManyKeys,
    /// No key in it could verify a signature that counts.
    #[error("it has no public key for RS256, PS256, ES256 or EdDSA signatures")]
    NoUsableKey,
}

/// A public key that may verify signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientJwk {
    id: Option<String>,
    key: PublicKey,
    algorithm: Option<SigningAlgorithm>,
}

/// The numbers of a public key, in base64url as in the JWK.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// `kty` RSA.
    Rsa {
        /// Modulus.
        n: String,
        /// Exponent.
        e: String,
    },
    /// `kty` EC on the curve P-256.
    P256 {
        /// First coordinate.
        x: String,
        /// Second coordinate.
        y: String,
    },
    /// `kty` OKP on the curve Ed25519.
    Ed25519 {
        /// The point.
        x: String,
    },
}

impl ClientJwk {
    /// The numbers.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Whether a signature by this algorithm, made with the key of this id, may be verified with it. The key decides
    /// which algorithms it serves; a signature without a key id may be by any key that serves its algorithm.
    ///
    /// Spec: RFC 8725 §3.1; RFC 7515 §4.1.4.
    #[must_use]
    pub fn may_verify(&self, algorithm: SigningAlgorithm, id: Option<&str>) -> bool {
        let serves = match self.key {
            PublicKey::Rsa { .. } => matches!(algorithm, SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256),
            PublicKey::P256 { .. } => algorithm == SigningAlgorithm::Es256,
            PublicKey::Ed25519 { .. } => algorithm == SigningAlgorithm::EdDsa,
        };
        serves
            && self.algorithm.is_none_or(|only| only == algorithm)
            && id.is_none_or(|id| self.id.as_deref() == Some(id))
    }
}

/// The usable keys of a client's JWK Set; at least one. Keys for other purposes are passed over, private ones are not.
///
/// # Errors
/// [`JwksError`].
///
/// Spec: RFC 7517 §5; Client ID Metadata Document draft -02 §4.1.
pub fn read_jwks(jwks: &Map<String, Value>) -> Result<Vec<ClientJwk>, JwksError> {
    let keys = jwks.get("keys").and_then(Value::as_array).ok_or(JwksError::NotAJwkSet)?;
    let keys: Vec<_> =
        keys.iter().map(Value::as_object).collect::<Option<_>>().ok_or(JwksError::NotAJwkSet)?;
    if keys.iter().any(|key| is_private(key)) {
        return Err(JwksError::PrivateKey);
    }
    if keys.iter().any(|key| !key.get("kty").is_some_and(Value::is_string)) {
        return Err(JwksError::NotAJwkSet);
    }
    if keys.len() > MAX_CLIENT_KEYS {
        return Err(JwksError::TooManyKeys);
    }
    let usable: Vec<_> = keys.into_iter().filter_map(read_jwk).collect();
    if usable.is_empty() { Err(JwksError::NoUsableKey) } else { Ok(usable) }
}

/// Whether a document or registration holds private or symmetric key material, at any depth: in `jwks` every object
/// counts as a key, elsewhere every object with a `kty`.
#[must_use]
pub fn holds_private_key(document: &Map<String, Value>) -> bool {
    fn holds(value: &Value, is_key_set: bool) -> bool {
        match value {
            Value::Object(object) => {
                let is_key = is_key_set || object.contains_key("kty");
                (is_key && is_private(object)) || object.values().any(|member| holds(member, is_key_set))
            }
            Value::Array(values) => values.iter().any(|value| holds(value, is_key_set)),
            _ => false,
        }
    }
    document.iter().any(|(name, value)| holds(value, name == "jwks"))
}

fn is_private(jwk: &Map<String, Value>) -> bool {
    let is_symmetric = jwk.get("kty").is_some_and(|kty| kty == "oct");
    is_symmetric || PRIVATE_MEMBERS.iter().any(|member| jwk.contains_key(*member))
}

fn read_jwk(jwk: &Map<String, Value>) -> Option<ClientJwk> {
    let text = |name| jwk.get(name).map(|value| value.as_str().map(str::to_owned));
    // A member of another type makes the key useless, not the set.
    let optional = |name| text(name).map_or(Some(None), |value| value.map(Some));
    let required = |name| text(name).flatten();
    if optional("use")?.is_some_and(|usage| usage != "sig") || !allows_verifying(jwk.get("key_ops")) {
        return None;
    }
    let algorithm = match optional("alg")? {
        None => None,
        Some(name) => Some(SigningAlgorithm::parse(&name)?),
    };
    let curve = |name| required("crv").is_some_and(|curve| curve == name);
    let key = match required("kty")?.as_str() {
        "RSA" => PublicKey::Rsa { n: modulus(required("n")?)?, e: required("e")? },
        "EC" if curve("P-256") => {
            PublicKey::P256 { x: of_32_bytes(required("x")?)?, y: of_32_bytes(required("y")?)? }
        }
        "OKP" if curve("Ed25519") => PublicKey::Ed25519 { x: of_32_bytes(required("x")?)? },
        _ => return None,
    };
    let key = ClientJwk { id: optional("kid")?, key, algorithm };
    // An `alg` that is not one of the key's own leaves nothing that it could verify.
    SigningAlgorithm::ALL.into_iter().any(|algorithm| key.may_verify(algorithm, None)).then_some(key)
}

fn allows_verifying(operations: Option<&Value>) -> bool {
    match operations {
        None => true,
        Some(Value::Array(operations)) => operations.iter().any(|operation| operation == "verify"),
        Some(_) => false,
    }
}

fn modulus(text: String) -> Option<String> {
    let bytes = base64url_decode(&text)?;
    let significant = bytes.iter().skip_while(|byte| **byte == 0).count();
    MODULUS_BYTES.contains(&significant).then_some(text)
}

fn of_32_bytes(text: String) -> Option<String> {
    (base64url_decode(&text)?.len() == 32).then_some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::encoding::base64url;

    fn rsa(bits: usize) -> Value {
        json!({ "kty": "RSA", "kid": "r", "n": base64url(&vec![0xc1; bits / 8]), "e": "AQAB" })
    }

    /// The public key of RFC 7515 appendix A.3.
    fn p256() -> Value {
        json!({
            "kty": "EC",
            "crv": "P-256",
            "kid": "e",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        })
    }

    /// The public key of RFC 8037 appendix A.2.
    fn ed25519() -> Value {
        json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" })
    }

    fn with(mut key: Value, name: &str, value: Value) -> Value {
        key[name] = value;
        key
    }

    fn read(keys: &[Value]) -> Result<Vec<ClientJwk>, JwksError> {
        let set = json!({ "keys": keys });
        read_jwks(set.as_object().unwrap())
    }

    #[test]
    fn the_key_decides_which_algorithm_it_serves() {
        use SigningAlgorithm::{EdDsa, Es256, Ps256, Rs256};
        for (key, algorithms) in [
            (rsa(2048), vec![Rs256, Ps256]),
            (with(rsa(4096), "alg", "PS256".into()), vec![Ps256]),
            (with(p256(), "use", "sig".into()), vec![Es256]),
            (with(ed25519(), "key_ops", json!(["verify"])), vec![EdDsa]),
        ] {
            let keys = read(&[key]).unwrap();
            let serves: Vec<_> =
                SigningAlgorithm::ALL.into_iter().filter(|name| keys[0].may_verify(*name, None)).collect();
            assert_eq!(serves, algorithms);
        }
    }

    #[test]
    fn the_key_id_chooses_the_key() {
        let keys = read(&[p256(), ed25519()]).unwrap();
        assert!(keys[0].may_verify(SigningAlgorithm::Es256, Some("e")));
        assert!(!keys[0].may_verify(SigningAlgorithm::Es256, Some("r")));
        assert!(!keys[1].may_verify(SigningAlgorithm::EdDsa, Some("e")), "a key without an id has none");
    }

    #[test]
    fn keys_for_other_purposes_are_passed_over() {
        let others = [
            with(p256(), "use", "enc".into()),
            with(p256(), "key_ops", json!(["deriveKey"])),
            with(p256(), "key_ops", "verify".into()),
            with(p256(), "crv", "P-384".into()),
            with(p256(), "alg", "RS256".into()),
            with(p256(), "kid", 1.into()),
            with(p256(), "x", "AAAA".into()),
            with(rsa(2048), "alg", "HS256".into()),
            with(rsa(2048), "alg", "none".into()),
            with(rsa(2048), "n", base64url(&[[0; 64], [0xc1; 64]].concat()).into()),
            json!({ "kty": "XYZ" }),
        ];
        for other in &others {
            assert_eq!(read(std::slice::from_ref(other)), Err(JwksError::NoUsableKey), "{other}");
            assert_eq!(read(&[other.clone(), ed25519()]).unwrap().len(), 1);
        }
        assert_eq!(read(&[rsa(1024)]), Err(JwksError::NoUsableKey));
        assert_eq!(read(&[rsa(8192)]), Err(JwksError::NoUsableKey));
    }

    /// Req: AS-60
    #[test]
    fn private_and_symmetric_keys_are_refused_wherever_they_stand() {
        let holds = |document: &Value| holds_private_key(document.as_object().unwrap());
        for member in PRIVATE_MEMBERS {
            let private = with(p256(), member, "x".into());
            assert_eq!(read(&[ed25519(), private.clone()]), Err(JwksError::PrivateKey), "{member}");
            assert!(holds(&json!({ "a": [{ "b": private }] })), "{member}");
            assert!(holds(&json!({ "jwks": { "keys": [{ member: "x" }] } })), "{member}");
        }
        assert_eq!(read(&[json!({ "kty": "oct" })]), Err(JwksError::PrivateKey));
        assert_eq!(read(&[json!({ "d": "x" })]), Err(JwksError::PrivateKey));
        assert!(!holds(&json!({ "jwks": { "keys": [p256()] }, "x": { "d": "of something else" } })));
    }

    #[test]
    fn a_set_is_a_bounded_list_of_jwks() {
        assert_eq!(read(&[]), Err(JwksError::NoUsableKey));
        assert_eq!(read(&vec![ed25519(); MAX_CLIENT_KEYS + 1]), Err(JwksError::TooManyKeys));
        assert_eq!(read(&["x".into()]), Err(JwksError::NotAJwkSet));
        assert_eq!(read(&[json!({})]), Err(JwksError::NotAJwkSet));
        for set in [json!({}), json!({ "keys": {} }), json!({ "keys": null })] {
            assert_eq!(read_jwks(set.as_object().unwrap()), Err(JwksError::NotAJwkSet));
        }
    }
}
