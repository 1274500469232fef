//! `/consent`: what is shown, who may answer, and that one answer is all there is.

use axum::body::Body;
use backend::store::{Client, ClientSource};
use http::header::{CONTENT_TYPE, COOKIE};
use http::{Request, StatusCode};

use crate::support::{Browser, ClientHost, Form, ISSUER, Lab, RESOURCE, client, encode, method, settings};

/// Req: AS-70, AS-95, AS-96, AS-97
#[tokio::test]
async fn the_page_says_who_asks_for_what_and_where_it_leads() {
    let lab = Lab::start().await;
    let both = lab.request_with("scope", Some("weather:read mcp:connect"));
    let page = lab.browser().consent_page(&both, "ada").await;
    let host = lab.client.origin.strip_prefix("http://").unwrap();
    for part in [
        &format!("<h1><b class=\"host\">{host}</b> asks for access</h1>"),
        "It calls itself <bdi class=\"name\">Test client</bdi>.",
        &format!("<b>{host}</b>/callback"),
        &lab.client.client_id(),
        RESOURCE,
        "Weather server",
        "This client lives on this computer.",
        "Use the MCP server in your name",
        "Read the weather",
        "signed in as <b>Ada</b>",
        "10 minutes",
    ] {
        assert!(page.body.contains(part), "{part} is not in {}", page.body);
    }
    assert!(!page.body.contains("already granted") && !page.body.contains("class=\"tag"));
}

/// The pages of a client that is in the settings: sign-in, and consent.
async fn pages_of(client: Client) -> [String; 2] {
    let mut settings = settings();
    let (id, uri) = (client.id.to_string(), client.redirect_uris[0].to_string());
    settings.clients = vec![client];
    let lab = Lab::with(settings).await;
    let mut request = lab.request_with("client_id", Some(&id));
    request.retain(|(name, _)| name != "redirect_uri");
    request.push(("redirect_uri".into(), uri));
    let sign_in = lab.browser().sign_in_page(&request).await.body;
    let consent = lab.browser().consent_page(&request, "ada").await.body;
    [sign_in, consent]
}

/// Req: AS-71
#[tokio::test]
async fn a_client_of_the_operator_is_known_by_its_name() {
    let known = client(ClientSource::Configured, "lab-preregistered", "Editor", &["https://c.example/cb"]);
    let pages = pages_of(known).await;
    for page in &pages {
        assert!(page.contains("The operator of this server knows this client."), "{page}");
        assert!(!page.contains("calls itself"), "{page}");
    }
    assert!(pages[1].contains("<h1><bdi>Editor</bdi> asks for access</h1>"), "{}", pages[1]);
    for part in
        ["<dt>Client id</dt><dd>lab-preregistered</dd>", "<b>c.example</b>/cb", RESOURCE, "mcp:connect"]
    {
        assert!(pages[1].contains(part), "{part} is not in {}", pages[1]);
    }
    assert!(!pages[1].contains("class=\"warning\""));
    let native = client(ClientSource::Configured, "native", "Editor", &["http://127.0.0.1/cb"]);
    assert!(pages_of(native).await[1].contains("Any program here could pretend to be this client."));
}

#[tokio::test]
async fn a_client_that_registered_itself_is_known_by_where_it_leads_or_not_at_all() {
    let web = client(ClientSource::Registered, "r-1", "Trusted Editor", &["https://c.example/cb"]);
    let pages = pages_of(web).await;
    for page in &pages {
        assert!(page.contains("A client that returns to <b class=\"host\">c.example</b>"), "{page}");
        assert!(page.contains("It registered itself here; nobody has checked who it is."), "{page}");
    }
    let native = client(ClientSource::Registered, "r-2", "Trusted Editor", &["http://127.0.0.1/cb"]);
    let pages = pages_of(native).await;
    assert!(pages[1].contains("<h1>A program on this computer asks for access</h1>"), "{}", pages[1]);
    assert!(pages[1].contains("This client lives on this computer."), "{}", pages[1]);
}

