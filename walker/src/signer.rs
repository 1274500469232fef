//! The client's private key, which never leaves this program, and never enters the flow.

use flow::SigningRequest;
use jsonwebtoken::{Algorithm, EncodingKey};
use protocol::client_keys::SigningAlgorithm;

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// There is no key.
    #[error("the client has no key to sign with")]
    NoKey,
    /// The text is no private key of this kind.
    #[error("the private key cannot be read as a key for {algorithm}: {reason}")]
    BadKey {
        /// What it was to be used for.
        algorithm: &'static str,
        /// What the library says.
        reason: jsonwebtoken::errors::Error,
    },
    /// The library refused.
    #[error("the key does not sign: {0}")]
    Refused(jsonwebtoken::errors::Error),
}

/// A private key and the one algorithm that it is for.
pub struct Signer {
    key: EncodingKey,
    algorithm: Algorithm,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({:?})", self.algorithm)
    }
}

impl Signer {
    /// Reads a private key in PEM.
    ///
    /// # Errors
    /// [`SignerError::BadKey`].
    pub fn from_pem(pem: &str, algorithm: SigningAlgorithm) -> Result<Self, SignerError> {
        let (read, library_name): (fn(&[u8]) -> _, _) = match algorithm {
            SigningAlgorithm::Rs256 => (EncodingKey::from_rsa_pem, Algorithm::RS256),
            SigningAlgorithm::Ps256 => (EncodingKey::from_rsa_pem, Algorithm::PS256),
            SigningAlgorithm::Es256 => (EncodingKey::from_ec_pem, Algorithm::ES256),
            SigningAlgorithm::EdDsa => (EncodingKey::from_ed_pem, Algorithm::EdDSA),
        };
        let key = read(pem.as_bytes())
            .map_err(|reason| SignerError::BadKey { algorithm: algorithm.as_str(), reason })?;
        Ok(Self { key, algorithm: library_name })
    }

    /// Signs.
    ///
    /// # Errors
    /// [`SignerError::Refused`].
    pub fn sign(&self, request: &SigningRequest) -> Result<Vec<u8>, SignerError> {
        let signature = jsonwebtoken::crypto::sign(request.input.as_bytes(), &self.key, self.algorithm)
            .map_err(SignerError::Refused)?;
        Ok(protocol::base64url_decode(&signature).unwrap_or_default())
    }
}
