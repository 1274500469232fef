//! The token endpoint: a code becomes an access token.

use serde::{Deserialize, Serialize};

use crate::ids::{ClientId, RedirectUri, ResourceUri};
use crate::pkce::CodeVerifier;
use crate::query;
use crate::scope::ScopeSet;
use crate::secret::Secret;

/// `grant_type` of the code exchange.
pub const AUTHORIZATION_CODE: &str = "authorization_code";

/// A client's request to redeem a code.
///
/// Spec: OAuth 2.1 §4.1.3; RFC 8707 §2.2.
#[derive(Clone, Debug)]
pub struct CodeExchange {
    /// The code from the callback.
    pub code: Secret,
    /// The verifier that hashes to the challenge sent before.
    pub code_verifier: CodeVerifier,
    /// OAuth 2.1 leaves it out of the token request; servers of OAuth 2.0 demand it.
    pub redirect_uri: RedirectUri,
    /// Who asks.
    pub client_id: ClientId,
    /// What the token is for.
    pub resource: ResourceUri,
}

impl CodeExchange {
    /// The parameters, in the order in which they are sent.
    #[must_use]
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![
            ("grant_type", AUTHORIZATION_CODE.to_owned()),
            ("code", self.code.reveal().to_owned()),
            ("code_verifier", self.code_verifier.reveal().to_owned()),
            ("redirect_uri", self.redirect_uri.to_string()),
            ("client_id", self.client_id.to_string()),
            ("resource", self.resource.to_string()),
        ]
    }

    /// The form body.
    #[must_use]
    pub fn to_form(&self) -> String {
        query::encode(self.parameters().iter().map(|(name, value)| (*name, value.as_str())))
    }
}

/// A successful answer of the token endpoint.
///
/// Spec: OAuth 2.1 §3.2.3.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenResponse {
    /// The token.
    pub access_token: Secret,
    /// `Bearer`, in any case.
    pub token_type: String,
    /// Seconds until it expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
    /// What was granted; absent means what was requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<ScopeSet>,
    /// A token for new tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<Secret>,
}

impl TokenResponse {
    /// Whether the token is a bearer token, which is all that MCP uses here.
    #[must_use]
    pub fn is_bearer(&self) -> bool {
        self.token_type.eq_ignore_ascii_case("bearer")
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    /// Req: AS-121
    #[test]
    fn token_type_is_read_in_any_case() {
        let response: TokenResponse =
            serde_json::from_str(r#"{"access_token":"a","token_type":"bEARER","scope":"b a"}"#).unwrap();
        assert!(response.is_bearer());
        assert_eq!(response.scope.unwrap().to_string(), "a b");
    }
}
