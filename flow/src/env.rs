//! What a flow cannot know by itself.

use protocol::ids::UnixTime;
use protocol::{base64url, base64url_decode};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Time and randomness for one step. Drivers make a fresh one for each call.
///
/// Two calls must never see the same entropy: it becomes the PKCE verifier, the `state`, and the names of assertions. So
/// it is as secret as those, and so is a recording, in which it is kept.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Env {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub now_ms: u64,
    /// 64 random bytes.
    #[serde(serialize_with = "write_entropy", deserialize_with = "read_entropy")]
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

/// As base64url: a list of numbers would be three times as long.
fn write_entropy<S: Serializer>(entropy: &[u8; 64], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&base64url(entropy))
}

fn read_entropy<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 64], D::Error> {
    let bytes = base64url_decode(&String::deserialize(deserializer)?).unwrap_or_default();
    bytes.try_into().map_err(|_| de::Error::custom("entropy is 64 bytes in base64url"))
}
