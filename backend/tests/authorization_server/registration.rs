//! `/register`: who is given a name, with which bounds, and what a flood leaves.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use backend::authorization_server::{RegistrationSettings, Settings};
use backend::store::SecretHash;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request, StatusCode};
use protocol::basic_credentials::BasicCredentials;
use protocol::secret::Secret;
use serde_json::{Value, json};

use crate::support::{Lab, encode, method, post_form, settings, with};

const NATIVE: &str = "http://127.0.0.1/callback";
const WEB: &str = "https://app.example/callback";

fn bounded(registration: RegistrationSettings) -> Settings {
    Settings { registration: Some(registration), ..settings() }
}

fn post(body: String) -> Request<Body> {
    Request::post("/register").header(CONTENT_TYPE, "application/json").body(Body::from(body)).unwrap()
}

fn public(name: &str) -> Value {
    json!({ "redirect_uris": [NATIVE], "token_endpoint_auth_method": "none", "client_name": name })
}

/// Registers a client that has to succeed, and gives its id.
async fn id_of(lab: &Lab, request: &Value) -> String {
    let answer = lab.register(request).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    answer.json()["client_id"].as_str().unwrap().to_owned()
}

/// Req: AS-22, AS-23, AS-25, AS-155, AS-157
#[tokio::test]
async fn a_client_registers_and_gets_a_token() {
    let lab = Lab::start().await;
    let request = json!({
        "redirect_uris": [NATIVE, "https://app.example/callback?kept=1"],
        "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token", "implicit"],
        "response_types": ["code"],
        "client_name": "Registered client",
        "client_uri": "https://app.example",
        "logo_uri": "https://app.example/logo.png",
        "scope": "mcp:connect unknown:scope",
        "software_id": "ignored",
    });
    let mut post = post(request.to_string());
    post.headers_mut().insert("origin", "http://localhost:6274".parse().unwrap());
    let answer = lab.send(post).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let mut body = answer.json();
    let client_id = body.as_object_mut().unwrap().shift_remove("client_id").unwrap();
    let client_id = client_id.as_str().unwrap();
    assert_eq!(
        body,
        json!({
            "client_id_issued_at": lab.now().0,
            "redirect_uris": [NATIVE, "https://app.example/callback?kept=1"],
            "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "application_type": "native",
            "client_name": "Registered client",
            "client_uri": "https://app.example",
            "logo_uri": "https://app.example/logo.png",
            "scope": "mcp:connect",
        })
    );
    assert!(!client_id.contains("://"), "{client_id}");

    let redirect_uri = "http://127.0.0.1:51004/callback";
    let page = lab.browser().consent_page(&lab.request_as(client_id, redirect_uri), "ada").await;
    assert!(
        page.body.contains("Registered client") && page.body.contains("127.0.0.1:51004"),
        "{}",
        page.body
    );
    let code = lab.code_as(client_id, redirect_uri).await;
    let token = lab.token(&lab.exchange_as(&code, client_id, redirect_uri)).await;
    assert_eq!(token.status, StatusCode::OK, "{token:?}");
    let unlisted = lab.request_as(client_id, "http://127.0.0.1/other");
    lab.browser().authorize(&unlisted).await.is_page(StatusCode::BAD_REQUEST, "not among the places");
    assert_eq!(lab.client.hits(), 0, "nothing was fetched");
}

