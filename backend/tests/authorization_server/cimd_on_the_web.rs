//! Client ID Metadata Documents of clients on the public internet, under production's policy.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::response::{IntoResponse as _, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use protocol::base64url;
use protocol::ids::UnixTime;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::internet::{Authority, Internet, PUBLIC, listen, self_signed};
use crate::support::{Answered, Lab, post_form};

fn json_body(body: String) -> impl Fn() -> Response + Clone + Send + Sync + 'static {
    move || ([(CONTENT_TYPE, "application/json")], body.clone()).into_response()
}

/// A client on the public internet.
const CLIENT: &str = "https://c.example/client.json";

fn public_document() -> Value {
    json!({ "client_id": CLIENT, "client_name": "C", "redirect_uris": ["https://c.example/cb"] })
}

async fn ask_for(lab: &Lab, client_id: &str) -> Answered {
    let query =
        [("client_id", client_id), ("redirect_uri", "https://c.example/cb"), ("response_type", "code")];
    lab.get(&format!("/authorize?{}", protocol::query::encode(query))).await
}

/// A server, and the site of a client that gives this answer; and how often it did.
async fn public_lab(
    answer: impl Fn() -> Response + Clone + Send + Sync + 'static,
) -> (Lab, Internet, Arc<AtomicUsize>) {
    let (internet, authority) = (Internet::default(), Authority::new());
    let hits = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&hits);
    let router = Router::new().fallback(async move || {
        counted.fetch_add(1, Ordering::SeqCst);
        answer()
    });
    internet.site("c.example", PUBLIC, &authority, router).await;
    (Lab::on(&internet, &authority).await, internet, hits)
}

/// Req: AS-49, AS-51
#[tokio::test]
async fn the_page_does_not_say_why_nobody_answered() {
    let (internet, authority) = (Internet::default(), Authority::new());
    let lab = Lab::on(&internet, &authority).await;
    let no_tls = listen(|stream| async move { drop(stream) }).await;
    let other = self_signed("untrusted.example");
    let untrusted = listen(move |stream| {
        let other = other.clone();
        async move { drop(other.accept(stream).await) }
    });
    let silent = listen(|stream| async move {
        let _stream = stream;
        std::future::pending::<()>().await;
    });
    internet.route("93.184.216.1", no_tls);
    internet.route("93.184.216.2", untrusted.await);
    internet.route("93.184.216.3", silent.await);
    internet.black_hole("93.184.216.4");
    internet.name("internal.example", &["10.0.0.1"]);
    internet.name("half-internal.example", &["93.184.216.1", "127.0.0.1"]);
    internet.name("closed.example", &["93.184.216.5"]);
    internet.name("no-tls.example", &["93.184.216.1"]);
    internet.name("untrusted.example", &["93.184.216.2"]);
    internet.name("silent.example", &["93.184.216.3"]);
    internet.name("black-hole.example", &["93.184.216.4"]);
    let mut pages = Vec::new();
    for host in ["unknown", "internal", "half-internal", "closed", "no-tls", "untrusted"] {
        pages.push(ask_for(&lab, &format!("https://{host}.example/c")).await);
    }
    pages.push(ask_for(&lab, "https://closed.example:22/c").await);
    tokio::time::pause();
    for host in ["silent", "black-hole"] {
        pages.push(ask_for(&lab, &format!("https://{host}.example/c")).await);
    }
    for page in &pages {
        page.is_page(StatusCode::BAD_REQUEST, "could not be fetched");
        assert!(page.body.contains("invalid_client"));
        assert_eq!((&page.body, &page.headers), (&pages[0].body, &pages[0].headers));
    }
}

/// Req: AS-30, AS-31, AS-32, AS-33, AS-34, AS-38, X-28, C01, C03, C05, C24
#[tokio::test]
async fn urls_that_break_a_rule_are_refused_without_a_lookup() {
    let (internet, authority) = (Internet::default(), Authority::new());
    let lab = Lab::on(&internet, &authority).await;
    for name in ["localhost", "localhost.", "c.example", "as.example"] {
        internet.name(name, &["127.0.0.1"]);
    }
    for url in [
        "http://c.example/c",
        "https://user@c.example/c",
        "https://user:password@c.example/c",
        "https://c.example/c#fragment",
        "https://c.example/./c",
        "https://c.example/a/../c",
        "https://c.example/%2e%2e/c",
        "https://c.example/.%2E/c",
        "https://c.example\\@localhost/c",
        "https://c.example/a b",
        "https://c.example/a\tb",
        "https://c.example",
        "https://c.example/",
        "https:///c.example/c",
        "https://2130706433/c",
        "https://0x7f.1/c",
        "https://0177.0.0.1/c",
        "https://127.1/c",
        "https://127.0.0.1./c",
        "https://\u{ff11}\u{ff12}\u{ff17}.0.0.1/c",
        "https://%31%32%37.0.0.1/c",
        "https://[::ffff:7f00:1]/c",
        "https://localhost/c",
        "https://localhost./c",
        "https://foo.localhost/c",
        "https://as.example/c",
        "https://AS.example:443/c",
        "https://as.example",
        "https://c.example:22/c",
        "https://c.example:25/c",
        "https://c.example:6379/c",
        "https://c.example:8443/c",
    ] {
        let page = ask_for(&lab, url).await;
        page.is_page(StatusCode::BAD_REQUEST, "invalid_client");
    }
    assert!(internet.lookups().is_empty() && internet.connections().is_empty());
    assert_eq!(lab.store.count_pending().await.unwrap(), 0);
}