/// Req: AS-95, AS-96, X-33
#[tokio::test]
async fn a_client_that_speaks_for_a_host_and_returns_to_this_computer_is_warned_about() {
    let id = "https://editor.example/client.json";
    let both = client(ClientSource::Document, id, "Editor", &["http://127.0.0.1/cb"]);
    let page = &pages_of(both).await[1];
    assert!(page.contains("You return to this computer, not to editor.example."), "{page}");
    assert!(page.contains("<dt>You return to</dt><dd><b>127.0.0.1</b>/cb</dd>"), "{page}");
}

/// Req: ALL-05, X-33
#[tokio::test]
async fn what_a_client_says_about_itself_cannot_deceive() {
    let host = "xn--pple-43d.example";
    let id = format!("https://{host}/client.json");
    let uri = format!("https://{host}/cb?{}", "x".repeat(1500));
    let lab = Lab::start().await;
    for (name, shown) in [
        ("</bdi></p><h1>Your bank</h1>", "&#60;/bdi&#62;&#60;/p&#62;&#60;h1&#62;Your bank&#60;/h1&#62;"),
        ("bank\u{202e}moc.live\u{2066}", "bankmoc.live"),
        ("a\u{200b}\r\n\t b", "a b"),
        (&"n".repeat(400), &format!("{}…", "n".repeat(60))),
    ] {
        // The name goes the way of a document: what is made fit for a page is made so when it is read.
        let mut document = lab.client.document();
        document["client_name"] = name.into();
        lab.client.serve_document(&document);
        lab.clock.advance(3600);
        let mut browser = lab.browser();
        let sign_in = browser.sign_in_page(&lab.request()).await.body;
        let consent = lab.browser().consent_page(&lab.request(), "ada").await.body;
        for page in [sign_in, consent] {
            assert!(page.contains(&format!("<bdi class=\"name\">{shown}</bdi>")), "{shown}: {page}");
            assert_eq!(page.matches("<h1").count(), 1, "{page}");
            assert!(!page.contains(['\u{202e}', '\u{2066}', '\u{200b}']), "{page}");
        }
    }
    let lookalike = client(ClientSource::Document, &id, "Apple", &[&uri]);
    for page in pages_of(lookalike).await {
        assert!(page.contains(&format!("<b class=\"host\">{host}</b>")), "as written, in ASCII: {page}");
        assert!(page.len() < 6000, "an endless address does not push the buttons away: {}", page.len());
    }
}

/// Req: AS-103
#[tokio::test]
async fn the_form_may_lead_to_the_client_and_nowhere_else() {
    let lab = Lab::start().await;
    let sign_in = lab.browser().sign_in_page(&lab.request()).await;
    let consent = lab.browser().consent_page(&lab.request(), "ada").await;
    // A remembered consent leads from sign-in to the client, too.
    for page in [sign_in, consent] {
        let policy = page.header("content-security-policy");
        assert!(policy.ends_with(&format!("; form-action 'self' {}", lab.client.origin)), "{policy}");
    }
}

/// Req: AS-105, AS-106, AS-107, ALL-15, A19
#[tokio::test]
async fn allowing_sends_the_browser_back_with_a_code() {
    let lab = Lab::start().await;
    let answer = lab.browser().allow(&lab.request(), "ada").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "never 307: the form would be sent on");
    let redirected = answer.redirected();
    assert_eq!(redirected.target, lab.client.redirect_uri());
    assert_eq!(redirected.parameter("iss").as_deref(), Some(ISSUER));
    assert_eq!(redirected.parameter("state").as_deref(), Some("the-state"));
    assert_eq!(redirected.parameter("code").unwrap().len(), 43, "256 bits");
    assert_eq!(redirected.parameter("error"), None);
}

