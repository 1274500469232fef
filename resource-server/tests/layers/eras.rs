//! Both revisions at one endpoint: who speaks which, and what each may not mix in.

use http::{HeaderValue, Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Server, after, before, call, in_session, initialize, post, say, set};

const VERSION: &str = "mcp-protocol-version";

fn message(method: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": "m", "method": method, "params": {} })
}

/// Req: RS-36, RS-60, RS-54
#[tokio::test]
async fn clients_of_both_revisions_are_served_side_by_side() {
    let server = Server::start().await;
    let token = server.token("connect");
    let session = server.session(&token).await;
    for _ in 0..2 {
        let old = server.send(before(&say(1), &token, Some(&session))).await;
        old.is_ok();
        assert_eq!(old.message()["result"].get("resultType"), None, "nothing of the other revision");
        let new = server.send(after(&say(1), &token)).await;
        new.is_ok();
        assert_eq!(new.message()["result"]["resultType"], "complete");
    }
}

/// Req: RS-47, RS-48, G11, X-09, X-10
#[tokio::test]
async fn headers_that_do_not_say_what_the_body_says_are_refused() {
    let server = Server::start().await;
    let token = server.token("connect");
    let cases: [(&'static str, &[&[u8]]); 12] = [
        (VERSION, &[]),
        (VERSION, &[b"2025-11-25"]),
        (VERSION, &[b"2026-07-28", b"2026-07-28"]),
        (VERSION, &[b"2026-07-28\xff"]),
        ("mcp-method", &[]),
        ("mcp-method", &[b"tools/list"]),
        ("mcp-method", &[b"TOOLS/CALL"]),
        ("mcp-method", &[b"tools/call", b"tools/call"]),
        ("mcp-name", &[]),
        ("mcp-name", &[b"write"]),
        ("mcp-name", &[b"=?base64?d3JpdGU=?="]),
        ("mcp-name", &[b"=?base64?c2F5", b"say"]),
    ];
    for (name, values) in cases {
        let mut request = after(&say(3), &token);
        request.headers_mut().remove(name);
        for value in values {
            request.headers_mut().append(name, HeaderValue::from_bytes(value).unwrap());
        }
        server.send(request).await.is_error(400, -32020, &json!(3));
    }
    assert_eq!(server.calls(), 0);
    let mut encoded = after(&say(3), &token);
    set(&mut encoded, "mcp-name", "=?base64?c2F5?=");
    server.send(encoded).await.is_ok();
}

/// Req: RS-46, X-10
#[tokio::test]
async fn each_request_says_its_revision_and_what_the_client_can_do() {
    let server = Server::start().await;
    let token = server.token("connect");
    let full = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let without = |name: &str| {
        let mut meta = full.clone();
        meta.as_object_mut().unwrap().remove(&format!("io.modelcontextprotocol/{name}"));
        meta
    };
    let mut wrong = full.clone();
    wrong["io.modelcontextprotocol/clientCapabilities"] = json!([]);
    let send = async |meta: Value| {
        let mut message = say(3);
        message["params"]["_meta"] = meta;
        let mut request = after(&say(3), &token);
        *request.body_mut() = message.to_string().into();
        server.send(request).await
    };
    for meta in [json!({}), without("protocolVersion"), without("clientCapabilities"), wrong] {
        send(meta).await.is_error(400, -32602, &json!(3));
    }
    assert_eq!(server.calls(), 0);
    send(full).await.is_ok();
}

/// Req: RS-51
#[tokio::test]
async fn a_client_that_cannot_do_what_a_tool_needs_is_told_what() {
    let server = Server::start().await;
    let token = server.token("connect");
    let ask = call(3, "ask", json!({}));
    let answer = server.send(after(&ask, &token)).await;
    answer.is_error(400, -32021, &json!(3));
    assert_eq!(answer.message()["error"]["data"], json!({ "requiredCapabilities": { "elicitation": {} } }));
    let mut able = ask.clone();
    able["params"]["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": { "elicitation": {} },
    });
    let mut request = after(&ask, &token);
    *request.body_mut() = able.to_string().into();
    server.send(request).await.is_ok();
}

