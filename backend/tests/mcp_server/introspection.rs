//! Whether a token was revoked: asked for, remembered for a while, and never guessed.

use http::StatusCode;
use protocol::basic_credentials::BasicCredentials;
use protocol::ids::UnixTime;
use protocol::secret::Secret;
use serde_json::{Value, json};

use crate::support::{Answered, Key, NOW, RESOURCE, SECRET, Server, all, call, post};

async fn whoami(server: &Server, token: &str) -> Answered {
    server.call(token, "whoami", json!({})).await
}

#[track_caller]
fn is_unknown(answer: &Answered) {
    answer.is_refused_by_http(503);
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(answer.header("www-authenticate"), "", "a new token would not help");
}

/// Req: AS-143
#[tokio::test]
async fn a_revoked_token_works_no_longer_than_an_answer_is_kept() {
    let server = Server::introspecting(5).await;
    let token = server.token("mcp:connect");
    assert_eq!(whoami(&server, &token).await.status, StatusCode::OK);
    server.keys.say(&json!({ "active": false }));
    server.clock.advance(4);
    assert_eq!(whoami(&server, &token).await.status, StatusCode::OK, "the answer is kept");
    assert_eq!(server.keys.questions().len(), 1);
    server.clock.advance(1);
    whoami(&server, &token).await.is_invalid_token("revoked");
    assert!(whoami(&server, &token).await.header("www-authenticate").contains("The token was revoked."));
    assert_eq!(server.keys.questions().len(), 2, "that answer is kept, too");
}

#[tokio::test]
async fn with_an_age_of_zero_each_call_is_asked_about() {
    let server = Server::introspecting(0).await;
    let token = server.token("mcp:connect");
    for _ in 0..3 {
        assert_eq!(whoami(&server, &token).await.status, StatusCode::OK);
    }
    server.keys.say(&json!({ "active": false }));
    whoami(&server, &token).await.is_invalid_token("revoked");
    assert_eq!(server.keys.questions().len(), 4);
}

#[tokio::test]
async fn the_question_names_the_resource_and_holds_the_token_in_the_body() {
    let server = Server::introspecting(5).await;
    let token = server.token("mcp:connect");
    whoami(&server, &token).await;
    let credentials = BasicCredentials { id: RESOURCE.into(), secret: Secret::new(SECRET) };
    let body = format!("token={token}&token_type_hint=access_token");
    assert_eq!(server.keys.questions(), [(credentials.to_header().reveal().to_owned(), body)]);
}

#[tokio::test]
async fn many_calls_at_once_lead_to_one_question() {
    let server = Server::introspecting(5).await;
    let token = server.token("mcp:connect");
    for answer in all((0..20).map(|_| whoami(&server, &token))).await {
        assert_eq!(answer.status, StatusCode::OK);
    }
    assert_eq!(server.keys.questions().len(), 1);
    whoami(&server, &server.token("mcp:connect weather:read")).await;
    assert_eq!(server.keys.questions().len(), 2, "each token has its own answer");
}

#[tokio::test]
async fn strangers_cannot_make_the_server_ask() {
    let server = Server::introspecting(5).await;
    let message = call("whoami", &json!({})).to_string();
    assert_eq!(server.send(post(&message, None)).await.status, StatusCode::UNAUTHORIZED);
    let forged = Key::foreign().sign(&Server::header(), &server.claims("mcp:connect"));
    whoami(&server, &forged).await.is_invalid_token("forged");
    let others = server.token_with("aud", json!("http://localhost:8002/mcp"));
    whoami(&server, &others).await.is_invalid_token("another's");
    let expired = server.token_with("exp", json!(NOW));
    whoami(&server, &expired).await.is_invalid_token("expired");
    assert!(server.keys.questions().is_empty());
}

/// Req: RS-13
#[tokio::test]
async fn no_answer_outlives_the_token() {
    let server = Server::introspecting(600).await;
    let token = server.token_with("exp", json!(NOW + 10));
    assert_eq!(whoami(&server, &token).await.status, StatusCode::OK);
    server.clock.advance(10);
    whoami(&server, &token).await.is_invalid_token("expired");
}

#[tokio::test]
async fn when_nobody_answers_usefully_nothing_is_assumed_and_soon_all_is_well_again() {
    let server = Server::introspecting(5).await;
    let token = server.token("mcp:connect");
    assert_eq!(whoami(&server, &token).await.status, StatusCode::OK);
    let failures: [(StatusCode, String); 6] = [
        (StatusCode::INTERNAL_SERVER_ERROR, String::new()),
        (StatusCode::UNAUTHORIZED, r#"{"error":"invalid_client"}"#.into()),
        (StatusCode::OK, "nonsense".into()),
        (StatusCode::OK, r#"{"active":"true"}"#.into()),
        (StatusCode::OK, r#"{"active":false,"active":true}"#.into()),
        (StatusCode::OK, json!({ "active": true, "x": "x".repeat(20_000) }).to_string()),
    ];
    for (status, body) in failures {
        server.keys.say_exactly(status, &body);
        server.clock.advance(5);
        is_unknown(&whoami(&server, &token).await);
        let asked = server.keys.questions().len();
        is_unknown(&whoami(&server, &token).await);
        assert_eq!(server.keys.questions().len(), asked, "a failure counts for a second");
        server.keys.say(&json!({ "active": true }));
        server.clock.advance(1);
        assert_eq!(whoami(&server, &token).await.status, StatusCode::OK, "{status} {body:.30}");
    }
}

#[tokio::test]
async fn a_clock_that_goes_back_makes_no_answer_last_longer() {
    let server = Server::introspecting(5).await;
    let token = server.token("mcp:connect");
    server.clock.advance(100);
    assert_eq!(whoami(&server, &token).await.status, StatusCode::OK);
    server.keys.say(&json!({ "active": false }));
    server.clock.set(UnixTime(NOW + 1));
    whoami(&server, &token).await.is_invalid_token("revoked");
}

#[tokio::test]
async fn an_authorization_server_that_cannot_be_asked_is_no_reason_to_believe() {
    let server = Server::introspecting(5).await;
    let mut metadata = server.keys.metadata();
    metadata.as_object_mut().unwrap().remove("introspection_endpoint");
    server.keys.describe(&metadata);
    let token = server.token("mcp:connect");
    is_unknown(&whoami(&server, &token).await);
    metadata["introspection_endpoint"] = Value::from("http://192.168.0.1/introspect");
    server.keys.describe(&metadata);
    server.clock.advance(1);
    is_unknown(&whoami(&server, &token).await);
    assert!(server.keys.questions().is_empty());
}