/// Req: AS-92, AS-91, B11
#[tokio::test]
async fn denying_is_an_answer_and_cannot_be_taken_back() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    let page = browser.consent_page(&lab.request(), "ada").await;
    let form = Form::find(&page.body, "/consent");
    let redirected = browser.submit(&form.clone().with("decision", "deny")).await.redirected();
    assert_eq!(redirected.target, lab.client.redirect_uri());
    redirected.is_refused("access_denied");
    assert_eq!(redirected.parameter("state").as_deref(), Some("the-state"));
    browser.submit(&form.with("decision", "allow")).await.is_page(StatusCode::CONFLICT, "answered already");
}

/// Req: AS-87, AS-122
#[tokio::test]
async fn what_is_unticked_is_not_granted() {
    let lab = Lab::start().await;
    let both = lab.request_with("scope", Some("mcp:connect weather:read"));
    let mut browser = lab.browser();
    let page = browser.consent_page(&both, "ada").await;
    let mut form = Form::find(&page.body, "/consent").with("decision", "allow");
    form.fields.retain(|(_, value)| value != "weather:read");
    let code = browser.submit(&form).await.redirected().parameter("code").unwrap();
    assert_eq!(lab.token(&lab.exchange(&code)).await.json()["scope"], "mcp:connect");
}

/// Req: AS-92
#[tokio::test]
async fn with_nothing_ticked_nothing_is_allowed() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    let page = browser.consent_page(&lab.request(), "ada").await;
    let form = Form::find(&page.body, "/consent").without("scope").with("decision", "allow");
    browser.submit(&form).await.redirected().is_refused("access_denied");
}

#[tokio::test]
async fn the_stored_request_decides_never_a_form_field() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    let page = browser.consent_page(&lab.request(), "ada").await;
    let form = Form::find(&page.body, "/consent")
        .with("scope", "weather:read")
        .with("scope", "admin")
        .with("redirect_uri", "https://evil.example/cb")
        .with("state", "evil")
        .with("resource", "http://localhost:8002/mcp")
        .with("decision", "allow");
    let redirected = browser.submit(&form).await.redirected();
    assert_eq!(redirected.target, lab.client.redirect_uri());
    assert_eq!(redirected.parameter("state").as_deref(), Some("the-state"));
    let code = redirected.parameter("code").unwrap();
    assert_eq!(lab.token(&lab.exchange(&code)).await.json()["scope"], "mcp:connect");
}

/// Req: AS-100
#[tokio::test]
async fn consent_is_asked_again_and_says_what_is_new() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    browser.allow(&lab.request(), "ada").await.redirected();
    let again = browser.consent_page(&lab.request(), "ada").await;
    assert!(again.body.contains("asks for access") && again.body.contains("already granted"));

    let both = lab.request_with("scope", Some("mcp:connect weather:read"));
    let more = browser.consent_page(&both, "ada").await;
    assert!(more.body.contains("asks for more access"));
    assert_eq!(more.body.matches("already granted").count(), 1);
    assert_eq!(more.body.matches("<span class=\"tag new\">new</span>").count(), 1);

    let bob = lab.browser().consent_page(&both, "bob").await;
    assert!(!bob.body.contains("already granted") && !bob.body.contains("more access"), "that was Ada");
}

/// Req: AS-97, X-38, B01
#[tokio::test]
async fn a_form_without_the_pages_token_is_refused_and_the_request_stays_open() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    let page = browser.consent_page(&lab.request(), "ada").await;
    let other_page = browser.consent_page(&lab.request(), "ada").await;
    let stranger = lab.browser().consent_page(&lab.request(), "ada").await;
    let form = Form::find(&page.body, "/consent").with("decision", "allow");
    let token_of = |page: &str, action: &str| {
        let form = Form::find(page, action);
        form.fields.iter().find(|(name, _)| name == "csrf").unwrap().1.clone()
    };
    for token in [
        None,
        Some(String::new()),
        Some("x".repeat(43)),
        Some(token_of(&other_page.body, "/consent")),
        Some(token_of(&stranger.body, "/consent")),
        Some(token_of(&page.body, "/sign-out")),
    ] {
        let mut forged = form.clone().without("csrf");
        if let Some(token) = &token {
            forged = forged.with("csrf", token);
        }
        browser.submit(&forged).await.is_page(StatusCode::FORBIDDEN, "did not come from this page");
    }
    assert!(browser.submit(&form).await.redirected().parameter("code").is_some());
}

