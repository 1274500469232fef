//! Protected resource metadata: where this server says who may issue tokens for it.
//!
//! Spec: RFC 9728 §2, §3; MCP 2025-11-25 Authorization, Protected Resource Metadata Discovery Requirements.

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use protocol::protected_resource_metadata::ProtectedResourceMetadata;

use crate::scope_table::ScopeTable;
use crate::settings::Settings;

/// The document, as text: it does not change while the server runs.
pub(crate) fn document(settings: &Settings, scopes: &ScopeTable) -> Result<String, serde_json::Error> {
    serde_json::to_string(&ProtectedResourceMetadata {
        resource: settings.resource.to_string(),
        authorization_servers: vec![settings.issuer.to_string()],
        // The least that is useful: what a tool needs beyond it comes by step-up.
        scopes_supported: scopes.base().iter().cloned().collect(),
        bearer_methods_supported: vec!["header".to_owned()],
        resource_name: Some(settings.name.clone()),
    })
}

pub(crate) fn response(document: &str) -> Response {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "public, max-age=60")];
    (headers, document.to_owned()).into_response()
}
