//! What can be wrong with keys.

use protocol::jwks::TokenAlgorithm;

use crate::store::StoreError;
use server_kit::private_file::PrivateFileError;

/// Why there is no key or no signature.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Verifiers could meet a signature of a key that they cannot know yet.
    #[error("a new key must be published for at least {least} seconds before it signs, not for {seconds}")]
    ShortLead {
        /// What is configured.
        seconds: u64,
        /// What verifiers need.
        least: u64,
    },
    /// A key would be too old before it signs.
    #[error("a key cannot be replaced after {seconds} seconds, when a new one signs only after {lead}")]
    ShortAge {
        /// What is configured.
        seconds: u64,
        /// How long a key is published before it signs.
        lead: u64,
    },
    /// No key could be made.
    #[error("no key could be made")]
    NotMade,
    /// The signature failed.
    #[error("the signature failed")]
    NotSigned,
    /// A secret could not be encrypted.
    #[error("the {0} could not be encrypted")]
    NotSealed(String),
    /// A stored secret is encrypted, and there is nothing to open it with.
    #[error("the {0} is encrypted in the database, and no secret is configured that opens it")]
    SecretMissing(String),
    /// A stored secret was encrypted under another secret.
    #[error("the {0} was encrypted under another secret than the configured one")]
    OtherSecret(String),
    /// A stored secret is not what was once written.
    #[error("the {0} is damaged in the database")]
    Damaged(String),
    /// A file cannot be used.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// A file holds no key that can be used.
    #[error("{path}: {fault}")]
    KeyFile {
        /// The path as given.
        path: String,
        /// What is wrong with it.
        fault: KeyFileFault,
    },
    /// The next start would replace the imported key at once.
    #[error(
        "the key is for {found}, but the server is set to sign with {configured}: change that setting first"
    )]
    OtherAlgorithm {
        /// What the imported key is for.
        found: TokenAlgorithm,
        /// What the settings say.
        configured: TokenAlgorithm,
    },
    /// The imported key is there already.
    #[error("the key {0} is in the database already")]
    AlreadyThere(String),
    /// The store fails.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is wrong with a key file, each in one sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileFault {
    /// Another kind of file.
    #[error("there is no unencrypted private key in PEM form in it")]
    NoKey,
    /// The end is missing, or what stands between beginning and end is no base64.
    #[error("its PEM is truncated or damaged")]
    BrokenPem,
    /// An older form, or a public part.
    #[error(
        "it is not a PKCS#8 private key (BEGIN PRIVATE KEY); \
         `openssl pkcs8 -topk8 -nocrypt` makes one of an older form"
    )]
    NotPkcs8,
    /// A curve or kind that is not used here.
    #[error("its key is neither RSA nor on P-256 nor Ed25519")]
    OtherKind,
    /// RSA with a modulus that can be factored.
    #[error("its RSA key has fewer than 2048 bits")]
    WeakRsa,
    /// The bytes are no key, or their parts contradict each other.
    #[error("its key is damaged")]
    BrokenKey,
}
