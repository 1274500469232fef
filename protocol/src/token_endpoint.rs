//! The token endpoint: a code, or a refresh token, becomes an access token. And the revocation endpoint, which ends both.

use serde::{Deserialize, Serialize};

use crate::ids::{ClientId, RedirectUri, ResourceUri};
use crate::pkce::CodeVerifier;
use crate::query;
use crate::scope::ScopeSet;
use crate::secret::Secret;

/// `grant_type` of the code exchange.
pub const AUTHORIZATION_CODE: &str = "authorization_code";
/// `grant_type` of a refresh.
pub const REFRESH_TOKEN: &str = "refresh_token";

/// `grant_type` of a client that acts in its own name.
pub const CLIENT_CREDENTIALS: &str = "client_credentials";

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

/// A client's request for a new access token, without the person.
///
/// Spec: OAuth 2.1 §4.3.1; RFC 8707 §2.2.
#[derive(Clone, Debug)]
pub struct RefreshRequest {
    /// The newest refresh token of the grant.
    pub refresh_token: Secret,
    /// Who asks.
    pub client_id: ClientId,
    /// What the access token is for.
    pub resource: ResourceUri,
    /// What it shall allow, if less than was granted.
    pub scope: Option<ScopeSet>,
}

impl RefreshRequest {
    /// The parameters, in the order in which they are sent.
    #[must_use]
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut parameters = vec![
            ("grant_type", REFRESH_TOKEN.to_owned()),
            ("refresh_token", self.refresh_token.reveal().to_owned()),
            ("client_id", self.client_id.to_string()),
            ("resource", self.resource.to_string()),
        ];
        parameters.extend(self.scope.as_ref().map(|scope| ("scope", scope.to_string())));
        parameters
    }

    /// The form body.
    #[must_use]
    pub fn to_form(&self) -> String {
        query::encode(self.parameters().iter().map(|(name, value)| (*name, value.as_str())))
    }
}

/// A client's request for a token in its own name, without any person.
///
/// Spec: OAuth 2.1 §4.2.1; RFC 8707 §2.2; MCP Extensions, OAuth Client Credentials.
#[derive(Clone, Debug)]
pub struct ClientCredentialsRequest {
    /// What it shall allow; `None` leaves the choice to the server.
    pub scope: Option<ScopeSet>,
    /// What the token is for.
    pub resource: ResourceUri,
}

impl ClientCredentialsRequest {
    /// The parameters, in the order in which they are sent, without those that say who asks.
    #[must_use]
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut parameters = vec![("grant_type", CLIENT_CREDENTIALS.to_owned())];
        parameters.extend(self.scope.as_ref().map(|scope| ("scope", scope.to_string())));
        parameters.push(("resource", self.resource.to_string()));
        parameters
    }
}

/// A public client's request to end what grew from a consent, by any token of it.
///
/// Spec: RFC 7009 §2.1.
#[derive(Clone, Debug)]
pub struct RevocationRequest {
    /// An access token or a refresh token.
    pub token: Secret,
    /// Which of the two: `access_token` or `refresh_token`. Only a hint.
    pub token_type_hint: Option<&'static str>,
    /// Who asks.
    pub client_id: ClientId,
}

impl RevocationRequest {
    /// The parameters, in the order in which they are sent.
    #[must_use]
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut parameters = vec![("token", self.token.reveal().to_owned())];
        parameters.extend(self.token_type_hint.map(|hint| ("token_type_hint", hint.to_owned())));
        parameters.push(("client_id", self.client_id.to_string()));
        parameters
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

    #[test]
    fn requests_are_written_as_the_endpoints_read_them() {
        let client_id = ClientId::parse("https://c.example/c").unwrap();
        let resource =
            ResourceUri::parse("https://rs.example/mcp", crate::loopback::LoopbackPolicy::HttpsOnly).unwrap();
        let mut refresh = RefreshRequest {
            refresh_token: Secret::new("r"),
            client_id: client_id.clone(),
            resource,
            scope: None,
        };
        assert_eq!(
            refresh.to_form(),
            "grant_type=refresh_token&refresh_token=r&client_id=https%3A%2F%2Fc.example%2Fc\
             &resource=https%3A%2F%2Frs.example%2Fmcp"
        );
        refresh.scope = Some("mcp:connect".parse().unwrap());
        assert!(refresh.to_form().ends_with("&scope=mcp%3Aconnect"));
        let mut revocation =
            RevocationRequest { token: Secret::new("r"), token_type_hint: Some(REFRESH_TOKEN), client_id };
        assert_eq!(
            revocation.to_form(),
            "token=r&token_type_hint=refresh_token&client_id=https%3A%2F%2Fc.example%2Fc"
        );
        revocation.token_type_hint = None;
        assert_eq!(revocation.to_form(), "token=r&client_id=https%3A%2F%2Fc.example%2Fc");
    }

    /// Req: AS-121
    #[test]
    fn token_type_is_read_in_any_case() {
        let response: TokenResponse =
            serde_json::from_str(r#"{"access_token":"a","token_type":"bEARER","scope":"b a"}"#).unwrap();
        assert!(response.is_bearer());
        assert_eq!(response.scope.unwrap().to_string(), "a b");
    }
}
