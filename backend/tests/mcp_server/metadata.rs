//! Protected resource metadata.

use axum::body::Body;
use axum::extract::Request;
use http::StatusCode;
use serde_json::json;

use crate::support::{RESOURCE, Server};

/// Req: RS-01, RS-02, RS-03, RS-05, RS-07, RS-08
#[tokio::test]
async fn the_document_is_at_the_path_form_and_everybody_may_read_it() {
    let server = Server::start().await;
    let request = Request::get("/.well-known/oauth-protected-resource/mcp")
        .header("origin", "https://anyone.example")
        .body(Body::empty())
        .unwrap();
    let answer = server.send(request).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(
        answer.json(),
        json!({
            "resource": RESOURCE,
            "authorization_servers": [server.keys.issuer],
            "scopes_supported": ["mcp:connect"],
            "bearer_methods_supported": ["header"],
            "resource_name": "Server under test",
        })
    );
}

/// Req: RS-04
#[tokio::test]
async fn the_root_form_does_not_exist_because_it_would_name_another_resource() {
    let server = Server::start().await;
    let request = Request::get("/.well-known/oauth-protected-resource")
        .header("origin", "https://anyone.example")
        .body(Body::empty())
        .unwrap();
    let answer = server.send(request).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(answer.header("access-control-allow-origin"), "*", "a page can read that there is nothing");
}
