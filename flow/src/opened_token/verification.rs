//! With which key a signature is verified, and a token with one character changed, whose signature is not good.

use protocol::access_token::open_unverified;
use protocol::jwks::TokenAlgorithm;
use protocol::strict_json;
use protocol::{base64url, base64url_decode};
use serde_json::{Map, Value};

/// Everything that it takes to verify a signature.
pub struct Verification {
    /// By which algorithm: the key's, which the token names too.
    pub algorithm: TokenAlgorithm,
    /// The key's name.
    pub kid: String,
    /// What kind of key it is: `RSA`, `EC` or `OKP`.
    pub kty: &'static str,
    /// The key as a JWK, of its public parts alone.
    pub key: Value,
    /// What was signed: header and payload as they were sent.
    pub signed: String,
    /// The signature.
    pub signature: Vec<u8>,
}

/// Why a signature is not verified.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotVerify {
    /// It has not three parts of base64url, with JSON in the first two.
    #[error("The token is no JWT.")]
    NotAJwt,
    /// The algorithm is none of those that are verified here.
    #[error("The token says that it is signed by {0}; here only RS256, ES256 and EdDSA are verified.")]
    Algorithm(String),
    /// The header names no key.
    #[error("The token does not say which key signed it.")]
    NoKeyId,
    /// What came as the key set is none.
    #[error("What the authorization server publishes is no key set.")]
    NoKeySet,
    /// No key has this name.
    #[error("The authorization server publishes no key called {0}.")]
    UnknownKey(String),
    /// The key is of another kind, or for another purpose or algorithm.
    #[error("The key called {0} is not one for signatures by this algorithm.")]
    OtherKey(String),
}

/// Finds the key that a token names in the key set that the authorization server publishes.
///
/// # Errors
/// [`CannotVerify`], by the first reason there is.
///
/// Spec: RFC 8725 §3.1; RFC 7517 §4.
pub fn verification(token: &str, key_set: &str) -> Result<Verification, CannotVerify> {
    let header = open_unverified(token).ok_or(CannotVerify::NotAJwt)?.header;
    let (signed, signature) = token.rsplit_once('.').ok_or(CannotVerify::NotAJwt)?;
    let signature = base64url_decode(signature).ok_or(CannotVerify::NotAJwt)?;
    let alg = member(&header, "alg").unwrap_or("nothing");
    let Ok(algorithm) = alg.parse() else { return Err(CannotVerify::Algorithm(alg.to_owned())) };
    let (kty, crv, parts): (_, _, &[&str]) = match algorithm {
        TokenAlgorithm::Rs256 => ("RSA", None, &["kty", "n", "e"]),
        TokenAlgorithm::Es256 => ("EC", Some("P-256"), &["kty", "crv", "x", "y"]),
        TokenAlgorithm::EdDsa => ("OKP", Some("Ed25519"), &["kty", "crv", "x"]),
    };
    let kid = member(&header, "kid").ok_or(CannotVerify::NoKeyId)?.to_owned();
    strict_json::parse_object(key_set.as_bytes()).map_err(|_| CannotVerify::NoKeySet)?;
    let Some(key) = key_of(key_set, &kid) else { return Err(CannotVerify::UnknownKey(kid)) };
    let is_of_kind = member(&key, "kty") == Some(kty) && member(&key, "crv") == crv;
    let says = |name, expected| key.get(name).is_none_or(|value| value == expected);
    if !is_of_kind || !says("alg", alg) || !says("use", "sig") {
        return Err(CannotVerify::OtherKey(kid));
    }
    let public = parts.iter().filter_map(|part| Some(((*part).to_owned(), key.get(*part)?.clone())));
    let key = Value::Object(public.collect());
    Ok(Verification { algorithm, kid, kty, key, signed: signed.to_owned(), signature })
}

/// The key of a set that has this name.
pub(super) fn key_of(key_set: &str, kid: &str) -> Option<Map<String, Value>> {
    let mut set = strict_json::parse_object(key_set.as_bytes()).ok()?;
    let Value::Array(keys) = set.remove("keys")? else { return None };
    keys.into_iter().find_map(|key| match key {
        Value::Object(key) if member(&key, "kid") == Some(kid) => Some(key),
        _ => None,
    })
}

fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}

/// A token in which somebody changed one character.
#[derive(Clone, PartialEq, Eq)]
pub struct Altered {
    /// The token, with the signature that it had.
    pub token: String,
    /// Which claim is another now.
    pub claim: &'static str,
    /// What it was.
    pub before: String,
    /// What it is.
    pub after: String,
}

/// Changes the first letter of `sub`: somebody would like to be somebody else. `None` if the token has no such claim.
#[must_use]
pub fn altered(token: &str) -> Option<Altered> {
    const CLAIM: &str = "sub";
    let before = member(&open_unverified(token)?.claims, CLAIM)?.to_owned();
    let mut parts = token.splitn(3, '.');
    let (header, payload, signature) = (parts.next()?, parts.next()?, parts.next()?);
    let mut payload = base64url_decode(payload)?;
    let letter = start_of_value(&payload, CLAIM)?;
    payload[letter] = match payload[letter] {
        b'z' => b'a',
        b'Z' => b'A',
        b'9' => b'0',
        b if b.is_ascii_alphanumeric() => b + 1,
        _ => return None,
    };
    let token = format!("{header}.{}.{signature}", base64url(&payload));
    let after = member(&open_unverified(&token)?.claims, CLAIM)?.to_owned();
    // A text inside another claim may look like one.
    (after != before).then_some(Altered { token, claim: CLAIM, before, after })
}

