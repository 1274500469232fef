//! Plain http on the loopback interface: the one deviation that makes a lab on a laptop possible.
//!
//! The specifications want https for every endpoint of the authorization server, for issuers, resources and client
//! ids. A lab without certificates cannot have that. Whether `http://localhost` counts is one value, read by all rules.

use serde::{Deserialize, Serialize};

/// Whether http is accepted where the specification demands https, for hosts that are this very machine.
///
/// Redirect URIs do not depend on it: OAuth 2.1 §8.4.2 allows loopback http redirect URIs everywhere.
///
/// Spec: OAuth 2.1 §1.5 (https everywhere); Client ID Metadata Document draft -01 §6.5 (same-loopback exception).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoopbackPolicy {
    /// https only. What production wants.
    #[default]
    HttpsOnly,
    /// Also `http` for `localhost`, `127.0.0.1` and `[::1]`. The lab only.
    AllowHttpOnLoopback,
}

impl LoopbackPolicy {
    /// Whether a URL with this scheme and host may stand where https is demanded.
    #[must_use]
    pub fn permits(self, scheme: &str, host: &str) -> bool {
        match scheme {
            "https" => true,
            "http" => self == Self::AllowHttpOnLoopback && is_loopback_host(host),
            _ => false,
        }
    }
}

/// Whether a host, as written in a URL, is one of the three spellings of "this machine" that the field agrees on.
///
/// `127.0.0.2`, `localhost.` and `foo.localhost` are not: what they reach depends on the resolver.
#[must_use]
pub fn is_loopback_host(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    /// Req: ALL-02, AS-44
    #[test]
    fn http_needs_the_policy_and_a_loopback_host() {
        assert!(LoopbackPolicy::HttpsOnly.permits("https", "as.example"));
        assert!(!LoopbackPolicy::HttpsOnly.permits("http", "localhost"));
        assert!(LoopbackPolicy::AllowHttpOnLoopback.permits("http", "localhost"));
        assert!(LoopbackPolicy::AllowHttpOnLoopback.permits("http", "[::1]"));
        for host in
            ["as.example", "127.0.0.2", "localhost.", "foo.localhost", "0.0.0.0", "LOCALHOST", "10.0.0.1"]
        {
            assert!(!LoopbackPolicy::AllowHttpOnLoopback.permits("http", host), "{host}");
        }
        assert!(!LoopbackPolicy::AllowHttpOnLoopback.permits("ftp", "localhost"));
    }
}
