//! The journey with a client that nobody here wrote: rmcp's own, with its own OAuth, against the real lab.
//!
//! It finds its way by itself from the address of the MCP server. What it cannot do is not tried: it takes metadata
//! documents by https only, and the lab speaks plain http, so it registers or is known beforehand.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that cannot go on has failed the test")]

mod app;
#[path = "../journey/lab.rs"]
#[expect(dead_code, reason = "the journey of our own client needs more of it")]
mod lab;
#[path = "../journey/support.rs"]
#[expect(dead_code, reason = "the journey of our own client needs more of it")]
mod support;

use resource_server::budget::{MESSAGE_BYTES, SESSION_IDLE_SECONDS};
use rmcp::service::{ClientLifecycleMode, ServiceError};
use rmcp::transport::auth::{AuthError, AuthorizationRequest};
use serde_json::{Value, json};
use walker::person::{Decision, Person};

use app::{App, CALLBACK, answer, ask, discover, initialize, registers, scopes_to_ask_for};
use support::Lab;

/// The whole journey on one connection. What was refused for its scopes is answered after the step-up, without
/// connecting anew.
async fn journey(request: AuthorizationRequest, lifecycle: fn() -> ClientLifecycleMode) -> Value {
    let lab = Lab::start().await;
    let mut person = lab.person(Decision::Allow);
    let app = App::start(&lab, &mut person, request, lifecycle).await;
    assert_eq!(app.tools().await, ["get_weather", "read_notes", "survey_cities", "whoami", "write_note"]);
    let me = app.call("whoami", json!({})).await.unwrap();
    assert_eq!((&me["subject"], &me["scope"]), (&json!("ada"), &json!("mcp:connect")));

    let paris = json!({ "city": "Paris" });
    let refusal = app.call("get_weather", paris.clone()).await.unwrap_err();
    let scopes = scopes_to_ask_for(&refusal);
    assert_eq!(scopes, "mcp:connect weather:read");
    app.step_up(&mut person, scopes).await;
    let weather = app.call("get_weather", paris).await.unwrap();
    assert_eq!(weather["city"], "Paris");
    // With 2025-11-25, a client may ask for exactly what it is told, so that it is told what it has, too.
    let refusal = app.call("write_note", json!({ "text": "hello" })).await.unwrap_err();
    let expected = match app.revision().as_str() {
        "2025-11-25" => "mcp:connect notes:write weather:read",
        _ => "mcp:connect notes:write",
    };
    assert_eq!(scopes_to_ask_for(&refusal), expected);
    app.end().await;
    lab.end().await;
    me["client_id"].clone()
}

/// Challenge, metadata, registration, consent, token, session, step-up: each by the way that the answer before showed.
/// Req: RS-06, RS-10, RS-15, RS-23, RS-36
#[tokio::test]
async fn a_registered_client_of_2025_11_25() {
    journey(registers(), initialize).await;
}

/// The same without a session: discovery instead of the handshake.
/// Req: RS-06, RS-10, RS-15, RS-24, RS-52
#[tokio::test]
async fn a_registered_client_of_2026_07_28() {
    journey(registers(), discover).await;
}

/// Without registering, by an id that the server was told beforehand.
#[tokio::test]
async fn a_client_that_is_known_beforehand() {
    let known = AuthorizationRequest::new(CALLBACK).with_preregistered_client("lab-preregistered");
    assert_eq!(journey(known, initialize).await, "lab-preregistered");
}

/// With a secret, which rmcp sends as HTTP Basic.
#[tokio::test]
async fn a_client_that_has_a_secret() {
    let known = AuthorizationRequest::new(CALLBACK)
        .with_preregistered_client("lab-confidential")
        .with_client_secret("lab-confidential-secret");
    assert_eq!(journey(known, discover).await, "lab-confidential");
}

