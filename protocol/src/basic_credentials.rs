//! An id and its secret in an `Authorization` header, as OAuth reads HTTP's Basic scheme.
//!
//! OAuth encodes both parts like form values before they are joined by `:`, so an id may be a URL.
//!
//! Spec: OAuth 2.1 §2.4.1; RFC 6749 §2.3.1, Appendix B; RFC 7617 §2.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::form_urlencoded;

use crate::secret::Secret;

/// An id and its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasicCredentials {
    /// Who claims to ask.
    pub id: String,
    /// The proof.
    pub secret: Secret,
}

/// The text after the scheme cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the base64 of a form-encoded id, a colon and a form-encoded secret")]
pub struct InvalidCredentials;

impl BasicCredentials {
    /// Reads the text after `Basic `.
    ///
    /// # Errors
    /// [`InvalidCredentials`]: no base64, no colon, no UTF-8, `%` without two digits after it, an empty id.
    pub fn parse(encoded: &str) -> Result<Self, InvalidCredentials> {
        let joined = STANDARD.decode(encoded).map_err(|_| InvalidCredentials)?;
        let joined = String::from_utf8(joined).map_err(|_| InvalidCredentials)?;
        let (id, secret) = joined.split_once(':').ok_or(InvalidCredentials)?;
        let (id, secret) = (form_decode(id)?, form_decode(secret)?);
        if id.is_empty() {
            return Err(InvalidCredentials);
        }
        Ok(Self { id, secret: Secret::new(secret) })
    }

    /// The whole header.
    #[must_use]
    pub fn to_header(&self) -> Secret {
        let encode = |part: &str| form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>();
        let joined = format!("{}:{}", encode(&self.id), encode(self.secret.reveal()));
        Secret::new(format!("Basic {}", STANDARD.encode(joined)))
    }
}

/// One form value. Unlike the readers of whole forms it repairs nothing.
fn form_decode(encoded: &str) -> Result<String, InvalidCredentials> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut bytes = encoded.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || bytes.next().and_then(|byte| char::from(byte).to_digit(16));
                let (Some(high), Some(low)) = (digit(), digit()) else { return Err(InvalidCredentials) };
                u8::try_from(high * 16 + low).map_err(|_| InvalidCredentials)?
            }
            plain => plain,
        });
    }
    String::from_utf8(decoded).map_err(|_| InvalidCredentials)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn credentials(id: &str, secret: &str) -> BasicCredentials {
        BasicCredentials { id: id.into(), secret: Secret::new(secret) }
    }

    /// Req: AS-112
    #[test]
    fn both_parts_are_form_encoded() {
        let asked = credentials("https://rs.example:8443/mcp", "a b:c%é+");
        let header = asked.to_header();
        let encoded = header.reveal().strip_prefix("Basic ").unwrap();
        let joined = String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap();
        assert_eq!(joined, "https%3A%2F%2Frs.example%3A8443%2Fmcp:a+b%3Ac%25%C3%A9%2B");
        assert_eq!(BasicCredentials::parse(encoded), Ok(asked));
    }

    #[test]
    fn a_secret_may_be_empty_and_may_hold_colons() {
        let parse = |joined: &str| BasicCredentials::parse(&STANDARD.encode(joined));
        assert_eq!(parse("id:"), Ok(credentials("id", "")));
        assert_eq!(parse("id:a:b"), Ok(credentials("id", "a:b")));
    }

    #[test]
    fn nothing_is_repaired() {
        for joined in ["", "id", ":secret", "id:%", "id:%4", "id:%4g", "i%FFd:x"] {
            assert_eq!(
                BasicCredentials::parse(&STANDARD.encode(joined)),
                Err(InvalidCredentials),
                "{joined}"
            );
        }
        for encoded in ["%%%", "aWQ6eA", "aWQ6eA== ", "/w=="] {
            assert_eq!(BasicCredentials::parse(encoded), Err(InvalidCredentials), "{encoded}");
        }
    }
}
