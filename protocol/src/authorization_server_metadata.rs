//! Authorization server metadata: its endpoints and what it can do.

use serde::{Deserialize, Serialize};

use crate::ids::{IdentifierError, Issuer, RawUrl};
use crate::loopback::LoopbackPolicy;
use crate::pkce::S256;
use crate::scope::ScopeToken;

/// The document as it stands on the wire. Unknown members are ignored, empty ones are never written.
///
/// Spec: RFC 8414 §2 (also RFC 7009 and 7662); RFC 9207 §3; Client ID Metadata Document draft -00 §5.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationServerMetadata {
    /// The server's name; the same text everywhere.
    pub issuer: String,
    /// Where the browser goes.
    pub authorization_endpoint: String,
    /// Where a code becomes a token.
    pub token_endpoint: String,
    /// Public keys of its signatures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// Where clients register themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_endpoint: Option<String>,
    /// Scopes it knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes_supported: Vec<ScopeToken>,
    /// `code`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub response_types_supported: Vec<String>,
    /// `query`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub response_modes_supported: Vec<String>,
    /// Absent would mean `authorization_code` and `implicit`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grant_types_supported: Vec<String>,
    /// Absent would mean `client_secret_basic` only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// How assertions of clients may be signed; present where `private_key_jwt` is offered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub token_endpoint_auth_signing_alg_values_supported: Vec<String>,
    /// Where a client gives a token back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation_endpoint: Option<String>,
    /// Absent would mean `client_secret_basic` only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revocation_endpoint_auth_methods_supported: Vec<String>,
    /// How assertions of clients may be signed there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revocation_endpoint_auth_signing_alg_values_supported: Vec<String>,
    /// Where a resource server asks whether a token is still good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introspection_endpoint: Option<String>,
    /// How resource servers authenticate there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub introspection_endpoint_auth_methods_supported: Vec<String>,
    /// Must contain `S256`, or MCP clients stop.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub code_challenge_methods_supported: Vec<String>,
    /// Whether a client id may be the URL of a metadata document.
    #[serde(default, skip_serializing_if = "is_false")]
    pub client_id_metadata_document_supported: bool,
    /// Whether authorization responses carry `iss`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub authorization_response_iss_parameter_supported: bool,
    /// Resources it issues tokens for; clients compare it with the protected resource metadata.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protected_resources: Vec<String>,
    /// A page for developers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_documentation: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

/// Why a client must not use a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServerMetadataError {
    /// `issuer` is another one than the document was looked up for.
    #[error("the document is about {found}, not about {expected}")]
    OtherIssuer {
        /// What the client asked about.
        expected: String,
        /// What the document says.
        found: String,
    },
    /// `S256` is not offered.
    #[error("the server does not offer PKCE with S256")]
    NoS256,
    /// An endpoint is no URL that a client may call.
    #[error("the {endpoint} {url:?} cannot be used: {reason}")]
    BadEndpoint {
        /// Which member of the document.
        endpoint: &'static str,
        /// The text in the document.
        url: String,
        /// The rule it breaks.
        reason: IdentifierError,
    },
}

impl AuthorizationServerMetadata {
    /// Checks that the document is about the issuer it was looked up for, by identity of text.
    ///
    /// # Errors
    /// [`ServerMetadataError::OtherIssuer`].
    ///
    /// Spec: RFC 8414 §3.3.
    pub fn verify_issuer(&self, expected: &Issuer) -> Result<(), ServerMetadataError> {
        if self.issuer == expected.as_str() {
            return Ok(());
        }
        Err(ServerMetadataError::OtherIssuer { expected: expected.to_string(), found: self.issuer.clone() })
    }

    /// Checks that PKCE with S256 is offered.
    ///
    /// # Errors
    /// [`ServerMetadataError::NoS256`].
    ///
    /// Spec: MCP 2025-11-25 Authorization, Authorization Code Protection.
    pub fn verify_pkce(&self) -> Result<(), ServerMetadataError> {
        if self.code_challenge_methods_supported.iter().any(|method| method == S256) {
            return Ok(());
        }
        Err(ServerMetadataError::NoS256)
    }

