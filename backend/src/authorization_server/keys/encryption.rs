//! Secrets at rest: AES-256-GCM under a key that is derived from a configured file.
//!
//! Spec: RFC 5869 (HKDF-SHA256); NIST SP 800-38D (GCM, random nonces §8.2.2).

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, Prk, Salt};

use super::error::KeyError;
use crate::store::KeptSecret;
use server_kit::private_file::{self, MAX_SECRET_BYTES, PrivateFileError};

/// 256 bits, if they are random.
const MIN_SECRET_BYTES: usize = 32;

/// What keys are encrypted under in the store. It comes from a file that only its owner can read, and from nowhere else.
#[derive(Clone)]
pub struct KeyEncryptionSecret {
    /// Makes a fresh nonce for each encryption by itself.
    cipher: Arc<RandomizedNonceKey>,
    /// Tells whether a stored secret was encrypted under this one. It says nothing about the secret.
    id: [u8; 8],
}

impl fmt::Debug for KeyEncryptionSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyEncryptionSecret(…)")
    }
}

impl KeyEncryptionSecret {
    /// Reads the secret: all bytes of the file, as they are. It blocks, for the time of reading a small file.
    ///
    /// # Errors
    /// [`KeyError::File`], if the file is missing, open to others, or shorter than 32 bytes.
    pub fn from_file(path: &Path) -> Result<Self, KeyError> {
        let secret = private_file::read(path, MAX_SECRET_BYTES)?;
        if secret.len() < MIN_SECRET_BYTES {
            let path = path.display().to_string();
            return Err(PrivateFileError::TooShort { path, least: MIN_SECRET_BYTES }.into());
        }
        Self::derive(&secret).map_err(|Unspecified| KeyError::NotMade)
    }

    fn derive(secret: &[u8]) -> Result<Self, Unspecified> {
        let prk = Salt::new(HKDF_SHA256, b"MCP Auth Lab authorization server").extract(secret);
        let mut id = [0; 8];
        id.copy_from_slice(&expand(&prk, b"name of the secret")?[..8]);
        let cipher = RandomizedNonceKey::new(&AES_256_GCM, &expand(&prk, b"secrets at rest")?)?;
        Ok(Self { cipher: Arc::new(cipher), id })
    }

    fn seal(&self, name: &str, secret: &[u8]) -> Result<KeptSecret, Unspecified> {
        let mut ciphertext = secret.to_vec();
        let nonce = self.cipher.seal_in_place_append_tag(Aad::from(name), &mut ciphertext)?;
        let sealed = [nonce.as_ref().as_slice(), &ciphertext].concat();
        Ok(KeptSecret::Sealed { under: self.id, sealed })
    }

    fn open(&self, name: &str, sealed: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let (nonce, ciphertext) = sealed.split_at_checked(NONCE_LEN).ok_or(Unspecified)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce)?;
        let mut opened = ciphertext.to_vec();
        let length = self.cipher.open_in_place(nonce, Aad::from(name), &mut opened)?.len();
        opened.truncate(length);
        Ok(opened)
    }
}

fn expand(prk: &Prk, purpose: &[u8]) -> Result<[u8; 32], Unspecified> {
    let mut key = [0; 32];
    prk.expand(&[purpose], &AES_256_GCM)?.fill(&mut key)?;
    Ok(key)
}

/// A secret as it goes to the store. Its name is bound into the encryption: it opens in its own place only.
pub(super) fn seal(
    encryption: Option<&KeyEncryptionSecret>,
    name: &str,
    secret: &[u8],
) -> Result<KeptSecret, KeyError> {
    match encryption {
        Some(encryption) => {
            encryption.seal(name, secret).map_err(|Unspecified| KeyError::NotSealed(name.to_owned()))
        }
        None => Ok(KeptSecret::Plain(secret.to_vec())),
    }
}

/// A secret as it came from the store.
pub(super) fn open(
    encryption: Option<&KeyEncryptionSecret>,
    name: &str,
    kept: &KeptSecret,
) -> Result<Vec<u8>, KeyError> {
    match (kept, encryption) {
        (KeptSecret::Plain(secret), _) => Ok(secret.clone()),
        (KeptSecret::Sealed { .. }, None) => Err(KeyError::SecretMissing(name.to_owned())),
        (KeptSecret::Sealed { under, .. }, Some(encryption)) if *under != encryption.id => {
            Err(KeyError::OtherSecret(name.to_owned()))
        }
        (KeptSecret::Sealed { sealed, .. }, Some(encryption)) => {
            encryption.open(name, sealed).map_err(|Unspecified| KeyError::Damaged(name.to_owned()))
        }
    }
}
