//! `private_key_jwt`: what an assertion has to be, how often it counts, and which keys do.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256,
};
use axum::response::IntoResponse as _;
use backend::store::{SecretHash, Store};
use http::StatusCode;
use protocol::base64url;
use protocol::clause::Clause;
use protocol::ids::UnixTime;
use protocol::observation::Finding;
use serde_json::{Map, Value, json};

use crate::observations::{Seen, is_refused, passed};
use crate::support::{Answered, ClientHost, ISSUER, Lab, with};

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const YEAR: u64 = 365 * 24 * 3600;

/// A client's key.
enum Key {
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

impl Key {
    fn p256() -> Self {
        Self::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    fn rsa() -> Self {
        Self::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    fn jwk(&self, kid: &str) -> Value {
        match self {
            Self::P256(key) => {
                let point = key.public_key().as_ref();
                json!({ "kty": "EC", "crv": "P-256", "kid": kid, "x": base64url(&point[1..33]), "y": base64url(&point[33..]) })
            }
            Self::Ed25519(key) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "kid": kid, "x": base64url(key.public_key().as_ref()) })
            }
            Self::Rsa(key) => {
                let public = key.public_key();
                let modulus = public.modulus().big_endian_without_leading_zero().to_vec();
                let exponent = public.exponent().big_endian_without_leading_zero().to_vec();
                json!({ "kty": "RSA", "kid": kid, "n": base64url(&modulus), "e": base64url(&exponent) })
            }
        }
    }

    fn sign(&self, algorithm: &str, signed: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::P256(key) => key.sign(&random, signed).unwrap().as_ref().to_vec(),
            Self::Ed25519(key) => key.sign(signed).as_ref().to_vec(),
            Self::Rsa(key) => {
                let padding = if algorithm == "PS256" { &RSA_PSS_SHA256 as &_ } else { &RSA_PKCS1_SHA256 };
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(padding, &random, signed, &mut signature).unwrap();
                signature
            }
        }
    }

    fn jwt(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| base64url(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(header), part(claims));
        let algorithm = header["alg"].as_str().unwrap_or_default();
        format!("{signed}.{}", base64url(&self.sign(algorithm, signed.as_bytes())))
    }
}

fn jwks(keys: &[(&Key, &str)]) -> Value {
    json!({ "keys": keys.iter().map(|(key, kid)| key.jwk(kid)).collect::<Vec<_>>() })
}

/// A lab whose client has declared `private_key_jwt` with these members.
async fn lab_with(members: Value) -> Lab {
    let lab = Lab::start().await;
    declare(&lab, &members);
    lab
}

fn declare(lab: &Lab, members: &Value) {
    let mut document = lab.client.document();
    document["token_endpoint_auth_method"] = "private_key_jwt".into();
    for (name, value) in members.as_object().unwrap() {
        document[name] = value.clone();
    }
    lab.client.serve_document(&document);
}

fn es256(kid: &str) -> Value {
    json!({ "alg": "ES256", "typ": "JWT", "kid": kid })
}

/// Right claims, with a `jti` of their own.
fn claims(lab: &Lab) -> Value {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let client_id = lab.client.client_id();
    json!({
        "iss": client_id,
        "sub": client_id,
        "aud": ISSUER,
        "iat": lab.now().0,
        "exp": lab.now().0 + 60,
        "jti": format!("jti-{}", NEXT.fetch_add(1, Ordering::SeqCst)),
    })
}

fn changed(mut claims: Value, name: &str, value: Option<Value>) -> Value {
    let members: &mut Map<_, _> = claims.as_object_mut().unwrap();
    members.shift_remove(name);
    members.extend(value.map(|value| (name.to_owned(), value)));
    claims
}

async fn redeem(lab: &Lab, code: &str, assertion: &str) -> Answered {
    let exchange = with(lab.exchange(code), "client_assertion_type", Some(JWT_BEARER));
    lab.token(&with(exchange, "client_assertion", Some(assertion))).await
}

/// Redeems a fresh code with right claims.
async fn proves(lab: &Lab, key: &Key, header: &Value) -> Answered {
    redeem(lab, &lab.code().await, &key.jwt(header, &claims(lab))).await
}

