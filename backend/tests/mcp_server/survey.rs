//! The tool that takes its time.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Server, call, piece, piece_with, post, post_before};

/// Req: RS-32
#[tokio::test]
async fn it_reports_each_city_and_then_what_it_found() {
    let server = Server::start().await;
    let token = server.token("mcp:connect weather:read");
    let mut message = call("survey_cities", &json!({ "seconds_per_city": 0 }));
    message["params"]["_meta"]["progressToken"] = json!("p");
    let answer = server.post(&token, &message).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "text/event-stream");
    let messages: Vec<Value> = answer
        .body
        .lines()
        .filter_map(|line| line.strip_prefix("data:"))
        .filter_map(|data| serde_json::from_str(data).ok())
        .collect();
    let (result, reports) = messages.split_last().unwrap();
    assert_eq!(reports.len(), 12);
    for (n, report) in reports.iter().enumerate() {
        assert_eq!(report["method"], "notifications/progress");
        assert_eq!(
            (&report["params"]["progressToken"], &report["params"]["total"]),
            (&json!("p"), &json!(12.0))
        );
        assert_eq!(report["params"]["progress"].as_f64(), f64::from(u8::try_from(n + 1).unwrap()).into());
    }
    assert_eq!(reports[0]["params"]["message"], "Berlin");
    let found = &result["result"]["structuredContent"];
    assert_eq!((&found["coldest"], &found["warmest"]), (&json!("Reykjavik"), &json!("Singapore")));
    assert_eq!((&found["cities"], &found["mean_celsius"]), (&json!(12), &json!(176.0 / 12.0)));
}

#[tokio::test]
async fn without_listeners_it_answers_at_once_and_arguments_have_bounds() {
    let server = Server::start().await;
    let token = server.token("mcp:connect weather:read");
    let (found, text) = server.result(&token, "survey_cities", json!({ "seconds_per_city": 0 })).await;
    assert_eq!(found["warmest"], "Singapore");
    assert!(text.contains("Reykjavik is the coldest"), "{text}");
    for wrong in [json!({ "seconds_per_city": 11 }), json!({ "seconds_per_city": -1 }), json!({ "speed": 1 })]
    {
        server.failure(&token, "survey_cities", wrong).await;
    }
}

/// With as many as one caller may have, again and again, each has to give its place back. Req: G17
#[tokio::test]
async fn whoever_hangs_up_may_call_again() {
    let server = Server::start().await;
    let token = server.token("mcp:connect weather:read");
    server.result(&token, "survey_cities", json!({ "seconds_per_city": 0 })).await;
    let mut message = call("survey_cities", &json!({ "seconds_per_city": 10 }));
    message["params"]["_meta"]["progressToken"] = json!(1);
    for _ in 0..3 {
        let mut streams = Vec::new();
        for _ in 0..resource_server::budget::CALLS_OF_ONE {
            tokio::time::pause();
            let mut stream = server.open(post(&message.to_string(), Some(&format!("Bearer {token}")))).await;
            assert_eq!(stream.status(), StatusCode::OK);
            piece_with(&mut stream, "Berlin").await;
            tokio::time::resume();
            streams.push(stream);
        }
    }
}

/// What is cancelled says nothing more: neither where it was asked for, nor to whoever listens to the session.
#[tokio::test]
async fn in_a_session_it_ends_when_it_is_cancelled() {
    let server = Server::start().await;
    let token = server.token("mcp:connect weather:read");
    let session = server.session(&token).await;
    let in_session = |message: &Value| post_before(message, &token, Some(&session));
    let mut listening = in_session(&json!(null));
    *listening.method_mut() = Method::GET;
    let mut listening = server.open(listening).await;
    assert_eq!(listening.status(), StatusCode::OK);
    let survey = json!({
        "jsonrpc": "2.0", "id": 2, "method": "tools/call",
        "params": { "name": "survey_cities", "arguments": {}, "_meta": { "progressToken": "p" } },
    });
    tokio::time::pause();
    let mut stream = server.open(in_session(&survey)).await;
    piece_with(&mut stream, "Berlin").await;
    let cancel =
        json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 2 } });
    assert_eq!(server.send(in_session(&cancel)).await.status, StatusCode::ACCEPTED);
    // All that is said in the time that the rest would have taken.
    let (mut said, mut is_over) = (String::new(), false);
    let rest = async {
        while let Some(piece) = piece(&mut stream).await {
            said.push_str(&piece);
        }
        is_over = true;
        while let Some(piece) = piece(&mut listening).await {
            said.push_str(&piece);
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(13), rest).await.is_err(), "the session goes on");
    assert!(is_over, "nobody waits for an answer that will not come");
    assert!(!said.contains("progress"), "{said}");
}
