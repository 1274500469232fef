//! What the server says about itself: its metadata and its keys.
//!
//! Spec: RFC 8414 §2, §3 (also RFC 7009 and 7662); OpenID Connect Discovery §3; RFC 9207 §3; Client ID Metadata Document
//! draft -00 §5; RFC 7517 §5.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::IntoResponse;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use protocol::authorization_server_metadata::AuthorizationServerMetadata;
use protocol::client_keys::SigningAlgorithm;
use protocol::client_metadata::AuthMethod;
use protocol::pkce::S256;
use protocol::token_endpoint::{AUTHORIZATION_CODE, REFRESH_TOKEN};
use serde::Serialize;

use super::Settings;
use super::state::Server;

/// Long enough to spare a round trip, short enough to follow a change.
const KEPT_FOR: &str = "public, max-age=300";

/// The same document in the form of OpenID Connect Discovery, for clients that look for that form only.
///
/// No ID token is ever issued here; the two members are there because strict readers of this form demand them.
///
/// Spec: OpenID Connect Discovery §3, §4; MCP Authorization, Authorization Server Metadata Discovery.
#[derive(Serialize)]
struct OpenIdConfiguration {
    #[serde(flatten)]
    metadata: AuthorizationServerMetadata,
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: [&'static str; 1],
}

/// Both forms, written once at the start.
pub(super) struct Documents {
    oauth: Bytes,
    openid: Bytes,
}

impl Documents {
    pub(super) fn new(settings: &Settings) -> Self {
        let metadata = metadata(settings);
        let oauth = json(&metadata);
        let openid = json(&OpenIdConfiguration {
            metadata,
            subject_types_supported: ["public"],
            id_token_signing_alg_values_supported: ["RS256"],
        });
        Self { oauth, openid }
    }
}

fn metadata(settings: &Settings) -> AuthorizationServerMetadata {
    let client_authentication = names(AuthMethod::ALL.map(AuthMethod::as_str));
    let assertion_algorithms = names(SigningAlgorithm::ALL.map(SigningAlgorithm::as_str));
    let can_introspect = settings.resources.iter().any(|resource| resource.introspection_secret.is_some());
    AuthorizationServerMetadata {
        issuer: settings.issuer.to_string(),
        authorization_endpoint: settings.url("/authorize"),
        token_endpoint: settings.url("/token"),
        jwks_uri: Some(settings.url("/jwks")),
        registration_endpoint: settings.registration.map(|_| settings.url("/register")),
        scopes_supported: settings.offered_scopes().iter().cloned().collect(),
        response_types_supported: vec!["code".into()],
        response_modes_supported: vec!["query".into()],
        grant_types_supported: vec![AUTHORIZATION_CODE.into(), REFRESH_TOKEN.into()],
        token_endpoint_auth_methods_supported: client_authentication.clone(),
        token_endpoint_auth_signing_alg_values_supported: assertion_algorithms.clone(),
        revocation_endpoint: Some(settings.url("/revoke")),
        revocation_endpoint_auth_methods_supported: client_authentication,
        revocation_endpoint_auth_signing_alg_values_supported: assertion_algorithms,
        introspection_endpoint: can_introspect.then(|| settings.url("/introspect")),
        introspection_endpoint_auth_methods_supported: can_introspect
            .then(|| "client_secret_basic".to_owned())
            .into_iter()
            .collect(),
        code_challenge_methods_supported: vec![S256.into()],
        client_id_metadata_document_supported: true,
        authorization_response_iss_parameter_supported: true,
        protected_resources: settings.resources.iter().map(|resource| resource.uri.to_string()).collect(),
        service_documentation: Some(settings.url("/")),
    }
}

fn names<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.map(str::to_owned).to_vec()
}

/// It consists of texts, lists and flags only, which JSON can always express.
fn json(document: &impl Serialize) -> Bytes {
    serde_json::to_vec(document).map(Bytes::from).unwrap_or_default()
}

pub(super) async fn get_metadata(State(server): State<Arc<Server>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, KEPT_FOR)], server.metadata.oauth.clone())
}

pub(super) async fn get_openid_configuration(State(server): State<Arc<Server>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, KEPT_FOR)], server.metadata.openid.clone())
}

pub(super) async fn get_jwks(State(server): State<Arc<Server>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, KEPT_FOR)], server.keys.document())
}
