//! The transport: one strict reading of each message, bounded, and only for invited pages.

use axum::body::Body;
use http::header::{CONTENT_TYPE, HOST, ORIGIN};
use http::{HeaderValue, StatusCode};
use serde_json::json;

use crate::support::{Server, call, post};

fn bearer(server: &Server) -> String {
    format!("Bearer {}", server.token("mcp:connect weather:read"))
}

/// Req: RS-30, RS-31, X-11, G01, G02
#[tokio::test]
async fn foreign_pages_and_rebound_names_are_refused_before_anything_else() {
    let server = Server::start().await;
    let message = call("whoami", &json!({})).to_string();
    let cases = [
        (ORIGIN, "https://evil.example"),
        (ORIGIN, "null"),
        (ORIGIN, "http://localhost.evil.example:3000"),
        (ORIGIN, "http://localhost:3001"),
        (HOST, "evil.example"),
        (HOST, "localhost:9999"),
    ];
    for (name, value) in cases {
        for authorization in [None, Some(bearer(&server))] {
            let mut request = post(&message, authorization.as_deref());
            request.headers_mut().insert(name.clone(), HeaderValue::from_static(value));
            request.headers_mut().insert("x-forwarded-host", HeaderValue::from_static("localhost:8001"));
            let answer = server.send(request).await;
            answer.is_rpc_error(StatusCode::FORBIDDEN, -32000);
            assert_eq!(answer.header("www-authenticate"), "", "{name} {value}");
        }
    }
    let mut no_host = post(&message, None);
    no_host.headers_mut().remove(HOST);
    server.send(no_host).await.is_rpc_error(StatusCode::FORBIDDEN, -32000);
}

/// Req: RS-32, RS-39
#[tokio::test]
async fn an_unknown_protocol_version_is_a_bad_request() {
    let server = Server::start().await;
    let mut request = post(&call("whoami", &json!({})).to_string(), Some(&bearer(&server)));
    request.headers_mut().insert("mcp-protocol-version", HeaderValue::from_static("1999-01-01"));
    assert_eq!(server.send(request).await.status, StatusCode::BAD_REQUEST);
}

/// Req: G05, G22
#[tokio::test]
async fn a_body_is_one_message_or_refused() {
    let server = Server::start().await;
    let authorization = bearer(&server);
    let batch = json!([call("whoami", &json!({}))]).to_string();
    for (body, code) in [
        (batch.as_str(), -32600),
        ("[]", -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"initialize"}"#, -32700),
        ("{} trailing", -32700),
        ("\u{feff}{}", -32700),
        ("", -32700),
    ] {
        server.send(post(body, Some(&authorization))).await.is_rpc_error(StatusCode::BAD_REQUEST, code);
    }
    let deep = "[".repeat(5000);
    server.send(post(&deep, Some(&authorization))).await.is_rpc_error(StatusCode::BAD_REQUEST, -32700);
}

/// Req: G03
#[tokio::test]
async fn a_body_has_a_limit_announced_or_not() {
    let server = Server::start().await;
    let long = "x".repeat(64 * 1024 + 1);
    let authorization = bearer(&server);
    server.send(post(&long, Some(&authorization))).await.is_refused_by_http(413);
    let mut streamed = post("", Some(&authorization));
    let pieces = vec![long.clone().into_bytes()].into_iter().map(Ok::<_, std::convert::Infallible>);
    *streamed.body_mut() = Body::from_stream(Pieces(pieces));
    server.send(streamed).await.is_refused_by_http(413);
}

/// Pieces whose length nobody announced.
struct Pieces<I>(I);

impl<I: Iterator + Unpin> futures_core::Stream for Pieces<I> {
    type Item = I::Item;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<I::Item>> {
        std::task::Poll::Ready(self.0.next())
    }
}

/// A web page can send these without asking first. Req: G13
#[tokio::test]
async fn only_json_is_read() {
    let server = Server::start().await;
    let message = call("whoami", &json!({})).to_string();
    for media_type in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp"]
    {
        let mut request = post(&message, Some(&bearer(&server)));
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        server.send(request).await.is_rpc_error(StatusCode::UNSUPPORTED_MEDIA_TYPE, -32600);
    }
    let mut none = post(&message, Some(&bearer(&server)));
    none.headers_mut().remove(CONTENT_TYPE);
    server.send(none).await.is_rpc_error(StatusCode::UNSUPPORTED_MEDIA_TYPE, -32600);
}

#[tokio::test]
async fn what_is_unknown_is_answered_with_its_id() {
    let server = Server::start().await;
    let token = server.token("mcp:connect");
    for method in ["resources/list", "initialize", "nonsense"] {
        let answer = server.post(&token, &json!({ "jsonrpc": "2.0", "id": "x", "method": method })).await;
        answer.is_rpc_error(StatusCode::NOT_FOUND, -32601);
        assert_eq!(answer.json()["id"], "x");
    }
    let tool = server.call(&token, "rm_rf", json!({})).await;
    tool.is_rpc_error(StatusCode::OK, -32602);
    assert_eq!(tool.json()["id"], 7);
}