/// Req: AS-37, AS-56, AS-58, AS-59, AS-60, X-29, X-32, C14, C15
#[tokio::test]
async fn a_document_of_somebody_else_or_with_a_secret_is_refused() {
    let key = |member: &str| json!({ "keys": [{ "kty": "RSA", "n": "AQAB", "e": "AQAB", member: "AQAB" }] });
    let mut documents: Vec<(&str, Value)> = [
        "https://c.example/CLIENT.json",
        "https://C.example/client.json",
        "https://c.example/client.json/",
        "https://c.example:443/client.json",
        "https://c.example/client%2ejson",
        "https://c.example/%63lient.json",
        "https://d.example/client.json",
        "",
    ]
    .into_iter()
    .map(|other| ("client_id", other.into()))
    .collect();
    documents.extend(["d", "p", "q", "dp", "dq", "qi", "k"].map(|member| ("jwks", key(member))));
    documents.extend(
        ["client_secret_basic", "client_secret_post", "client_secret_jwt"]
            .map(|method| ("token_endpoint_auth_method", method.into())),
    );
    documents.push(("client_secret", "secret".into()));
    documents.push(("client_secret_expires_at", 0.into()));
    documents.push(("client_id", Value::Null));
    for (name, value) in documents {
        let mut document = public_document();
        document[name] = value;
        if document[name].is_null() {
            document.as_object_mut().unwrap().remove(name);
        }
        let body = document.to_string();
        let (lab, ..) = public_lab(json_body(body.clone())).await;
        let page = ask_for(&lab, CLIENT).await;
        page.is_page(StatusCode::BAD_REQUEST, "invalid_client");
        assert!(page.body.contains("breaks a rule"), "{body}");
    }
}

/// Req: A05
#[tokio::test]
async fn a_document_with_a_redirect_to_a_script_or_a_file_is_refused() {
    for uri in [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "\u{1}javascript:alert(1)",
        " javascript:alert(1)",
        "java\tscript:alert(1)",
        "javascript://c.example/%0aalert(1)",
        "data:text/html,x",
        "DATA:text/html,x",
        "vbscript:x",
        "VbScript:x",
        "file:///etc/passwd",
        "\nfile:///etc/passwd",
        "blob:https://c.example/x",
        "BLOB:https://c.example/x",
    ] {
        let mut document = public_document();
        document["redirect_uris"] = json!(["https://c.example/cb", uri]);
        let (lab, ..) = public_lab(json_body(document.to_string())).await;
        let page = ask_for(&lab, CLIENT).await;
        page.is_page(StatusCode::BAD_REQUEST, "invalid_client");
        assert!(page.body.contains("is not allowed"), "{uri:?}");
    }
}

/// Req: AS-45, X-31
#[tokio::test]
async fn no_url_inside_a_document_is_visited() {
    let mut document = public_document();
    for (name, url) in [
        ("jwks_uri", "https://internal.example/keys"),
        ("logo_uri", "https://169.254.169.254/logo"),
        ("client_uri", "https://127.0.0.1/"),
        ("tos_uri", "https://[::1]/tos"),
        ("policy_uri", "https://internal.example/policy"),
    ] {
        document[name] = url.into();
    }
    let (lab, internet, hits) = public_lab(json_body(document.to_string())).await;
    internet.name("internal.example", &["10.0.0.1"]);
    let answer = ask_for(&lab, CLIENT).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
    assert_eq!(hits.load(Ordering::SeqCst), 1);
    assert_eq!(internet.lookups(), ["c.example"]);
    assert_eq!(internet.connections(), [format!("{PUBLIC}:443")]);
}

/// An assertion whose form is right and whose signature is none.
fn forged_assertion(jti: &str, now: UnixTime) -> String {
    let header = json!({ "alg": "ES256", "typ": "JWT" });
    let claims = json!({
        "iss": CLIENT, "sub": CLIENT, "aud": "https://as.example", "exp": now.plus(60).0, "jti": jti,
    });
    let encode = |part: &Value| base64url(part.to_string().as_bytes());
    format!("{}.{}.{}", encode(&header), encode(&claims), base64url(&[1; 64]))
}

/// Req: AS-45, X-31
#[tokio::test]
async fn keys_are_not_fetched_from_an_internal_address() {
    let mut document = public_document();
    document["token_endpoint_auth_method"] = "private_key_jwt".into();
    document["jwks_uri"] = "https://keys.example/jwks".into();
    let (lab, internet, hits) = public_lab(json_body(document.to_string())).await;
    assert_eq!(ask_for(&lab, CLIENT).await.status, StatusCode::SEE_OTHER);
    let internal = ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fd00::1"];
    for address in internal {
        internet.name("keys.example", &[PUBLIC, address]);
        let form = protocol::query::encode([
            ("grant_type", "authorization_code"),
            ("code", "unknown"),
            ("code_verifier", &"v".repeat(43)),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", &forged_assertion(address, lab.now())),
        ]);
        let answer = lab.send(post_form("/token", &form)).await;
        answer.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
        lab.clock.advance(30);
    }
    let names = internet.lookups();
    assert_eq!(names.iter().filter(|name| *name == "keys.example").count(), internal.len());
    assert_eq!(internet.connections().len(), hits.load(Ordering::SeqCst), "none but for the document");
}