/// Two people with clients of different revisions at one endpoint, word by word. Req: RS-60
#[tokio::test]
async fn clients_of_both_revisions_side_by_side() {
    let lab = Lab::start().await;
    let (mut ada, mut grace) = (lab.person(Decision::Allow), grace(&lab));
    let old = App::start(&lab, &mut ada, registers(), initialize).await;
    let new = App::start(&lab, &mut grace, registers(), discover).await;
    assert_eq!((old.revision(), new.revision()), ("2025-11-25".into(), "2026-07-28".into()));
    for (app, subject) in [(&old, "ada"), (&new, "grace"), (&old, "ada"), (&new, "grace")] {
        assert_eq!(app.call("whoami", json!({})).await.unwrap()["subject"], subject);
    }
    // What one person allows is not allowed to the other's client.
    let note = json!({ "text": "hello" });
    old.step_up(&mut ada, "mcp:connect notes:write").await;
    assert_eq!(old.call("write_note", note.clone()).await.unwrap()["note"]["text"], "hello");
    let refusal = new.call("write_note", note).await.unwrap_err();
    assert_eq!(scopes_to_ask_for(&refusal), "mcp:connect notes:write");
    old.end().await;
    new.end().await;
    lab.end().await;
}

/// The metadata says that answers name their server, so rmcp takes none that does not, and none of another server; of
/// this one it does. Req: AS-07, AS-106, AS-107
#[tokio::test]
async fn the_answer_names_its_server() {
    let lab = Lab::start().await;
    let mut person = lab.person(Decision::Allow);
    let mut oauth = ask(&lab, registers()).await;
    let answer = answer(&mut person, &oauth.get_authorization_url().await.unwrap()).await;
    let (nameless, _) = answer.split_once("&iss=").unwrap();
    let refusal = oauth.handle_callback_url(nameless).await.unwrap_err();
    assert!(matches!(refusal, AuthError::AuthorizationServerMissingIssuer { .. }), "{refusal}");
    let foreign = format!("{nameless}&iss=https%3A%2F%2Fas.example");
    let refusal = oauth.handle_callback_url(&foreign).await.unwrap_err();
    assert!(matches!(refusal, AuthError::AuthorizationServerMismatch { .. }), "{refusal}");
    oauth.handle_callback_url(&answer).await.unwrap();
    lab.end().await;
}

/// A token that expires in the middle of a session: its refusal has rmcp fetch a new one, nobody is asked, and the
/// session goes on. Each refresh token is for one use. Req: RS-13, RS-18, AS-130
#[tokio::test]
async fn an_expired_token_is_renewed() {
    let lab = Lab::start().await;
    let mut person = lab.person(Decision::Allow);
    let app = App::start(&lab, &mut person, registers(), initialize).await;
    let mut seen = vec![app.token_response().await];
    for _ in 0..2 {
        let expires_in = seen[0]["expires_in"].as_u64().unwrap();
        lab.clock.advance(expires_in);
        let me = app.call("whoami", json!({})).await.unwrap();
        assert_eq!((&me["subject"], &me["scope"]), (&json!("ada"), &json!("mcp:connect")));
        let response = app.token_response().await;
        for member in ["access_token", "refresh_token"] {
            assert!(response[member].is_string() && seen.iter().all(|old| old[member] != response[member]));
        }
        seen.push(response);
    }
    app.end().await;
    lab.end().await;
}

/// A session that has rested for too long is unknown, by which rmcp knows to begin a new one. Its token has expired by
/// then too. (That the session is over is seen in the tests of the layers.) Req: RS-37
#[tokio::test]
async fn an_ended_session_is_begun_anew() {
    let lab = Lab::start().await;
    let mut person = lab.person(Decision::Allow);
    let app = App::start(&lab, &mut person, registers(), initialize).await;
    lab.clock.advance(SESSION_IDLE_SECONDS);
    assert_eq!(app.call("whoami", json!({})).await.unwrap()["subject"], "ada");
    app.end().await;
    lab.end().await;
}

/// A message that is refused before its id is known: rmcp notices that its call has failed, and goes on with the next.
#[tokio::test]
async fn a_refusal_ends_the_call() {
    let lab = Lab::start().await;
    let mut person = lab.person(Decision::Allow);
    for lifecycle in [initialize, discover] {
        let app = App::start(&lab, &mut person, registers(), lifecycle).await;
        let long = json!({ "city": "x".repeat(MESSAGE_BYTES) });
        let refusal = app.call("get_weather", long).await.unwrap_err();
        assert!(matches!(&refusal, ServiceError::TransportSend(_)), "{refusal}");
        assert_eq!(app.call("whoami", json!({})).await.unwrap()["subject"], "ada");
        app.end().await;
    }
    lab.end().await;
}

/// Grace, who is somebody else than Ada.
fn grace(lab: &Lab) -> Person {
    Person::new(lab.http.clone(), "grace", Decision::Allow)
}
