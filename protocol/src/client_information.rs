//! Dynamic registration, the client's side: what it says about itself, and what it is told.
//!
//! The server's side is [`crate::dynamic_registration`]. A client must cope with servers that leave out or add what they
//! like, so this side reads just what it needs.

use serde::{Deserialize, Serialize};

use crate::client_metadata::{ApplicationType, AuthMethod};
use crate::ids::{ClientId, RedirectUri};
use crate::secret::Secret;

/// The body of a registration.
///
/// Spec: RFC 7591 §2, §3.1; MCP 2026-07-28 Client Registration, Application Type.
#[derive(Clone, Debug, Serialize)]
pub struct ClientRegistrationRequest {
    /// What the client calls itself.
    pub client_name: String,
    /// Where it may be sent back to.
    pub redirect_uris: Vec<RedirectUri>,
    /// Which grants it will use.
    pub grant_types: Vec<&'static str>,
    /// `code`.
    pub response_types: Vec<&'static str>,
    /// How it will authenticate at the token endpoint.
    pub token_endpoint_auth_method: AuthMethod,
    /// Where it runs; from 2026-07-28 on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_type: Option<ApplicationType>,
}

/// The part of the answer that a client needs.
///
/// Spec: RFC 7591 §3.2.1.
#[derive(Clone, Debug, Deserialize)]
pub struct ClientInformation {
    /// What the client calls itself in requests from now on.
    pub client_id: ClientId,
    /// The proof, if it got one.
    #[serde(default)]
    pub client_secret: Option<Secret>,
    /// How it authenticates, if the server says so; as text, because servers know methods that we do not.
    #[serde(default)]
    pub token_endpoint_auth_method: Option<String>,
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::dynamic_registration::Registration;
    use crate::loopback::LoopbackPolicy;

    /// Req: CL-17
    #[test]
    fn what_a_client_writes_a_server_reads() {
        let mut request = ClientRegistrationRequest {
            client_name: "Test".into(),
            redirect_uris: vec![RedirectUri::parse("http://127.0.0.1:4000/callback").unwrap()],
            grant_types: vec!["authorization_code", "refresh_token"],
            response_types: vec!["code"],
            token_endpoint_auth_method: AuthMethod::None,
            application_type: Some(ApplicationType::Native),
        };
        let body = serde_json::to_vec(&request).unwrap();
        let read = Registration::validate(&body, LoopbackPolicy::HttpsOnly).unwrap();
        assert_eq!(read.application_type, ApplicationType::Native);
        assert_eq!(read.redirect_uris, request.redirect_uris);
        request.application_type = None;
        assert!(serde_json::to_value(&request).unwrap().get("application_type").is_none());
    }

    #[test]
    fn unknown_methods_and_missing_members_are_no_obstacle() {
        let read: ClientInformation =
            serde_json::from_str(r#"{"client_id":"a","token_endpoint_auth_method":"tls_client_auth","x":1}"#)
                .unwrap();
        assert_eq!(read.client_id.as_str(), "a");
        assert!(read.client_secret.is_none());
        assert!(serde_json::from_str::<ClientInformation>(r#"{"client_id":7}"#).is_err());
    }
}
