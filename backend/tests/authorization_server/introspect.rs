//! `/introspect`: what a resource server is told about a token, and who is told nothing.

use backend::store::SecretHash;
use http::header::AUTHORIZATION;
use http::{Method, Request, StatusCode};
use protocol::access_token::open_unverified;
use serde_json::{Value, json};

use crate::support::{INTROSPECTION_SECRET, Lab, RESOURCE, introspection, method, post_form, settings};

const OTHER_RESOURCE: &str = "http://localhost:8002/mcp";

/// Req: AS-145
#[tokio::test]
async fn a_good_token_is_described_as_it_was_signed() {
    let lab = Lab::start().await;
    let token = lab.tokens().await["access_token"].clone();
    let answer = lab.send(introspection(RESOURCE, INTROSPECTION_SECRET, token.as_str().unwrap())).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    let mut expected = open_unverified(token.as_str().unwrap()).unwrap().claims;
    assert_eq!(expected["aud"], RESOURCE);
    expected.insert("active".into(), json!(true));
    expected.insert("token_type".into(), json!("Bearer"));
    assert_eq!(answer.json(), Value::Object(expected));
}

/// Req: AS-144
#[tokio::test]
async fn about_everything_else_nothing_is_told() {
    let mut settings = settings();
    settings.resources[1].introspection_secret = Some(SecretHash::of_text("another secret"));
    let lab = Lab::refreshing_with(settings).await;
    let tokens = lab.tokens().await;
    let access_token = tokens["access_token"].as_str().unwrap();
    let revoked = lab.tokens().await;
    lab.revoke(&revoked["refresh_token"]).await;
    let code = lab.code().await;

    let inactive = async |resource: &str, secret: &str, token: &str| {
        let answer = lab.send(introspection(resource, secret, token)).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, r#"{"active":false}"#), "{token}");
        assert_eq!(answer.header("cache-control"), "no-store");
    };
    let (signed, signature) = access_token.rsplit_once('.').unwrap();
    let (_, others_signature) = revoked["access_token"].as_str().unwrap().rsplit_once('.').unwrap();
    for token in [
        revoked["access_token"].as_str().unwrap(),
        tokens["refresh_token"].as_str().unwrap(),
        &code,
        "x",
        "a.b.c",
        "' OR 1=1 --",
        signed,
        &format!("{signed}."),
        &format!("{signed}.{others_signature}"),
        &format!("{access_token}.{signature}"),
        &format!("{access_token}{}", "A".repeat(10_000)),
    ] {
        inactive(RESOURCE, INTROSPECTION_SECRET, token).await;
    }
    // A token for one resource is nothing to another.
    inactive(OTHER_RESOURCE, "another secret", access_token).await;
    assert!(lab.is_active(&tokens["access_token"]).await);
    lab.clock.advance(599);
    assert!(lab.is_active(&tokens["access_token"]).await);
    lab.clock.advance(1);
    inactive(RESOURCE, INTROSPECTION_SECRET, access_token).await;
}

/// Req: AS-144
#[tokio::test]
async fn only_a_resource_that_proves_itself_may_ask() {
    let lab = Lab::start().await;
    let token = lab.tokens().await["access_token"].as_str().unwrap().to_owned();
    let header = |resource: &str, secret: &str| {
        introspection(resource, secret, &token).headers()[AUTHORIZATION].to_str().unwrap().to_owned()
    };
    let good = header(RESOURCE, INTROSPECTION_SECRET);
    for authorization in [
        &header(RESOURCE, "wrong"),
        &header(RESOURCE, ""),
        &header(OTHER_RESOURCE, INTROSPECTION_SECRET),
        &header(OTHER_RESOURCE, ""),
        &header(&lab.client.client_id(), INTROSPECTION_SECRET),
        "Basic",
        "Basic %%%",
        "Basic aWQ=",
        &good.replace("Basic", "Bearer"),
        &format!("Bearer {token}"),
        &good[..good.len() - 8],
    ] {
        let mut request = introspection(RESOURCE, INTROSPECTION_SECRET, &token);
        request.headers_mut().insert(AUTHORIZATION, authorization.parse().unwrap());
        let answer = lab.send(request).await;
        answer.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
        assert!(answer.header("www-authenticate").starts_with("Basic realm="), "{authorization}");
    }
    let mut twice = introspection(RESOURCE, INTROSPECTION_SECRET, &token);
    twice.headers_mut().append(AUTHORIZATION, good.parse().unwrap());
    lab.send(twice).await.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
    // Not even whether the request could be read.
    let stranger = lab.send(post_form("/introspect", "")).await;
    stranger.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
    let mut caps = introspection(RESOURCE, INTROSPECTION_SECRET, &token);
    caps.headers_mut().insert(AUTHORIZATION, good.replace("Basic", "BASIC").parse().unwrap());
    assert_eq!(lab.send(caps).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_request_that_cannot_be_read_is_refused() {
    let lab = Lab::start().await;
    let header = introspection(RESOURCE, INTROSPECTION_SECRET, "x").headers()[AUTHORIZATION].clone();
    let send = async |mut request: Request<axum::body::Body>| {
        request.headers_mut().insert(AUTHORIZATION, header.clone());
        lab.send(request).await
    };
    for body in ["", "token=", "token=a&token=b", "token=a&token_type_hint=b&token_type_hint=c", "token=%FF"]
    {
        let answer = send(post_form("/introspect", body)).await;
        answer.is_denied(StatusCode::BAD_REQUEST, "invalid_request");
    }
    let long = send(post_form("/introspect", &format!("token={}", "x".repeat(16 * 1024)))).await;
    long.is_denied(StatusCode::PAYLOAD_TOO_LARGE, "invalid_request");
    let get = send(method(&Method::GET, "/introspect?token=x")).await;
    get.is_denied(StatusCode::METHOD_NOT_ALLOWED, "invalid_request");
}

#[tokio::test]
async fn no_page_may_ask() {
    let lab = Lab::start().await;
    let mut asked = introspection(RESOURCE, INTROSPECTION_SECRET, "x");
    asked.headers_mut().insert("origin", "http://localhost:3000".parse().unwrap());
    let preflight = Request::options("/introspect")
        .header("origin", "http://localhost:3000")
        .header("access-control-request-method", "POST")
        .body(axum::body::Body::empty())
        .unwrap();
    for request in [asked, preflight] {
        let answer = lab.send(request).await;
        let cors = answer.headers.keys().find(|name| name.as_str().starts_with("access-control-"));
        assert_eq!(cors, None);
    }
}

#[tokio::test]
async fn without_any_secret_the_endpoint_is_not_advertised() {
    let mut settings = settings();
    settings.resources[0].introspection_secret = None;
    let lab = Lab::with(settings).await;
    let metadata = lab.get("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(metadata.get("introspection_endpoint"), None);
    assert_eq!(metadata.get("introspection_endpoint_auth_methods_supported"), None);
    let answer = lab.send(introspection(RESOURCE, "", "x")).await;
    answer.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
}
