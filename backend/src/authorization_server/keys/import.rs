//! A signing key that the operator brings along, as a PEM file.
//!
//! Spec: RFC 5958 (PKCS#8), RFC 7468 (PEM), RFC 8410 (Ed25519); RFC 7518 §3.3 (RSA from 2048 bits on).

use std::path::Path;

use aws_lc_rs::error::KeyRejected;
use protocol::ids::UnixTime;
use protocol::jwks::TokenAlgorithm;
use rustls_pki_types::alg_id::{AlgorithmIdentifier, ECDSA_P256, ED25519, RSA_ENCRYPTION};
use rustls_pki_types::pem::{self, PemObject as _, SectionKind};
use tokio::task::spawn_blocking;

use super::error::{KeyError, KeyFileFault};
use super::rotation::{self, Material, PublishedKey, Takeover};
use super::signing_key::SigningKey;
use crate::authorization_server::KeySettings;
use crate::store::Store;
use server_kit::private_file::{self, MAX_SECRET_BYTES};

/// Reads a private key from a PEM file and publishes it, like [`super::rotate_keys`] does with a key that it makes. The
/// file is not needed any more afterwards.
///
/// It must be PKCS#8, readable by its owner only, and a key of the configured algorithm: RSA with at least 2048 bits,
/// P-256, or Ed25519.
///
/// # Errors
/// [`KeyError`]; then nothing has changed.
pub async fn import_key(
    store: &Store,
    settings: &KeySettings,
    path: &Path,
    takeover: Takeover,
    now: UnixTime,
) -> Result<PublishedKey, KeyError> {
    let file = path.to_owned();
    let material = spawn_blocking(move || read(&file)).await.map_err(|_| KeyError::NotMade)??;
    let (found, configured) = (material.key.public().algorithm(), settings.algorithm);
    if found != configured {
        return Err(KeyError::OtherAlgorithm { found, configured });
    }
    rotation::publish(store, settings, material, takeover, now).await
}

fn read(path: &Path) -> Result<Material, KeyError> {
    let content = private_file::read(path, MAX_SECRET_BYTES)?;
    parse(&content).map_err(|fault| KeyError::KeyFile { path: path.display().to_string(), fault })
}

fn parse(content: &[u8]) -> Result<Material, KeyFileFault> {
    let (kind, pkcs8) = <(SectionKind, Vec<u8>)>::from_pem_slice(content).map_err(|error| match error {
        pem::Error::NoItemsFound => KeyFileFault::NoKey,
        _ => KeyFileFault::BrokenPem,
    })?;
    if kind != SectionKind::PrivateKey {
        return Err(KeyFileFault::NotPkcs8);
    }
    let algorithm = algorithm(&pkcs8)?;
    let key = SigningKey::from_pkcs8(algorithm, &pkcs8).map_err(fault)?;
    Ok(Material { key, pkcs8 })
}

fn fault(rejected: KeyRejected) -> KeyFileFault {
    match rejected.description_() {
        "TooSmall" => KeyFileFault::WeakRsa,
        _ => KeyFileFault::BrokenKey,
    }
}

/// Which kind of key it says it is. RFC 5958 §2: a sequence of a version and an algorithm identifier, then the key.
fn algorithm(pkcs8: &[u8]) -> Result<TokenAlgorithm, KeyFileFault> {
    const KINDS: [(AlgorithmIdentifier, TokenAlgorithm); 3] = [
        (RSA_ENCRYPTION, TokenAlgorithm::Rs256),
        (ECDSA_P256, TokenAlgorithm::Es256),
        (ED25519, TokenAlgorithm::EdDsa),
    ];
    const SEQUENCE: u8 = 0x30;
    const INTEGER: u8 = 0x02;
    let (content, _) = element(pkcs8, SEQUENCE).ok_or(KeyFileFault::BrokenKey)?;
    let (_version, rest) = element(content, INTEGER).ok_or(KeyFileFault::BrokenKey)?;
    let (found, _) = element(rest, SEQUENCE).ok_or(KeyFileFault::BrokenKey)?;
    let kind = KINDS.iter().find(|(identifier, _)| identifier.as_ref() == found);
    kind.map(|(_, algorithm)| *algorithm).ok_or(KeyFileFault::OtherKind)
}

/// The content of a DER element with this tag, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    // X.690 §8.1.3: up to 127 in one byte, beyond it in as many bytes as the first one says.
    let (length, rest) = match usize::from(*first) {
        short @ 0..0x80 => (short, rest),
        long => {
            let (bytes, rest) = rest.split_at_checked(long - 0x80).filter(|(bytes, _)| bytes.len() <= 2)?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
    };
    if *found == tag { rest.split_at_checked(length) } else { None }
}
