//! `/sign-in` and `/sign-out`: cookies, sessions, and whose they are.

use http::StatusCode;

use crate::support::{Browser, Form, Lab, settings};
use protocol::ids::Issuer;
use protocol::loopback::LoopbackPolicy;

async fn sign_in_page(browser: &mut Browser<'_>) -> Form {
    let request = browser.lab.request();
    let answer = browser.authorize(&request).await;
    let page = browser.follow(&answer).await;
    page.is_page(StatusCode::OK, "Test client");
    Form::find(&page.body, "/sign-in")
}

/// Req: AS-99
#[tokio::test]
async fn the_cookie_is_for_this_server_only() {
    let lab = Lab::start().await;
    let answer = lab.browser().authorize(&lab.request()).await;
    let cookie = answer.header("set-cookie");
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(pair.split_once('=').unwrap().1.len(), 43, "256 bits");
    assert_eq!(attributes, "Path=/; Max-Age=43200; HttpOnly; SameSite=Lax");
}

/// Req: AS-99
#[tokio::test]
async fn with_https_the_cookie_is_bound_to_the_host() {
    let mut settings = settings();
    settings.issuer = Issuer::parse("https://localhost:9443", LoopbackPolicy::HttpsOnly).unwrap();
    let lab = Lab::with(settings).await;
    let answer = lab.browser().authorize(&lab.request()).await;
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-as_session="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax; Secure"), "{cookie}");
}

#[tokio::test]
async fn the_page_offers_the_people_and_says_which_client_asks() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    let answer = browser.authorize(&lab.request()).await;
    let page = browser.follow(&answer).await;
    for part in ["value=\"ada\"", "value=\"bob\"", "Test client", "This is a lab", "127.0.0.1:"] {
        assert!(page.body.contains(part), "{part}");
    }
}

/// Req: AS-99
#[tokio::test]
async fn a_cookie_that_was_planted_is_dead_after_sign_in() {
    let lab = Lab::start().await;
    let planted = format!("as_session={}", "A".repeat(43));
    let mut victim = lab.browser();
    victim.cookie = Some(planted.clone());
    let answer = victim.sign_in(&lab.request(), "ada").await;
    assert_ne!(victim.cookie.as_deref(), Some(planted.as_str()));
    let location = answer.header("location").to_owned();

    let mut attacker = lab.browser();
    attacker.cookie = Some(planted);
    attacker.get(&location).await.is_page(StatusCode::NOT_FOUND, "nothing to decide");
    let begun = attacker.authorize(&lab.request()).await;
    assert!(begun.header("location").starts_with("/sign-in"), "not signed in");
    assert_eq!(victim.get(&location).await.status, StatusCode::OK);
}

/// Req: AS-99
#[tokio::test]
async fn forged_cookies_are_ignored() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    browser.sign_in(&lab.request(), "ada").await;
    let real = browser.cookie.clone().unwrap();
    let flipped = real.replace(|c: char| c == real.chars().last().unwrap(), "_");
    for forged in ["as_session=x", "as_session=", &flipped, &format!("{real}; {real}"), "other=1"] {
        browser.cookie = Some(forged.to_owned());
        let answer = browser.authorize(&lab.request()).await;
        assert!(answer.header("location").starts_with("/sign-in"), "{forged}");
    }
}

/// Req: AS-97
#[tokio::test]
async fn signing_in_needs_the_form_of_this_browser() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    let form = sign_in_page(&mut browser).await.with("person", "ada");
    browser.submit(&form.clone().without("csrf")).await.is_page(StatusCode::FORBIDDEN, "did not come");
    lab.browser().submit(&form).await.is_page(StatusCode::NOT_FOUND, "nothing to decide");
    let nobody = form.clone().without("person").with("person", "eve");
    browser.submit(&nobody).await.is_page(StatusCode::BAD_REQUEST, "cannot be read");
    assert_eq!(browser.submit(&form).await.status, StatusCode::SEE_OTHER);
    lab.get("/sign-in").await.is_page(StatusCode::NOT_FOUND, "nothing to decide");
}

#[tokio::test]
async fn a_session_ends_after_twelve_hours() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    browser.sign_in(&lab.request(), "ada").await;
    lab.clock.advance(12 * 3600 - 1);
    assert!(browser.authorize(&lab.request()).await.header("location").starts_with("/consent"));
    lab.clock.advance(1);
    assert!(browser.authorize(&lab.request()).await.header("location").starts_with("/sign-in"));
}

/// Req: AS-102
#[tokio::test]
async fn not_you_lets_another_person_go_on_with_the_same_request() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    let page = browser.consent_page(&lab.request(), "ada").await;
    let allow = Form::find(&page.body, "/consent").with("decision", "allow");
    let sign_out = Form::find(&page.body, "/sign-out");
    browser.submit(&sign_out.clone().without("csrf")).await.is_page(StatusCode::FORBIDDEN, "did not come");
    let answer = browser.submit(&sign_out).await;
    let sign_in = browser.follow(&answer).await;

    browser.submit(&allow).await.is_page(StatusCode::FORBIDDEN, "signed out");

    let form = Form::find(&sign_in.body, "/sign-in").with("person", "bob");
    let answer = browser.submit(&form).await;
    let page = browser.follow(&answer).await;
    assert!(page.body.contains("signed in as <b>Bob</b>"));
    browser.submit(&allow).await.is_page(StatusCode::FORBIDDEN, "did not come");
    let form = Form::find(&page.body, "/consent").with("decision", "allow");
    assert!(browser.submit(&form).await.redirected().parameter("code").is_some());
}

#[tokio::test]
async fn without_a_session_the_consent_page_asks_for_sign_in() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    let answer = browser.authorize(&lab.request()).await;
    let consent = answer.header("location").replace("/sign-in", "/consent");
    let answer = browser.get(&consent).await;
    assert!(answer.header("location").starts_with("/sign-in?request="));
}

#[tokio::test]
async fn the_front_page_shows_who_is_signed_in_and_signs_out() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    browser.sign_in(&lab.request(), "ada").await;
    let page = browser.get("/").await;
    assert!(page.body.contains("signed in as <b>Ada</b>"));
    let answer = browser.submit(&Form::find(&page.body, "/sign-out")).await;
    assert_eq!(answer.header("location"), "/");
    assert!(!browser.get("/").await.body.contains("signed in"));
}
