//! Proof Key for Code Exchange: only who asked for a code can redeem it.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::encoding::base64url;
use crate::secret::Secret;

/// The one challenge method that OAuth 2.1 servers and MCP clients may rely on.
pub const S256: &str = "S256";

/// How many characters a verifier has.
///
/// Spec: RFC 7636 §4.1.
pub const VERIFIER_LENGTHS: RangeInclusive<usize> = 43..=128;

/// The first character of a text that no verifier may have: all but `A-Z a-z 0-9 - . _ ~`.
///
/// Spec: RFC 7636 §4.1.
#[must_use]
pub fn foreign_character(text: &str) -> Option<char> {
    text.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '.' | '_' | '~'))
}

/// The hash that a challenge is the base64url of, of any text.
///
/// Spec: RFC 7636 §4.2.
#[must_use]
pub fn s256(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// The secret that the client keeps: 43 to 128 unreserved characters.
///
/// Spec: RFC 7636 §4.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeVerifier(Secret);

/// Why a text is no verifier or challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PkceError {
    /// Wrong length or a character outside `A-Z a-z 0-9 - . _ ~`.
    #[error("a code verifier has 43 to 128 letters, digits or - . _ ~")]
    InvalidVerifier,
    /// Not 43 characters of base64url, which is what a SHA-256 hash becomes.
    #[error("an S256 code challenge has exactly 43 base64url characters")]
    InvalidChallenge,
}

impl CodeVerifier {
    /// Makes a verifier of 43 characters from 32 fresh random bytes.
    ///
    /// Spec: RFC 7636 §4.1 (recommended way).
    #[must_use]
    pub fn from_entropy(random: &[u8; 32]) -> Self {
        Self(Secret::new(base64url(random)))
    }

    /// Reads a verifier that a client sent.
    ///
    /// # Errors
    /// [`PkceError::InvalidVerifier`].
    pub fn parse(text: &str) -> Result<Self, PkceError> {
        if !VERIFIER_LENGTHS.contains(&text.len()) || foreign_character(text).is_some() {
            return Err(PkceError::InvalidVerifier);
        }
        Ok(Self(Secret::new(text)))
    }

    /// The text, for the token request.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    /// `BASE64URL(SHA256(verifier))`.
    ///
    /// Spec: RFC 7636 §4.2.
    #[must_use]
    pub fn challenge(&self) -> CodeChallenge {
        CodeChallenge(base64url(&s256(self.reveal())))
    }
}

/// What the client shows when it asks for the code.
///
/// Spec: RFC 7636 §4.2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CodeChallenge(String);

impl CodeChallenge {
    /// Reads an S256 challenge.
    ///
    /// # Errors
    /// [`PkceError::InvalidChallenge`].
    pub fn parse(text: &str) -> Result<Self, PkceError> {
        let base64url = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        if text.len() != 43 || !text.bytes().all(base64url) {
            return Err(PkceError::InvalidChallenge);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this verifier hashes to this challenge; compared in constant time.
    ///
    /// Spec: RFC 7636 §4.6.
    #[must_use]
    pub fn is_met_by(&self, verifier: &CodeVerifier) -> bool {
        Secret::new(self.0.as_str()) == Secret::new(verifier.challenge().0)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    /// The vector of RFC 7636 appendix B. Req: CL-25, AS-115
    #[test]
    fn rfc7636_appendix_b() {
        let bytes = [
            116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105,
            214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121,
        ];
        let verifier = CodeVerifier::from_entropy(&bytes);
        assert_eq!(verifier.reveal(), VERIFIER);
        assert_eq!(verifier.challenge().as_str(), CHALLENGE);
        assert!(CodeChallenge::parse(CHALLENGE).unwrap().is_met_by(&verifier));
    }

    /// Req: AS-115, X-19
    #[test]
    fn another_verifier_does_not_meet_the_challenge() {
        let challenge = CodeChallenge::parse(CHALLENGE).unwrap();
        assert!(!challenge.is_met_by(&CodeVerifier::parse(&"a".repeat(43)).unwrap()));
        assert!(
            !challenge.is_met_by(&CodeVerifier::parse(CHALLENGE).unwrap()),
            "the plain method is unknown here"
        );
    }

    /// Req: AS-83, CL-25
    #[test]
    fn lengths_and_characters() {
        for length in [42, 129] {
            assert_eq!(CodeVerifier::parse(&"a".repeat(length)), Err(PkceError::InvalidVerifier));
        }
        assert!(CodeVerifier::parse(&"~".repeat(128)).is_ok());
        for bad in [' ', 'é', '+', '=', '/'] {
            assert!(CodeVerifier::parse(&format!("{}{bad}", "a".repeat(43))).is_err(), "{bad}");
        }
        for bad in [&CHALLENGE[..42], &format!("{CHALLENGE}A"), &format!("{}=", &CHALLENGE[..42]), ""] {
            assert!(CodeChallenge::parse(bad).is_err(), "{bad}");
        }
        assert!(CodeChallenge::parse(&CHALLENGE.replace('-', "+")).is_err());
    }
}
