//! `/token`: what a code is exchanged for, and why not.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use axum::body::Body;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Request, StatusCode};
use protocol::access_token::open_unverified;
use protocol::base64url_decode;

use crate::support::{Form, ISSUER, Lab, RESOURCE, START, encode, post_form, with};

/// Req: AS-110, AS-113, AS-121, AS-122, AS-126, ALL-12
#[tokio::test]
async fn a_code_becomes_an_access_token() {
    let lab = Lab::start().await;
    let code = lab.code().await;
    let answer = lab.token(&lab.exchange(&code)).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    let body = answer.json();
    let names: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["access_token", "token_type", "expires_in", "scope"]);
    assert_eq!((body["token_type"].as_str(), body["expires_in"].as_u64()), (Some("Bearer"), Some(600)));
    assert_eq!(body["scope"], "mcp:connect");
}

/// Req: AS-140, AS-141, AS-120, AS-108
#[tokio::test]
async fn the_token_says_what_was_allowed_and_is_signed_with_the_published_key() {
    let lab = Lab::start().await;
    let code = lab.code().await;
    let body = lab.token(&lab.exchange(&code)).await.json();
    let token = body["access_token"].as_str().unwrap();
    let jwt = open_unverified(token).unwrap();
    let key = lab.get("/jwks").await.json()["keys"][0].clone();
    assert_eq!(jwt.header["typ"], "at+jwt");
    assert_eq!(jwt.header["alg"], "RS256");
    assert_eq!(jwt.header["kid"], key["kid"]);
    assert_eq!(jwt.claims["iss"], ISSUER);
    assert_eq!(jwt.claims["aud"], RESOURCE);
    assert_eq!(jwt.claims["sub"], "ada");
    assert_eq!(jwt.claims["client_id"], lab.client.client_id());
    assert_eq!(jwt.claims["scope"], "mcp:connect");
    assert_eq!(jwt.claims["iat"], START.0);
    assert_eq!(jwt.claims["exp"], START.0 + 600);
    assert_eq!(jwt.claims["jti"].as_str().unwrap().len(), 43);

    let (signed, signature) = token.rsplit_once('.').unwrap();
    let part = |name: &str| base64url_decode(key[name].as_str().unwrap()).unwrap();
    let public = RsaPublicKeyComponents { n: part("n"), e: part("e") };
    let signature = base64url_decode(signature).unwrap();
    public.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature).unwrap();
}

/// Req: AS-118, X-21
#[tokio::test]
async fn a_code_is_redeemed_once() {
    let lab = Lab::start().await;
    let exchange = lab.exchange(&lab.code().await);
    assert_eq!(lab.token(&exchange).await.status, StatusCode::OK);
    for wait in [1, 3600] {
        lab.clock.advance(wait);
        let again = lab.token(&exchange).await;
        again.is_denied(StatusCode::BAD_REQUEST, "invalid_grant");
        assert!(again.json()["error_description"].as_str().unwrap().contains("redeemed before"));
    }
}

/// Req: AS-118
#[tokio::test]
async fn of_many_simultaneous_attempts_one_wins() {
    let lab = Lab::start().await;
    let body = encode(&lab.exchange(&lab.code().await));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (router, request) = (lab.router.clone(), post_form("/token", &body));
        tasks.spawn(async move { tower::ServiceExt::oneshot(router, request).await.unwrap().status() });
    }
    let statuses = tasks.join_all().await;
    assert_eq!(statuses.iter().filter(|status| status.is_success()).count(), 1, "{statuses:?}");
}

