//! Consents that are remembered: what they cover, and everything that they do not.

use backend::store::ClientSource;
use http::StatusCode;
use serde_json::json;

use crate::support::{Answered, Browser, Form, Lab, client, settings};

const DAY: u64 = 24 * 3600;

fn with(request: &[(String, String)], name: &str, value: &str) -> Vec<(String, String)> {
    let mut request = request.to_vec();
    request.retain(|(known, _)| known != name);
    request.push((name.to_owned(), value.to_owned()));
    request
}

/// What a signed-in browser is answered: a code at once, or the question.
#[track_caller]
fn is_asked(answer: &Answered) -> bool {
    let location = answer.header("location");
    assert!(location.contains("code=") || location.starts_with("/consent?request="), "{answer:?}");
    location.starts_with("/consent")
}

/// Req: AS-100
#[tokio::test]
async fn the_same_request_is_answered_at_once() {
    let lab = Lab::start().await;
    let request = lab.web_request();
    let mut browser = lab.browser();
    browser.allow(&lab.again(&request), "ada").await.redirected();

    let again = browser.authorize(&lab.again(&with(&request, "state", "another"))).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    let redirected = again.redirected();
    assert_eq!(redirected.target, "https://c.example/callback");
    assert_eq!(redirected.parameter("state").as_deref(), Some("another"));
    let code = redirected.parameter("code").unwrap();
    let exchange = with(&lab.exchange(&code), "redirect_uri", "https://c.example/callback");
    assert_eq!(lab.token(&exchange).await.json()["scope"], "mcp:connect");

    let after_sign_in = lab.browser().sign_in(&lab.again(&request), "ada").await;
    assert!(after_sign_in.redirected().parameter("code").is_some(), "at the end of sign-in, too");
    assert!(after_sign_in.headers.contains_key("set-cookie"));
}

/// Req: AS-100
#[tokio::test]
async fn it_covers_no_more_than_was_consented_to() {
    let mut settings = settings();
    settings.clients = vec![client(
        ClientSource::Configured,
        "other",
        "Other",
        &["https://c.example/callback", "https://d.example/callback"],
    )];
    let lab = Lab::with(settings).await;
    let request = lab.web_request();
    let mut browser = lab.browser();
    browser.allow(&lab.again(&request), "ada").await.redirected();
    assert!(!is_asked(&browser.authorize(&lab.again(&request)).await));

    assert!(is_asked(
        &browser.authorize(&lab.again(&with(&request, "scope", "mcp:connect weather:read"))).await
    ));
    assert!(is_asked(&browser.authorize(&lab.again(&with(&request, "scope", "weather:read"))).await));
    let elsewhere = with(&with(&request, "resource", "http://localhost:8002/mcp"), "scope", "notes:read");
    assert!(is_asked(&browser.authorize(&lab.again(&elsewhere)).await));
    assert!(is_asked(&browser.authorize(&lab.again(&with(&request, "client_id", "other"))).await));
    assert!(is_asked(&lab.browser().sign_in(&lab.again(&request), "bob").await), "that was Ada");
    assert!(!is_asked(&browser.authorize(&lab.again(&request)).await));
}

#[tokio::test]
async fn what_was_unticked_or_denied_is_not_remembered() {
    let lab = Lab::start().await;
    let request = lab.web_request();
    let both = with(&request, "scope", "mcp:connect weather:read");
    let mut browser = lab.browser();
    let page = browser.consent_page(&lab.again(&both), "ada").await;
    let mut form = Form::find(&page.body, "/consent").with("decision", "allow");
    form.fields.retain(|(_, value)| value != "weather:read");
    browser.submit(&form).await.redirected();
    assert!(!is_asked(&browser.authorize(&lab.again(&request)).await), "what was ticked");
    assert!(is_asked(&browser.authorize(&lab.again(&both)).await), "what was not");

    let page = browser.consent_page(&lab.again(&both), "ada").await;
    let deny = Form::find(&page.body, "/consent").with("decision", "deny");
    browser.submit(&deny).await.redirected().is_refused("access_denied");
    assert!(is_asked(&browser.authorize(&lab.again(&request)).await), "a later no takes an earlier yes back");
}

#[tokio::test]
async fn consents_add_up_and_none_gets_younger_by_the_others() {
    let lab = Lab::start().await;
    let connect = lab.web_request();
    let weather = with(&connect, "scope", "weather:read");
    let both = with(&connect, "scope", "mcp:connect weather:read");
    let mut browser = lab.browser();
    browser.allow(&lab.again(&connect), "ada").await.redirected();
    lab.clock.advance(60 * DAY);
    browser.allow(&lab.again(&weather), "ada").await.redirected();
    assert!(!is_asked(&browser.authorize(&lab.again(&both)).await));
    lab.clock.advance(30 * DAY);
    let answer = lab.browser().sign_in(&lab.again(&both), "ada").await;
    assert!(is_asked(&answer), "ninety days after the first of them");
}

