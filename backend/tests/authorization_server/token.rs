//! `/token`: what a code is exchanged for, and why not.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use axum::body::Body;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Request, StatusCode};
use protocol::access_token::open_unverified;
use protocol::base64url_decode;

use crate::support::{Form, ISSUER, Lab, RESOURCE, START, encode, post_form, verifier, with};

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
    let (family, own) = jwt.claims["jti"].as_str().unwrap().split_once('.').unwrap();
    assert_eq!((family.len(), own.len()), (43, 22));

    let (signed, signature) = token.rsplit_once('.').unwrap();
    let part = |name: &str| base64url_decode(key[name].as_str().unwrap()).unwrap();
    let public = RsaPublicKeyComponents { n: part("n"), e: part("e") };
    let signature = base64url_decode(signature).unwrap();
    public.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature).unwrap();
}

/// Req: AS-118, X-21, D01
#[tokio::test]
async fn a_code_is_redeemed_once_and_a_replay_ends_what_grew_from_it() {
    for wait in [1, 3600] {
        let lab = Lab::refreshing().await;
        let (code, other) = (lab.code().await, lab.tokens().await);
        let tokens = lab.redeem(&code).await;
        lab.clock.advance(wait);
        let tokens = lab.refreshed(&tokens["refresh_token"]).await;
        assert!(lab.is_active(&tokens["access_token"]).await);
        let again = lab.token(&lab.exchange(&code)).await;
        again.is_denied(StatusCode::BAD_REQUEST, "invalid_grant");
        assert!(again.json()["error_description"].as_str().unwrap().contains("redeemed before"));
        lab.not_refreshed(&tokens["refresh_token"], "has ended").await;
        assert!(!lab.is_active(&tokens["access_token"]).await);
        lab.refreshed(&other["refresh_token"]).await;
        lab.token(&lab.exchange(&code)).await.is_denied(StatusCode::BAD_REQUEST, "invalid_grant");
    }
}

