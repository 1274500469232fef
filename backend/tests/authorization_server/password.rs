//! `/sign-in` with passwords: what the page asks, what it answers, and that it does not say who exists.

use backend::authorization_server::{AuthorizationServer, HashingLimits, Settings, StartError};
use backend::store::Store;
use http::StatusCode;
use protocol::ids::Issuer;
use protocol::loopback::LoopbackPolicy;
use server_kit::clock::FixedClock;
use server_kit::entropy::SeededEntropy;
use std::sync::Arc;

use crate::support::{Answered, Browser, Form, Lab, PASSWORD, START, settings, settings_with_a_password};

/// The form for name and password, as it stands on the page of a correct request.
async fn form(browser: &mut Browser<'_>) -> Form {
    let request = browser.lab.request();
    Form::find(&browser.sign_in_page(&request).await.body, "/sign-in")
}

async fn try_password(browser: &mut Browser<'_>, name: &str, password: &str) -> Answered {
    let form = form(browser).await.fill("name", name).fill("password", password);
    browser.submit(&form).await
}

#[tokio::test]
async fn the_page_has_fields_that_password_managers_and_screen_readers_know() {
    let lab = Lab::with(settings_with_a_password()).await;
    let page = lab.browser().sign_in_page(&lab.request()).await;
    for part in [
        r#"<label for="name">Account name</label>"#,
        r#"<input id="name" name="name" value="" autocomplete="username""#,
        r#"<label for="password">Password</label>"#,
        r#"<input id="password" name="password" type="password" autocomplete="current-password" required>"#,
    ] {
        assert!(page.body.contains(part), "{part} is not in {}", page.body);
    }
    assert!(!page.body.contains(r#"value="ada""#), "who has a password is not shown");
}

#[tokio::test]
async fn the_right_password_leads_to_the_request_and_nothing_else_does() {
    let lab = Lab::with(settings_with_a_password()).await;
    let mut browser = lab.browser();
    let right = try_password(&mut browser, " ada ", PASSWORD).await;
    assert!(right.header("location").starts_with("/consent?request="), "{right:?}");
    assert_eq!(right.status, StatusCode::SEE_OTHER);
    for (name, password) in [
        ("ada", "wrong"),
        ("ada", &PASSWORD.to_uppercase()),
        ("ada", &format!("{PASSWORD} ")),
        ("ada", &PASSWORD[..27]),
        ("ada", ""),
        ("", PASSWORD),
        ("Ada", PASSWORD),
        ("bob", PASSWORD),
        ("bob", ""),
        ("nobody", PASSWORD),
        (&"x".repeat(256), PASSWORD),
    ] {
        let mut stranger = lab.browser();
        let wrong = try_password(&mut stranger, name, password).await;
        wrong.is_page(StatusCode::FORBIDDEN, "The name or the password is not right.");
        assert!(!wrong.headers.contains_key("set-cookie"), "no session begins");
        assert!(stranger.authorize(&lab.request()).await.header("location").starts_with("/sign-in"));
    }
}

#[tokio::test]
async fn the_answer_is_the_same_whether_there_is_such_an_account_or_not() {
    let lab = Lab::with(settings_with_a_password()).await;
    let mut browser = lab.browser();
    let form = form(&mut browser).await.fill("password", "wrong wrong wrong");
    let mut answers = Vec::new();
    for name in ["ada", "bob", "eve"] {
        let answer = browser.submit(&form.clone().fill("name", name)).await;
        let typed = format!("name=\"name\" value=\"{name}\"");
        assert!(answer.body.contains(&typed));
        answers.push((answer.status, answer.headers, answer.body.replace(&typed, "")));
    }
    assert_eq!(answers[0], answers[2], "no such account");
    assert_eq!(answers[1], answers[2], "an account without a password");
}

/// A client may tell whom it expects; the server does not tell whether it is right.
#[tokio::test]
async fn the_hint_of_a_client_fills_the_field_and_is_no_oracle() {
    let lab = Lab::with(settings_with_a_password()).await;
    let page = async |hint: &str| {
        let page = lab.browser().sign_in_page(&lab.request_with("login_hint", Some(hint))).await;
        let form = Form::find(&page.body, "/sign-in");
        let (name, body) = (form.value("name").to_owned(), page.body.clone());
        (name, body.replace(form.value("csrf"), "").replace(form.value("request"), "").replace(hint, "HINT"))
    };
    let (known, known_page) = page("ada").await;
    let (unknown, unknown_page) = page("eve").await;
    assert_eq!((known.as_str(), unknown.as_str()), ("ada", "eve"));
    assert_eq!(known_page, unknown_page);
    let (_, hostile) = page("\"><script>alert(1)</script>").await;
    assert!(!hostile.contains("<script"), "{hostile}");
    for ignored in [&"x".repeat(256), "line\nbreak", "\u{1b}[31m"] {
        assert_eq!(page(ignored).await.0, "", "{ignored:?}");
    }
}

#[tokio::test]
async fn what_was_typed_comes_back_in_the_name_field_only() {
    let lab = Lab::with(settings_with_a_password()).await;
    let mut browser = lab.browser();
    let name = "\"><img src=x onerror=alert(1)>";
    let page = try_password(&mut browser, name, "my-secret-typing").await;
    assert_eq!(Form::find(&page.body, "/sign-in").value("name"), name);
    assert!(!page.body.contains("<img") && !page.body.contains("my-secret-typing"), "{}", page.body);
    assert!(page.body.contains(r#"id="problem" role="alert""#));
    assert_eq!(page.body.matches(r#"aria-describedby="problem""#).count(), 2);
    assert!(page.body.contains("<title>Not signed in"));
}

/// The buttons of the lab are for people without a password alone.
#[tokio::test]
async fn nobody_with_a_password_signs_in_without_it() {
    let lab = Lab::with(settings_with_a_password()).await;
    let mut browser = lab.browser();
    let page = browser.sign_in_page(&lab.request()).await;
    assert!(page.body.contains(r#"value="bob""#) && !page.body.contains(r#"value="ada""#));
    let form = Form::find(&page.body, "/sign-in").without("name").without("password");
    browser
        .submit(&form.clone().with("person", "ada"))
        .await
        .is_page(StatusCode::BAD_REQUEST, "cannot be read");
    let both = form.clone().with("person", "ada").with("name", "ada").with("password", PASSWORD);
    browser.submit(&both).await.is_page(StatusCode::BAD_REQUEST, "cannot be read");
    assert_eq!(browser.submit(&form.with("person", "bob")).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn when_too_many_passwords_wait_somebody_is_told_to_come_back() {
    let mut settings = settings_with_a_password();
    settings.hashing = HashingLimits { at_once: 0, waiting: 0 };
    let lab = Lab::with(settings).await;
    let mut browser = lab.browser();
    for _ in 0..20 {
        let busy = try_password(&mut browser, "ada", PASSWORD).await;
        busy.is_page(StatusCode::SERVICE_UNAVAILABLE, "Try again in a few seconds.");
        assert_eq!(busy.header("retry-after"), "2");
    }
}

#[tokio::test]
async fn outside_the_lab_everybody_needs_a_password_and_a_name_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("as.sqlite")).await.unwrap();
    let start = async |settings: Settings| {
        let clock = Arc::new(FixedClock::at(START));
        AuthorizationServer::new(settings, store.clone(), clock, Arc::new(SeededEntropy::new(0))).await.err()
    };
    let mut public = settings_with_a_password();
    public.loopback = LoopbackPolicy::HttpsOnly;
    public.issuer = Issuer::parse("https://as.example", LoopbackPolicy::HttpsOnly).unwrap();
    let without = start(public).await;
    assert!(
        matches!(&without, Some(StartError::NoPassword(subject)) if subject.as_str() == "bob"),
        "{without:?}"
    );
    let mut twins = settings();
    twins.people[1].subject = twins.people[0].subject.clone();
    let twins = start(twins).await;
    assert!(matches!(twins, Some(StartError::SamePerson(_))), "{twins:?}");
}

#[tokio::test]
async fn another_password_ends_the_sessions_of_the_old_one() {
    let mut lab = Lab::with(settings_with_a_password()).await;
    let mut browser = lab.browser();
    try_password(&mut browser, "ada", PASSWORD).await;
    let cookie = browser.cookie.clone();
    let signed_in = async |lab: &Lab| {
        let mut browser = Browser { cookie: cookie.clone(), ..lab.browser() };
        browser.authorize(&lab.request()).await.header("location").starts_with("/consent")
    };
    assert!(signed_in(&lab).await);
    lab.restart_with(settings_with_a_password()).await;
    assert!(signed_in(&lab).await, "a restart alone ends nothing");
    lab.restart_with(settings()).await;
    assert!(!signed_in(&lab).await);
}
