//! For whoever runs the server: does it answer, and can it work?
//!
//! The answers say no more than that, since anybody may ask.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::state::Server;

/// `GET /healthz`: the process answers. If not, it should be started anew.
pub(super) async fn get_healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: something can be written durably and read back, and there is a key to sign with; the server does not
/// start without one. If not, requests should go elsewhere until this changes.
pub(super) async fn get_readyz(State(server): State<Arc<Server>>) -> Response {
    match server.store.check().await {
        Ok(()) => "ready\n".into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "not ready: the store does not work\n").into_response()
        }
    }
}