/// Nobody can end a grant with a code alone. Req: AS-119, X-22
#[tokio::test]
async fn a_replay_with_something_else_wrong_ends_nothing() {
    let lab = Lab::refreshing().await;
    let code = lab.code().await;
    let tokens = lab.redeem(&code).await;
    let other_client = format!("{}/other.json", lab.client.origin);
    for (name, value, error) in [
        ("code_verifier", "a".repeat(43), "invalid_grant"),
        ("client_id", other_client, "invalid_grant"),
        ("redirect_uri", "http://127.0.0.1:1/callback".into(), "invalid_grant"),
        ("resource", "http://localhost:8002/mcp".into(), "invalid_target"),
        ("scope", "notes:read".into(), "invalid_scope"),
    ] {
        let answer = lab.token(&with(lab.exchange(&code), name, Some(&value))).await;
        answer.is_denied(StatusCode::BAD_REQUEST, error);
    }
    assert!(lab.is_active(&tokens["access_token"]).await);
    lab.refreshed(&tokens["refresh_token"]).await;
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

/// Req: AS-113, AS-114, AS-115, AS-117, AS-120, X-19, X-23, X-25, D07, D08
#[tokio::test]
async fn what_does_not_fit_is_refused_and_does_not_burn_the_code() {
    let lab = Lab::start().await;
    let exchange = lab.exchange(&lab.code().await);
    let redirect_uri = lab.client.redirect_uri();
    let other_client = format!("{}/other.json", lab.client.origin);
    for (name, value, error) in [
        ("client_id", Some(other_client.as_str()), "invalid_grant"),
        ("client_id", Some("nobody"), "invalid_client"),
        ("client_id", None, "invalid_request"),
        ("redirect_uri", Some(&format!("{redirect_uri}/")), "invalid_grant"),
        ("code_verifier", None, "invalid_request"),
        ("code_verifier", Some(&"a".repeat(43)), "invalid_grant"),
        ("resource", Some("http://localhost:8002/mcp"), "invalid_target"),
        ("resource", Some("http://localhost:8001/mcp#x"), "invalid_target"),
        ("scope", Some("mcp:connect weather:read"), "invalid_scope"),
        ("scope", Some("a\"b"), "invalid_scope"),
        ("code", None, "invalid_request"),
        ("code", Some("x"), "invalid_grant"),
    ] {
        let answer = lab.token(&with(exchange.clone(), name, value)).await;
        answer.is_denied(StatusCode::BAD_REQUEST, error);
    }
    let minimal = with(with(exchange, "redirect_uri", None), "resource", None);
    assert_eq!(lab.token(&minimal).await.status, StatusCode::OK, "both may be left out");
}

/// Req: AS-114, AS-115, D04
#[tokio::test]
async fn a_verifier_has_one_spelling_and_a_malformed_one_counts_as_no_attempt() {
    let lab = Lab::start().await;
    let exchange = lab.exchange(&lab.code().await);
    let right = verifier().reveal().to_owned();
    let challenge = verifier().challenge().as_str().to_owned();
    for malformed in [
        "",
        &right[..42],
        &"a".repeat(42),
        &"a".repeat(129),
        &format!("{} ", &right[..42]),
        &format!("{}+", &right[..42]),
        &format!("{}\u{e9}", &right[..42]),
        &format!("{right}="),
        &format!(" {right}"),
    ] {
        let answer = lab.token(&with(exchange.clone(), "code_verifier", Some(malformed))).await;
        answer.is_denied(StatusCode::BAD_REQUEST, "invalid_request");
    }
    for wrong in [&challenge, &"a".repeat(43), &"a".repeat(128), &format!("{right}-")] {
        let answer = lab.token(&with(exchange.clone(), "code_verifier", Some(wrong))).await;
        answer.is_denied(StatusCode::BAD_REQUEST, "invalid_grant");
    }
    assert_eq!(lab.token(&exchange).await.status, StatusCode::OK, "nothing of that burned the code");
}

/// OAuth 2.1 leaves it out of the token request; what is sent must fit. Req: AS-117, X-23, D06
#[tokio::test]
async fn a_redirect_uri_that_is_sent_is_the_one_that_was_used() {
    let lab = Lab::start().await;
    let native = lab.client.origin.rsplit_once(':').unwrap().0.to_owned();
    let used = format!("{native}:51004/callback");
    let request = lab.request_with("redirect_uri", Some(&used));
    let code = lab.browser().allow(&request, "ada").await.redirected().parameter("code").unwrap();
    let registered = lab.client.redirect_uri();
    for other in [
        registered.as_str(),
        &format!("{native}:51005/callback"),
        &format!("{native}/callback"),
        "http://localhost:51004/callback",
        "https://c.example/callback",
    ] {
        let answer = lab.token(&with(lab.exchange(&code), "redirect_uri", Some(other))).await;
        answer.is_denied(StatusCode::BAD_REQUEST, "invalid_grant");
    }
    let fits = with(lab.exchange(&code), "redirect_uri", Some(&used));
    assert_eq!(lab.token(&fits).await.status, StatusCode::OK, "the code was not burned");
}

/// Req: AS-123, AS-125, X-26, D11
#[tokio::test]
async fn there_are_two_grant_types_spelt_exactly() {
    let lab = Lab::start().await;
    let exchange = lab.exchange(&lab.code().await);
    for other in [
        "password",
        "implicit",
        "client_credentials",
        "AUTHORIZATION_CODE",
        "authorization_code ",
        "Refresh_token",
    ] {
        let answer = lab.token(&with(exchange.clone(), "grant_type", Some(other))).await;
        answer.is_denied(StatusCode::BAD_REQUEST, "unsupported_grant_type");
    }
    let password = [("grant_type", "password"), ("username", "ada"), ("password", "x")]
        .map(|(n, v)| (n.into(), v.into()));
    lab.token(&password).await.is_denied(StatusCode::BAD_REQUEST, "unsupported_grant_type");
    let missing = lab.token(&with(exchange.clone(), "grant_type", None)).await;
    missing.is_denied(StatusCode::BAD_REQUEST, "invalid_request");
    let mut twice = exchange.clone();
    twice.push(("grant_type".into(), "authorization_code".into()));
    lab.token(&twice).await.is_denied(StatusCode::BAD_REQUEST, "invalid_request");
    assert_eq!(lab.token(&exchange).await.status, StatusCode::OK);
}

/// Req: AS-115, D04
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

/// Req: AS-109, D09
#[tokio::test]
async fn a_code_lives_for_a_minute() {
    let lab = Lab::start().await;
    let (first, second) = (lab.code().await, lab.code().await);
    lab.clock.advance(59);
    assert_eq!(lab.token(&lab.exchange(&first)).await.status, StatusCode::OK);
    for _ in 0..2 {
        lab.clock.advance(1);
        lab.token(&lab.exchange(&second)).await.is_denied(StatusCode::BAD_REQUEST, "invalid_grant");
    }
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

/// Req: AS-88, ALL-09, D13
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

/// Req: AS-110, D13
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

/// Of a body that is too long only as much is read as shows that. Req: D14
#[tokio::test]
async fn a_flood_is_refused_before_it_is_read() {
    struct Flood {
        left: usize,
        read: Arc<AtomicUsize>,
    }
    impl futures_core::Stream for Flood {
        type Item = Result<axum::body::Bytes, std::convert::Infallible>;

        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            const CHUNK: &[u8] = &[b'x'; 1024];
            if self.left < CHUNK.len() {
                return Poll::Ready(None);
            }
            self.left -= CHUNK.len();
            self.read.fetch_add(CHUNK.len(), Ordering::SeqCst);
            Poll::Ready(Some(Ok(axum::body::Bytes::from_static(CHUNK))))
        }
    }
    let lab = Lab::start().await;
    for path in ["/token", "/revoke"] {
        for size in [10 << 20, 8 << 20] {
            for declared in [true, false] {
                let read = Arc::new(AtomicUsize::new(0));
                let flood = Flood { left: size, read: Arc::clone(&read) };
                let mut request =
                    Request::post(path).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
                if declared {
                    request = request.header("content-length", size);
                }
                let answer = lab.send(request.body(Body::from_stream(flood)).unwrap()).await;
                answer.is_denied(StatusCode::PAYLOAD_TOO_LARGE, "invalid_request");
                assert!(read.load(Ordering::SeqCst) <= 18 * 1024, "{path} {read:?}");
            }
        }
        let many = lab.send(post_form(path, &"a=&".repeat(100_000))).await;
        many.is_denied(StatusCode::PAYLOAD_TOO_LARGE, "invalid_request");
        let many = lab.send(post_form(path, &"a&".repeat(5_000))).await;
        many.is_denied(StatusCode::BAD_REQUEST, "invalid_request");
    }
}

/// Req: AS-123, D16
#[tokio::test]
async fn every_answer_is_json_that_nobody_keeps_and_that_shows_no_inside() {
    const REGISTERED: [&str; 7] = [
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
        "invalid_target",
    ];
    let lab = Lab::refreshing().await;
    let code = lab.code().await;
    let good = lab.exchange(&code);
    let long = "x".repeat(20_000);
    let mut answers = vec![
        lab.get("/token").await,
        lab.send(Request::post("/token").body(Body::empty()).unwrap()).await,
        lab.send(post_form("/token", "%FF=%FF")).await,
        lab.send(post_form("/token", "")).await,
    ];
    for name in ["grant_type", "code", "code_verifier", "client_id", "redirect_uri", "resource", "scope"] {
        for value in ["", "\0", "\"><script>", "' OR 1=1 --", "/etc/passwd", "\u{202e}", &long] {
            answers.push(lab.token(&with(good.clone(), name, Some(value))).await);
        }
    }
    let mut denied = 0;
    answers.push(lab.token(&good).await);
    answers.push(lab.token(&good).await);
    for answer in &answers {
        assert_eq!(answer.header("cache-control"), "no-store", "{answer:?}");
        assert_eq!(answer.header("content-type"), "application/json", "{answer:?}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        if answer.status == StatusCode::OK {
            continue;
        }
        denied += 1;
        assert!(answer.status.is_client_error(), "{answer:?}");
        let body = answer.json();
        assert!(REGISTERED.contains(&body["error"].as_str().unwrap()), "{body}");
        let says = body["error_description"].as_str().unwrap();
        assert!(protocol::oauth_error::is_legal_description(says), "{says}");
        for inside in ["SELECT", "SQL", "sqlite", ".rs", "/tmp", "panic", "<script", "passwd", "OR 1=1"] {
            assert!(!answer.body.contains(inside), "{inside} in {}", answer.body);
        }
        let names: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["error", "error_description", "error_uri"]);
    }
    assert!(denied > 40, "{denied}");
}

/// Req: D15
#[tokio::test]
async fn whatever_stands_in_code_is_only_looked_up() {
    let lab = Lab::start().await;
    for code in ["' OR 1=1 --", "\0", "名", &"x".repeat(10_000)] {
        lab.token(&lab.exchange(code)).await.is_denied(StatusCode::BAD_REQUEST, "invalid_grant");
    }
}

/// Req: C25
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
