//! What a server of the lab saw and did while it answered one request, as it reports it to the page.
//!
//! An observation never carries a secret in the open: whoever makes one masks with [`MASK`]. It is matched with what the
//! client wrote down by [`correlation`], which both sides work out from the request itself, so that no message has to carry
//! anything for it.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::check::Check;
use crate::clause::Clause;
use crate::party::Party;

/// What stands where a secret was.
pub const MASK: &str = "•••••";

/// One request that a server answered, with everything that it did meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// Counts all observations of a lab, from 1, in the order in which the requests came.
    pub seq: u64,
    /// When the request came, in milliseconds since 1970-01-01T00:00:00Z.
    pub at_ms: u64,
    /// How long the answer took, in microseconds.
    pub elapsed_us: u64,
    /// Who reports.
    pub party: Party,
    /// What both sides work out from the request: see [`correlation`].
    pub correlation: String,
    /// The authorization request that a browser's visit belongs to; the same for all pages of one consent.
    pub visit: Option<String>,
    /// The request, masked.
    pub request: SeenRequest,
    /// The answer, masked.
    pub response: SeenResponse,
    /// What was checked, fetched, stored and decided, in order.
    pub findings: Vec<Finding>,
}

/// A request as the server read it. Secrets are masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenRequest {
    /// The method.
    pub method: String,
    /// The absolute URL.
    pub url: String,
    /// Names in lower case, in their order.
    pub headers: Vec<(String, String)>,
    /// The body, if it is a text of moderate length.
    pub body: Option<String>,
}

/// An answer as the server gave it. Secrets are masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenResponse {
    /// The status.
    pub status: u16,
    /// Names in lower case, in their order.
    pub headers: Vec<(String, String)>,
    /// The body, if it is JSON of moderate length.
    pub body: Option<String>,
}

/// Something that a server found out or did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// It verified something.
    Checked(Check),
    /// It refuses: the name of the refusal, the rule, and the sentence that the other side reads.
    Refused {
        /// The one name that the refusal has in the code: `VerifierMismatch`.
        name: String,
        /// The rule.
        clause: Clause,
        /// What is said to the other side.
        says: String,
    },
    /// It asked another server.
    Fetched {
        /// What for: `the client's metadata document`.
        what: String,
        /// The URL.
        url: String,
        /// The correlation of that request, by which its own observation is found.
        correlation: String,
        /// The status, or why there was no answer.
        outcome: Result<u16, String>,
        /// How long it took, in microseconds.
        elapsed_us: u64,
    },
    /// It had the answer already.
    FromCache {
        /// What: `the client's metadata document`.
        what: String,
        /// The URL it once came from.
        url: String,
        /// How old it is, in seconds.
        age_seconds: u64,
    },
    /// It wrote something down, or consumed it.
    Stored {
        /// What, in a few words: `the code, bound to the challenge`.
        what: String,
        /// Names and values that were written; secrets masked.
        values: Vec<(String, String)>,
    },
}

/// As much of a body is looked at to recognize a request: a server should not have to read what it refuses.
pub const MAX_RECOGNIZED_BYTES: usize = 16 * 1024;

/// What a request is recognized by on both sides: a hash of its method, absolute URL, `Authorization` header and body. A
/// body of more than [`MAX_RECOGNIZED_BYTES`] is none of it.
///
/// The same request sent twice has the same one; then the order decides.
///
/// Shape: 16 lower-case hexadecimal digits.
#[must_use]
pub fn correlation(method: &str, url: &str, authorization: Option<&str>, body: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut hash = Sha256::new();
    let body = if body.len() > MAX_RECOGNIZED_BYTES { b"" } else { body };
    for part in [method.as_bytes(), url.as_bytes(), authorization.unwrap_or_default().as_bytes(), body] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().take(8).fold(String::with_capacity(16), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_request_is_recognized_by_all_of_its_parts() {
        let of =
            |method, url, authorization, body: &str| correlation(method, url, authorization, body.as_bytes());
        let one = of("POST", "http://localhost:8001/mcp", Some("Bearer a"), "{}");
        assert_eq!(one.len(), 16);
        assert_eq!(one, of("POST", "http://localhost:8001/mcp", Some("Bearer a"), "{}"));
        for other in [
            of("GET", "http://localhost:8001/mcp", Some("Bearer a"), "{}"),
            of("POST", "http://localhost:8001/mc", Some("pBearer a"), "{}"),
            of("POST", "http://localhost:8001/mcp", Some("Bearer a{"), "}"),
            of("POST", "http://localhost:8001/mcp", None, "{}"),
        ] {
            assert_ne!(one, other);
        }
        let long = |bytes| of("POST", "http://localhost:8001/mcp", None, &"a".repeat(bytes));
        assert_eq!(long(MAX_RECOGNIZED_BYTES + 1), long(0), "what nobody has to read");
        assert_ne!(long(MAX_RECOGNIZED_BYTES), long(0));
    }
}
