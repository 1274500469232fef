//! `prompt` and `login_hint`: what a client may say about the pages that a person sees.

use http::StatusCode;

use crate::support::{Form, Lab};

/// Req: AS-89, A17
#[tokio::test]
async fn prompt_none_is_answered_without_a_page() {
    let lab = Lab::start().await;
    let mut request = lab.web_request();
    request.push(("prompt".into(), "none".into()));
    let mut browser = lab.browser();
    let silent = browser.authorize(&lab.again(&request)).await.redirected();
    silent.is_refused("login_required");
    assert_eq!(silent.target, "https://c.example/callback");
    assert_eq!(lab.store.count_pending().await.unwrap(), 0, "nothing is put down");

    browser.sign_in(&lab.web_request(), "ada").await;
    let pending = lab.store.count_pending().await.unwrap();
    browser.authorize(&lab.again(&request)).await.redirected().is_refused("consent_required");
    assert_eq!(lab.store.count_pending().await.unwrap(), pending);

    browser.allow(&lab.web_request(), "ada").await.redirected();
    let answer = browser.authorize(&lab.again(&request)).await.redirected();
    assert_eq!(answer.parameter("state").as_deref(), Some("the-state"));
    assert!(answer.parameter("code").is_some(), "{}", answer.query);

    let mut stranger = lab.browser();
    stranger.authorize(&lab.again(&request)).await.redirected().is_refused("login_required");
}

#[tokio::test]
async fn prompt_none_shows_no_page_about_other_mistakes_either() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    browser.sign_in(&lab.web_request(), "ada").await;
    let mut request = lab.web_request();
    request.retain(|(name, _)| name != "scope");
    request.extend([("prompt".into(), "none".into()), ("scope".into(), "unknown".into())]);
    browser.authorize(&lab.again(&request)).await.redirected().is_refused("invalid_scope");
}

#[tokio::test]
async fn prompt_consent_asks_whatever_is_remembered() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    browser.allow(&lab.web_request(), "ada").await.redirected();
    assert!(browser.authorize(&lab.web_request()).await.redirected().parameter("code").is_some());
    let mut request = lab.web_request();
    request.push(("prompt".into(), "consent".into()));
    let page = browser.consent_page(&lab.again(&request), "ada").await;
    page.is_page(StatusCode::OK, "already granted");

    let mut elsewhere = lab.browser();
    let answer = elsewhere.sign_in(&lab.again(&request), "ada").await;
    assert!(answer.header("location").starts_with("/consent"), "after sign-in, too");
}

#[tokio::test]
async fn prompt_login_wants_a_sign_in_whoever_is_signed_in() {
    let lab = Lab::start().await;
    for prompt in ["login", "select_account", "login consent", "select_account login"] {
        let mut browser = lab.browser();
        let page = browser.consent_page(&lab.request(), "ada").await;
        let earlier = Form::find(&page.body, "/consent");
        let answer = browser.authorize(&lab.request_with("prompt", Some(prompt))).await;
        let location = answer.header("location").to_owned();
        assert!(location.starts_with("/sign-in"), "{prompt}");

        // Who changes the address by hand is led back, and a form that was made up is refused.
        let consent = location.replace("/sign-in", "/consent");
        assert_eq!(browser.get(&consent).await.header("location"), location);
        let id = location.rsplit('=').next().unwrap();
        let guessed = earlier.clone().fill("request", id).with("decision", "allow");
        browser.submit(&guessed).await.is_page(StatusCode::FORBIDDEN, "did not come from this page");

        let page = browser.follow(&answer).await;
        let answer = browser.submit(&Form::find(&page.body, "/sign-in").with("person", "bob")).await;
        assert_eq!(answer.header("location"), consent, "{prompt}");
        assert!(browser.follow(&answer).await.body.contains("signed in as <b>Bob</b>"));
    }
}

/// The store is the last to see to it: even the right form does not decide a request that wants a sign-in first.
#[tokio::test]
async fn prompt_login_cannot_be_stepped_over_in_the_store() {
    use backend::store::{Chosen, Decision, SecretHash, Verdict};
    use protocol::ids::Subject;

    let lab = Lab::start().await;
    let mut browser = lab.browser();
    browser.sign_in(&lab.request(), "ada").await;
    let answer = browser.authorize(&lab.request_with("prompt", Some("login"))).await;
    let id = SecretHash::of_text(answer.header("location").rsplit('=').next().unwrap());
    let decide = async |cookie: &str| {
        let verdict = Verdict::Allow {
            chosen: Chosen::Ticked("mcp:connect".parse().unwrap()),
            code: SecretHash::of_text("code"),
            family: "family".into(),
            code_expires_at: lab.now().plus(60),
            family_expires_at: lab.now().plus(60),
        };
        let cookie = SecretHash::of_text(cookie.split_once('=').unwrap().1);
        let ada = Subject::parse("ada").unwrap();
        lab.store.decide(id, cookie, ada, verdict, lab.now(), lab.now()).await.unwrap()
    };
    assert_eq!(decide(browser.cookie.as_ref().unwrap()).await, Decision::SignedOut);
    let page = browser.follow(&answer).await;
    browser.submit(&Form::find(&page.body, "/sign-in").with("person", "ada")).await;
    assert_eq!(decide(browser.cookie.as_ref().unwrap()).await, Decision::Allowed);
}

#[tokio::test]
async fn a_prompt_that_nobody_knows_is_refused() {
    let lab = Lab::start().await;
    for prompt in ["create", "login create", "None", "login  consent", "none login", "none none"] {
        let request = lab.request_with("prompt", Some(prompt));
        lab.browser().sign_in(&lab.again(&request), "ada").await.redirected().is_refused("invalid_request");
    }
    let mut twice = lab.request_with("prompt", Some("login"));
    twice.push(("prompt".into(), "login".into()));
    lab.browser().sign_in(&lab.again(&twice), "ada").await.redirected().is_refused("invalid_request");
    let mut hints = lab.request_with("login_hint", Some("ada"));
    hints.push(("login_hint".into(), "bob".into()));
    lab.browser().sign_in(&lab.again(&hints), "ada").await.redirected().is_refused("invalid_request");
}

#[tokio::test]
async fn max_age_is_not_offered_and_ignored() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    browser.sign_in(&lab.request(), "ada").await;
    let answer = browser.authorize(&lab.request_with("max_age", Some("0"))).await;
    assert!(answer.header("location").starts_with("/consent"), "{answer:?}");
}
