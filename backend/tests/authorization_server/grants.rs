//! `/grants`: what a person has allowed, and taking it back.

use backend::store::ClientSource;
use http::{Method, Request, StatusCode};
use scraper::{Html, Selector};

use crate::support::{Answered, Browser, Form, Lab, client, encode, method, post_form, settings};

/// The forms that take a grant back, in the order of the page.
fn revoke_forms(page: &str) -> Vec<Form> {
    let html = Html::parse_document(page);
    let forms = Selector::parse("form[action='/grants/revoke']").unwrap();
    let inputs = Selector::parse("input").unwrap();
    let field = |input: scraper::ElementRef<'_>| {
        let value = |name| input.attr(name).unwrap_or_default().to_owned();
        (value("name"), value("value"))
    };
    let form = |form: scraper::ElementRef<'_>| Form {
        action: "/grants/revoke".into(),
        fields: form.select(&inputs).map(field).collect(),
    };
    html.select(&forms).map(form).collect()
}

async fn grants(browser: &mut Browser<'_>) -> Answered {
    let page = browser.get("/grants").await;
    page.is_page(StatusCode::OK, "Your grants");
    page
}

/// Req: AS-102
#[tokio::test]
async fn a_person_sees_what_they_have_allowed_to_whom() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    browser.allow(&lab.request_with("scope", Some("mcp:connect weather:read")), "ada").await.redirected();
    let host = lab.client.origin.strip_prefix("http://").unwrap();
    let page = grants(&mut browser).await;
    for part in [
        &format!("<h2><b class=\"host\">{host}</b></h2>"),
        "<bdi class=\"name\">Test client</bdi>",
        &lab.client.client_id(),
        "Weather server",
        crate::support::RESOURCE,
        "Use the MCP server in your name",
        "Read the weather",
        "<time datetime=\"2027-01-15\">15 January 2027</time>",
        "signed in as <b>Ada</b>",
    ] {
        assert!(page.body.contains(part), "{part} is not in {}", page.body);
    }
    assert_eq!(revoke_forms(&page.body).len(), 1);

    let mut bob = lab.browser();
    bob.sign_in(&lab.request(), "bob").await;
    grants(&mut bob).await.is_page(StatusCode::OK, "No client may do anything in your name.");
}

#[tokio::test]
async fn what_was_allowed_often_is_one_grant_with_its_first_and_last_day() {
    let lab = Lab::start().await;
    // With refresh tokens what was allowed lasts.
    let mut document = lab.client.document();
    document["grant_types"] = serde_json::json!(["authorization_code", "refresh_token"]);
    lab.client.serve_document(&document);
    let mut browser = lab.browser();
    browser.allow(&lab.request(), "ada").await.redirected();
    lab.clock.advance(5 * 24 * 3600);
    let mut later = lab.browser();
    later.allow(&lab.request_with("scope", Some("weather:read")), "ada").await.redirected();
    let page = grants(&mut later).await;
    assert_eq!(revoke_forms(&page.body).len(), 1);
    for part in
        ["15 January 2027", "last used <time datetime=\"2027-01-20\">", "Read the weather", "Use the MCP"]
    {
        assert!(page.body.contains(part), "{part} is not in {}", page.body);
    }
}

/// Req: AS-102
#[tokio::test]
async fn taking_a_grant_back_ends_everything_of_it_and_nothing_else() {
    let other = client(ClientSource::Configured, "other", "Other", &["https://other.example/callback"]);
    let mut settings = settings();
    settings.clients = vec![other];
    let lab = Lab::with(settings).await;
    let web = lab.web_request();
    let mut other_request = web.clone();
    for (name, value) in &mut other_request {
        match name.as_str() {
            "client_id" => *value = "other".into(),
            "redirect_uri" => *value = "https://other.example/callback".into(),
            _ => {}
        }
    }
    let mut bob = lab.browser();
    bob.allow(&lab.again(&web), "bob").await.redirected();
    let mut browser = lab.browser();
    browser.allow(&lab.again(&other_request), "ada").await.redirected();
    let code = browser.allow(&lab.again(&web), "ada").await.redirected().parameter("code").unwrap();
    assert!(browser.authorize(&lab.again(&web)).await.redirected().parameter("code").is_some(), "remembered");

    let page = grants(&mut browser).await;
    let forms = revoke_forms(&page.body);
    assert_eq!(forms.len(), 2);
    let form = forms.iter().find(|form| form.value("client") == lab.client.client_id()).unwrap();
    let answer = browser.submit(form).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/grants"));

    let left = revoke_forms(&grants(&mut browser).await.body);
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].value("client"), "other");
    let mut exchange = lab.exchange(&code);
    exchange.retain(|(name, _)| name != "redirect_uri");
    lab.token(&exchange).await.is_denied(StatusCode::BAD_REQUEST, "invalid_grant");
    let again = browser.consent_page(&lab.again(&web), "ada").await;
    assert!(!again.body.contains("already granted"), "the marks are gone, too");
    assert!(browser.authorize(&lab.again(&other_request)).await.redirected().parameter("code").is_some());
    assert!(bob.authorize(&lab.again(&web)).await.redirected().parameter("code").is_some(), "Bob's is Bob's");
    assert_eq!(browser.submit(form).await.status, StatusCode::SEE_OTHER, "a second time does no harm");
}

