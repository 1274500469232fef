//! `/sign-in` and `/sign-out`: cookies, sessions, and whose they are.

use http::StatusCode;

use backend::store::SecretHash;

use crate::support::{Browser, Form, Lab, START, encode, post_form, settings};
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

/// Req: AS-99, B10
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

/// Req: AS-99, B10
#[tokio::test]
async fn a_cookie_with_one_bit_flipped_is_nobodys() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    browser.sign_in(&lab.request(), "ada").await;
    let real = browser.cookie.clone().unwrap();
    for position in "as_session=".len()..real.len() {
        for bit in 0..8 {
            let mut flipped = real.clone().into_bytes();
            flipped[position] ^= 1 << bit;
            // Beyond ASCII no header can be made of it.
            let Ok(flipped) = String::from_utf8(flipped) else { continue };
            if flipped.bytes().all(|byte| byte.is_ascii_graphic()) {
                let mut forger = Browser { cookie: Some(flipped.clone()), ..lab.browser() };
                assert!(!is_signed_in(&mut forger).await, "{flipped}");
            }
        }
    }
    assert!(is_signed_in(&mut browser).await);
}

/// With https the name's prefix keeps cookies of other hosts away, so a cookie without it is none.
/// Req: AS-99, B10
#[tokio::test]
async fn a_cookie_that_another_host_could_have_set_is_ignored() {
    let mut settings = settings();
    settings.issuer = Issuer::parse("https://localhost:9443", LoopbackPolicy::HttpsOnly).unwrap();
    let lab = Lab::with(settings).await;
    let mut browser = lab.browser();
    browser.sign_in(&lab.request(), "ada").await;
    let real = browser.cookie.clone().unwrap();
    assert!(is_signed_in(&mut browser).await);
    let value = real.strip_prefix("__Host-as_session=").unwrap();
    for name in ["as_session", "__Secure-as_session", "__host-as_session", "__Host-as_session2", "session"] {
        let mut other = Browser { cookie: Some(format!("{name}={value}")), ..lab.browser() };
        assert!(!is_signed_in(&mut other).await, "{name}");
    }
    let mut both =
        Browser { cookie: Some(format!("as_session={}; {real}", "A".repeat(43))), ..lab.browser() };
    assert!(is_signed_in(&mut both).await, "and does not stand in the way either");
}

/// Req: AS-99, A22
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

/// Req: AS-99, B10
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
}

/// Req: AS-97
#[tokio::test]
async fn a_post_to_sign_in_or_out_from_another_site_is_refused() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    let sign_in = sign_in_page(&mut browser).await.with("person", "ada");
    for (name, value) in
        [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site"), ("origin", "null")]
    {
        let mut post = post_form("/sign-in", &encode(&sign_in.fields));
        post.headers_mut().insert(name, value.parse().unwrap());
        browser.send(post).await.is_page(StatusCode::FORBIDDEN, "another site");
    }
    browser.submit(&sign_in).await;
    let sign_out = Form::find(&browser.get("/").await.body, "/sign-out");
    let mut post = post_form("/sign-out", &encode(&sign_out.fields));
    post.headers_mut().insert("sec-fetch-site", "same-site".parse().unwrap());
    browser.send(post).await.is_page(StatusCode::FORBIDDEN, "another site");
    assert!(browser.get("/").await.body.contains("signed in as <b>Ada</b>"));
}

/// Req: B14
#[tokio::test]
async fn a_form_that_comes_by_get_does_nothing() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    let form = sign_in_page(&mut browser).await.with("person", "ada");
    let answer = browser.get(&format!("/sign-in?{}", encode(&form.fields))).await;
    answer.is_page(StatusCode::METHOD_NOT_ALLOWED, "A form has to be posted");
    assert_eq!(answer.header("allow"), "POST");
    assert!(!answer.headers.contains_key("set-cookie"));
    assert_eq!(browser.submit(&form).await.status, StatusCode::SEE_OTHER, "the form is as good as before");
}

/// What is in the form or the address besides decides nothing about where the browser goes.
#[tokio::test]
async fn after_sign_in_there_is_no_way_but_to_the_stored_request() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    let form = sign_in_page(&mut browser)
        .await
        .with("person", "ada")
        .with("next", "https://evil.example")
        .with("redirect_uri", "https://evil.example/cb")
        .with("return_to", "//evil.example");
    let answer = browser.submit(&form).await;
    assert_eq!(answer.header("location"), format!("/consent?request={}", form.value("request")));
}

async fn is_signed_in(browser: &mut Browser<'_>) -> bool {
    browser.get("/").await.body.contains("signed in as")
}

#[tokio::test]
async fn a_session_ends_when_its_browser_stays_away_for_two_hours() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    browser.sign_in(&lab.request(), "ada").await;
    for _ in 0..3 {
        lab.clock.advance(2 * 3600 - 1);
        assert!(is_signed_in(&mut browser).await, "whoever comes back goes on");
    }
    lab.clock.advance(2 * 3600);
    assert!(!is_signed_in(&mut browser).await);
    assert!(browser.authorize(&lab.request()).await.header("location").starts_with("/sign-in"));
}

#[tokio::test]
async fn a_session_ends_after_twelve_hours_whatever_its_browser_does() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    browser.sign_in(&lab.request(), "ada").await;
    for _ in 0..11 {
        lab.clock.advance(3600);
        assert!(is_signed_in(&mut browser).await);
    }
    lab.clock.advance(3599);
    assert!(is_signed_in(&mut browser).await);
    lab.clock.advance(1);
    assert!(!is_signed_in(&mut browser).await);
}

/// A visit costs a write at most once a minute.
#[tokio::test]
async fn that_a_browser_came_back_is_written_down_once_a_minute() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    browser.sign_in(&lab.request(), "ada").await;
    let cookie = SecretHash::of_text(browser.cookie.as_ref().unwrap().split_once('=').unwrap().1);
    let idle_until = async || lab.store.find_session(cookie, lab.now()).await.unwrap().unwrap().idle_until;
    let begun = idle_until().await;
    assert_eq!(begun, START.plus(2 * 3600));
    lab.clock.advance(59);
    browser.get("/").await;
    assert_eq!(idle_until().await, begun);
    lab.clock.advance(1);
    browser.get("/").await;
    assert_eq!(idle_until().await, begun.plus(60));
}

#[tokio::test]
async fn a_clock_that_goes_back_revives_no_session() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    browser.sign_in(&lab.request(), "ada").await;
    let cookie = SecretHash::of_text(browser.cookie.as_ref().unwrap().split_once('=').unwrap().1);
    let late = START.plus(2 * 3600);
    lab.store.prolong_session(cookie, late.plus(3600), late).await.unwrap();
    assert!(lab.store.find_session(cookie, late).await.unwrap().is_none(), "what has ended is not prolonged");
}

#[tokio::test]
async fn somebody_who_was_removed_from_the_settings_is_signed_out() {
    let mut lab = Lab::start().await;
    let mut browser = lab.browser();
    browser.sign_in(&lab.request(), "ada").await;
    let cookie = browser.cookie.clone();
    let mut without_ada = settings();
    without_ada.people.remove(0);
    lab.restart_with(without_ada).await;
    let mut browser = Browser { cookie, ..lab.browser() };
    assert!(!is_signed_in(&mut browser).await);
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
