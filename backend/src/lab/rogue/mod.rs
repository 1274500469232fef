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

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::{Request, StatusCode};
    use server_kit::clock::SystemClock;
    use tower::ServiceExt as _;

    use super::*;

    async fn status_of(path: &str) -> StatusCode {
        let addresses = Addresses {
            page: String::new(),
            mcp_server: String::new(),
            authorization_server: String::new(),
            rogue: "http://localhost:4666".to_owned(),
        };
        let watcher = Watcher::new(Arc::new(SystemClock), Arc::new(|_| ()));
        let request = Request::post(path).body(Body::empty()).unwrap();
        router(&addresses, &watcher).oneshot(request).await.unwrap().status()
    }

    #[tokio::test]
    async fn a_rogue_is_where_its_twist_and_its_attempt_say() {
        assert_eq!(status_of("/no-pkce/0123abcd/mcp").await, StatusCode::UNAUTHORIZED);
        for nowhere in [
            "/nothing/0123abcd/mcp",
            "/no-pkce/0123abc/mcp",
            "/no-pkce/0123abcdef/mcp",
            "/no-pkce/0123abcg/mcp",
            "/no-pkce/0123%C3%A4b/mcp",
        ] {
            assert_eq!(status_of(nowhere).await, StatusCode::NOT_FOUND, "{nowhere}");
        }
    }
}
