//! Client ID Metadata Documents: what is fetched, what is refused, what is kept.

use std::pin::Pin;
use std::process::Command;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse as _, Redirect, Response};
use backend::authorization_server::{AuthorizationServer, StartError};
use backend::store::{Client, ClientAuthentication, ClientSource, Store};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};
use protocol::ids::{ClientId, Issuer, RedirectUri};
use protocol::loopback::LoopbackPolicy;
use serde_json::{Value, json};
use server_kit::clock::FixedClock;
use server_kit::entropy::SeededEntropy;
use server_kit::outbound::DEADLINE;
use tokio::sync::Notify;

use crate::support::{Answered, Lab, START, encode, settings};

async fn ask(lab: &Lab) -> Answered {
    lab.get(&format!("/authorize?{}", encode(&lab.request()))).await
}

/// The refusal is a page; the next attempt fetches again; a repaired document works at once.
async fn refuses_and_forgets(lab: &Lab, answer: impl Fn() -> Response + Send + 'static, says: &str) {
    lab.client.answer(answer);
    let before = lab.client.hits();
    for _ in 0..2 {
        let answer = ask(lab).await;
        answer.is_page(StatusCode::BAD_REQUEST, says);
        assert!(answer.body.contains("invalid_client"), "{}", answer.body);
    }
    assert_eq!(lab.client.hits(), before + 2, "{says}: a refusal is not kept");
    assert_eq!(lab.store.count_pending().await.unwrap(), 0);
}

fn json_body(body: String) -> impl Fn() -> Response + Clone + Send + Sync + 'static {
    move || ([(CONTENT_TYPE, "application/json")], body.clone()).into_response()
}

/// Req: AS-41, AS-42, AS-47, AS-49, AS-51, AS-55, AS-74, X-30, C11
#[tokio::test]
async fn only_a_small_json_answer_with_status_200_counts() {
    let lab = Lab::start().await;
    let document = lab.client.document().to_string();
    refuses_and_forgets(&lab, || Redirect::to("/elsewhere").into_response(), "redirects elsewhere").await;
    for status in [201, 204, 206, 304, 404, 410, 500] {
        let status = StatusCode::from_u16(status).unwrap();
        let body = document.clone();
        refuses_and_forgets(
            &lab,
            move || {
                let body = if status == StatusCode::NO_CONTENT { String::new() } else { body.clone() };
                (status, [(CONTENT_TYPE, "application/json")], body).into_response()
            },
            "instead of 200",
        )
        .await;
    }
    let mut large = lab.client.document();
    large["padding"] = "x".repeat(6 * 1024).into();
    refuses_and_forgets(&lab, json_body(large.to_string()), "longer than 5 kilobytes").await;
    let body = document.clone();
    refuses_and_forgets(&lab, move || body.clone().into_response(), "application/json").await;
    refuses_and_forgets(&lab, json_body("not json".into()), "breaks a rule").await;
    let (packed, body) = ([(CONTENT_TYPE, "application/json"), (CONTENT_ENCODING, "gzip")], document.clone());
    refuses_and_forgets(&lab, move || (packed.clone(), body.clone()).into_response(), "sent compressed")
        .await;

    lab.client.answer(json_body(document));
    assert_eq!(ask(&lab).await.status, StatusCode::SEE_OTHER);
}

/// Req: AS-47
#[tokio::test]
async fn bytes_are_counted_while_they_come() {
    let lab = Lab::start().await;
    let endless = || ([(CONTENT_TYPE, "application/json")], Body::new(Endless)).into_response();
    refuses_and_forgets(&lab, endless, "longer than 5 kilobytes").await;
}

/// A body without declared length that never ends.
struct Endless;

impl hyper::body::Body for Endless {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
        Poll::Ready(Some(Ok(hyper::body::Frame::data(Bytes::from_static(&[b' '; 1024])))))
    }
}

/// Req: AS-48, AS-49, C10
#[tokio::test]
async fn a_slow_host_ends_at_the_deadline() {
    let lab = Lab::start().await;
    let asked = Arc::new(Notify::new());
    let tell = Arc::clone(&asked);
    lab.client.answer(move || {
        tell.notify_one();
        ([("x-never-ends", "1")], "").into_response()
    });
    let time_passes = async {
        asked.notified().await;
        tokio::time::pause();
        tokio::time::advance(DEADLINE).await;
    };
    let (page, ()) = tokio::join!(ask(&lab), time_passes);
    page.is_page(StatusCode::BAD_REQUEST, "could not be fetched");
}

