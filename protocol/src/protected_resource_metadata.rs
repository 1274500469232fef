//! Protected resource metadata: which authorization servers an MCP server trusts.

use serde::{Deserialize, Serialize};

use crate::ids::{IdentifierError, Issuer, ResourceUri};
use crate::loopback::LoopbackPolicy;
use crate::scope::{ScopeSet, ScopeToken};

/// The document as it stands on the wire. Unknown members are ignored, empty ones are never written.
///
/// Spec: RFC 9728 §2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProtectedResourceMetadata {
    /// The resource's identifier.
    pub resource: String,
    /// Issuers of the authorization servers that can issue tokens for it. MCP wants at least one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_servers: Vec<String>,
    /// Scopes worth asking for at first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes_supported: Vec<ScopeToken>,
    /// How a token may be sent; for MCP `header`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bearer_methods_supported: Vec<String>,
    /// Name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_name: Option<String>,
}

/// Why a client must not use a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResourceMetadataError {
    /// `resource` is another one than the document was looked up for.
    #[error("the document is about {found}, not about {expected}")]
    OtherResource {
        /// What the client asked about.
        expected: String,
        /// What the document says.
        found: String,
    },
    /// There is no authorization server in it.
    #[error("the document names no authorization server")]
    NoAuthorizationServer,
    /// An authorization server's issuer is no legal issuer.
    #[error("the authorization server {issuer:?} cannot be used: {reason}")]
    BadIssuer {
        /// The text in the document.
        issuer: String,
        /// The rule it breaks.
        reason: IdentifierError,
    },
}

impl ProtectedResourceMetadata {
    /// Checks that the document is about the MCP server, by identity of text.
    ///
    /// # Errors
    /// [`ResourceMetadataError::OtherResource`].
    ///
    /// Spec: RFC 9728 §3.3.
    pub fn verify_resource(&self, server: &ResourceUri) -> Result<(), ResourceMetadataError> {
        if self.resource == server.as_str() {
            return Ok(());
        }
        Err(ResourceMetadataError::OtherResource {
            expected: server.to_string(),
            found: self.resource.clone(),
        })
    }

    /// The first authorization server, which is the one this client uses.
    ///
    /// # Errors
    /// [`ResourceMetadataError::NoAuthorizationServer`] or [`ResourceMetadataError::BadIssuer`].
    ///
    /// Spec: MCP 2025-11-25 Authorization, Authorization Server Location.
    pub fn first_authorization_server(
        &self,
        policy: LoopbackPolicy,
    ) -> Result<Issuer, ResourceMetadataError> {
        let text = self.authorization_servers.first().ok_or(ResourceMetadataError::NoAuthorizationServer)?;
        Issuer::parse(text, policy)
            .map_err(|reason| ResourceMetadataError::BadIssuer { issuer: text.clone(), reason })
    }

    /// `scopes_supported` as a set.
    #[must_use]
    pub fn scopes(&self) -> ScopeSet {
        self.scopes_supported.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn document(resource: &str) -> ProtectedResourceMetadata {
        serde_json::from_value(serde_json::json!({
            "resource": resource,
            "authorization_servers": ["http://localhost:9000"],
            "unknown": 1,
        }))
        .unwrap()
    }

    /// Req: CL-03, X-36
    #[test]
    fn the_resource_is_compared_by_text() {
        let server =
            ResourceUri::parse("http://localhost:8001/mcp", LoopbackPolicy::AllowHttpOnLoopback).unwrap();
        assert_eq!(document("http://localhost:8001/mcp").verify_resource(&server), Ok(()));
        for other in ["http://localhost:8001/mcp/", "http://localhost:8001", "http://LOCALHOST:8001/mcp"] {
            assert!(document(other).verify_resource(&server).is_err(), "{other}");
        }
    }

    /// Req: RS-05
    #[test]
    fn empty_members_are_not_written() {
        let json = serde_json::to_string(&document("https://rs.example")).unwrap();
        assert_eq!(
            json,
            r#"{"resource":"https://rs.example","authorization_servers":["http://localhost:9000"]}"#
        );
    }

    /// Req: RS-01
    #[test]
    fn at_least_one_authorization_server() {
        let mut metadata = document("https://rs.example");
        assert_eq!(
            metadata.first_authorization_server(LoopbackPolicy::AllowHttpOnLoopback).unwrap().as_str(),
            "http://localhost:9000"
        );
        assert!(metadata.first_authorization_server(LoopbackPolicy::HttpsOnly).is_err());
        metadata.authorization_servers.clear();
        assert_eq!(
            metadata.first_authorization_server(LoopbackPolicy::HttpsOnly),
            Err(ResourceMetadataError::NoAuthorizationServer)
        );
    }
}
