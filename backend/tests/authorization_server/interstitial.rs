//! Between a refused request and its client: nobody can use this server to send strangers somewhere.

use backend::store::ClientSource;
use http::StatusCode;
use scraper::{Html, Selector};

use crate::support::answers::Redirected;
use crate::support::{Form, Lab, client, settings};

fn with(mut request: Vec<(String, String)>, name: &str, value: &str) -> Vec<(String, String)> {
    request.retain(|(known, _)| known != name);
    request.push((name.to_owned(), value.to_owned()));
    request
}

/// Where the one link of the page leads on to.
fn way_back(page: &str) -> Redirected {
    let html = Html::parse_document(page);
    let link = html.select(&Selector::parse("a.button").unwrap()).next().unwrap();
    assert_eq!(link.attr("rel"), Some("noreferrer noopener"));
    let (target, query) = link.attr("href").unwrap().split_once('?').unwrap();
    Redirected { target: target.to_owned(), query: query.to_owned() }
}

/// Req: AS-89, AS-90, X-27
#[tokio::test]
async fn a_bad_request_of_an_unknown_client_ends_on_a_page_that_names_where_it_would_lead() {
    let lab = Lab::start().await;
    let bad = with(lab.web_request(), "scope", "unknown");
    let mut browser = lab.browser();
    let begun = browser.authorize(&lab.again(&bad)).await;
    assert!(begun.header("location").starts_with("/sign-in"), "first of all, people sign in");
    let page = browser.follow(&begun).await;
    let after_sign_in = browser.submit(&Form::find(&page.body, "/sign-in").with("person", "ada")).await;
    let signed_in = browser.authorize(&lab.again(&bad)).await;
    for page in [after_sign_in, signed_in] {
        page.is_page(StatusCode::BAD_REQUEST, "This request was refused");
        assert!(page.body.contains(r#"<b class="host">c.example</b>"#), "{}", page.body);
        assert!(page.body.contains("scope names a scope that the resource does not have."));
        assert_eq!(page.header("x-frame-options"), "DENY");
        let back = way_back(&page.body);
        assert_eq!(back.target, "https://c.example/callback");
        assert_eq!(back.parameter("state").as_deref(), Some("the-state"));
        back.is_refused("invalid_scope");
    }
}

/// Req: AS-90
#[tokio::test]
async fn a_client_that_the_person_has_allowed_something_is_told_at_once() {
    let lab = Lab::start().await;
    let bad = with(lab.web_request(), "scope", "unknown");
    let mut browser = lab.browser();
    browser.allow(&lab.web_request(), "ada").await.redirected();
    browser.authorize(&lab.again(&bad)).await.redirected().is_refused("invalid_scope");
    lab.browser().sign_in(&lab.again(&bad), "bob").await.is_page(StatusCode::BAD_REQUEST, "was refused");
}

/// Req: AS-90
#[tokio::test]
async fn a_client_of_the_operator_is_told_at_once() {
    let uri = "https://known.example/callback";
    let mut settings = settings();
    settings.clients = vec![
        client(ClientSource::Configured, "known", "Known", &[uri]),
        client(ClientSource::Registered, "stranger", "Stranger", &[uri]),
    ];
    let lab = Lab::with(settings).await;
    let bad = |id: &str| {
        with(with(lab.request_with("scope", Some("unknown")), "client_id", id), "redirect_uri", uri)
    };
    lab.browser().sign_in(&lab.again(&bad("known")), "ada").await.redirected().is_refused("invalid_scope");
    lab.browser()
        .sign_in(&lab.again(&bad("stranger")), "ada")
        .await
        .is_page(StatusCode::BAD_REQUEST, "was refused");
}

#[tokio::test]
async fn what_the_client_chose_cannot_break_out_of_the_page() {
    let lab = Lab::start().await;
    let state = "\"><script>alert(1)</script>";
    let bad = with(with(lab.web_request(), "scope", "unknown"), "state", state);
    let page = lab.browser().sign_in(&lab.again(&bad), "ada").await;
    assert!(!page.body.contains("<script"), "{}", page.body);
    assert_eq!(way_back(&page.body).parameter("state").as_deref(), Some(state));
}