/// Req: AS-37, AS-55, AS-56, AS-57, AS-58, AS-59, AS-60, X-29, X-32
#[tokio::test]
async fn a_document_that_breaks_a_rule_is_refused() {
    let lab = Lab::start().await;
    let changed = |name: &str, value: Option<Value>| {
        let mut document = lab.client.document();
        let members = document.as_object_mut().unwrap();
        members.shift_remove(name);
        if let Some(value) = value {
            members.insert(name.to_owned(), value);
        }
        document.to_string()
    };
    let client_id = lab.client.client_id();
    for (body, says) in [
        (changed("client_id", Some(json!(format!("{client_id}/")))), "it was fetched from"),
        (changed("client_id", Some(json!(client_id.to_uppercase()))), "it was fetched from"),
        (changed("client_id", None), "client_id is missing"),
        (changed("client_name", None), "client_name is missing"),
        (changed("redirect_uris", None), "redirect_uris is missing"),
        (changed("redirect_uris", Some(json!([]))), "redirect_uris has the wrong type"),
        (changed("redirect_uris", Some(json!(["http://c.example/cb"]))), "does not use https"),
        (changed("redirect_uris", Some(json!(["JavaScript:alert(1)"]))), "not an absolute http or https URL"),
        (changed("client_secret", Some(json!("s"))), "has no place"),
        (changed("token_endpoint_auth_method", Some(json!("client_secret_basic"))), "has no place"),
        (changed("token_endpoint_auth_method", Some(json!("tls_client_auth"))), "is not offered here"),
        (changed("token_endpoint_auth_method", Some(json!("private_key_jwt"))), "neither jwks nor jwks_uri"),
        (changed("jwks", Some(json!({ "keys": [{ "kty": "EC", "d": "x" }] }))), "a private or symmetric key"),
        ("[]".to_owned(), "not a JSON object"),
    ] {
        refuses_and_forgets(&lab, json_body(body), says).await;
    }
}

/// Req: ALL-05, X-33
#[tokio::test]
async fn texts_of_a_document_are_escaped() {
    let lab = Lab::start().await;
    let mut document = lab.client.document();
    document["client_name"] = "<script>alert(1)</script>\u{202e}".into();
    lab.client.serve_document(&document);
    let page = lab.browser().consent_page(&lab.request(), "ada").await;
    assert!(!page.body.contains("<script>") && !page.body.contains('\u{202e}'));
    assert!(page.body.contains("alert(1)"), "the name is shown, as text");

    lab.clock.advance(60);
    document["client_id"] = "<script>alert(2)</script>".into();
    lab.client.serve_document(&document);
    let refusal = ask(&lab).await;
    assert!(refusal.body.contains("alert(2)") && !refusal.body.contains("<script>"));
}

/// Req: AS-50, AS-51
#[tokio::test]
async fn a_valid_document_is_kept_for_a_moment_and_a_change_is_seen_soon() {
    let lab = Lab::start().await;
    for _ in 0..3 {
        assert_eq!(ask(&lab).await.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(lab.client.hits(), 1);
    lab.clock.advance(6);
    let mut document = lab.client.document();
    document["redirect_uris"] = json!(["https://c.example/other"]);
    let body = document.to_string();
    lab.client.answer(move || {
        ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "max-age=86400")], body.clone()).into_response()
    });
    ask(&lab).await.is_page(StatusCode::BAD_REQUEST, "not among the places");
}

/// Req: AS-30, AS-44
#[tokio::test]
async fn without_the_labs_policy_loopback_is_not_fetched_from() {
    let mut settings = settings();
    settings.loopback = LoopbackPolicy::HttpsOnly;
    settings.issuer = Issuer::parse("https://as.example", LoopbackPolicy::HttpsOnly).unwrap();
    settings.people.clear();
    let lab = Lab::with(settings).await;
    ask(&lab).await.is_page(StatusCode::BAD_REQUEST, "does not use https");
    assert_eq!(lab.client.hits(), 0);
}

/// Req: AS-52
#[tokio::test]
async fn a_configured_client_is_not_fetched() {
    let mut settings = settings();
    settings.clients.push(Client {
        id: ClientId::parse("https://c.example/client.json").unwrap(),
        source: ClientSource::Configured,
        name: "C".into(),
        redirect_uris: vec![RedirectUri::parse("https://c.example/cb").unwrap()],
        authentication: ClientAuthentication::None,
        wants_refresh: false,
        fingerprint: String::new(),
    });
    let lab = Lab::with(settings).await;
    let mut request = lab.request_with("client_id", Some("https://c.example/client.json"));
    request.retain(|(name, _)| name != "redirect_uri");
    let answer = lab.get(&format!("/authorize?{}", encode(&request))).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
}

/// Req: AS-44, C26
#[tokio::test]
async fn the_exception_for_loopback_belongs_to_a_server_on_loopback() {
    let start = async |issuer: &str| {
        let mut settings = settings();
        settings.issuer = Issuer::parse(issuer, settings.loopback).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("as.sqlite")).await.unwrap();
        let clock = Arc::new(FixedClock::at(START));
        AuthorizationServer::new(settings, store, clock, Arc::new(SeededEntropy::new(0))).await
    };
    for issuer in ["https://as.example", "https://localhost.example", "https://10.0.0.1"] {
        assert!(matches!(start(issuer).await, Err(StartError::LoopbackPolicyInPublic(_))), "{issuer}");
    }
    // The program has no flag and no variable for it; what looks like one stops it.
    let program = |flag: &[&str], variable: &str| {
        Command::new(env!("CARGO_BIN_EXE_authorization-server"))
            .args(["--issuer", "https://as.example", "--database", "/dev/null", "--config", "/dev/null"])
            .args(["--key-secret-file", "/dev/null"])
            .args(flag)
            .env(variable, "1")
            .output()
            .unwrap()
    };
    let help = Command::new(env!("CARGO_BIN_EXE_authorization-server")).arg("--help").output().unwrap();
    assert!(!String::from_utf8(help.stdout).unwrap().contains("--allow"));
    let flag = program(&["--allow-http-on-loopback"], "UNRELATED");
    let variable = program(&[], "LAB_AS_ALLOW_HTTP_ON_LOOPBACK");
    for (output, says) in [(flag, "unexpected argument"), (variable, "is unknown")] {
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && text.contains(says), "{text}");
    }
}
