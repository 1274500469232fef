//! Servers that misbehave, each in one way, for the attacks of the catalogue: an MCP server together with its authorization
//! server, small and real, on loopback. What each does otherwise than it should is in its address:
//! `http://localhost:4666/{twist}/{attempt}/mcp`. An attempt is eight hexadecimal digits, so that runs do not get mixed up.
//!
//! They remember next to nothing: what was asked for stands in the code, and what was granted in the token.

mod authorization_server;
mod cors;
mod mcp_server;
mod place;
mod token;

use std::sync::Arc;

use axum::Router;
use axum::middleware;
use protocol::party::Party;
use server_kit::witness::Watcher;

use super::addresses::Addresses;
use place::Site;

/// The router of all of them.
pub(super) fn router(addresses: &Addresses, watcher: &Watcher) -> Router {
    let site = Arc::new(Site::new(addresses));
    let open = |router: Router| router.layer(middleware::from_fn(cors::answer));
    let mcp_server = open(mcp_server::router(Arc::clone(&site)));
    let authorization_server = open(authorization_server::router(Arc::clone(&site)));
    watcher
        .watch(mcp_server, Party::McpServer)
        .merge(watcher.watch(authorization_server, Party::AuthorizationServer))
        .merge(watcher.watch(authorization_server::for_browsers(site), Party::AuthorizationServer))
}
