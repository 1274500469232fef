//! Sessions of 2025-11-25: whose they are, and how they end.

use std::collections::HashSet;

use http::{HeaderValue, Method, StatusCode};
use serde_json::json;

use crate::support::{Server, before, in_session, initialize, say};
use resource_server::budget::{SESSION_IDLE_SECONDS, SESSIONS_OF_ONE};

/// Req: RS-37, RS-38
#[tokio::test]
async fn ids_are_random_and_a_session_is_needed() {
    let server = Server::start().await;
    let mut ids = HashSet::new();
    for n in 0..20 {
        let id = server.session(&server.token_of(&format!("p{n}"), "c", "connect")).await;
        assert!(id.len() >= 32 && id.bytes().all(|b| (0x21..=0x7e).contains(&b)), "{id}");
        assert!(ids.insert(id));
    }
    let answer = server.send(before(&say(1), &server.token("connect"), None)).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(server.calls(), 0);
}

/// Req: RS-38, RS-41, X-12
#[tokio::test]
async fn a_session_of_somebody_else_is_as_unknown_as_one_that_never_was() {
    let server = Server::start().await;
    let session = server.session(&server.token("connect")).await;
    let eve = server.token_of("eve", "c", "connect");
    let other_client = server.token_of("ada", "d", "connect");
    for token in [&eve, &other_client] {
        let foreign = server.send(before(&say(4), token, Some(&session))).await;
        let invented =
            server.send(before(&say(4), token, Some("00000000-0000-4000-8000-000000000000"))).await;
        foreign.is_error(404, -32001, &json!(null));
        assert_eq!((foreign.body, foreign.headers), (invented.body, invented.headers));
        for method in [Method::GET, Method::DELETE] {
            assert_eq!(server.send(in_session(method, token, &session)).await.status, StatusCode::NOT_FOUND);
        }
    }
    assert_eq!(server.calls(), 0);
    server.send(before(&say(4), &server.token("connect"), Some(&session))).await.is_ok();
}

/// Req: RS-18, RS-38
#[tokio::test]
async fn a_session_is_no_credential() {
    let server = Server::start().await;
    let session = server.session(&server.token("connect")).await;
    let mut request = before(&say(1), "", Some(&session));
    request.headers_mut().remove("authorization");
    assert_eq!(server.send(request).await.status, StatusCode::UNAUTHORIZED);
    let old = server.token("connect");
    server.clock.advance(600);
    let answer = server.send(before(&say(1), &old, Some(&session))).await;
    assert!(answer.header("www-authenticate").contains("The token has expired."));
    server.send(before(&say(1), &server.token("connect"), Some(&session))).await.is_ok();
}

/// Req: RS-37
#[tokio::test]
async fn its_owner_ends_it() {
    let server = Server::start().await;
    let token = server.token("connect");
    let session = server.session(&token).await;
    let ended = server.send(in_session(Method::DELETE, &token, &session)).await;
    assert!(ended.status.is_success(), "{ended:?}");
    for request in [before(&say(1), &token, Some(&session)), in_session(Method::DELETE, &token, &session)] {
        server.send(request).await.is_error(404, -32001, &json!(null));
    }
}

#[tokio::test]
async fn it_ends_when_it_rests_for_long() {
    let server = Server::start().await;
    let session = server.session(&server.token("connect")).await;
    server.clock.advance(SESSION_IDLE_SECONDS - 1);
    server.send(before(&say(1), &server.token("connect"), Some(&session))).await.is_ok();
    server.clock.advance(SESSION_IDLE_SECONDS);
    let answer = server.send(before(&say(1), &server.token("connect"), Some(&session))).await;
    answer.is_error(404, -32001, &json!(null));
}

#[tokio::test]
async fn one_more_than_allowed_ends_the_one_unused_for_longest() {
    let server = Server::start().await;
    let token = server.token("connect");
    let mut sessions = Vec::new();
    for _ in 0..SESSIONS_OF_ONE {
        sessions.push(server.session(&token).await);
        server.clock.advance(1);
    }
    server.send(before(&say(1), &token, Some(&sessions[0]))).await.is_ok();
    server.clock.advance(1);
    sessions.push(server.session(&token).await);
    for (n, session) in sessions.iter().enumerate() {
        let status = server.send(before(&say(1), &token, Some(session))).await.status;
        let expected = if n == 1 { StatusCode::NOT_FOUND } else { StatusCode::OK };
        assert_eq!(status, expected, "{n}");
    }
}

#[tokio::test]
async fn a_request_names_one_session_and_initialize_none() {
    let server = Server::start().await;
    let token = server.token("connect");
    let session = server.session(&token).await;
    let mut twice = before(&say(1), &token, Some(&session));
    twice.headers_mut().append("mcp-session-id", HeaderValue::from_str(&session).unwrap());
    assert_eq!(server.send(twice).await.status, StatusCode::NOT_FOUND);
    let again = server.send(before(&initialize(), &token, Some(&session))).await;
    again.is_ok();
    assert_ne!(again.header("mcp-session-id"), session);
    assert_eq!(server.calls(), 0);
}
