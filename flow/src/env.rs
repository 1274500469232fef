//! What a flow cannot know by itself.

use protocol::ids::UnixTime;

/// Time and randomness for one step. Drivers make a fresh one for each call; nothing of it is kept but what it became.
///
/// Two calls must never see the same entropy: it becomes the PKCE verifier, the `state`, and the names of assertions.
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

    /// The half of the entropy that becomes the state. An assertion is never made in the same step, so it may name itself
    /// after this half too.
    pub(crate) fn state_bytes(&self) -> &[u8; 32] {
        self.entropy.last_chunk().unwrap_or(&[0; 32])
    }
}
