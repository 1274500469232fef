//! Who gets in: only a token of our authorization server, for this server, in its time.

use axum::body::Body;
use axum::extract::Request;
use http::StatusCode;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use protocol::base64url;
use serde_json::{Value, json};

use crate::support::{Key, METADATA, NOW, Server, call, post};

/// Req: RS-06, RS-10, RS-11, RS-12, RS-17, RS-18, X-01, X-02
#[tokio::test]
async fn without_credentials_the_challenge_shows_the_way_and_names_no_error() {
    let server = Server::start().await;
    let message = call("whoami", &json!({})).to_string();
    let in_the_query = Request::post(format!("/mcp?access_token={}", server.token("mcp:connect")))
        .header(HOST, "localhost:8001")
        .header(CONTENT_TYPE, "application/json")
        .body(Body::from(message.clone()))
        .unwrap();
    for request in [
        post(&message, None),
        post("no JSON at all", None),
        post(&message, Some("Basic YWRhOnNlY3JldA==")),
        in_the_query,
    ] {
        let answer = server.send(request).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(
            answer.header("www-authenticate"),
            format!(r#"Bearer resource_metadata="{METADATA}", scope="mcp:connect""#)
        );
        assert_eq!(answer.body, "");
    }
    assert_eq!(server.keys.asked(), 0, "nothing is fetched for strangers");
}

/// Req: RS-14
#[tokio::test]
async fn credentials_that_can_be_read_in_two_ways_are_a_bad_request() {
    let server = Server::start().await;
    let token = server.token("mcp:connect");
    let message = call("whoami", &json!({})).to_string();
    let mut twice = post(&message, Some(&format!("Bearer {token}")));
    twice.headers_mut().append(AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
    for request in
        [twice, post(&message, Some("Bearer")), post(&message, Some(&format!("Bearer {token} {token}")))]
    {
        let answer = server.send(request).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.header("www-authenticate").starts_with(r#"Bearer error="invalid_request", "#));
    }
}

/// Req: RS-16, RS-21, F08
#[tokio::test]
async fn a_good_token_gets_in_however_its_scheme_and_type_are_spelt() {
    let server = Server::start().await;
    let message = call("whoami", &json!({})).to_string();
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt"] {
        let token = server.token_headed("typ", json!(typ));
        for scheme in ["Bearer", "bearer", "BEARER"] {
            let answer = server.send(post(&message, Some(&format!("{scheme} {token}")))).await;
            assert_eq!(answer.status, StatusCode::OK, "{typ} {scheme}: {answer:?}");
        }
    }
    let for_two = server.token_with("aud", json!(["https://other.example", "http://localhost:8001/mcp"]));
    assert_eq!(server.call(&for_two, "whoami", json!({})).await.status, StatusCode::OK);
}

/// Req: RS-13, RS-19, RS-21, RS-27, X-03, X-05, F09, F18
#[tokio::test]
async fn a_token_with_one_wrong_claim_is_invalid() {
    let server = Server::start().await;
    let wrong = [
        ("exp", json!(NOW)),
        ("exp", json!(NOW - 1)),
        ("exp", json!("1900000000")),
        ("exp", json!(-1)),
        ("exp", Value::Null),
        ("iat", json!(NOW + 60)),
        ("iat", Value::Null),
        ("nbf", json!(NOW + 60)),
        ("nbf", json!("soon")),
        ("aud", json!("http://localhost:8001/mcp/")),
        ("aud", json!("http://localhost:8001")),
        ("aud", json!("http://localhost:8002/mcp")),
        ("aud", json!([])),
        ("aud", json!(["http://localhost:8002/mcp"])),
        ("aud", json!(["http://localhost:8001/mcp", 7])),
        ("aud", Value::Null),
        ("iss", json!("http://localhost:9000")),
        ("iss", json!(format!("{}/", server.keys.issuer))),
        ("iss", json!([server.keys.issuer])),
        ("iss", Value::Null),
        ("sub", json!("")),
        ("sub", json!("a\r\nb")),
        ("sub", Value::Null),
        ("client_id", json!("")),
        ("client_id", Value::Null),
        ("scope", json!(["mcp:connect"])),
        ("scope", json!("mcp:connect\tweather:read")),
        ("jti", Value::Null),
        ("cnf", json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" })),
        ("cnf", json!({})),
    ];
    for (name, value) in wrong {
        let token = server.token_with(name, value.clone());
        server.call(&token, "whoami", json!({})).await.is_invalid_token(&format!("{name} = {value}"));
    }
}

/// Req: RS-13
#[tokio::test]
async fn a_token_ends_with_its_time() {
    let server = Server::start().await;
    let token = server.token("mcp:connect");
    server.clock.advance(599);
    assert_eq!(server.call(&token, "whoami", json!({})).await.status, StatusCode::OK);
    server.clock.advance(1);
    server.call(&token, "whoami", json!({})).await.is_invalid_token("expired");
}

/// Req: RS-21, X-04, F01, F06, F08
#[tokio::test]
async fn a_token_with_one_wrong_header_is_invalid() {
    let server = Server::start().await;
    let wrong = [
        ("alg", json!("none")),
        ("alg", json!("None")),
        ("alg", json!("nOnE")),
        ("alg", json!("PS256")),
        ("alg", json!("ES256")),
        ("alg", json!("EdDSA")),
        ("alg", Value::Null),
        ("typ", json!("JWT")),
        ("typ", json!("at+JWT;v=1")),
        ("typ", Value::Null),
        ("kid", json!("another")),
        ("kid", json!(7)),
        ("kid", Value::Null),
        ("crit", json!(["exp"])),
    ];
    for (name, value) in wrong {
        let token = server.token_headed(name, value.clone());
        server.call(&token, "whoami", json!({})).await.is_invalid_token(&format!("{name} = {value}"));
    }
    // A key that the token brings along, with the name of the real one.
    let header = json!({
        "alg": "RS256", "typ": "at+jwt", "kid": Key::published().public().kid(),
        "jwk": Key::foreign().public(), "jku": "http://localhost:1/jwks", "x5u": "http://localhost:1/x5",
    });
    let own_key = Key::foreign().sign(&header, &server.claims("mcp:connect"));
    server.call(&own_key, "whoami", json!({})).await.is_invalid_token("its own key");
}

/// Req: X-04, F01
#[tokio::test]
async fn a_token_that_was_touched_is_invalid() {
    let server = Server::start().await;
    let token = server.token("mcp:connect");
    let [header, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
    let more = base64url(server.claims("mcp:connect weather:read").to_string().as_bytes());
    let none = base64url(json!({ "alg": "none", "typ": "at+jwt" }).to_string().as_bytes());
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    for touched in [
        format!("{header}.{more}.{signature}"),
        format!("{header}.{payload}."),
        format!("{header}.{payload}"),
        format!("{none}.{payload}."),
        format!("{none}.{payload}.{signature}"),
        format!("{header}.{payload}.{flipped}{}", &signature[1..]),
        format!("{token}.{signature}"),
        format!("{token}="),
        "opaque".to_owned(),
        "..".to_owned(),
    ] {
        server.call(&touched, "whoami", json!({})).await.is_invalid_token(&touched);
    }
    assert_eq!(
        server.call(&token, "whoami", json!({})).await.status,
        StatusCode::OK,
        "untouched, it is good"
    );
}

/// The oldest trick: the public key as the secret of a symmetric algorithm. Req: F02, F03
#[tokio::test]
async fn the_public_key_is_no_shared_secret() {
    let server = Server::start().await;
    let header = changed_alg(&Server::header(), "HS256");
    let text = format!(
        "{}.{}",
        base64url(header.to_string().as_bytes()),
        base64url(server.claims("mcp:connect").to_string().as_bytes())
    );
    let public = Key::published().public();
    let modulus = serde_json::to_value(public).unwrap()["n"].as_str().unwrap().to_owned();
    let bytes = protocol::base64url_decode(&modulus).unwrap();
    for secret in [serde_json::to_vec(&public).unwrap(), modulus.into_bytes(), bytes] {
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &secret);
        let tag = aws_lc_rs::hmac::sign(&key, text.as_bytes());
        let token = format!("{text}.{}", base64url(tag.as_ref()));
        server.call(&token, "whoami", json!({})).await.is_invalid_token("HS256");
    }
}

/// Req: RS-21
#[tokio::test]
async fn each_algorithm_passes_with_a_key_that_is_for_it() {
    let server = Server::start().await;
    server.keys.publish(&[Key::published(), Key::p256(), Key::ed25519()]);
    for (key, alg) in [(Key::published(), "RS256"), (Key::p256(), "ES256"), (Key::ed25519(), "EdDSA")] {
        let header = json!({ "alg": alg, "typ": "at+jwt", "kid": key.public().kid() });
        let token = key.sign(&header, &server.claims("mcp:connect"));
        assert_eq!(server.call(&token, "whoami", json!({})).await.status, StatusCode::OK, "{alg}");
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let flipped = if signature.starts_with('A') { "B" } else { "A" };
        let touched = format!("{signed}.{flipped}{}", &signature[1..]);
        server.call(&touched, "whoami", json!({})).await.is_invalid_token(&format!("{alg}, touched"));
    }
    assert_eq!(server.keys.asked(), 1);
}

/// The algorithm is the key's. A header with another one is refused, whoever signed. Req: RS-21, F03
#[tokio::test]
async fn a_token_cannot_choose_the_algorithm_of_a_key() {
    let server = Server::start().await;
    let keys = [(Key::published(), "RS256"), (Key::p256(), "ES256"), (Key::ed25519(), "EdDSA")];
    server.keys.publish(&keys.map(|(key, _)| key));
    let others = ["PS256", "ES384", "ES256K", "HS256", "Ed25519", "none"];
    for (signer, own) in keys {
        for (named, its) in keys {
            for alg in keys.iter().map(|(_, alg)| *alg).chain(others) {
                if (named.public().kid(), alg) == (signer.public().kid(), own) {
                    continue;
                }
                let header = json!({ "alg": alg, "typ": "at+jwt", "kid": named.public().kid() });
                let token = signer.sign(&header, &server.claims("mcp:connect"));
                let what = format!("{alg} by the {own} key in the name of the {its} key");
                server.call(&token, "whoami", json!({})).await.is_invalid_token(&what);
            }
        }
    }
}

fn changed_alg(header: &Value, alg: &str) -> Value {
    let mut header = header.clone();
    header["alg"] = json!(alg);
    header
}

/// Req: F13
#[tokio::test]
async fn sizes_are_judged_before_cryptography() {
    let server = Server::start().await;
    let long = server.token_with("jti", json!("x".repeat(9000)));
    server.call(&long, "whoami", json!({})).await.is_invalid_token("9 kilobytes");
    let deep = format!("{}.{}.AA", base64url(b"{\"alg\":\"RS256\""), base64url("[".repeat(5000).as_bytes()));
    server.call(&deep, "whoami", json!({})).await.is_invalid_token("deep");
    assert_eq!(server.keys.asked(), 0, "and before any key is fetched");
}
