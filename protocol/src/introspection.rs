//! Introspection: a resource server asks the authorization server whether a token is still good.

use serde::{Deserialize, Serialize};

use crate::access_token::AccessTokenClaims;

/// The answer. About a token that is no good it says nothing but that.
///
/// Spec: RFC 7662 §2.2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntrospectionResponse {
    /// Whether the token is good, for the resource server that asks.
    pub active: bool,
    /// What the token says; only if it is good.
    #[serde(flatten)]
    pub token: Option<ActiveToken>,
}

/// What is told about a good access token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveToken {
    /// `Bearer`.
    pub token_type: String,
    /// Its claims, as they are signed.
    #[serde(flatten)]
    pub claims: AccessTokenClaims,
}

impl IntrospectionResponse {
    /// About a good token.
    #[must_use]
    pub fn active(claims: AccessTokenClaims) -> Self {
        Self { active: true, token: Some(ActiveToken { token_type: "Bearer".into(), claims }) }
    }

    /// About any other text.
    #[must_use]
    pub fn inactive() -> Self {
        Self { active: false, token: None }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use serde_json::json;

    use super::*;

    /// Req: AS-144, AS-145
    #[test]
    fn a_good_token_is_described_and_any_other_is_not() {
        let claims = json!({
            "iss": "https://as.example",
            "aud": "https://rs.example/mcp",
            "sub": "ada",
            "client_id": "https://c.example/c",
            "scope": "mcp:connect",
            "iat": 1,
            "exp": 2,
            "jti": "a.b",
        });
        let active = IntrospectionResponse::active(serde_json::from_value(claims.clone()).unwrap());
        let written = serde_json::to_value(&active).unwrap();
        assert_eq!((&written["active"], &written["token_type"]), (&json!(true), &json!("Bearer")));
        for (name, value) in claims.as_object().unwrap() {
            assert_eq!(written[name], *value, "{name}");
        }
        assert_eq!(serde_json::from_value::<IntrospectionResponse>(written).unwrap(), active);
        let inactive = serde_json::to_string(&IntrospectionResponse::inactive()).unwrap();
        assert_eq!(inactive, r#"{"active":false}"#);
    }
}