#[tokio::test]
async fn it_is_forgotten_after_ninety_days_however_often_it_was_used() {
    let lab = Lab::start().await;
    let request = lab.web_request();
    lab.browser().allow(&lab.again(&request), "ada").await.redirected();
    for _ in 0..8 {
        lab.clock.advance(10 * 24 * 3600);
        assert!(!is_asked(&lab.browser().sign_in(&lab.again(&request), "ada").await));
    }
    lab.clock.advance(10 * 24 * 3600);
    assert!(is_asked(&lab.browser().sign_in(&lab.again(&request), "ada").await));
}

#[tokio::test]
async fn an_operator_can_have_everything_asked_every_time() {
    let mut settings = settings();
    settings.lifetimes.remembered_consent = 0;
    let lab = Lab::with(settings).await;
    let request = lab.web_request();
    let mut browser = lab.browser();
    browser.allow(&lab.again(&request), "ada").await.redirected();
    assert!(is_asked(&browser.authorize(&lab.again(&request)).await));
}

/// Req: AS-68
#[tokio::test]
async fn a_client_that_says_something_else_about_itself_is_asked_about_again() {
    let lab = Lab::start().await;
    let request = lab.web_request();
    let mut browser = lab.browser();
    browser.allow(&lab.again(&request), "ada").await.redirected();
    assert!(!is_asked(&browser.authorize(&lab.again(&request)).await));
    let changes = [
        ("client_name", json!("Another name")),
        ("redirect_uris", json!(["https://c.example/callback", "https://evil.example/callback"])),
    ];
    for (member, value) in changes {
        let mut document = lab.client.document();
        document["redirect_uris"] = json!(["https://c.example/callback"]);
        document[member] = value;
        lab.client.serve_document(&document);
        lab.clock.advance(3600);
        assert!(is_asked(&browser.authorize(&lab.again(&request)).await), "{member}");
        browser.allow(&lab.again(&request), "ada").await.redirected();
        assert!(!is_asked(&browser.authorize(&lab.again(&request)).await), "{member}");
    }
}

/// Req: AS-100
#[tokio::test]
async fn where_any_program_can_listen_the_question_is_put_every_time() {
    let web = "https://c.example/callback";
    let loopback = "http://127.0.0.1:3000/callback";
    let mut settings = settings();
    // Whoever registered it: what proves nothing is where the browser returns to.
    settings.clients = vec![
        client(ClientSource::Configured, "native", "Native", &[loopback, "http://localhost/callback"]),
        client(ClientSource::Configured, "both", "Both", &[loopback, web]),
    ];
    let lab = Lab::with(settings).await;
    let request = |id: &str, uri: &str| with(&with(&lab.request(), "client_id", id), "redirect_uri", uri);
    let mut browser = lab.browser();
    for (id, uri) in [("native", loopback), ("native", "http://127.0.0.1:9/callback"), ("both", loopback)] {
        browser.allow(&lab.again(&request(id, uri)), "ada").await.redirected();
        assert!(is_asked(&browser.authorize(&lab.again(&request(id, uri))).await), "{id} {uri}");
    }
    assert!(
        is_asked(&browser.authorize(&lab.again(&request("both", web))).await),
        "what was allowed on loopback proves nothing"
    );
    browser.allow(&lab.again(&request("both", web)), "ada").await.redirected();
    assert!(!is_asked(&browser.authorize(&lab.again(&request("both", web))).await));
    assert!(is_asked(&browser.authorize(&lab.again(&request("both", loopback))).await));
}

#[tokio::test]
async fn it_is_for_whoever_is_signed_in_only() {
    let lab = Lab::start().await;
    let request = lab.web_request();
    let mut browser = lab.browser();
    browser.allow(&lab.again(&request), "ada").await.redirected();
    let stranger = lab.browser().authorize(&lab.again(&request)).await;
    assert!(stranger.header("location").starts_with("/sign-in"));
    let out = Browser { cookie: browser.cookie.clone(), ..lab.browser() };
    lab.clock.advance(3 * 3600);
    let mut late = out;
    assert!(
        late.authorize(&lab.again(&request)).await.header("location").starts_with("/sign-in"),
        "idle for too long"
    );
}

/// Req: AS-105
#[tokio::test]
async fn each_answer_is_a_code_of_its_own() {
    let lab = Lab::start().await;
    let request = lab.web_request();
    let mut browser = lab.browser();
    let mut codes =
        vec![browser.allow(&lab.again(&request), "ada").await.redirected().parameter("code").unwrap()];
    for _ in 0..3 {
        codes.push(browser.authorize(&lab.again(&request)).await.redirected().parameter("code").unwrap());
    }
    for code in &codes {
        let exchange = with(&lab.exchange(code), "redirect_uri", "https://c.example/callback");
        assert_eq!(lab.token(&exchange).await.status, StatusCode::OK);
    }
    codes.sort();
    codes.dedup();
    assert_eq!(codes.len(), 4);
}
