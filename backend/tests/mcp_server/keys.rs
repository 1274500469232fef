//! The keys of the authorization server: fetched when needed, kept, and never replaced by something worse.

use axum::body::Body;
use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Key, Server, all};

/// Req: RS-21
#[tokio::test]
async fn keys_are_fetched_once_however_many_ask_at_the_same_time() {
    let server = Server::start().await;
    let token = server.token("mcp:connect");
    let calls = (0..20).map(|_| server.call(&token, "whoami", json!({})));
    for answer in all(calls).await {
        assert_eq!(answer.status, StatusCode::OK);
    }
    assert_eq!(server.keys.asked(), 1);
}

#[tokio::test]
async fn invented_key_ids_do_not_lead_to_a_fetch_each() {
    let server = Server::start().await;
    assert_eq!(server.call(&server.token("mcp:connect"), "whoami", json!({})).await.status, StatusCode::OK);
    for i in 0..20 {
        let token = server.token_headed("kid", json!(format!("invented-{i}")));
        server.call(&token, "whoami", json!({})).await.is_invalid_token("invented");
    }
    assert_eq!(server.keys.asked(), 1, "within half a minute of the last fetch there is no other");
    server.clock.advance(31);
    let token = server.token_headed("kid", json!("invented"));
    server.call(&token, "whoami", json!({})).await.is_invalid_token("invented");
    assert_eq!(server.keys.asked(), 2);
}

#[tokio::test]
async fn a_new_key_works_and_a_removed_one_dies() {
    let server = Server::start().await;
    assert_eq!(server.call(&server.token("mcp:connect"), "whoami", json!({})).await.status, StatusCode::OK);
    server.keys.publish(&[Key::foreign()]);
    server.clock.advance(31);
    let header = json!({ "alg": "RS256", "typ": "at+jwt", "kid": Key::foreign().public().kid() });
    let new = Key::foreign().sign(&header, &server.claims("mcp:connect"));
    assert_eq!(server.call(&new, "whoami", json!({})).await.status, StatusCode::OK);
    server.call(&server.token("mcp:connect"), "whoami", json!({})).await.is_invalid_token("a removed key");
}

#[tokio::test]
async fn a_useless_answer_leaves_the_keys_as_they_are() {
    let server = Server::start().await;
    let token = server.token("mcp:connect");
    assert_eq!(server.call(&token, "whoami", json!({})).await.status, StatusCode::OK);
    for (status, body) in [
        (StatusCode::INTERNAL_SERVER_ERROR, String::new()),
        (StatusCode::OK, "nonsense".to_owned()),
        (StatusCode::OK, r#"{"keys":[]}"#.to_owned()),
        (StatusCode::OK, format!(r#"{{"keys":[{}]}}"#, " ".repeat(70 * 1024))),
    ] {
        server.keys.answer(status, &body);
        server.clock.advance(31);
        let unknown = server.token_headed("kid", json!("unknown"));
        server.call(&unknown, "whoami", json!({})).await.is_invalid_token("unknown");
        assert_eq!(
            server.call(&token, "whoami", json!({})).await.status,
            StatusCode::OK,
            "{status} {body:.40}"
        );
    }
    assert_eq!(server.keys.asked(), 5);
}

#[tokio::test]
async fn without_any_key_the_answer_is_not_yet_and_soon_it_is_yes() {
    let server = Server::start().await;
    let token = server.token("mcp:connect");
    server.keys.answer(StatusCode::BAD_GATEWAY, "");
    let answer = server.call(&token, "whoami", json!({})).await;
    answer.is_refused_by_http(503);
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(answer.header("www-authenticate"), "", "a new token would not help");
    server.keys.publish(&[Key::published()]);
    server.clock.advance(1);
    assert_eq!(server.call(&token, "whoami", json!({})).await.status, StatusCode::OK);
}

/// What is published with a mistake is passed over; what is right beside it works. Req: RS-21
#[tokio::test]
async fn unusable_keys_are_passed_over() {
    let server = Server::start().await;
    let right = serde_json::to_value(Key::p256().public()).unwrap();
    let with = |name: &str, value: Value| {
        let mut key = right.clone();
        key[name] = value;
        key
    };
    let short = &right["x"].as_str().unwrap()[..40];
    let header = json!({ "alg": "ES256", "typ": "at+jwt", "kid": Key::p256().public().kid() });
    let token = Key::p256().sign(&header, &server.claims("mcp:connect"));
    for wrong in [
        with("kty", json!("OKP")),
        with("crv", json!("P-384")),
        with("crv", json!("secp256k1")),
        with("alg", json!("ES384")),
        with("alg", json!("RS256")),
        with("alg", Value::Null),
        with("use", json!("enc")),
        with("x", json!(short)),
        with("kid", json!(7)),
        json!("no object"),
    ] {
        let set = json!({ "keys": [wrong, Key::published().public()] });
        server.keys.answer(StatusCode::OK, &set.to_string());
        server.clock.advance(31);
        server.call(&token, "whoami", json!({})).await.is_invalid_token(&wrong.to_string());
        let rsa = server.token("mcp:connect");
        assert_eq!(server.call(&rsa, "whoami", json!({})).await.status, StatusCode::OK, "{wrong}");
    }
    server.keys.answer(StatusCode::OK, &json!({ "keys": [right] }).to_string());
    server.clock.advance(31);
    let answer = server.call(&token, "whoami", json!({})).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
}

#[tokio::test]
async fn it_is_ready_when_tokens_can_be_verified() {
    let server = Server::start().await;
    server.keys.answer(StatusCode::INTERNAL_SERVER_ERROR, "");
    let health = async |path: &str| {
        let answer = server.send(http::Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.headers["cache-control"], "no-store");
        (answer.status, answer.headers.contains_key("retry-after"))
    };
    assert_eq!(health("/readyz").await, (StatusCode::SERVICE_UNAVAILABLE, true));
    assert_eq!(health("/healthz").await, (StatusCode::OK, false));
    server.keys.publish(&[Key::published()]);
    server.clock.advance(1);
    assert_eq!(health("/readyz").await, (StatusCode::OK, false));
    server.keys.answer(StatusCode::INTERNAL_SERVER_ERROR, "");
    server.clock.advance(3600);
    assert_eq!(health("/readyz").await, (StatusCode::OK, false), "old keys are better than none");
}
