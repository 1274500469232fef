//! Which token may do what, and what a token that may not is told.

use http::StatusCode;
use serde_json::json;

use crate::support::{Server, after, before, call, in_session, say};

/// Req: RS-25
#[tokio::test]
async fn a_wider_scope_includes_the_narrower_one() {
    let server = Server::start().await;
    let writes = server.token("connect notes:write");
    for tool in ["read", "write", "say"] {
        server.send(after(&call(1, tool, json!({ "text": "" })), &writes)).await.is_ok();
    }
    let reads = server.token("connect notes:read");
    server.send(after(&call(1, "read", json!({})), &reads)).await.is_ok();
    let refused = server.send(after(&call(1, "write", json!({})), &reads)).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}

/// Req: RS-15, RS-23, RS-24, RS-28
#[tokio::test]
async fn the_challenge_names_what_each_revision_wants() {
    let server = Server::start().await;
    let token = server.token("connect other");
    let session = server.session(&token).await;
    let write = call(1, "write", json!({}));
    let scope = async |request| {
        let answer = server.send(request).await;
        assert_eq!((answer.status, &*answer.body), (StatusCode::FORBIDDEN, ""));
        let challenge = answer.header("www-authenticate").to_owned();
        assert!(challenge.starts_with(r#"Bearer error="insufficient_scope", "#), "{challenge}");
        let (_, scope) = challenge.split_once(" scope=\"").unwrap();
        scope.trim_end_matches('"').to_owned()
    };
    assert_eq!(scope(before(&write, &token, Some(&session))).await, "connect notes:write other");
    assert_eq!(scope(after(&write, &token)).await, "connect notes:write");
}

/// Req: RS-22
#[tokio::test]
async fn what_has_no_row_cannot_be_called() {
    let server = Server::start().await;
    let token = server.token("connect notes:read notes:write");
    let answer = server.send(after(&call(5, "forgotten", json!({})), &token)).await;
    answer.is_error(200, -32602, &json!(5));
    let session = server.session(&token).await;
    let answer = server.send(before(&call(5, "forgotten", json!({})), &token, Some(&session))).await;
    answer.is_error(200, -32602, &json!(5));
    let prompts = json!({ "jsonrpc": "2.0", "id": 5, "method": "prompts/list", "params": {} });
    server.send(after(&prompts, &token)).await.is_error(404, -32601, &json!(5));
    server.send(before(&prompts, &token, Some(&session))).await.is_error(200, -32601, &json!(5));
    assert_eq!(server.calls(), 0);
    let resources = json!({ "jsonrpc": "2.0", "id": 5, "method": "resources/list", "params": {} });
    server.send(after(&resources, &token)).await.is_ok();
    assert_eq!(server.calls(), 1);
    let less = server.token("connect");
    assert_eq!(server.send(after(&resources, &less)).await.status, StatusCode::FORBIDDEN);
    assert_eq!(server.calls(), 1);
}

/// Req: RS-18
#[tokio::test]
async fn without_the_base_scope_a_session_can_be_neither_listened_to_nor_ended() {
    let server = Server::start().await;
    let session = server.session(&server.token("connect")).await;
    let weak = server.token("notes:read");
    for method in [http::Method::GET, http::Method::DELETE] {
        let answer = server.send(in_session(method, &weak, &session)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(answer.header("www-authenticate").contains("insufficient_scope"));
    }
    server.send(before(&say(2), &server.token("connect"), Some(&session))).await.is_ok();
}

/// Arguments that look like something else change nothing. Req: RS-28
#[tokio::test]
async fn what_was_judged_is_what_is_called() {
    let server = Server::start().await;
    let token = server.token("connect");
    let decoy =
        json!({ "text": "x", "name": "write", "method": "tools/list", "params": { "name": "write" } });
    server.send(after(&call(1, "say", decoy), &token)).await.is_ok();
    assert_eq!(server.calls(), 1);
    for (twice, with) in
        [(r#""name":"say""#, r#""name":"say","name":"write""#), (r#""id":1"#, r#""id":1,"id":2"#)]
    {
        let body = say(1).to_string();
        assert!(body.contains(twice), "{body}");
        let mut request = after(&say(1), &token);
        *request.body_mut() = body.replace(twice, with).into();
        server.send(request).await.is_error(400, -32700, &json!(null));
    }
    assert_eq!(server.calls(), 1);
}

/// Req: RS-20, G21
#[tokio::test]
async fn no_tool_ever_sees_the_token() {
    let server = Server::introspecting().await;
    let token = server.token("connect");
    let session = server.session(&token).await;
    let peek = call(1, "peek", json!({}));
    for request in [after(&peek, &token), before(&peek, &token, Some(&session))] {
        let answer = server.send(request).await;
        answer.is_ok();
        let seen = answer.message()["result"]["content"][0]["text"].to_string();
        assert!(seen.contains("accept") && !seen.to_lowercase().contains("authorization"), "{seen}");
        assert!(!seen.contains(token.rsplit('.').next().unwrap()), "{seen}");
    }
}