/// Req: AS-97, X-38, B02
#[tokio::test]
async fn a_post_from_another_site_is_refused() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    let page = browser.consent_page(&lab.request(), "ada").await;
    let form = Form::find(&page.body, "/consent").with("decision", "allow");
    let post = |origin: Option<&str>, site: Option<&str>| {
        let mut request = Request::post("/consent").header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        if let Some(site) = site {
            request = request.header("sec-fetch-site", site);
        }
        request.body(Body::from(encode(&form.fields))).unwrap()
    };
    for (origin, site) in [
        (Some("https://evil.example"), None),
        (Some("http://localhost:3000"), Some("same-site")),
        (None, Some("cross-site")),
        (Some("null"), None),
        (Some("null"), Some("cross-site")),
        (Some(ISSUER), Some("cross-site")),
        (Some("http://localhost:9000.evil.example"), Some("same-origin")),
    ] {
        browser.send(post(origin, site)).await.is_page(StatusCode::FORBIDDEN, "another site");
    }
    let answer = browser.send(post(Some("null"), Some("same-origin"))).await;
    assert!(answer.redirected().parameter("code").is_some());
}

/// Req: AS-97, B06
#[tokio::test]
async fn another_browsers_request_is_as_unknown_as_none() {
    let lab = Lab::start().await;
    let mut ada = lab.browser();
    let page = ada.consent_page(&lab.request(), "ada").await;
    let form = Form::find(&page.body, "/consent").with("decision", "allow");
    let request_id = form.fields.iter().find(|(name, _)| name == "request").unwrap().1.clone();

    let mut bob = lab.browser();
    bob.consent_page(&lab.request(), "bob").await;
    let foreign = bob.submit(&form).await;
    let unknown = bob.submit(&form.clone().without("request").with("request", &"x".repeat(43))).await;
    foreign.is_page(StatusCode::NOT_FOUND, "nothing to decide");
    assert_eq!(foreign.body, unknown.body);
    let seen = bob.get(&format!("/consent?request={request_id}")).await;
    assert_eq!(seen.body, unknown.body);
    lab.browser()
        .get(&format!("/consent?request={request_id}"))
        .await
        .is_page(StatusCode::NOT_FOUND, "nothing");
    assert!(ada.submit(&form).await.redirected().parameter("code").is_some());
}

/// Req: AS-105
#[tokio::test]
async fn one_consent_gives_one_code_however_often_it_is_posted() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    let page = browser.consent_page(&lab.request(), "ada").await;
    let form = Form::find(&page.body, "/consent").with("decision", "allow");
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let mut request = crate::support::post_form("/consent", &encode(&form.fields));
        request.headers_mut().insert(COOKIE, browser.cookie.as_ref().unwrap().parse().unwrap());
        let router = lab.router.clone();
        tasks.spawn(async move { tower::ServiceExt::oneshot(router, request).await.unwrap().status() });
    }
    let statuses = tasks.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::SEE_OTHER).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::CONFLICT).count(), 19);
}

/// Req: B12
#[tokio::test]
async fn after_ten_minutes_nothing_can_be_allowed_any_more() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    let page = browser.consent_page(&lab.request(), "ada").await;
    let form = Form::find(&page.body, "/consent").with("decision", "allow");
    lab.clock.advance(600);
    browser.submit(&form).await.is_page(StatusCode::BAD_REQUEST, "has expired");
}

/// Req: B12
#[tokio::test]
async fn after_signing_out_in_another_tab_nothing_can_be_allowed_any_more() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    let page = browser.consent_page(&lab.request(), "ada").await;
    let form = Form::find(&page.body, "/consent").with("decision", "allow");
    let cookie = browser.cookie.clone();
    let home = browser.get("/").await;
    browser.submit(&Form::find(&home.body, "/sign-out")).await;
    browser.submit(&form).await.is_page(StatusCode::FORBIDDEN, "signed out");
    browser.cookie = cookie;
    browser.submit(&form).await.is_page(StatusCode::NOT_FOUND, "nothing to decide");
}

