//! What browsers may read, refusals among it.

use axum::body::Body;
use axum::extract::Request;
use http::header::{HOST, ORIGIN};
use http::{HeaderValue, StatusCode};
use serde_json::json;

use crate::support::{PAGE, Server, call, post};

fn preflight(origin: &str) -> Request {
    Request::options("/mcp")
        .header(HOST, "localhost:8001")
        .header(ORIGIN, origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type,mcp-protocol-version")
        .body(Body::empty())
        .unwrap()
}

/// Req: RS-10, RS-15
#[tokio::test]
async fn an_invited_page_can_read_the_challenge_in_every_refusal() {
    let server = Server::start().await;
    let message = call("get_weather", &json!({ "city": "Paris" })).to_string();
    for (authorization, status) in [
        (None, StatusCode::UNAUTHORIZED),
        (Some("Bearer a.b.c".to_owned()), StatusCode::UNAUTHORIZED),
        (Some("Bearer".to_owned()), StatusCode::BAD_REQUEST),
        (Some(format!("Bearer {}", server.token("mcp:connect"))), StatusCode::FORBIDDEN),
        (Some(format!("Bearer {}", server.token("mcp:connect weather:read"))), StatusCode::OK),
    ] {
        let answer = server.send(post(&message, authorization.as_deref())).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("access-control-allow-origin"), PAGE);
        let exposed = answer.header("access-control-expose-headers").to_ascii_lowercase();
        assert!(exposed.contains("www-authenticate") && exposed.contains("mcp-session-id"), "{exposed}");
        assert_eq!(answer.header("access-control-allow-credentials"), "", "no cookies");
    }
}

/// Req: RS-30
#[tokio::test]
async fn a_preflight_needs_no_token_and_helps_only_invited_pages() {
    let server = Server::start().await;
    let answer = server.send(preflight(PAGE)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("access-control-allow-origin"), PAGE);
    let allowed = answer.header("access-control-allow-headers").to_ascii_lowercase();
    for name in ["authorization", "content-type", "mcp-protocol-version", "mcp-session-id", "last-event-id"] {
        assert!(allowed.contains(name), "{name}: {allowed}");
    }
    let foreign = server.send(preflight("https://evil.example")).await;
    assert_eq!(foreign.header("access-control-allow-origin"), "");

    let mut request = post("{}", None);
    request.headers_mut().insert(ORIGIN, HeaderValue::from_static("https://evil.example"));
    assert_eq!(server.send(request).await.header("access-control-allow-origin"), "");
}