/// Req: AS-97
#[tokio::test]
async fn taking_back_needs_the_form_of_this_page_and_this_person() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    browser.allow(&lab.request(), "ada").await.redirected();
    let form = revoke_forms(&grants(&mut browser).await.body).remove(0);

    browser.submit(&form.clone().without("csrf")).await.is_page(StatusCode::FORBIDDEN, "did not come");
    let other = form.clone().fill("resource", "http://localhost:8002/mcp");
    browser.submit(&other).await.is_page(StatusCode::FORBIDDEN, "did not come");
    browser.submit(&form.clone().without("client")).await.is_page(StatusCode::BAD_REQUEST, "cannot be read");
    lab.browser().submit(&form).await.is_page(StatusCode::FORBIDDEN, "signed out");
    let mut bob = lab.browser();
    bob.sign_in(&lab.request(), "bob").await;
    bob.submit(&form).await.is_page(StatusCode::FORBIDDEN, "did not come");
    let mut foreign = post_form("/grants/revoke", &encode(&form.fields));
    foreign.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
    browser.send(foreign).await.is_page(StatusCode::FORBIDDEN, "another site");
    for path in ["/grants/revoke", "/grants/sign-out-everywhere"] {
        let query = format!("{path}?{}", encode(&form.fields));
        let by_get = browser.send(method(&Method::GET, &query)).await;
        by_get.is_page(StatusCode::METHOD_NOT_ALLOWED, "cannot be done");
        assert_eq!(by_get.header("allow"), "POST");
    }
    assert_eq!(revoke_forms(&grants(&mut browser).await.body).len(), 1, "nothing was taken back");
}

#[tokio::test]
async fn without_a_request_sign_in_leads_to_the_grants_and_nowhere_else() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    assert_eq!(browser.get("/grants").await.header("location"), "/sign-in");
    let page = browser.get("/sign-in?next=https://evil.example&return_to=//evil.example").await;
    page.is_page(StatusCode::OK, "what you have allowed");
    let form = Form::find(&page.body, "/sign-in")
        .with("person", "ada")
        .with("next", "https://evil.example")
        .with("redirect_uri", "https://evil.example")
        .with("return_to", "//evil.example");
    let planted = browser.cookie.clone();
    let answer = browser.submit(&form).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/grants"));
    assert_ne!(browser.cookie, planted, "a fresh cookie");
    grants(&mut browser).await;
    assert_eq!(browser.get("/sign-in").await.header("location"), "/grants", "signed in already");
    lab.browser().submit(&form).await.is_page(StatusCode::FORBIDDEN, "did not come");
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_session_of_this_person() {
    let lab = Lab::start().await;
    let (mut here, mut there, mut bob) = (lab.browser(), lab.browser(), lab.browser());
    here.sign_in(&lab.request(), "ada").await;
    there.sign_in(&lab.request(), "ada").await;
    bob.sign_in(&lab.request(), "bob").await;
    let page = grants(&mut here).await;
    let form = Form::find(&page.body, "/grants/sign-out-everywhere");
    here.submit(&form.clone().without("csrf")).await.is_page(StatusCode::FORBIDDEN, "did not come");
    let old = here.cookie.clone();
    let answer = here.submit(&form).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/"));
    assert_ne!(here.cookie, old);
    for browser in [&mut here, &mut there] {
        assert_eq!(browser.get("/grants").await.header("location"), "/sign-in");
    }
    grants(&mut bob).await;
}

