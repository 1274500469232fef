//! Calls that take long: they end with their token, and with whoever wanted them.

use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{Method, StatusCode};
use resource_server::budget::STREAM_CHECK_SECONDS;
use serde_json::json;

use crate::mcp_answer::{piece, piece_with};
use crate::support::{Server, after, before, call, in_session, set, wait};

/// Lets time pass for those who wait.
async fn pass(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

/// Req: RS-58, RS-59, G17
#[tokio::test]
async fn in_2026_whoever_hangs_up_cancels() {
    let server = Server::start().await;
    let token = server.token("connect");
    let mut stream = server.open(after(&wait(1), &token)).await;
    assert_eq!(stream.headers()[CONTENT_TYPE], "text/event-stream");
    assert_eq!(stream.headers()["x-accel-buffering"], "no");
    piece_with(&mut stream, "notifications/progress").await;
    assert_eq!(server.waiting.now(), 1);
    drop(stream);
    server.waiting.until(0).await;
}

/// Before the first word there is no stream yet. Req: RS-58
#[tokio::test]
async fn in_2026_hanging_up_before_the_answer_cancels_too() {
    let server = Server::start().await;
    let token = server.token("connect");
    let silent = server.open(after(&call(1, "wait", json!({})), &token));
    tokio::select! {
        _ = silent => panic!("it does not answer"),
        () = server.waiting.until(1) => (),
    }
    server.waiting.until(0).await;
}

/// Req: RS-18, G17
#[tokio::test]
async fn a_stream_ends_with_its_token_and_so_does_the_work() {
    let server = Server::start().await;
    let mut stream = server.open(after(&wait(1), &server.token("connect"))).await;
    piece_with(&mut stream, "notifications/progress").await;
    server.clock.advance(599);
    pass(STREAM_CHECK_SECONDS).await;
    let still_open = tokio::time::timeout(Duration::ZERO, piece(&mut stream)).await;
    assert!(still_open.is_err(), "one second is left: {still_open:?}");
    server.clock.advance(1);
    pass(STREAM_CHECK_SECONDS).await;
    assert_eq!(piece(&mut stream).await.unwrap(), ": The token has expired.\n\n");
    assert_eq!(piece(&mut stream).await, None);
    server.waiting.until(0).await;
}

/// Req: RS-13, RS-18
#[tokio::test]
async fn what_was_not_answered_in_the_tokens_time_is_not_answered() {
    let server = Server::start().await;
    let token = server.token("connect");
    let end = async {
        server.waiting.until(1).await;
        server.clock.advance(600);
        pass(STREAM_CHECK_SECONDS).await;
    };
    let (answer, ()) = tokio::join!(server.send(after(&call(1, "wait", json!({})), &token)), end);
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.header("www-authenticate").contains("The token has expired."), "{answer:?}");
    server.waiting.until(0).await;
}

/// Req: RS-13, AS-143
#[tokio::test]
async fn a_stream_ends_soon_after_its_token_was_revoked() {
    let server = Server::introspecting().await;
    let mut stream = server.open(after(&wait(1), &server.token("connect"))).await;
    piece_with(&mut stream, "notifications/progress").await;
    server.keys.say(&json!({ "active": false }));
    pass(STREAM_CHECK_SECONDS).await;
    assert_eq!(piece(&mut stream).await.unwrap(), ": The token was revoked.\n\n");
    assert_eq!(piece(&mut stream).await, None);
    server.waiting.until(0).await;
}

/// Req: RS-40
#[tokio::test]
async fn in_2025_a_connection_that_breaks_cancels_nothing_and_can_be_resumed() {
    let server = Server::start().await;
    let token = server.token("connect");
    let session = server.session(&token).await;
    let mut stream = server.open(before(&wait(1), &token, Some(&session))).await;
    let progress = piece_with(&mut stream, "notifications/progress").await;
    let event = progress.lines().find_map(|line| line.strip_prefix("id:")).unwrap().trim().to_owned();
    drop(stream);
    let resumed = |token: &str| {
        let mut request = in_session(Method::GET, token, &session);
        set(&mut request, "last-event-id", &event);
        request
    };
    let foreign = server.send(resumed(&server.token_of("eve", "c", "connect"))).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND, "the stream is its owner's");
    let mut stream = server.open(resumed(&token)).await;
    assert_eq!(stream.status(), StatusCode::OK);
    assert_eq!(server.waiting.now(), 1, "nobody has cancelled it");
    let cancel =
        json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 1 } });
    let answer = server.send(before(&cancel, &token, Some(&session))).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    server.waiting.until(0).await;
    while piece(&mut stream).await.is_some() {}
}

/// Req: RS-37
#[tokio::test]
async fn the_end_of_a_session_ends_its_calls_and_its_streams() {
    let server = Server::start().await;
    let token = server.token("connect");
    let session = server.session(&token).await;
    let mut called = server.open(before(&wait(1), &token, Some(&session))).await;
    piece_with(&mut called, "notifications/progress").await;
    let mut listening = server.open(in_session(Method::GET, &token, &session)).await;
    assert_eq!(listening.status(), StatusCode::OK);
    assert!(server.send(in_session(Method::DELETE, &token, &session)).await.status.is_success());
    server.waiting.until(0).await;
    for stream in [&mut called, &mut listening] {
        while piece(stream).await.is_some() {}
    }
}

/// The stream of a session ends with its token; with a new one it is opened again. Req: RS-18, RS-35
#[tokio::test]
async fn in_2025_a_stream_ends_with_its_token_and_the_session_goes_on() {
    let server = Server::start().await;
    let token = server.token("connect");
    let session = server.session(&token).await;
    let mut listening = server.open(in_session(Method::GET, &token, &session)).await;
    server.clock.advance(600);
    pass(STREAM_CHECK_SECONDS).await;
    piece_with(&mut listening, ": The token has expired.").await;
    assert_eq!(piece(&mut listening).await, None);
    let fresh = server.token("connect");
    let listening = server.open(in_session(Method::GET, &fresh, &session)).await;
    assert_eq!(listening.status(), StatusCode::OK);
}
