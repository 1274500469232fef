//! Resource indicators: which server a token is for.

use crate::ids::ResourceUri;

/// Whether the resource asked for at the token endpoint is the one that was granted. Absent means the granted one.
///
/// The comparison is by text: a token for `…/mcp` is not a token for `…/mcp/`.
///
/// Spec: RFC 8707 §2.2.
#[must_use]
pub fn narrows(granted: &ResourceUri, requested: Option<&str>) -> bool {
    requested.is_none_or(|requested| requested == granted.as_str())
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::loopback::LoopbackPolicy;

    /// Req: AS-120, X-25
    #[test]
    fn a_grant_never_widens() {
        let granted =
            ResourceUri::parse("http://localhost:8001/mcp", LoopbackPolicy::AllowHttpOnLoopback).unwrap();
        assert!(narrows(&granted, None));
        assert!(narrows(&granted, Some("http://localhost:8001/mcp")));
        for other in
            ["http://localhost:8001", "http://localhost:8001/mcp/", "http://localhost:8001/mcp#x", "x"]
        {
            assert!(!narrows(&granted, Some(other)), "{other}");
        }
    }
}