#[tokio::test]
async fn the_front_page_and_the_consent_page_lead_to_the_grants() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    assert!(browser.get("/").await.body.contains(r#"<a href="/sign-in">"#));
    let consent = browser.consent_page(&lab.request(), "ada").await;
    assert!(consent.body.contains(r#"<a href="/grants">"#));
    assert!(browser.get("/").await.body.contains(r#"<a href="/grants">"#));
}

#[tokio::test]
async fn a_name_cannot_deceive_on_this_page_either() {
    let lab = Lab::start().await;
    let mut document = lab.client.document();
    document["client_name"] = "</bdi><script>alert(1)</script>\u{202e}evil".into();
    lab.client.serve_document(&document);
    let mut browser = lab.browser();
    browser.allow(&lab.request(), "ada").await.redirected();
    let page = grants(&mut browser).await;
    assert!(!page.body.contains("<script") && !page.body.contains('\u{202e}'), "{}", page.body);
}

/// The page of a server that took a resource out of its settings still shows what was allowed there.
#[tokio::test]
async fn a_grant_for_a_resource_that_is_gone_can_be_taken_back() {
    let mut lab = Lab::start().await;
    let mut browser = lab.browser();
    browser.allow(&lab.request(), "ada").await.redirected();
    let cookie = browser.cookie.clone();
    let mut fewer = settings();
    fewer.resources.remove(0);
    lab.restart_with(fewer).await;
    let mut browser = Browser { cookie, ..lab.browser() };
    let page = grants(&mut browser).await;
    assert!(page.body.contains("no longer serves") && page.body.contains("mcp:connect"), "{}", page.body);
    browser.submit(&revoke_forms(&page.body)[0]).await;
    grants(&mut browser).await.is_page(StatusCode::OK, "No client may do anything");
}

#[tokio::test]
async fn the_page_is_guarded_like_the_others() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    browser.allow(&lab.request(), "ada").await.redirected();
    let page = grants(&mut browser).await;
    assert_eq!(page.header("x-frame-options"), "DENY");
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
    let from_elsewhere = Request::get("/grants").header("origin", "http://localhost:3000");
    let answer = browser.send(from_elsewhere.body(axum::body::Body::empty()).unwrap()).await;
    assert!(!answer.headers.contains_key("access-control-allow-origin"));
}

/// Req: AS-102, AS-134
#[tokio::test]
async fn with_a_grant_its_refresh_tokens_and_access_tokens_end() {
    let lab = Lab::refreshing().await;
    let (tokens, of_bob) = (lab.tokens().await, {
        let answer = lab.browser().allow(&lab.request(), "bob").await;
        lab.redeem(&answer.redirected().parameter("code").unwrap()).await
    });
    let mut browser = lab.browser();
    browser.sign_in(&lab.request(), "ada").await;
    let page = grants(&mut browser).await;
    assert!(lab.is_active(&tokens["access_token"]).await);
    browser.submit(&revoke_forms(&page.body)[0]).await;
    assert!(!lab.is_active(&tokens["access_token"]).await);
    lab.not_refreshed(&tokens["refresh_token"], "has ended").await;
    assert!(lab.is_active(&of_bob["access_token"]).await);
}

/// Req: AS-137
#[tokio::test]
async fn signing_out_everywhere_ends_what_was_to_last_as_long_as_a_session() {
    let lab = Lab::refreshing().await;
    let with_scope = |scope| lab.request_with("scope", Some(scope));
    let of_session = lab.tokens_for(&with_scope("mcp:connect")).await;
    let of_its_own = lab.tokens_for(&with_scope("mcp:connect offline_access")).await;
    let mut browser = lab.browser();
    browser.sign_in(&lab.request(), "ada").await;
    let page = grants(&mut browser).await;
    assert!(page.body.contains("Stay connected while you are away") && !page.body.contains("offline_access"));
    browser.submit(&Form::find(&page.body, "/grants/sign-out-everywhere")).await;
    lab.not_refreshed(&of_session["refresh_token"], "has ended").await;
    lab.refreshed(&of_its_own["refresh_token"]).await;
}