/// Req: AS-40, AS-50, C19
#[tokio::test]
async fn a_document_is_kept_as_its_headers_say_within_bounds() {
    const DATE: (&str, &str) = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
    const DAY: u64 = 24 * 3600;
    for (headers, seconds) in [
        (vec![], 300),
        (vec![("cache-control", "max-age=600")], 600),
        (vec![("cache-control", "max-age=315360000")], DAY),
        (vec![("cache-control", "max-age=0")], 30),
        (vec![("cache-control", "no-cache")], 30),
        (vec![("cache-control", "no-store")], 5),
        (vec![("cache-control", "max-age=60, s-maxage=120"), ("age", "20")], 100),
        (vec![DATE, ("expires", "Sun, 06 Nov 1994 08:39:37 GMT")], 30),
        (vec![DATE, ("expires", "Sun, 06 Nov 1994 09:49:37 GMT")], 3600),
    ] {
        let said = headers.clone();
        let answer = move || {
            let mut response = json_body(public_document().to_string())();
            let added = said.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            response.headers_mut().extend(added.collect::<HeaderMap>());
            response
        };
        let (lab, _, hits) = public_lab(answer).await;
        let fetched_after = async |wait: u64| {
            lab.clock.advance(wait);
            assert_eq!(ask_for(&lab, CLIENT).await.status, StatusCode::SEE_OTHER);
            hits.load(Ordering::SeqCst)
        };
        assert_eq!(fetched_after(0).await, 1);
        assert_eq!(fetched_after(0).await, 1, "{headers:?}");
        assert_eq!(fetched_after(seconds - 1).await, 1, "{headers:?}");
        assert_eq!(fetched_after(1).await, 2, "{headers:?}");
    }
}

/// Req: AS-51
#[tokio::test]
async fn many_who_ask_at_once_get_the_answer_of_one_fetch() {
    let (internet, authority) = (Internet::default(), Authority::new());
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let hits = Arc::new(AtomicUsize::new(0));
    let (counted, tell, wait) = (Arc::clone(&hits), Arc::clone(&begun), Arc::clone(&go_on));
    let router = Router::new().fallback(async move || {
        counted.fetch_add(1, Ordering::SeqCst);
        tell.notify_one();
        wait.notified().await;
        json_body(public_document().to_string())()
    });
    internet.site("c.example", PUBLIC, &authority, router).await;
    let lab = Arc::new(Lab::on(&internet, &authority).await);
    let mut crowd = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let lab = Arc::clone(&lab);
        crowd.spawn(async move { ask_for(&lab, CLIENT).await });
    }
    begun.notified().await;
    go_on.notify_one();
    // Whoever is late finds the document kept.
    for answer in crowd.join_all().await {
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(hits.load(Ordering::SeqCst), 1);
}

/// Req: AS-48, AS-51
#[tokio::test]
async fn a_document_that_only_fails_is_not_asked_for_again_right_away() {
    let (lab, _, hits) = public_lab(json_body("not json".into())).await;
    for attempt in 1..=3 {
        ask_for(&lab, CLIENT).await.is_page(StatusCode::BAD_REQUEST, "breaks a rule");
        assert_eq!(hits.load(Ordering::SeqCst), attempt, "a refusal is not kept");
    }
    let page = ask_for(&lab, CLIENT).await;
    page.is_page(StatusCode::SERVICE_UNAVAILABLE, "too often");
    assert!(!page.body.contains("breaks a rule"), "what was answered before is forgotten");
    assert!(page.headers.contains_key(RETRY_AFTER), "{page:?}");
    assert_eq!(hits.load(Ordering::SeqCst), 3);
    lab.clock.advance(10);
    ask_for(&lab, CLIENT).await.is_page(StatusCode::BAD_REQUEST, "breaks a rule");
    assert_eq!(hits.load(Ordering::SeqCst), 4);
}

/// Req: AS-48
#[tokio::test]
async fn a_host_is_not_asked_for_ever_new_urls() {
    let (lab, _, hits) = public_lab(|| StatusCode::NOT_FOUND.into_response()).await;
    for i in 0..60 {
        let page = ask_for(&lab, &format!("https://c.example/{i}")).await;
        page.is_page(StatusCode::BAD_REQUEST, "status 404");
    }
    ask_for(&lab, CLIENT).await.is_page(StatusCode::SERVICE_UNAVAILABLE, "too often");
    assert_eq!(hits.load(Ordering::SeqCst), 60);
    lab.clock.advance(60);
    ask_for(&lab, CLIENT).await.is_page(StatusCode::BAD_REQUEST, "status 404");
}