/// Req: RS-49, G12
#[tokio::test]
async fn another_version_is_answered_with_those_that_are_spoken() {
    let server = Server::start().await;
    let token = server.token("connect");
    let mut of_tomorrow = after(&say(3), &token);
    set(&mut of_tomorrow, VERSION, "2027-01-01");
    let mut message = say(3);
    message["params"]["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2027-01-01",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    *of_tomorrow.body_mut() = message.to_string().into();
    let session = server.session(&token).await;
    let old = |version| {
        let mut request = before(&say(3), &token, Some(&session));
        set(&mut request, VERSION, version);
        request
    };
    for (request, requested) in [
        (of_tomorrow, "2027-01-01"),
        (old("2024-11-05"), "2024-11-05"),
        (old("2025-06-18"), "2025-06-18"),
        (old("1"), "1"),
    ] {
        let answer = server.send(request).await;
        answer.is_error(400, -32022, &json!(3));
        let data = &answer.message()["error"]["data"];
        assert_eq!(*data, json!({ "supported": ["2025-11-25", "2026-07-28"], "requested": requested }));
    }
    assert_eq!(server.calls(), 0);
    let mut silent = before(&say(3), &token, Some(&session));
    silent.headers_mut().remove(VERSION);
    server.send(silent).await.is_ok();
}

/// Req: RS-50, RS-60
#[tokio::test]
async fn what_2026_removed_is_not_found_there() {
    let server = Server::start().await;
    let token = server.token("connect");
    for method in
        ["initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe", "x"]
    {
        server.send(after(&message(method), &token)).await.is_error(404, -32601, &json!("m"));
    }
    let session = server.session(&token).await;
    server.send(before(&message("server/discover"), &token, Some(&session))).await.is_error(
        200,
        -32601,
        &json!("m"),
    );
    server.send(before(&message("ping"), &token, Some(&session))).await.is_ok();
}

/// Req: RS-45
#[tokio::test]
async fn in_2026_there_is_only_post_and_no_session() {
    let server = Server::start().await;
    let token = server.token("connect");
    for method in [Method::GET, Method::DELETE] {
        let mut request = in_session(method, &token, "some-session");
        set(&mut request, VERSION, "2026-07-28");
        let answer = server.send(request).await;
        answer.is_error(405, -32600, &json!(null));
        assert_eq!(answer.header("allow"), "POST");
    }
    let mut request = after(&say(1), &token);
    set(&mut request, "mcp-session-id", "of another life");
    set(&mut request, "last-event-id", "7");
    let answer = server.send(request).await;
    answer.is_ok();
    assert_eq!(answer.header("mcp-session-id"), "");
}

/// Req: RS-36
#[tokio::test]
async fn a_client_of_another_revision_is_offered_2025_11_25() {
    let server = Server::start().await;
    let token = server.token("connect");
    for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2026-07-28", "2099-01-01", "x"] {
        let mut message = initialize();
        message["params"]["protocolVersion"] = json!(version);
        let answer = server.send(post(&message.to_string(), &token)).await;
        answer.is_ok();
        assert_eq!(answer.message()["result"]["protocolVersion"], "2025-11-25", "{version}");
    }
}

/// Req: RS-32
#[tokio::test]
async fn a_notification_is_accepted_and_gets_no_answer() {
    let server = Server::start().await;
    let token = server.token("connect");
    let session = server.session(&token).await;
    let cancelled =
        json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 9 } });
    let answer = server.send(before(&cancelled, &token, Some(&session))).await;
    assert_eq!((answer.status, &*answer.body), (StatusCode::ACCEPTED, ""));
    // Without a session, and in 2026-07-28, there is nothing that could be cancelled so.
    let mut request = post(&cancelled.to_string(), &token);
    set(&mut request, VERSION, "2026-07-28");
    set(&mut request, "mcp-method", "notifications/cancelled");
    server.send(request).await.is_error(404, -32601, &json!(null));
}
