//! Randomness, injected: tests can repeat a run to the letter.

use std::sync::atomic::{AtomicU64, Ordering};

use protocol::secret::Secret;
use sha2::{Digest as _, Sha256};

/// Gives random bytes.
pub trait Entropy: Send + Sync + 'static {
    /// 32 bytes that nobody can guess.
    fn bytes(&self) -> [u8; 32];

    /// A code, session id or the like: 256 random bits as base64url, 43 characters.
    ///
    /// Spec: OAuth 2.1 §7.7 (at least 128 bits, better 160).
    fn secret(&self) -> Secret {
        Secret::new(protocol::base64url(&self.bytes()))
    }
}

/// The operating system's randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    /// # Panics
    /// If the operating system has no randomness: nothing that follows would be safe.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the operating system")]
    fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
        bytes
    }
}

/// A sequence that is the same in each run: for tests only, every value can be guessed.
#[derive(Debug)]
pub struct SeededEntropy {
    seed: u64,
    next: AtomicU64,
}

impl SeededEntropy {
    /// The sequence of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, next: AtomicU64::new(0) }
    }
}

impl Entropy for SeededEntropy {
    fn bytes(&self) -> [u8; 32] {
        let counter = self.next.fetch_add(1, Ordering::SeqCst);
        Sha256::digest([self.seed.to_le_bytes(), counter.to_le_bytes()].concat()).into()
    }
}