/// Where the text of a member begins, behind its quotation mark.
fn start_of_value(json: &[u8], name: &str) -> Option<usize> {
    let json = std::str::from_utf8(json).ok()?;
    let name = format!("\"{name}\"");
    let behind_name = json.find(&name)? + name.len();
    Some(behind_name + json[behind_name..].find('"')? + 1).filter(|start| *start < json.len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    const CLAIMS: &str = r#"{"iss":"i","sub":"ada"}"#;

    fn token(header: &Value, claims: &str) -> String {
        format!("{}.{}.c2ln", base64url(header.to_string().as_bytes()), base64url(claims.as_bytes()))
    }

    fn refused(header: &Value, keys: &Value) -> CannotVerify {
        verification(&token(header, CLAIMS), &keys.to_string()).err().expect("it must not be verified")
    }

    #[test]
    fn the_key_is_the_one_that_the_header_names_and_only_its_public_parts() {
        let keys = json!({ "keys": [
            { "kty": "EC", "kid": "other", "crv": "P-256", "x": "1", "y": "2" },
            { "kty": "EC", "kid": "k1", "crv": "P-256", "x": "3", "y": "4", "d": "5", "use": "sig", "alg": "ES256" },
        ] });
        let token = token(&json!({ "alg": "ES256", "kid": "k1" }), CLAIMS);
        let found = verification(&token, &keys.to_string()).unwrap();
        assert_eq!(found.key, json!({ "kty": "EC", "crv": "P-256", "x": "3", "y": "4" }));
        assert_eq!((found.kid.as_str(), found.kty, found.algorithm), ("k1", "EC", TokenAlgorithm::Es256));
        assert_eq!((found.signed + ".c2ln", found.signature.as_slice()), (token, b"sig".as_slice()));

        for (alg, key) in [
            ("RS256", json!({ "kty": "RSA", "n": "1", "e": "AQAB" })),
            ("EdDSA", json!({ "kty": "OKP", "crv": "Ed25519", "x": "1" })),
        ] {
            let token = super::tests::token(&json!({ "alg": alg, "kid": "k" }), CLAIMS);
            let mut published = key.clone();
            published["kid"] = json!("k");
            let found = verification(&token, &json!({ "keys": [published] }).to_string()).unwrap();
            assert_eq!(found.key, key);
        }
    }

    #[test]
    fn the_token_does_not_choose_how_it_is_verified() {
        let keys = json!({ "keys": [{ "kty": "RSA", "kid": "r", "n": "1", "e": "AQAB", "alg": "RS256" }] });
        for alg in ["none", "HS256", "rs256", "PS256"] {
            let header = json!({ "alg": alg, "kid": "r" });
            assert_eq!(refused(&header, &keys), CannotVerify::Algorithm(alg.into()));
        }
        assert_eq!(refused(&json!({ "kid": "r" }), &keys), CannotVerify::Algorithm("nothing".into()));
        for other in ["ES256", "EdDSA"] {
            let header = json!({ "alg": other, "kid": "r" });
            assert_eq!(refused(&header, &keys), CannotVerify::OtherKey("r".into()));
        }
    }

    #[test]
    fn a_key_that_does_not_fit_is_not_used() {
        let header = json!({ "alg": "ES256", "kid": "k" });
        for other in [
            json!({ "kty": "EC", "crv": "P-384", "kid": "k" }),
            json!({ "kty": "EC", "crv": "P-256", "kid": "k", "alg": "ES384" }),
            json!({ "kty": "EC", "crv": "P-256", "kid": "k", "use": "enc" }),
        ] {
            assert_eq!(refused(&header, &json!({ "keys": [other] })), CannotVerify::OtherKey("k".into()));
        }
        assert_eq!(refused(&header, &json!({ "keys": [] })), CannotVerify::UnknownKey("k".into()));
        assert_eq!(refused(&header, &json!([])), CannotVerify::NoKeySet);
        assert_eq!(refused(&json!({ "alg": "ES256" }), &json!({ "keys": [] })), CannotVerify::NoKeyId);
        assert_eq!(verification("opaque", "{}").err(), Some(CannotVerify::NotAJwt));
    }

    #[test]
    fn one_character_of_the_payload_is_another() {
        let token = token(&json!({ "alg": "ES256" }), CLAIMS);
        let changed = altered(&token).unwrap();
        assert_eq!((changed.claim, changed.before.as_str(), changed.after.as_str()), ("sub", "ada", "bda"));
        assert_eq!(changed.token.len(), token.len());
        let claims = open_unverified(&changed.token).unwrap().claims;
        assert_eq!(Value::Object(claims), json!({ "iss": "i", "sub": "bda" }));
    }

    #[test]
    fn what_cannot_be_changed_stays() {
        for claims in [r#"{"iss":"i"}"#, r#"{"sub":""}"#, r#"{"sub":7}"#, r#"{"x":"\"sub\":\"a","sub":"-"}"#]
        {
            assert!(altered(&token(&json!({}), claims)).is_none(), "{claims}");
        }
        let spaced = altered(&token(&json!({}), "{ \"sub\" : \"zoe\" }")).unwrap();
        assert_eq!(spaced.after, "aoe");
    }
}
