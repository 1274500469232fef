//! The authorization request: what the client sends the browser to the authorization server with.

use serde::{Deserialize, Serialize};

use crate::ids::{ClientId, RedirectUri, ResourceUri};
use crate::pkce::{CodeChallenge, S256};
use crate::query;
use crate::scope::ScopeSet;
use crate::secret::Secret;

/// A client's authorization request.
///
/// Spec: OAuth 2.1 §4.1.1; RFC 7636 §4.3; RFC 8707 §2.1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// Who asks.
    pub client_id: ClientId,
    /// Where the answer goes.
    pub redirect_uri: RedirectUri,
    /// What for; `None` leaves the choice to the server.
    pub scope: Option<ScopeSet>,
    /// Ties the answer to this browser.
    pub state: Secret,
    /// S256 of the verifier that the client keeps.
    pub code_challenge: CodeChallenge,
    /// Which server the token is for.
    pub resource: ResourceUri,
}

impl AuthorizationRequest {
    /// The parameters, in the order in which they are sent.
    #[must_use]
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut parameters = vec![
            ("response_type", "code".to_owned()),
            ("client_id", self.client_id.to_string()),
            ("redirect_uri", self.redirect_uri.to_string()),
        ];
        if let Some(scope) = &self.scope {
            parameters.push(("scope", scope.to_string()));
        }
        parameters.extend([
            ("state", self.state.reveal().to_owned()),
            ("code_challenge", self.code_challenge.as_str().to_owned()),
            ("code_challenge_method", S256.to_owned()),
            ("resource", self.resource.to_string()),
        ]);
        parameters
    }

    /// The URL to send the browser to; a query of the endpoint is kept.
    #[must_use]
    pub fn to_url(&self, authorization_endpoint: &str) -> String {
        let separator = if authorization_endpoint.contains('?') { '&' } else { '?' };
        let parameters = self.parameters();
        let query = query::encode(parameters.iter().map(|(name, value)| (*name, value.as_str())));
        format!("{authorization_endpoint}{separator}{query}")
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::loopback::LoopbackPolicy;
    use crate::pkce::CodeVerifier;

    /// Req: CL-25, CL-26, CL-27
    #[test]
    fn carries_challenge_resource_and_scope() {
        let request = AuthorizationRequest {
            client_id: ClientId::parse("http://localhost:3000/client.json").unwrap(),
            redirect_uri: RedirectUri::parse("http://localhost:3000/callback").unwrap(),
            scope: Some("mcp:connect".parse().unwrap()),
            state: Secret::new("s"),
            code_challenge: CodeVerifier::from_entropy(&[0; 32]).challenge(),
            resource: ResourceUri::parse("http://localhost:8001/mcp", LoopbackPolicy::AllowHttpOnLoopback)
                .unwrap(),
        };
        let url = request.to_url("http://localhost:9000/authorize?tenant=1");
        assert!(
            url.starts_with("http://localhost:9000/authorize?tenant=1&response_type=code&client_id=http%3A")
        );
        assert!(url.contains("&code_challenge_method=S256&resource=http%3A%2F%2Flocalhost%3A8001%2Fmcp"));
        assert!(url.contains("&scope=mcp%3Aconnect&state=s&"));
    }
}
