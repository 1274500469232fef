//! What one caller can use up, and that it is nothing of the others'.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use http::StatusCode;
use resource_server::budget::{
    CALLS_OF_ONE, MESSAGE_BYTES, MESSAGE_DEPTH, MESSAGE_VALUES, SESSIONS, SESSIONS_OF_ONE, VALUE_BYTES,
    WORKING_BYTES,
};
use serde_json::{Value, json};

use crate::mcp_answer::piece_with;
use crate::support::{Server, after, before, call, initialize, say, wait};

/// Req: G17
#[tokio::test]
async fn one_caller_has_so_many_streams_and_the_others_notice_nothing() {
    let server = Server::start().await;
    let token = server.token("connect");
    let mut streams = Vec::new();
    for n in 0..CALLS_OF_ONE {
        let mut stream = server.open(after(&wait(i64::try_from(n).unwrap()), &token)).await;
        piece_with(&mut stream, "notifications/progress").await;
        streams.push(stream);
    }
    let refused = server.send(after(&say(1), &token)).await;
    refused.is_refused_by_http(429);
    assert_eq!(refused.header("retry-after"), "1");
    server.send(after(&say(1), &server.token_of("grace", "c", "connect"))).await.is_ok();
    streams.pop();
    server.waiting.until(CALLS_OF_ONE - 1).await;
    server.send(after(&say(1), &token)).await.is_ok();
}

/// Req: G03, G22
#[tokio::test]
async fn a_message_has_so_many_bytes_values_and_levels() {
    let server = Server::start().await;
    let token = server.token("connect");
    let send = async |text: Value| server.send(after(&call(1, "say", json!({ "text": text })), &token)).await;
    send(json!("x".repeat(MESSAGE_BYTES - 1000))).await.is_ok();
    send(json!("x".repeat(MESSAGE_BYTES))).await.is_refused_by_http(413);
    send(json!(vec![0; MESSAGE_VALUES])).await.is_refused_by_http(413);
    let nested = (0..MESSAGE_DEPTH).fold(json!(1), |inner, _| json!([inner]));
    send(nested).await.is_error(400, -32700, &json!(null));
    assert_eq!(server.calls(), 1);
}

#[tokio::test]
async fn the_messages_of_all_calls_under_way_have_a_weight() {
    let server = Server::start().await;
    let weight = MESSAGE_VALUES * VALUE_BYTES;
    let mut streams = Vec::new();
    for n in 0..WORKING_BYTES / weight {
        let token = server.token_of(&format!("p{}", n / CALLS_OF_ONE), "c", "connect");
        let mut heavy = wait(1);
        heavy["params"]["arguments"]["zeros"] = json!(vec![0; MESSAGE_VALUES - 20]);
        let mut stream = server.open(after(&heavy, &token)).await;
        if stream.status() == StatusCode::SERVICE_UNAVAILABLE {
            break;
        }
        piece_with(&mut stream, "notifications/progress").await;
        streams.push(stream);
    }
    let token = server.token_of("late", "c", "connect");
    let heavy = after(&call(1, "say", json!({ "text": "", "zeros": vec![0; MESSAGE_VALUES - 20] })), &token);
    let refused = server.send(heavy).await;
    refused.is_refused_by_http(503);
    assert_eq!(refused.header("retry-after"), "1");
    server.send(after(&say(1), &token)).await.is_ok();
    let running = streams.len();
    streams.truncate(1);
    server.waiting.until(1).await;
    assert!(running > 20, "{running}");
    let heavy = call(1, "say", json!({ "text": "", "zeros": vec![0; MESSAGE_VALUES - 20] }));
    server.send(after(&heavy, &token)).await.is_ok();
}

#[tokio::test]
async fn all_together_have_so_many_sessions_and_stateless_clients_are_served_nevertheless() {
    let server = Server::start().await;
    for n in 0..SESSIONS {
        let token = server.token_of(&format!("p{}", n / SESSIONS_OF_ONE), "c", "connect");
        server.send(before(&initialize(), &token, None)).await.is_ok();
    }
    let token = server.token_of("late", "c", "connect");
    let refused = server.send(before(&initialize(), &token, None)).await;
    refused.is_refused_by_http(503);
    assert_eq!(refused.header("retry-after"), "1");
    server.send(after(&say(1), &token)).await.is_ok();
}

/// Req: G03
#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let server = Server::start().await;
    // The keys are fetched in real time.
    tokio::time::resume();
    let token = server.token("connect");
    server.send(after(&say(1), &token)).await.is_ok();
    tokio::time::pause();
    let mut request = after(&say(1), &token);
    *request.body_mut() = Body::from_stream(Silence);
    server.send(request).await.is_refused_by_http(408);
    assert_eq!(server.calls(), 1);
}

/// A body of which nothing ever comes.
struct Silence;

impl futures_core::Stream for Silence {
    type Item = Result<Vec<u8>, Infallible>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Pending
    }
}

/// Req: G16
#[tokio::test]
async fn after_thousands_of_broken_requests_everything_is_free_again() {
    let server = Server::start().await;
    let token = server.token("connect");
    for n in 0..5000 {
        let mut request = after(&say(1), &token);
        *request.body_mut() = match n % 4 {
            0 => "{".into(),
            1 => "[]".into(),
            2 => Body::from_stream(Silence),
            _ => Body::empty(),
        };
        // The second half hangs up while it is being answered.
        let _ = tokio::time::timeout(std::time::Duration::ZERO, server.open(request)).await;
    }
    assert_eq!(server.calls(), 0);
    let mut streams = Vec::new();
    for n in 0..CALLS_OF_ONE {
        let mut stream = server.open(after(&wait(i64::try_from(n).unwrap()), &token)).await;
        piece_with(&mut stream, "notifications/progress").await;
        streams.push(stream);
    }
}