/// Req: B12
#[tokio::test]
async fn somebody_whose_account_was_taken_away_allows_nothing_any_more() {
    let mut lab = Lab::start().await;
    let mut browser = lab.browser();
    let page = browser.consent_page(&lab.request(), "ada").await;
    let form = Form::find(&page.body, "/consent").with("decision", "allow");
    let cookie = browser.cookie.clone();
    let mut without_ada = settings();
    without_ada.people.remove(0);
    lab.restart_with(without_ada).await;
    let mut browser = Browser { cookie, ..lab.browser() };
    browser.submit(&form).await.is_page(StatusCode::FORBIDDEN, "signed out");
}

/// Req: B13
#[tokio::test]
async fn two_tabs_are_decided_apart() {
    let lab = Lab::start().await;
    let other = ClientHost::start().await;
    let mut of_other = lab.request_with("state", Some("two"));
    for (name, value) in &mut of_other {
        match name.as_str() {
            "client_id" => *value = other.client_id(),
            "redirect_uri" => *value = other.redirect_uri(),
            _ => {}
        }
    }
    let mut browser = lab.browser();
    let first = browser.consent_page(&lab.request_with("state", Some("one")), "ada").await;
    let second = browser.consent_page(&of_other, "ada").await;
    for (page, target, state) in
        [(first, lab.client.redirect_uri(), "one"), (second, other.redirect_uri(), "two")]
    {
        let form = Form::find(&page.body, "/consent").with("decision", "allow");
        let redirected = browser.submit(&form).await.redirected();
        assert_eq!(
            (redirected.target.as_str(), redirected.parameter("state").as_deref()),
            (&*target, Some(state))
        );
        assert!(redirected.parameter("code").is_some());
    }
}

/// Req: B14
#[tokio::test]
async fn a_decision_is_a_post_with_a_known_value() {
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    let page = browser.consent_page(&lab.request(), "ada").await;
    let form = Form::find(&page.body, "/consent");
    let query = encode(&form.clone().with("decision", "allow").fields);
    let by_get = browser.get(&format!("/consent?{query}")).await;
    by_get.is_page(StatusCode::METHOD_NOT_ALLOWED, "A form has to be posted");
    assert_eq!(by_get.header("allow"), "POST");
    let put = browser.send(method(&http::Method::PUT, "/consent")).await;
    assert_eq!(put.status, StatusCode::METHOD_NOT_ALLOWED);
    browser.submit(&form).await.is_page(StatusCode::BAD_REQUEST, "cannot be read");
    let twice = form.clone().with("decision", "allow").with("decision", "deny");
    browser.submit(&twice).await.is_page(StatusCode::BAD_REQUEST, "cannot be read");
    let huge = form.clone().with("decision", "allow").with("x", &"x".repeat(17 * 1024));
    browser.submit(&huge).await.is_page(StatusCode::PAYLOAD_TOO_LARGE, "too long");
    assert!(browser.submit(&form.with("decision", "allow")).await.redirected().parameter("code").is_some());
}

async fn loopback_warning(browser: &mut Browser<'_>) -> bool {
    let request = browser.lab.request();
    browser.consent_page(&request, "ada").await.body.contains("class=\"warning\"")
}

/// Req: AS-96
#[tokio::test]
async fn a_client_that_returns_to_a_real_host_is_not_warned_about() {
    let lab = Lab::start().await;
    assert!(loopback_warning(&mut lab.browser()).await);
    let mut document = lab.client.document();
    document["redirect_uris"] = serde_json::json!(["https://c.example/callback"]);
    lab.client.serve_document(&document);
    lab.clock.advance(60);
    let request = lab.request_with("redirect_uri", Some("https://c.example/callback"));
    let page = lab.browser().consent_page(&request, "ada").await;
    assert!(!page.body.contains("class=\"warning\"") && page.body.contains("<b>c.example</b>/callback"));
}