/// Req: AS-113, AS-114, AS-115, AS-117, AS-119, AS-120, X-19, X-22, X-23, X-25
#[tokio::test]
async fn what_does_not_fit_is_refused_and_does_not_burn_the_code() {
    let lab = Lab::start().await;
    let exchange = lab.exchange(&lab.code().await);
    let redirect_uri = lab.client.redirect_uri();
    let other_client = format!("{}/other.json", lab.client.origin);
    let challenge = crate::support::verifier().challenge().as_str().to_owned();
    for (name, value, error) in [
        ("client_id", Some(other_client.as_str()), "invalid_grant"),
        ("client_id", Some("nobody"), "invalid_client"),
        ("client_id", None, "invalid_request"),
        ("redirect_uri", Some("http://127.0.0.1:1/callback"), "invalid_grant"),
        ("redirect_uri", Some(&format!("{redirect_uri}/")), "invalid_grant"),
        ("code_verifier", None, "invalid_request"),
        ("code_verifier", Some(""), "invalid_request"),
        ("code_verifier", Some(&"a".repeat(42)), "invalid_request"),
        ("code_verifier", Some(&"a".repeat(129)), "invalid_request"),
        ("code_verifier", Some(&format!("{}+", "a".repeat(43))), "invalid_request"),
        ("code_verifier", Some(&"a".repeat(43)), "invalid_grant"),
        ("code_verifier", Some(&challenge), "invalid_grant"),
        ("resource", Some("http://localhost:8002/mcp"), "invalid_target"),
        ("resource", Some("http://localhost:8001/mcp#x"), "invalid_target"),
        ("scope", Some("mcp:connect weather:read"), "invalid_scope"),
        ("scope", Some("a\"b"), "invalid_scope"),
        ("code", None, "invalid_request"),
        ("code", Some("x"), "invalid_grant"),
        ("grant_type", None, "invalid_request"),
        ("grant_type", Some("password"), "unsupported_grant_type"),
        ("grant_type", Some("AUTHORIZATION_CODE"), "unsupported_grant_type"),
    ] {
        let answer = lab.token(&with(exchange.clone(), name, value)).await;
        answer.is_denied(StatusCode::BAD_REQUEST, error);
    }
    let minimal = with(with(exchange, "redirect_uri", None), "resource", None);
    assert_eq!(lab.token(&minimal).await.status, StatusCode::OK, "both may be left out");
}

/// Req: AS-115
#[tokio::test]
async fn after_five_wrong_verifiers_the_code_is_void() {
    let lab = Lab::start().await;
    let exchange = lab.exchange(&lab.code().await);
    let wrong = with(exchange.clone(), "code_verifier", Some(&"a".repeat(43)));
    for _ in 0..5 {
        lab.token(&wrong).await.is_denied(StatusCode::BAD_REQUEST, "invalid_grant");
    }
    let answer = lab.token(&exchange).await;
    answer.is_denied(StatusCode::BAD_REQUEST, "invalid_grant");
    assert!(answer.json()["error_description"].as_str().unwrap().contains("too many"));
}

/// Req: AS-109
#[tokio::test]
async fn a_code_lives_for_a_minute() {
    let lab = Lab::start().await;
    let (first, second) = (lab.code().await, lab.code().await);
    lab.clock.advance(59);
    assert_eq!(lab.token(&lab.exchange(&first)).await.status, StatusCode::OK);
    lab.clock.advance(1);
    lab.token(&lab.exchange(&second)).await.is_denied(StatusCode::BAD_REQUEST, "invalid_grant");
}

/// Req: AS-120
#[tokio::test]
async fn scope_may_be_narrowed() {
    let lab = Lab::start().await;
    let both = lab.request_with("scope", Some("mcp:connect weather:read"));
    let code = lab.browser().allow(&both, "ada").await.redirected().parameter("code").unwrap();
    let narrowed = with(lab.exchange(&code), "scope", Some("weather:read"));
    assert_eq!(lab.token(&narrowed).await.json()["scope"], "weather:read");
}

/// Req: AS-88, ALL-09
#[tokio::test]
async fn a_repeated_parameter_is_refused() {
    let lab = Lab::start().await;
    let exchange = lab.exchange(&lab.code().await);
    for (name, error) in [
        ("grant_type", "invalid_request"),
        ("code", "invalid_request"),
        ("code_verifier", "invalid_request"),
        ("redirect_uri", "invalid_request"),
        ("client_id", "invalid_request"),
        ("resource", "invalid_target"),
    ] {
        let mut repeated = exchange.clone();
        repeated.push(exchange.iter().find(|(known, _)| known == name).unwrap().clone());
        lab.token(&repeated).await.is_denied(StatusCode::BAD_REQUEST, error);
    }
}

