//! What the server says about itself: its metadata and its keys.
//!
//! Spec: RFC 8414 §2, §3 (also RFC 7009 and 7662); RFC 9207 §3; Client ID Metadata Document draft -00 §5; RFC 7517 §5.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::IntoResponse;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use protocol::authorization_server_metadata::AuthorizationServerMetadata;
use protocol::jwks::{RsaJwks, RsaPublicJwk};
use protocol::pkce::S256;
use protocol::scope::ScopeSet;
use protocol::token_endpoint::{AUTHORIZATION_CODE, REFRESH_TOKEN};

use super::Settings;
use super::state::Server;

/// Long enough to spare a round trip, short enough to follow a change.
const KEPT_FOR: &str = "public, max-age=300";

/// The document, written once at the start.
pub(super) fn document(settings: &Settings) -> Bytes {
    let scopes = settings
        .resources
        .iter()
        .fold(ScopeSet::offline_access(), |scopes, resource| scopes.union(&resource.scope_set()));
    let client_authentication = vec!["none".to_owned()];
    let can_introspect = settings.resources.iter().any(|resource| resource.introspection_secret.is_some());
    json(&AuthorizationServerMetadata {
        issuer: settings.issuer.to_string(),
        authorization_endpoint: settings.url("/authorize"),
        token_endpoint: settings.url("/token"),
        jwks_uri: Some(settings.url("/jwks")),
        scopes_supported: scopes.iter().cloned().collect(),
        response_types_supported: vec!["code".into()],
        response_modes_supported: vec!["query".into()],
        grant_types_supported: vec![AUTHORIZATION_CODE.into(), REFRESH_TOKEN.into()],
        token_endpoint_auth_methods_supported: client_authentication.clone(),
        revocation_endpoint: Some(settings.url("/revoke")),
        revocation_endpoint_auth_methods_supported: client_authentication,
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
    })
}

/// The key set, written once at the start.
pub(super) fn jwks(key: &RsaPublicJwk) -> Bytes {
    json(&RsaJwks { keys: vec![key.clone()] })
}

/// Both documents consist of texts, lists and flags only, which JSON can always express.
fn json(document: &impl serde::Serialize) -> Bytes {
    serde_json::to_vec(document).map(Bytes::from).unwrap_or_default()
}

pub(super) async fn get_metadata(State(server): State<Arc<Server>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, KEPT_FOR)], server.metadata.clone())
}

pub(super) async fn get_jwks(State(server): State<Arc<Server>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, KEPT_FOR)], server.jwks.clone())
}