/// Req: AS-20, AS-63, AS-150, AS-151, AS-153
#[tokio::test]
async fn a_key_of_the_document_proves_who_the_client_is() {
    let rsa = Key::rsa();
    let ed25519 = Key::Ed25519(Ed25519KeyPair::generate().unwrap());
    let p256 = Key::p256();
    let lab = lab_with(json!({ "jwks": jwks(&[(&p256, "p"), (&ed25519, "e"), (&rsa, "r")]) })).await;
    for (key, header) in [
        (&p256, es256("p")),
        (&p256, json!({ "alg": "ES256" })),
        (&ed25519, json!({ "alg": "EdDSA", "kid": "e", "typ": "client-authentication+jwt" })),
        (&rsa, json!({ "alg": "RS256", "kid": "r", "typ": "application/jwt" })),
        (&rsa, json!({ "alg": "PS256", "kid": "r" })),
    ] {
        let answer = proves(&lab, key, &header).await;
        assert_eq!(answer.status, StatusCode::OK, "{header}: {answer:?}");
    }
    let list = changed(claims(&lab), "aud", Some(json!([ISSUER])));
    let assertion = p256.jwt(&es256("p"), &list);
    let exchange = with(lab.exchange(&lab.code().await), "client_id", None);
    let exchange = with(exchange, "client_assertion_type", Some(JWT_BEARER));
    let answer = lab.token(&with(exchange, "client_assertion", Some(&assertion))).await;
    assert_eq!(answer.status, StatusCode::OK, "sub names the client: {answer:?}");
}

/// Req: AS-63, AS-111
#[tokio::test]
async fn who_declared_keys_is_never_served_without_them() {
    let key = Key::p256();
    let lab = lab_with(json!({ "jwks": jwks(&[(&key, "a")]) })).await;
    let code = lab.code().await;
    lab.token(&lab.exchange(&code)).await.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
    let with_secret = with(lab.exchange(&code), "client_secret", Some("s"));
    lab.token(&with_secret).await.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
    let assertion = key.jwt(&es256("a"), &claims(&lab));
    assert_eq!(redeem(&lab, &code, &assertion).await.status, StatusCode::OK, "the code was not burned");

    let public = Lab::start().await;
    let answer = proves(&public, &key, &es256("a")).await;
    answer.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
}

