//! The server's own secrets: the keys that sign access tokens, and one that it derives refresh tokens from.
//!
//! | file | what it knows |
//! |---|---|
//! | [`signing_key`] | one key: how it is made and read, and how a token is put together |
//! | [`signing_threads`] | where the slow signatures happen |
//! | [`schedule`] | which key signs, which are published, when the next one is due: from the stored times alone |
//! | [`rotation`] | reading the keys from the store, and adding one |
//! | [`key_ring`] | the keys in memory, exchanged as a whole when the store has others |
//! | [`import`] | a key that the operator brings along |
//! | [`encryption`] | secrets at rest, under a secret from a [private file](server_kit::private_file) |
//! | [`server_secrets`] | secrets that are no signing keys |
//!
//! Spec: RFC 9068 §2.1; RFC 7517 §5; RFC 7638.

mod encryption;
mod error;
mod import;
mod key_ring;
mod rotation;
mod schedule;
mod server_secrets;
mod signing_key;
mod signing_threads;

pub use encryption::KeyEncryptionSecret;
pub use error::{KeyError, KeyFileFault};
pub use import::import_key;
pub(super) use key_ring::KeyRing;
pub use rotation::{KEY_WATCH_SECONDS, PublishedKey, Takeover, rotate_keys};
pub(super) use server_secrets::ServerSecrets;
