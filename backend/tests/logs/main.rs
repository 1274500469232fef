//! What the authorization server logs: one bounded line for each event, and never a secret.
//!
//! A program of its own, because whether an event is written down at all is decided for the whole process: beside tests
//! that capture nothing, some would be missing.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    dead_code,
    reason = "the helpers are those of the other tests, and say what they expect, too"
)]

#[path = "../authorization_server/internet.rs"]
mod internet;
#[path = "../authorization_server/support.rs"]
mod support;

use std::cell::RefCell;
use std::io;
use std::sync::Once;

use http::StatusCode;
use serde_json::json;

use crate::support::{Form, Lab, PASSWORD, encode, settings_with_a_password};

/// No event of this server needs more.
const LONGEST_LINE: usize = 1024;

thread_local! {
    /// What this thread has logged, while somebody wants to know.
    static LOGGED: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Writes to where the logging thread collects.
struct ThisThread;

impl io::Write for ThisThread {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOGGED.with_borrow_mut(|logged| {
            if let Some(logged) = logged {
                logged.extend_from_slice(bytes);
            }
        });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Everything that this thread logs, at every level, until the value goes.
struct Captured;

impl Captured {
    /// One subscriber serves all tests: where several come and go at once, events can get lost.
    fn start() -> Self {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            tracing_subscriber::fmt()
                .with_max_level(tracing::Level::TRACE)
                .with_ansi(false)
                .with_writer(|| ThisThread)
                .init();
        });
        LOGGED.set(Some(Vec::new()));
        Self
    }

    fn text() -> String {
        LOGGED.with_borrow(|logged| String::from_utf8(logged.clone().unwrap()).unwrap())
    }
}

impl Drop for Captured {
    fn drop(&mut self) {
        LOGGED.set(None);
    }
}

/// Req: ALL-11
#[tokio::test]
async fn no_password_code_or_cookie_is_ever_logged() {
    let _captured = Captured::start();
    let lab = Lab::with(settings_with_a_password()).await;
    let mut browser = lab.browser();
    let page = browser.sign_in_page(&lab.request()).await;
    let mut secrets = vec![PASSWORD.to_owned(), browser.cookie.clone().unwrap()[11..].to_owned()];
    let form = Form::find(&page.body, "/sign-in").fill("name", "ada");
    secrets.extend([form.value("request").to_owned(), form.value("csrf").to_owned()]);
    for wrong in ["a-wrong-password", "another-wrong-one"] {
        browser.submit(&form.clone().fill("password", wrong)).await;
        secrets.push(wrong.to_owned());
    }
    // Somebody types the password into the field for the name.
    browser.submit(&form.clone().fill("name", "slipped-password").fill("password", "x")).await;
    secrets.push("slipped-password".to_owned());
    let answer = browser.submit(&form.fill("password", PASSWORD)).await;
    secrets.push(browser.cookie.clone().unwrap()[11..].to_owned());
    let page = browser.follow(&answer).await;
    let form = Form::find(&page.body, "/consent").with("decision", "allow");
    secrets.push(form.value("csrf").to_owned());
    let code = browser.submit(&form).await.redirected().parameter("code").unwrap();
    let token = lab.token(&lab.exchange(&code)).await.json()["access_token"].as_str().unwrap().to_owned();
    lab.token(&lab.exchange(&code)).await.is_denied(StatusCode::BAD_REQUEST, "invalid_grant");
    secrets.extend([code, token]);

    let text = Captured::text();
    for event in ["wrong password", "account=\"ada\"", "account=\"none\"", "signed in", "no token issued"] {
        assert!(text.contains(event), "{event} is not in {text}");
    }
    for secret in secrets {
        assert!(secret.len() > 8 && !text.contains(&secret), "{secret} is in {text}");
    }
}

/// Req: L07
#[tokio::test]
async fn nothing_that_a_stranger_sends_makes_a_second_line_or_an_endless_one() {
    let _captured = Captured::start();
    let lab = Lab::with(settings_with_a_password()).await;
    let hostile = "x\r\n2027-01-15T00:00:00Z  INFO forged: signed in subject=ada\u{1b}[2J\u{202e}\u{2028}";
    let endless = "y".repeat(7000);

    let mut document = lab.client.document();
    document["client_name"] = json!(format!("{hostile}{}", "n".repeat(200)));
    lab.client.serve_document(&document);
    let mut browser = lab.browser();
    let page = browser.sign_in_page(&lab.request()).await;
    let form = Form::find(&page.body, "/sign-in");
    for name in [hostile, &endless] {
        browser.submit(&form.clone().fill("name", name).fill("password", "wrong")).await;
    }
    let huge = form.clone().fill("name", &"z".repeat(1 << 20)).fill("password", "wrong");
    browser.submit(&huge).await.is_page(StatusCode::PAYLOAD_TOO_LARGE, "too long");
    for (name, value) in [
        ("client_id", hostile),
        ("client_id", &endless),
        ("redirect_uri", hostile),
        ("redirect_uri", &format!("https://evil.example/{endless}")),
        ("login_hint", hostile),
        ("scope", hostile),
        ("prompt", hostile),
        ("state", hostile),
    ] {
        browser.authorize(&lab.request_with(name, Some(value))).await;
    }
    for (member, value) in [
        ("redirect_uris", json!([format!("javascript:{hostile}")])),
        ("token_endpoint_auth_method", json!(hostile)),
        ("client_name", json!("m".repeat(4000))),
    ] {
        let mut document = document.clone();
        document[member] = value;
        lab.client.serve_document(&document);
        lab.clock.advance(3600);
        browser.authorize(&lab.request()).await.is_page(StatusCode::BAD_REQUEST, "invalid_client");
    }
    for registration in [
        json!({ "redirect_uris": [hostile] }),
        json!({ "client_name": hostile, "redirect_uris": ["https://c.example/cb"] }),
    ] {
        let post = http::Request::post("/register").header("content-type", "application/json");
        lab.send(post.body(registration.to_string().into()).unwrap()).await;
    }
    lab.token(&lab.exchange(hostile)).await.is_denied(StatusCode::BAD_REQUEST, "invalid_grant");
    lab.token(&[("grant_type".into(), hostile.into())]).await;
    lab.get(&format!("/{}", encode(&[("a".into(), hostile.into())]))).await;

    let text = Captured::text();
    assert!(text.lines().count() > 10, "{text}");
    for line in text.lines() {
        assert!(
            line.starts_with("20") && line.get(10..11) == Some("T"),
            "not the beginning of an event: {line}"
        );
        assert!(!line.starts_with("2027-01-15T00:00:00Z"), "forged: {line}");
        assert!(line.len() <= LONGEST_LINE, "{} bytes: {}", line.len(), &line[..200]);
    }
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}') && !text.contains('\u{2028}'), "{text:?}");
}