/// Req: AS-150, AS-153
#[tokio::test]
async fn an_assertion_is_one_jwt_with_its_type() {
    let key = Key::p256();
    let lab = lab_with(json!({ "jwks": jwks(&[(&key, "a")]) })).await;
    let exchange = lab.exchange(&lab.code().await);
    let assertion = key.jwt(&es256("a"), &claims(&lab));
    let typed = with(exchange.clone(), "client_assertion_type", Some(JWT_BEARER));
    let complete = with(typed.clone(), "client_assertion", Some(&assertion));
    let untyped = with(exchange.clone(), "client_assertion", Some(&assertion));
    let mut twice = complete.clone();
    twice.push(("client_assertion".into(), assertion.clone()));
    for incomplete in [&typed, &untyped, &twice] {
        lab.token(incomplete).await.is_denied(StatusCode::BAD_REQUEST, "invalid_request");
    }
    for (name, value) in [
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"),
        ("client_assertion", &assertion[..assertion.rfind('.').unwrap()]),
        ("client_assertion", &format!("{assertion}.x")),
        ("client_assertion", &format!("{assertion} {assertion}")),
        ("client_assertion", &"x".repeat(9000)),
        ("client_id", &format!("{}/other.json", lab.client.origin)),
    ] {
        let answer = lab.token(&with(complete.clone(), name, Some(value))).await;
        answer.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    assert_eq!(lab.token(&complete).await.status, StatusCode::OK, "none of this used it up");
}

/// Req: AS-151, AS-152, D18, X-40
#[tokio::test]
async fn claims_that_do_not_fit_prove_nothing() {
    let key = Key::p256();
    let lab = lab_with(json!({ "jwks": jwks(&[(&key, "a")]) })).await;
    let code = lab.code().await;
    let now = lab.now().0;
    for (name, value) in [
        ("aud", Some(json!(format!("{ISSUER}/token")))),
        ("aud", Some(json!(format!("{ISSUER}/")))),
        ("aud", Some(json!(format!("{ISSUER}//token")))),
        ("aud", Some(json!("https://other.example"))),
        ("aud", Some(json!([ISSUER, "https://other.example"]))),
        ("aud", Some(json!([]))),
        ("aud", None),
        ("exp", Some(json!(now))),
        ("exp", Some(json!(now - 60))),
        ("exp", Some(json!(now + 331))),
        ("exp", Some(json!(now + YEAR))),
        ("exp", Some(json!("soon"))),
        ("exp", None),
        ("iat", Some(json!(now + 31))),
        ("nbf", Some(json!(now + 31))),
        ("iss", Some(json!("https://other.example"))),
        ("iss", None),
        ("sub", Some(json!(format!("{}/other.json", lab.client.origin)))),
        ("sub", None),
        ("jti", Some(json!(""))),
        ("jti", Some(json!("x".repeat(257)))),
        ("jti", Some(json!(1))),
        ("jti", None),
    ] {
        let assertion = key.jwt(&es256("a"), &changed(claims(&lab), name, value.clone()));
        let answer = redeem(&lab, &code, &assertion).await;
        answer.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
        assert!(!answer.headers.contains_key("www-authenticate"));
    }
    let latest = changed(claims(&lab), "exp", Some(json!(now + 330)));
    assert_eq!(redeem(&lab, &code, &key.jwt(&es256("a"), &latest)).await.status, StatusCode::OK);
}

/// Req: AS-151, AS-153, D18
#[tokio::test]
async fn the_key_decides_about_the_signature_and_never_the_assertion() {
    let (key, other) = (Key::p256(), Key::p256());
    let lab = lab_with(json!({ "jwks": jwks(&[(&key, "a")]) })).await;
    let code = lab.code().await;
    let public = key.jwk("a");
    let unsigned = |header: Value| {
        let part = |value: &Value| base64url(value.to_string().as_bytes());
        format!("{}.{}.", part(&header), part(&claims(&lab)))
    };
    let repeated = {
        let text = claims(&lab).to_string();
        let twice = format!(r#"{{"sub":"{}",{}"#, lab.client.client_id(), &text[1..]);
        let signed =
            format!("{}.{}", base64url(es256("a").to_string().as_bytes()), base64url(twice.as_bytes()));
        format!("{signed}.{}", base64url(&key.sign("ES256", signed.as_bytes())))
    };
    let of = |key: &Key, header: Value| key.jwt(&header, &claims(&lab));
    for assertion in [
        unsigned(json!({ "alg": "none" })),
        unsigned(json!({ "alg": "None" })),
        unsigned(json!({})),
        unsigned(es256("a")),
        of(&key, json!({ "alg": "HS256", "kid": "a" })),
        of(&key, json!({ "alg": "RS256", "kid": "a" })),
        of(&key, json!({ "alg": "EdDSA", "kid": "a" })),
        of(&key, json!({ "alg": "ES384", "kid": "a" })),
        of(&key, es256("b")),
        of(&key, json!({ "alg": "ES256", "kid": 1 })),
        of(&key, json!({ "alg": "ES256", "kid": "a", "typ": "at+jwt" })),
        of(&key, json!({ "alg": "ES256", "kid": "a", "crit": ["exp"] })),
        of(&other, es256("a")),
        of(&other, json!({ "alg": "ES256" })),
        of(&other, json!({ "alg": "ES256", "kid": "a", "jwk": other.jwk("a") })),
        of(&other, json!({ "alg": "ES256", "kid": "a", "jku": format!("{}/jwks", lab.client.origin) })),
        format!("{}x", of(&key, es256("a"))),
        repeated,
    ] {
        redeem(&lab, &code, &assertion).await.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    assert_eq!(public["kid"], "a");
    assert_eq!(redeem(&lab, &code, &of(&key, es256("a"))).await.status, StatusCode::OK);
}

/// Req: AS-152, D18, X-40
#[tokio::test]
async fn an_assertion_counts_once() {
    let key = Key::p256();
    let lab = lab_with(json!({ "jwks": jwks(&[(&key, "a")]) })).await;
    let (first, second) = (lab.code().await, lab.code().await);
    let said = claims(&lab);
    let assertion = key.jwt(&es256("a"), &said);
    assert_eq!(redeem(&lab, &first, &assertion).await.status, StatusCode::OK);
    let again = redeem(&lab, &second, &assertion).await;
    again.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
    assert!(again.json()["error_description"].as_str().unwrap().contains("used before"));
    let signed_anew = key.jwt(&es256("a"), &changed(said, "exp", Some(json!(lab.now().0 + 61))));
    let again = redeem(&lab, &second, &signed_anew).await;
    again.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
    let fresh = key.jwt(&es256("a"), &claims(&lab));
    assert_eq!(redeem(&lab, &second, &fresh).await.status, StatusCode::OK);
}

/// Each check is told to whoever watches, and where the keys came from; the assertion itself is not.
///
/// Req: ALL-11
#[tokio::test]
async fn an_assertion_is_seen_check_by_check() {
    let (key, other) = (Key::p256(), Key::p256());
    let host = ClientHost::start().await;
    host.serve_document(&jwks(&[(&key, "a")]));
    let uri = format!("{}/jwks", host.origin);
    let mut lab = lab_with(json!({ "jwks_uri": uri })).await;
    let seen = Seen::of(&mut lab);
    let codes = [lab.code().await, lab.code().await];
    let assertion = key.jwt(&es256("a"), &claims(&lab));
    assert_eq!(redeem(&lab, &codes[0], &assertion).await.status, StatusCode::OK);
    let first = seen.last();
    for (clause, title) in [
        (Clause::ClientAssertionFormat, "form of the client_assertion"),
        (Clause::DeclaredAuthentication, "client authentication"),
        (Clause::ClientAssertion, "aud of the assertion"),
        (Clause::ClientAssertion, "exp of the assertion"),
        (Clause::ClientAssertion, "iat and nbf of the assertion"),
        (Clause::ClientAssertion, "signature of the assertion"),
        (Clause::ClientAssertionOnce, "uses of the assertion so far"),
    ] {
        passed(&first, clause, title);
    }
    let fetched =
        |finding: &Finding| matches!(finding, Finding::Fetched { url, outcome: Ok(200), .. } if *url == uri);
    assert!(first.findings.iter().any(fetched));
    assert!(!serde_json::to_string(&first).unwrap().contains(&assertion));

    redeem(&lab, &codes[1], &assertion).await;
    let again = seen.last();
    is_refused(&again, "Replayed", Clause::ClientAssertionOnce);
    let kept = |finding: &Finding| matches!(finding, Finding::FromCache { url, .. } if *url == uri);
    assert!(again.findings.iter().any(kept) && !again.findings.iter().any(fetched));

    let elsewhere = changed(claims(&lab), "aud", Some(json!("https://other.example")));
    redeem(&lab, &codes[1], &key.jwt(&es256("a"), &elsewhere)).await;
    is_refused(&seen.last(), "OtherAudience", Clause::ClientAssertion);
    redeem(&lab, &codes[1], &other.jwt(&es256("a"), &claims(&lab))).await;
    is_refused(&seen.last(), "BadSignature", Clause::ClientAssertion);
    redeem(&lab, &codes[1], "no.jwt").await;
    is_refused(&seen.last(), "NotAJwt", Clause::ClientAssertionFormat);
    let public = with(lab.exchange(&codes[1]), "client_secret", Some("a secret of nobody"));
    lab.token(&public).await;
    is_refused(&seen.last(), "OtherMethod", Clause::DeclaredAuthentication);
}

/// Req: AS-152
#[tokio::test]
async fn of_many_simultaneous_uses_in_two_processes_one_wins_and_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("as.sqlite");
    let stores = [Store::open(&path).await.unwrap(), Store::open(&path).await.unwrap()];
    let (assertion, now) = (SecretHash::of_text("client\njti"), UnixTime(1000));
    let mut uses = tokio::task::JoinSet::new();
    for number in 0..40 {
        let store = stores[number % 2].clone();
        uses.spawn(async move { store.accept_assertion(assertion, now.plus(60)).await.unwrap() });
    }
    assert_eq!(uses.join_all().await.into_iter().filter(|accepted| *accepted).count(), 1);

    stores[0].prune(UnixTime(2000)).await.unwrap();
    let clock_went_back = stores[1].accept_assertion(assertion, now.plus(60)).await.unwrap();
    assert!(!clock_went_back, "what was swept could be used again");
}

/// Req: AS-151
#[tokio::test]
async fn a_declared_algorithm_is_the_only_one() {
    let rsa = Key::rsa();
    let members = json!({ "jwks": jwks(&[(&rsa, "r")]), "token_endpoint_auth_signing_alg": "PS256" });
    let lab = lab_with(members).await;
    let answer = proves(&lab, &rsa, &json!({ "alg": "RS256", "kid": "r" })).await;
    answer.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
    assert_eq!(proves(&lab, &rsa, &json!({ "alg": "PS256", "kid": "r" })).await.status, StatusCode::OK);
}

/// Req: AS-63, D18
#[tokio::test]
async fn keys_at_a_uri_are_fetched_seldom_and_follow_a_change() {
    let (old, new) = (Key::p256(), Key::p256());
    let host = ClientHost::start().await;
    host.serve_document(&jwks(&[(&old, "old")]));
    let lab = lab_with(json!({ "jwks_uri": format!("{}/jwks", host.origin) })).await;
    for _ in 0..3 {
        assert_eq!(proves(&lab, &old, &es256("old")).await.status, StatusCode::OK);
    }
    assert_eq!(host.hits(), 1);

    host.serve_document(&jwks(&[(&new, "new")]));
    lab.clock.advance(30);
    assert_eq!(proves(&lab, &new, &es256("new")).await.status, StatusCode::OK);
    assert_eq!(host.hits(), 2, "an unknown key id leads to a fetch");
    let withdrawn = proves(&lab, &old, &es256("old")).await;
    withdrawn.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
    for number in 0..20 {
        let answer = proves(&lab, &old, &es256(&format!("invented-{number}"))).await;
        answer.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    assert_eq!(host.hits(), 2, "but to one in 30 seconds");
}

/// Req: D18, AS-63
#[tokio::test]
async fn a_key_that_is_swapped_under_its_id_is_dead_within_five_minutes() {
    let (old, new) = (Key::p256(), Key::p256());
    let host = ClientHost::start().await;
    host.serve_document(&jwks(&[(&old, "a")]));
    let lab = lab_with(json!({ "jwks_uri": format!("{}/jwks", host.origin) })).await;
    assert_eq!(proves(&lab, &old, &es256("a")).await.status, StatusCode::OK);
    host.serve_document(&jwks(&[(&new, "a")]));
    lab.clock.advance(300);
    proves(&lab, &old, &es256("a")).await.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
    assert_eq!(proves(&lab, &new, &es256("a")).await.status, StatusCode::OK);
}

/// Req: C25, AS-63
#[tokio::test]
async fn while_the_hosts_are_down_the_known_keys_count() {
    let key = Key::p256();
    let host = ClientHost::start().await;
    host.serve_document(&jwks(&[(&key, "a")]));
    let lab = lab_with(json!({ "jwks_uri": format!("{}/jwks", host.origin) })).await;
    assert_eq!(proves(&lab, &key, &es256("a")).await.status, StatusCode::OK);
    lab.clock.advance(300);
    for useless in ["{}", "[]", r#"{"keys":[]}"#, "<html>"] {
        let code = lab.code().await;
        let hits = host.hits();
        host.answer(move || useless.into_response());
        lab.client.answer(|| StatusCode::BAD_GATEWAY.into_response());
        lab.clock.advance(30);
        let assertion = key.jwt(&es256("a"), &claims(&lab));
        assert_eq!(redeem(&lab, &code, &assertion).await.status, StatusCode::OK, "{useless}");
        assert_eq!(host.hits(), hits + 1, "it was asked, in vain");
        declare(&lab, &json!({ "jwks_uri": format!("{}/jwks", host.origin) }));
    }
    lab.clock.advance(24 * 3600);
    proves(&lab, &key, &es256("a")).await.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
}

/// Req: C25, AS-63
#[tokio::test]
async fn keys_in_a_document_are_those_of_today_or_else_those_of_the_consent() {
    let (old, new) = (Key::p256(), Key::p256());
    let lab = lab_with(json!({ "jwks": jwks(&[(&old, "old")]) })).await;
    let (first, second, third) = (lab.code().await, lab.code().await, lab.code().await);
    lab.clock.advance(10);
    declare(&lab, &json!({ "jwks": jwks(&[(&new, "new")]) }));
    let assertion = new.jwt(&es256("new"), &claims(&lab));
    assert_eq!(redeem(&lab, &first, &assertion).await.status, StatusCode::OK, "a new key counts at once");
    let withdrawn = old.jwt(&es256("old"), &claims(&lab));
    redeem(&lab, &second, &withdrawn).await.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");

    // A document without keys neither revives them nor makes the grant one of a public client.
    lab.client.serve_document(&lab.client.document());
    lab.clock.advance(10);
    lab.token(&lab.exchange(&second)).await.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
    let withdrawn = old.jwt(&es256("old"), &claims(&lab));
    redeem(&lab, &second, &withdrawn).await.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");

    lab.client.answer(|| StatusCode::BAD_GATEWAY.into_response());
    lab.clock.advance(10);
    let assertion = old.jwt(&es256("old"), &claims(&lab));
    assert_eq!(redeem(&lab, &third, &assertion).await.status, StatusCode::OK, "its host is down");
}

#[tokio::test]
async fn nothing_is_fetched_for_an_assertion_without_a_grant() {
    let key = Key::p256();
    let lab = lab_with(json!({ "jwks": jwks(&[(&key, "a")]) })).await;
    let assertion = || key.jwt(&es256("a"), &claims(&lab));
    redeem(&lab, "x", &assertion()).await.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
    assert_eq!(lab.client.hits(), 0);
    lab.code().await;
    let known = redeem(&lab, "x", &assertion()).await;
    known.is_denied(StatusCode::BAD_REQUEST, "invalid_grant");
    assert_eq!(lab.client.hits(), 1, "whoever was seen lately is told the truth");
}

/// Req: AS-45
#[tokio::test]
async fn a_key_uri_makes_nobody_knock_on_internal_doors() {
    let key = Key::p256();
    let door = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    door.set_nonblocking(true).unwrap();
    let port = door.local_addr().unwrap().port();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433"] {
        let lab = lab_with(json!({ "jwks_uri": format!("https://{host}:{port}/jwks") })).await;
        let answer = proves(&lab, &key, &es256("a")).await;
        answer.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
        assert!(answer.json()["error_description"].as_str().unwrap().contains("cannot be had"), "{host}");
    }
    assert_eq!(door.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "nobody came");
}

/// Req: AS-155, AS-150, AS-20
#[tokio::test]
async fn a_registered_client_can_have_keys_too() {
    const REDIRECT: &str = "https://app.example/callback";
    let key = Key::p256();
    let lab = Lab::start().await;
    let request = json!({
        "redirect_uris": [REDIRECT],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": jwks(&[(&key, "a")]),
    });
    let body = lab.register(&request).await.json();
    assert_eq!((body.get("client_secret"), &body["jwks"]), (None, &jwks(&[(&key, "a")])));
    let id = body["client_id"].as_str().unwrap();
    let said = changed(changed(claims(&lab), "iss", Some(json!(id))), "sub", Some(json!(id)));
    let exchange = lab.exchange_as(&lab.code_as(id, REDIRECT).await, id, REDIRECT);
    lab.token(&exchange).await.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
    let exchange = with(exchange, "client_assertion_type", Some(JWT_BEARER));
    let answer = lab.token(&with(exchange, "client_assertion", Some(&key.jwt(&es256("a"), &said)))).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
}