/// Req: AS-20, AS-155, AS-111, AS-112, ALL-11
#[tokio::test]
async fn without_a_method_a_client_gets_a_secret_and_must_use_it() {
    let lab = Lab::start().await;
    let body = lab.register(&json!({ "redirect_uris": [WEB] })).await.json();
    assert_eq!(body["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(body["client_secret_expires_at"], 0);
    assert_eq!(body["application_type"], "web");
    let (id, secret) = (body["client_id"].as_str().unwrap(), body["client_secret"].as_str().unwrap());
    assert_eq!(secret.len(), 43, "256 bits");

    let code = lab.code_as(id, WEB).await;
    let exchange = lab.exchange_as(&code, id, WEB);
    lab.token(&exchange).await.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
    let credentials = BasicCredentials { id: id.into(), secret: Secret::new(secret) };
    let mut request = post_form("/token", &encode(&exchange));
    request.headers_mut().insert(AUTHORIZATION, credentials.to_header().reveal().parse().unwrap());
    assert_eq!(lab.send(request).await.status, StatusCode::OK);

    for entry in std::fs::read_dir(lab.folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
    }
}

/// Req: AS-112, AS-155
#[tokio::test]
async fn the_secret_may_be_for_the_body() {
    let lab = Lab::start().await;
    let request = json!({ "redirect_uris": [WEB], "token_endpoint_auth_method": "client_secret_post" });
    let body = lab.register(&request).await.json();
    let (id, secret) = (body["client_id"].as_str().unwrap(), body["client_secret"].as_str().unwrap());
    let exchange = lab.exchange_as(&lab.code_as(id, WEB).await, id, WEB);
    let token = lab.token(&with(exchange, "client_secret", Some(secret))).await;
    assert_eq!(token.status, StatusCode::OK, "{token:?}");
}

/// Req: AS-156, AS-157, A05
#[tokio::test]
async fn what_breaks_a_rule_is_not_registered() {
    let lab = Lab::start().await;
    let web = |name: &str, value: Value| json!({ "redirect_uris": [WEB], name: value });
    let uris = |uris: Value| json!({ "redirect_uris": uris });
    for (request, error, says) in [
        (json!({}), "invalid_redirect_uri", "redirect_uris is missing"),
        (uris(json!([])), "invalid_redirect_uri", "wrong type"),
        (uris(json!("https://app.example/cb")), "invalid_redirect_uri", "wrong type"),
        (uris(json!(["JavaScript:alert(1)"])), "invalid_redirect_uri", "not an absolute"),
        (uris(json!(["\u{1}javascript:alert(1)"])), "invalid_redirect_uri", "does not belong"),
        (uris(json!(["data:text/html,x"])), "invalid_redirect_uri", "not an absolute"),
        (uris(json!([WEB, "http://app.example/cb"])), "invalid_redirect_uri", "https"),
        (uris(json!(["https://app.example/cb#x"])), "invalid_redirect_uri", "fragment"),
        (
            json!({ "redirect_uris": [NATIVE], "application_type": "web" }),
            "invalid_redirect_uri",
            "application_type native",
        ),
        (web("application_type", json!("desktop")), "invalid_client_metadata", "web or native"),
        (
            web("token_endpoint_auth_method", json!("tls_client_auth")),
            "invalid_client_metadata",
            "one of none",
        ),
        (
            web("token_endpoint_auth_method", json!("private_key_jwt")),
            "invalid_client_metadata",
            "neither jwks",
        ),
        (web("grant_types", json!(["client_credentials"])), "invalid_client_metadata", "authorization_code"),
        (web("response_types", json!(["token"])), "invalid_client_metadata", "code"),
        (web("scope", json!("a\"b")), "invalid_client_metadata", "scope"),
        (web("client_name", json!({})), "invalid_client_metadata", "client_name"),
        (web("client_name", json!("x".repeat(1000))), "invalid_client_metadata", "too long"),
        (web("logo_uri", json!("javascript:alert(1)")), "invalid_client_metadata", "logo_uri"),
        (web("jwks", json!({ "keys": [{ "kty": "oct", "k": "x" }] })), "invalid_client_metadata", "private"),
    ] {
        let answer = lab.register(&request).await;
        answer.is_denied(StatusCode::BAD_REQUEST, error);
        let description = answer.json()["error_description"].as_str().unwrap().to_owned();
        assert!(description.contains(says), "{request} gives {description}");
    }
    assert_eq!(lab.store.count_registered().await.unwrap(), 0);
}

/// Req: AS-155, AS-156
#[tokio::test]
async fn only_a_bounded_strict_json_body_is_read() {
    let lab = Lab::start().await;
    let good = public("A").to_string();
    let typed = |content_type: &str| {
        Request::post("/register").header(CONTENT_TYPE, content_type).body(Body::from(good.clone())).unwrap()
    };
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"] {
        let answer = lab.send(typed(content_type)).await;
        answer.is_denied(StatusCode::BAD_REQUEST, "invalid_client_metadata");
    }
    let twice = format!(r#"{{"client_name":"B",{}"#, &good[1..]);
    for body in [twice, "[]".into(), "\"x\"".into(), "{".into(), String::new(), format!("{good} {good}")] {
        lab.send(post(body)).await.is_denied(StatusCode::BAD_REQUEST, "invalid_client_metadata");
    }
    let long = json!({ "redirect_uris": [NATIVE], "padding": "x".repeat(8 * 1024) });
    lab.register(&long).await.is_denied(StatusCode::PAYLOAD_TOO_LARGE, "invalid_client_metadata");
    let wrong = lab.send(method(&Method::GET, "/register")).await;
    wrong.is_denied(StatusCode::METHOD_NOT_ALLOWED, "invalid_request");
    assert_eq!(wrong.header("allow"), "POST");
    assert_eq!(lab.store.count_registered().await.unwrap(), 0);
    assert_eq!(lab.send(typed("application/json; charset=utf-8")).await.status, StatusCode::CREATED);
}

/// Req: AS-22
#[tokio::test]
async fn switched_off_there_is_nothing_of_it() {
    let mut lab = Lab::start().await;
    let id = id_of(&lab, &public("A")).await;
    let code = lab.code_as(&id, NATIVE).await;
    lab.restart_with(Settings { registration: None, ..settings() }).await;
    lab.register(&public("A")).await.is_denied(StatusCode::NOT_FOUND, "invalid_request");
    let metadata = lab.get("/.well-known/oauth-authorization-server").await.json();
    assert!(metadata.get("registration_endpoint").is_none());
    let answer = lab.browser().authorize(&lab.request_as(&id, NATIVE)).await;
    answer.is_page(StatusCode::BAD_REQUEST, "not known here");
    let exchange = lab.exchange_as(&code, &id, NATIVE);
    lab.token(&exchange).await.is_denied(StatusCode::BAD_REQUEST, "invalid_client");
}

/// Req: L09
#[tokio::test]
async fn the_same_words_are_the_same_client() {
    let lab = Lab::start().await;
    let first = lab.register(&public("A")).await.json();
    lab.clock.advance(60);
    for _ in 0..50 {
        assert_eq!(lab.register(&public("A")).await.json(), first, "with its first date");
    }
    assert_eq!(lab.store.count_registered().await.unwrap(), 1);
    let other = id_of(&lab, &public("B")).await;
    assert_ne!(first["client_id"], other);

    let confidential = json!({ "redirect_uris": [WEB] });
    let one = id_of(&lab, &confidential).await;
    assert_ne!(one, id_of(&lab, &confidential).await, "two that share a secret would be one");
}

/// Req: L09
#[tokio::test]
async fn a_flood_leaves_few_rows_and_every_used_client() {
    const MOST: u64 = 50;
    let lab =
        Lab::with(bounded(RegistrationSettings { most_unused: MOST, ..RegistrationSettings::default() }))
            .await;
    let used = id_of(&lab, &public("used")).await;
    lab.code_as(&used, NATIVE).await;
    let unused = id_of(&lab, &public("unused")).await;
    for chunk in 0..10 {
        let mut flood = tokio::task::JoinSet::new();
        for number in 0..100 {
            let mut request = post(public(&format!("flood {chunk} {number}")).to_string());
            // From everywhere: one address alone would be stopped before.
            request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, chunk, number], 4711))));
            let router = lab.router.clone();
            flood.spawn(async move { tower::ServiceExt::oneshot(router, request).await.unwrap().status() });
        }
        assert!(flood.join_all().await.iter().all(|status| *status == StatusCode::CREATED));
    }
    assert_eq!(lab.store.count_registered().await.unwrap(), MOST + 1);
    assert!(lab.store.find_registered(&used, lab.now()).await.unwrap().is_some());
    assert!(lab.store.find_registered(&unused, lab.now()).await.unwrap().is_none(), "the oldest go");
    assert_eq!(id_of(&lab, &public("unused")).await, unused, "and can come back");
    lab.code_as(&unused, NATIVE).await;
}