    /// Checks that the endpoints a client will use are https URLs (or loopback http by policy): never `javascript:`,
    /// `data:` or `file:`.
    ///
    /// # Errors
    /// [`ServerMetadataError::BadEndpoint`], the first one.
    ///
    /// Spec: MCP Security Best Practices, URL validation; OAuth 2.1 §1.5.
    pub fn verify_endpoints(&self, policy: LoopbackPolicy) -> Result<(), ServerMetadataError> {
        let endpoints = [
            ("authorization_endpoint", Some(&self.authorization_endpoint)),
            ("token_endpoint", Some(&self.token_endpoint)),
            ("jwks_uri", self.jwks_uri.as_ref()),
            ("registration_endpoint", self.registration_endpoint.as_ref()),
            ("revocation_endpoint", self.revocation_endpoint.as_ref()),
            ("introspection_endpoint", self.introspection_endpoint.as_ref()),
        ];
        for (endpoint, url) in endpoints {
            let Some(url) = url else { continue };
            RawUrl::parse(url)
                .and_then(RawUrl::without_fragment)
                .and_then(|raw| raw.permitted_by(policy))
                .map_err(|reason| ServerMetadataError::BadEndpoint { endpoint, url: url.clone(), reason })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn document() -> AuthorizationServerMetadata {
        serde_json::from_value(serde_json::json!({
            "issuer": "https://as.example",
            "authorization_endpoint": "https://as.example/authorize",
            "token_endpoint": "https://as.example/token",
            "code_challenge_methods_supported": ["S256"],
        }))
        .unwrap()
    }

    fn issuer(text: &str) -> Issuer {
        Issuer::parse(text, LoopbackPolicy::HttpsOnly).unwrap()
    }

    /// Req: CL-05, X-36
    #[test]
    fn the_issuer_is_compared_by_text() {
        assert_eq!(document().verify_issuer(&issuer("https://as.example")), Ok(()));
        for other in ["https://as.example/", "https://as.example:443", "https://AS.example"] {
            assert!(document().verify_issuer(&issuer(other)).is_err(), "{other}");
        }
    }

    /// Req: CL-06, AS-05
    #[test]
    fn without_s256_the_client_stops() {
        let mut metadata = document();
        assert_eq!(metadata.verify_pkce(), Ok(()));
        metadata.code_challenge_methods_supported = vec!["plain".into(), "s256".into()];
        assert_eq!(metadata.verify_pkce(), Err(ServerMetadataError::NoS256));
        metadata.code_challenge_methods_supported.clear();
        assert_eq!(metadata.verify_pkce(), Err(ServerMetadataError::NoS256));
    }

    /// Req: CL-08, X-37
    #[test]
    fn endpoints_are_https_urls() {
        assert_eq!(document().verify_endpoints(LoopbackPolicy::HttpsOnly), Ok(()));
        for bad in
            ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "http://as.example/authorize"]
        {
            let mut metadata = document();
            metadata.authorization_endpoint = bad.into();
            assert!(metadata.verify_endpoints(LoopbackPolicy::AllowHttpOnLoopback).is_err(), "{bad}");
            let mut metadata = document();
            metadata.introspection_endpoint = Some(bad.into());
            assert!(metadata.verify_endpoints(LoopbackPolicy::AllowHttpOnLoopback).is_err(), "{bad}");
        }
    }

    /// Req: AS-06, AS-10
    #[test]
    fn flags_are_json_booleans_and_empty_members_are_left_out() {
        let mut value = serde_json::to_value(document()).unwrap();
        assert!(value.get("scopes_supported").is_none());
        assert!(value.get("client_id_metadata_document_supported").is_none());
        value["client_id_metadata_document_supported"] = "true".into();
        assert!(serde_json::from_value::<AuthorizationServerMetadata>(value).is_err());
    }
}
