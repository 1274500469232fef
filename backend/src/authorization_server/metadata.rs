//! What the server says about itself: its metadata and its keys.
//!
//! Spec: RFC 8414 §2, §3; RFC 9207 §3; Client ID Metadata Document draft -00 §5; RFC 7517 §5.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::IntoResponse;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use protocol::authorization_server_metadata::AuthorizationServerMetadata;
use protocol::pkce::S256;
use protocol::scope::ScopeSet;
use protocol::token_endpoint::AUTHORIZATION_CODE;

use super::Settings;
use super::state::Server;

/// Long enough to spare a round trip, short enough to follow a change.
const KEPT_FOR: &str = "public, max-age=300";

/// The document, written once at the start.
pub(super) fn document(settings: &Settings) -> Bytes {
    let scopes = settings
        .resources
        .iter()
        .fold(ScopeSet::default(), |scopes, resource| scopes.union(&resource.scope_set()));
    json(&AuthorizationServerMetadata {
        issuer: settings.issuer.to_string(),
        authorization_endpoint: settings.url("/authorize"),
        token_endpoint: settings.url("/token"),
        jwks_uri: Some(settings.url("/jwks")),
        scopes_supported: scopes.iter().cloned().collect(),
        response_types_supported: vec!["code".into()],
        response_modes_supported: vec!["query".into()],
        grant_types_supported: vec![AUTHORIZATION_CODE.into()],
        token_endpoint_auth_methods_supported: vec!["none".into()],
        code_challenge_methods_supported: vec![S256.into()],
        client_id_metadata_document_supported: true,
        authorization_response_iss_parameter_supported: true,
        protected_resources: settings.resources.iter().map(|resource| resource.uri.to_string()).collect(),
        service_documentation: Some(settings.url("/")),
    })
}

/// It consists of texts, lists and flags only, which JSON can always express.
fn json(document: &impl serde::Serialize) -> Bytes {
    serde_json::to_vec(document).map(Bytes::from).unwrap_or_default()
}

pub(super) async fn get_metadata(State(server): State<Arc<Server>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, KEPT_FOR)], server.metadata.clone())
}

pub(super) async fn get_jwks(State(server): State<Arc<Server>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, KEPT_FOR)], server.keys.document())
}
