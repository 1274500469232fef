//! The key that signs access tokens, and the signing.
//!
//! The key pair is parsed once and kept; a signature costs a quarter of a millisecond of pure computation, which
//! happens outside the runtime's threads.
//!
//! Spec: RFC 9068 §2.1 (RS256, `at+jwt`); RFC 7515 §3.1 (compact serialization); RFC 7638 (`kid`).

use std::sync::Arc;
use std::thread::available_parallelism;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey};
use protocol::access_token::{AccessTokenClaims, AccessTokenHeader, TYP};
use protocol::base64url;
use protocol::jwks::RsaPublicJwk;
use protocol::secret::Secret;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::store::{Store, StoreError};

/// Why there is no key or no signature.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// No key could be made.
    #[error("no signing key could be made")]
    NotMade,
    /// The stored key is none.
    #[error("the stored signing key cannot be read")]
    Unreadable,
    /// The signature failed.
    #[error("the signature failed")]
    NotSigned,
    /// The store fails.
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub(super) struct Signer {
    key: Arc<KeyPair>,
    public_key: RsaPublicJwk,
    /// The first part of every token, dot included.
    encoded_header: String,
    /// No more signatures at a time than processors: more would only wait on each other's time slices.
    permits: Semaphore,
}

impl Signer {
    /// Reads the key from the store. At the first start it is made there.
    pub(super) async fn from_store(store: &Store) -> Result<Self, KeyError> {
        let pkcs8 = if let Some(kept) = store.signing_key().await? {
            kept
        } else {
            let made = spawn_blocking(generate).await.map_err(|_| KeyError::NotMade)??;
            store.keep_signing_key(made).await?
        };
        Self::new(&pkcs8)
    }

    fn new(pkcs8: &[u8]) -> Result<Self, KeyError> {
        let key = KeyPair::from_pkcs8(pkcs8).map_err(|_| KeyError::Unreadable)?;
        let public_key = {
            let public = key.public_key();
            RsaPublicJwk::new(
                public.modulus().big_endian_without_leading_zero(),
                public.exponent().big_endian_without_leading_zero(),
            )
        };
        let header = AccessTokenHeader { alg: "RS256".into(), typ: TYP.into(), kid: public_key.kid.clone() };
        let header = serde_json::to_vec(&header).map_err(|_| KeyError::Unreadable)?;
        Ok(Self {
            key: Arc::new(key),
            public_key,
            encoded_header: base64url(&header) + ".",
            permits: Semaphore::new(available_parallelism().map_or(1, usize::from)),
        })
    }

    pub(super) fn public_key(&self) -> &RsaPublicJwk {
        &self.public_key
    }

    /// Whether the key of this id made this signature.
    pub(super) fn verifies(&self, key_id: &str, message: &[u8], signature: &[u8]) -> bool {
        let public_key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.key.public_key());
        key_id == self.public_key.kid && public_key.verify(message, signature).is_ok()
    }

    /// An access token with these claims.
    pub(super) async fn sign(&self, claims: &AccessTokenClaims) -> Result<Secret, KeyError> {
        let claims = serde_json::to_vec(claims).map_err(|_| KeyError::NotSigned)?;
        let mut token = self.encoded_header.clone() + &base64url(&claims);
        let _permit = self.permits.acquire().await.map_err(|_| KeyError::NotSigned)?;
        let key = Arc::clone(&self.key);
        spawn_blocking(move || {
            let mut signature = vec![0; key.public_modulus_len()];
            key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), token.as_bytes(), &mut signature)
                .map_err(|_| KeyError::NotSigned)?;
            token.push('.');
            token.push_str(&base64url(&signature));
            Ok(Secret::new(token))
        })
        .await
        .map_err(|_| KeyError::NotSigned)?
    }
}

/// RSA is the one algorithm that every verifier of RFC 9068 tokens knows.
fn generate() -> Result<Vec<u8>, KeyError> {
    let key = KeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::NotMade)?;
    let pkcs8: Pkcs8V1Der<'_> = key.as_der().map_err(|_| KeyError::NotMade)?;
    Ok(pkcs8.as_ref().to_vec())
}
