//! What the flow may not get by itself: the time and fresh randomness.

use protocol::ids::UnixTime;

/// Time and entropy, fresh for each call of a driver.
///
/// Two calls must never get the same entropy: it becomes the PKCE verifier and the `state`.
#[derive(Clone, Copy)]
pub struct Env {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub now_ms: u64,
    /// 64 random bytes.
    pub entropy: [u8; 64],
}

impl Env {
    /// The time in whole seconds.
    #[must_use]
    pub fn now(&self) -> UnixTime {
        UnixTime(self.now_ms / 1000)
    }

    /// The half of the entropy that becomes the verifier.
    pub(crate) fn verifier_bytes(&self) -> &[u8; 32] {
        self.entropy.first_chunk().unwrap_or(&[0; 32])
    }

    /// The half of the entropy that becomes the state.
    pub(crate) fn state_bytes(&self) -> &[u8; 32] {
        self.entropy.last_chunk().unwrap_or(&[0; 32])
    }
}
