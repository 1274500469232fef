//! Resource indicators: which server a token is for.

use crate::ids::ResourceUri;

/// Whether a text names this resource: scheme and host in whatever case, everything else to the letter. `…/mcp` and
/// `…/mcp/` are two resources; a bare origin is the same with and without its slash (RFC 3986 §6.2.3).
///
/// What a text names is bound as it is configured: the other spelling is never stored nor issued.
///
/// Spec: RFC 8707 §2; MCP Authorization, Canonical Server URI (uppercase scheme and host SHOULD be accepted).
#[must_use]
pub fn names(text: &str, resource: &ResourceUri) -> bool {
    if text == resource.as_str() {
        return true;
    }
    let Some((origin, rest)) = text.split_at_checked(resource.origin().len()) else { return false };
    let expected = &resource.as_str()[resource.origin().len()..];
    let bare = |rest| matches!(rest, "" | "/");
    origin.eq_ignore_ascii_case(resource.origin()) && (rest == expected || bare(rest) && bare(expected))
}

/// Whether the resource asked for at the token endpoint is the one that was granted. Absent means the granted one.
///
/// Spec: RFC 8707 §2.2.
#[must_use]
pub fn narrows(granted: &ResourceUri, requested: Option<&str>) -> bool {
    requested.is_none_or(|requested| names(requested, granted))
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

    /// Req: AS-86
    #[test]
    fn case_matters_behind_the_host_only() {
        let resource = |text| ResourceUri::parse(text, LoopbackPolicy::AllowHttpOnLoopback).unwrap();
        let server = resource("http://localhost:8001/mcp");
        for text in ["http://localhost:8001/mcp", "HTTP://LOCALHOST:8001/mcp", "Http://localhost:8001/mcp"] {
            assert!(names(text, &server), "{text}");
        }
        for text in [
            "http://localhost:8001/MCP",
            "http://localhost:8001/mcp/",
            "http://localhost:8001/mcp?x=1",
            "http://localhost:8001/mcp#x",
            "http://localhost:8001/%6dcp",
            "http://localhost:8001",
            "http://localhost:80010/mcp",
            "http://localhost/mcp",
            "http://127.0.0.1:8001/mcp",
            "https://localhost:8001/mcp",
            "//localhost:8001/mcp",
            "/mcp",
            "http://localh\u{f6}st:8001/mcp",
            "",
        ] {
            assert!(!names(text, &server), "{text}");
        }
        let bare = resource("https://mcp.example");
        assert!(names("https://mcp.example/", &bare) && names("https://MCP.example", &bare));
        assert!(names("https://mcp.example", &resource("https://mcp.example/")));
        assert!(!names("https://mcp.example//", &bare) && !names("https://mcp.example:443", &bare));
    }
}