/// Req: L09
#[tokio::test]
async fn an_unused_client_is_forgotten_after_an_hour() {
    let lab = Lab::start().await;
    let (used, unused) = (id_of(&lab, &public("used")).await, id_of(&lab, &public("unused")).await);
    lab.code_as(&used, NATIVE).await;
    lab.clock.advance(3599);
    assert_eq!(lab.browser().authorize(&lab.request_as(&unused, NATIVE)).await.status, StatusCode::SEE_OTHER);
    lab.clock.advance(1);
    let answer = lab.browser().authorize(&lab.request_as(&unused, NATIVE)).await;
    answer.is_page(StatusCode::BAD_REQUEST, "not known here");
    lab.code_as(&used, NATIVE).await;
    lab.clock.advance(1);
    lab.server.maintain().await.unwrap();
    assert_eq!(lab.store.count_registered().await.unwrap(), 1, "the forgotten one is swept away");
}

/// Req: L09
#[tokio::test]
async fn a_consent_keeps_a_client_that_was_pushed_out_while_its_person_was_reading() {
    let lab =
        Lab::with(bounded(RegistrationSettings { most_unused: 1, ..RegistrationSettings::default() })).await;
    let id = id_of(&lab, &public("A")).await;
    let mut browser = lab.browser();
    let page = browser.consent_page(&lab.request_as(&id, NATIVE), "ada").await;
    id_of(&lab, &public("B")).await;
    assert!(lab.store.find_registered(&id, lab.now()).await.unwrap().is_none());
    let form = crate::support::Form::find(&page.body, "/consent").with("decision", "allow");
    let code = browser.submit(&form).await.redirected().parameter("code").unwrap();
    let token = lab.token(&lab.exchange_as(&code, &id, NATIVE)).await;
    assert_eq!(token.status, StatusCode::OK, "{token:?}");
}

/// Req: AS-158
#[tokio::test]
async fn consents_last_less_long_for_a_client_that_nobody_vouches_for() {
    let lab = Lab::start().await;
    let id = id_of(
        &lab,
        &json!({
            "redirect_uris": [NATIVE],
            "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"],
        }),
    )
    .await;
    let code = lab.code_as(&id, NATIVE).await;
    let found = lab.store.find_code(SecretHash::of_text(&code)).await.unwrap().unwrap();
    assert_eq!(found.family.expires_at, lab.now().plus(7 * 24 * 3600));
}
