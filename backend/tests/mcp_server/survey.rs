//! The tool that takes its time.

use http::StatusCode;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::support::{Server, call, post};

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

/// It would take two minutes. Req: RS-58, G17
#[tokio::test]
async fn it_ends_with_whoever_listens() {
    let server = Server::start().await;
    let token = server.token("mcp:connect weather:read");
    server.result(&token, "survey_cities", json!({ "seconds_per_city": 0 })).await;
    let mut message = call("survey_cities", &json!({ "seconds_per_city": 10 }));
    message["params"]["_meta"]["progressToken"] = json!(1);
    // As many as one caller may have, again and again: each has to give its place back.
    for _ in 0..3 {
        let mut streams = Vec::new();
        for _ in 0..resource_server::budget::CALLS_OF_ONE {
            tokio::time::pause();
            let request = post(&message.to_string(), Some(&format!("Bearer {token}")));
            let mut response = server.router.clone().oneshot(request).await.unwrap();
            assert_eq!(response.status(), StatusCode::OK);
            let first = response.body_mut().frame().await.unwrap().unwrap().into_data().unwrap();
            assert!(String::from_utf8_lossy(&first).contains("Berlin"));
            tokio::time::resume();
            streams.push(response);
        }
    }
}