/// Req: AS-124, AS-27
#[tokio::test]
async fn a_public_client_sends_no_credentials() {
    let lab = Lab::start().await;
    let exchange = lab.exchange(&lab.code().await);
    let with_secret = with(exchange.clone(), "client_secret", Some("s"));
    let answer = lab.token(&with_secret).await;
    answer.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
    assert!(!answer.headers.contains_key("www-authenticate"));
    for (header, scheme) in [("Basic YTpi", "Basic "), ("BASIC %%%", "Basic "), ("Bearer x", "Bearer ")] {
        let mut request = post_form("/token", &encode(&exchange));
        request.headers_mut().insert(AUTHORIZATION, header.parse().unwrap());
        let answer = lab.send(request).await;
        answer.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
        assert!(answer.header("www-authenticate").starts_with(scheme), "{header}");
    }
}

/// Req: AS-110
#[tokio::test]
async fn only_a_bounded_form_body_is_read() {
    let lab = Lab::start().await;
    let exchange = lab.exchange(&lab.code().await);
    let body = encode(&exchange);
    let post = |content_type: &str, body: String| {
        Request::post("/token").header(CONTENT_TYPE, content_type).body(Body::from(body)).unwrap()
    };
    let json = lab.send(post("application/json", "{}".into())).await;
    json.is_denied(StatusCode::BAD_REQUEST, "invalid_request");
    let query = Request::post(format!("/token?{body}")).body(Body::empty()).unwrap();
    lab.send(query).await.is_denied(StatusCode::BAD_REQUEST, "invalid_request");
    let form = "application/x-www-form-urlencoded";
    let long = lab.send(post(form, format!("{body}&x={}", "x".repeat(16 * 1024)))).await;
    long.is_denied(StatusCode::PAYLOAD_TOO_LARGE, "invalid_request");
    let many = lab.send(post(form, format!("{body}{}", "&a=1".repeat(1000)))).await;
    many.is_denied(StatusCode::BAD_REQUEST, "invalid_request");
    let bytes = lab.send(post(form, format!("{body}&code=%FF"))).await;
    bytes.is_denied(StatusCode::BAD_REQUEST, "invalid_request");
    lab.get("/token").await.is_denied(StatusCode::METHOD_NOT_ALLOWED, "invalid_request");
    let good = lab.send(post("application/x-www-form-urlencoded; charset=UTF-8", body)).await;
    assert_eq!(good.status, StatusCode::OK);
}

#[tokio::test]
async fn whatever_stands_in_code_is_only_looked_up() {
    let lab = Lab::start().await;
    for code in ["' OR 1=1 --", "\0", "名", &"x".repeat(10_000)] {
        lab.token(&lab.exchange(code)).await.is_denied(StatusCode::BAD_REQUEST, "invalid_grant");
    }
}

#[tokio::test]
async fn redemption_needs_nothing_from_the_clients_host() {
    let lab = Lab::start().await;
    let exchange = lab.exchange(&lab.code().await);
    let hits = lab.client.hits();
    lab.client.answer(|| axum::response::IntoResponse::into_response(StatusCode::BAD_GATEWAY));
    lab.clock.advance(10);
    assert_eq!(lab.token(&exchange).await.status, StatusCode::OK);
    assert_eq!(lab.client.hits(), hits);
}

/// Req: ALL-11
#[tokio::test]
async fn the_database_holds_no_code_cookie_or_request_id() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    let page = browser.consent_page(&lab.request(), "ada").await;
    let form = Form::find(&page.body, "/consent").with("decision", "allow");
    let request_id = form.fields.iter().find(|(name, _)| name == "request").unwrap().1.clone();
    let code = browser.submit(&form).await.redirected().parameter("code").unwrap();
    let cookie = browser.cookie.unwrap().split_once('=').unwrap().1.to_owned();
    for entry in std::fs::read_dir(lab.folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for secret in [&request_id, &code, &cookie] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
        }
    }
}
