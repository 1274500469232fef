//! Where the two metadata documents are: the suffix goes between host and path.

use crate::ids::{Issuer, ResourceUri};

/// `/.well-known/` name of protected resource metadata.
pub const OAUTH_PROTECTED_RESOURCE: &str = "oauth-protected-resource";
/// `/.well-known/` name of authorization server metadata.
pub const OAUTH_AUTHORIZATION_SERVER: &str = "oauth-authorization-server";
/// `/.well-known/` name of the OpenID Connect form of the same.
pub const OPENID_CONFIGURATION: &str = "openid-configuration";

/// A place to look, and why there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The URL to get.
    pub url: String,
    /// Which rule names it, in a few words.
    pub reason: String,
}

impl Candidate {
    fn new(url: String, reason: &str) -> Self {
        Self { url, reason: reason.to_owned() }
    }
}

/// The path of a protected resource's own metadata, for its router: `/mcp` gives
/// `/.well-known/oauth-protected-resource/mcp`.
///
/// Spec: RFC 9728 §3.1.
#[must_use]
pub fn protected_resource_metadata_path(resource: &ResourceUri) -> String {
    format!("/.well-known/{OAUTH_PROTECTED_RESOURCE}{}", resource.path().trim_end_matches('/'))
}

/// The full URL of a protected resource's own metadata.
#[must_use]
pub fn protected_resource_metadata_url(resource: &ResourceUri) -> String {
    format!("{}{}", resource.origin(), protected_resource_metadata_path(resource))
}

/// Where a client looks for protected resource metadata when no challenge told it: with the path, then at the root.
///
/// Spec: MCP 2025-11-25 Authorization, Protected Resource Metadata Discovery Requirements; RFC 9728 §3.1.
#[must_use]
pub fn protected_resource_metadata_candidates(server: &ResourceUri) -> Vec<Candidate> {
    let root = Candidate::new(
        format!("{}/.well-known/{OAUTH_PROTECTED_RESOURCE}", server.origin()),
        "well-known URI at the root",
    );
    if server.path().trim_end_matches('/').is_empty() {
        return vec![root];
    }
    vec![
        Candidate::new(protected_resource_metadata_url(server), "well-known URI with the server's path"),
        root,
    ]
}

/// Where a client looks for authorization server metadata, in order. Never at the root for an issuer with a path.
///
/// Spec: MCP 2025-11-25 Authorization, Authorization Server Metadata Discovery; RFC 8414 §3.1.
#[must_use]
pub fn authorization_server_metadata_candidates(issuer: &Issuer) -> Vec<Candidate> {
    let origin = issuer.origin();
    let path = issuer.path().trim_end_matches('/');
    let mut candidates = vec![
        Candidate::new(
            format!("{origin}/.well-known/{OAUTH_AUTHORIZATION_SERVER}{path}"),
            "OAuth 2.0 Authorization Server Metadata",
        ),
        Candidate::new(
            format!("{origin}/.well-known/{OPENID_CONFIGURATION}{path}"),
            "OpenID Connect Discovery, path inserted",
        ),
    ];
    if !path.is_empty() {
        candidates.push(Candidate::new(
            format!("{origin}{path}/.well-known/{OPENID_CONFIGURATION}"),
            "OpenID Connect Discovery, path appended",
        ));
    }
    candidates
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::loopback::LoopbackPolicy;

    fn resource(text: &str) -> ResourceUri {
        ResourceUri::parse(text, LoopbackPolicy::AllowHttpOnLoopback).unwrap()
    }

    fn urls(candidates: &[Candidate]) -> Vec<&str> {
        candidates.iter().map(|candidate| candidate.url.as_str()).collect()
    }

    /// RFC 9728 §3.1 (the example with a path) and the MCP rule. Req: RS-03, CL-02
    #[test]
    fn protected_resource_metadata_is_sought_with_the_path_first() {
        assert_eq!(
            urls(&protected_resource_metadata_candidates(&resource(
                "https://resource.example.com/resource1"
            ))),
            [
                "https://resource.example.com/.well-known/oauth-protected-resource/resource1",
                "https://resource.example.com/.well-known/oauth-protected-resource"
            ]
        );
        assert_eq!(
            urls(&protected_resource_metadata_candidates(&resource("https://resource.example.com/"))),
            ["https://resource.example.com/.well-known/oauth-protected-resource"]
        );
        assert_eq!(
            protected_resource_metadata_path(&resource("http://localhost:8001/mcp")),
            "/.well-known/oauth-protected-resource/mcp"
        );
    }

    /// RFC 8414 §3.1 (the example with a path) and the order of the MCP specification. Req: CL-04, AS-02
    #[test]
    fn authorization_server_metadata_order() {
        let issuer = |text| Issuer::parse(text, LoopbackPolicy::AllowHttpOnLoopback).unwrap();
        assert_eq!(
            urls(&authorization_server_metadata_candidates(&issuer("https://auth.example.com/tenant1"))),
            [
                "https://auth.example.com/.well-known/oauth-authorization-server/tenant1",
                "https://auth.example.com/.well-known/openid-configuration/tenant1",
                "https://auth.example.com/tenant1/.well-known/openid-configuration"
            ]
        );
        let root = [
            "http://localhost:9000/.well-known/oauth-authorization-server",
            "http://localhost:9000/.well-known/openid-configuration",
        ];
        assert_eq!(urls(&authorization_server_metadata_candidates(&issuer("http://localhost:9000"))), root);
        assert_eq!(urls(&authorization_server_metadata_candidates(&issuer("http://localhost:9000/"))), root);
    }
}
