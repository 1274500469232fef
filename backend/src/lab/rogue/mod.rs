//! Servers that misbehave, each in one way, for the attacks of the catalogue: an MCP server together with its authorization
//! server, small and real, on loopback. What each does otherwise than it should is in its address:
//! `http://localhost:4666/{twist}/{attempt}/mcp`.

use axum::Router;

/// The router of all of them. `origin` is theirs.
pub(super) fn router(_origin: &str) -> Router {
    Router::new()
}
