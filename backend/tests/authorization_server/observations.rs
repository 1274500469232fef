//! What the server tells whoever watches it: each request with what was checked, fetched, stored and refused, and never a
//! secret.

use std::sync::{Arc, Mutex};

use axum::response::IntoResponse as _;
use backend::store::SecretHash;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use protocol::check::{Check, Outcome};
use protocol::clause::Clause;
use protocol::observation::{Finding, MASK, Observation, correlation};
use protocol::party::Party;
use serde_json::json;
use server_kit::clock::FixedClock;
use server_kit::witness::Watcher;

use crate::support::{
    Answered, Form, INTROSPECTION_SECRET, Lab, PASSWORD, RESOURCE, encode, introspection, post_form,
    settings_with_a_password, with,
};

/// What was seen, oldest first.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<Observation>>>);

impl Seen {
    /// Watches everything that is sent to the lab's server from now on.
    pub(crate) fn of(lab: &mut Lab) -> Self {
        let seen = Self::default();
        let told = seen.clone();
        let sink = Arc::new(move |observation| told.0.lock().unwrap().push(observation));
        let watcher = Watcher::new(Arc::<FixedClock>::clone(&lab.clock), sink);
        lab.router = watcher.watch(lab.router.clone(), Party::AuthorizationServer);
        seen
    }

    pub(crate) fn take(&self) -> Vec<Observation> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    pub(crate) fn last(&self) -> Observation {
        self.take().pop().unwrap()
    }
}

fn checks(seen: &Observation) -> Vec<&Check> {
    fn check(finding: &Finding) -> Option<&Check> {
        match finding {
            Finding::Checked(check) => Some(check),
            _ => None,
        }
    }
    seen.findings.iter().filter_map(check).collect()
}

/// The one check of this rule with this title.
#[track_caller]
fn check<'a>(seen: &'a Observation, clause: Clause, title: &str) -> &'a Check {
    let found = checks(seen).into_iter().find(|check| check.clause == clause && check.title == title);
    found.unwrap_or_else(|| panic!("no check {title:?} of {clause:?} in {:#?}", seen.findings))
}

#[track_caller]
pub(crate) fn passed(seen: &Observation, clause: Clause, title: &str) {
    let check = check(seen, clause, title);
    assert_eq!(check.outcome, Outcome::Passed, "{check:?}");
}

/// A value that was written down under this name.
#[track_caller]
fn stored<'a>(seen: &'a Observation, what: &str, name: &str) -> &'a str {
    let values = seen.findings.iter().find_map(|finding| match finding {
        Finding::Stored { what: found, values } if found.starts_with(what) => Some(values),
        _ => None,
    });
    let values = values.unwrap_or_else(|| panic!("nothing stored as {what:?} in {:#?}", seen.findings));
    let (_, value) = values.iter().find(|(found, _)| found == name).unwrap();
    value
}

/// That the request was refused by this name and rule, and that the last check is the reason.
#[track_caller]
pub(crate) fn is_refused(seen: &Observation, name: &str, clause: Clause) {
    let Some(Finding::Refused { name: found, clause: rule, says }) = seen.findings.last() else {
        panic!("no refusal at the end of {:#?}", seen.findings)
    };
    assert_eq!((found.as_str(), *rule), (name, clause));
    assert!(!says.is_empty());
    let last = checks(seen).pop().unwrap_or_else(|| panic!("no check in {:#?}", seen.findings));
    assert_eq!((last.clause, last.outcome), (clause, Outcome::Failed), "{last:?}");
}

fn value<'a>(parameters: &'a [(String, String)], name: &str) -> &'a str {
    &parameters.iter().find(|(found, _)| found == name).unwrap().1
}

#[tokio::test]
async fn a_whole_authorization_is_seen() {
    let mut lab = Lab::refreshing().await;
    let seen = Seen::of(&mut lab);
    let request = lab.request_with("scope", Some("mcp:connect weather:read"));
    let challenge = value(&request, "code_challenge");

    // The browser's way, page by page.
    let mut browser = lab.browser();
    let answer = browser.authorize(&request).await;
    let location = answer.header(LOCATION.as_str());
    let visit = SecretHash::of_text(location.split_once("request=").unwrap().1).short_name();
    let page = browser.follow(&answer).await;
    let answer = browser.submit(&Form::find(&page.body, "/sign-in").with("person", "ada")).await;
    let page = browser.follow(&answer).await;
    let answer = browser.submit(&Form::find(&page.body, "/consent").with("decision", "allow")).await;
    let all = seen.take();
    let paths: Vec<_> = all
        .iter()
        .map(|seen| {
            let path = seen.request.url.trim_start_matches("http://").split('?').next().unwrap();
            (seen.request.method.as_str(), path)
        })
        .collect();
    let pages = [
        ("GET", "/authorize"),
        ("GET", "/sign-in"),
        ("POST", "/sign-in"),
        ("GET", "/consent"),
        ("POST", "/consent"),
    ];
    assert_eq!(paths, pages);
    assert_eq!(all.iter().map(|seen| seen.seq).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    for seen in &all {
        assert_eq!(seen.visit.as_deref(), Some(visit.as_str()), "{}", seen.request.url);
        assert!(checks(seen).iter().all(|check| check.outcome == Outcome::Passed), "{:#?}", seen.findings);
    }

    let authorize = &all[0];
    let url = lab.client.client_id();
    for (clause, title) in [
        (Clause::ClientIdentity, "client_id"),
        (Clause::ClientIdUrl, "form of the client_id"),
        (Clause::ClientDocumentFetch, "where the URL leads"),
        (Clause::ClientDocumentFetch, "addresses"),
        (Clause::ClientDocumentSize, "size of the document"),
        (Clause::ClientDocument, "type of the document"),
        (Clause::ClientIdIdentity, "client_id of the document"),
        (Clause::ClientDocument, "redirect_uris"),
        (Clause::ClientDocumentSecrets, "secrets in the document"),
        (Clause::RedirectExact, "redirect_uri"),
        (Clause::NoParameterTwice, "parameters"),
        (Clause::ResponseType, "response_type"),
        (Clause::PkceRequired, "code_challenge_method"),
        (Clause::PkceChallenge, "form of the code_challenge"),
        (Clause::ResourceParameter, "resource"),
        (Clause::ScopeSyntax, "scope"),
        (Clause::PkceFresh, "freshness of the code_challenge"),
    ] {
        passed(authorize, clause, title);
    }
    assert_eq!(check(authorize, Clause::ClientDocumentFetch, "addresses").found, "127.0.0.1");
    let form = &check(authorize, Clause::ClientIdUrl, "form of the client_id").expected;
    assert!(form.ends_with("or http to this machine"), "what was found is not https: {form}");
    let fetched = authorize.findings.iter().find_map(|finding| match finding {
        Finding::Fetched { url, correlation, outcome, .. } => Some((url, correlation, outcome)),
        _ => None,
    });
    assert_eq!(fetched, Some((&url, &correlation("GET", &url, None, b""), &Ok(200))));
    assert_eq!(stored(authorize, "the authorization request", "code_challenge"), challenge);
    assert_eq!(stored(authorize, "the authorization request", "state"), "the-state");
    assert_eq!(stored(authorize, "the authorization request", "resource"), RESOURCE);

    let (sign_in, consent) = (&all[2], &all[4]);
    passed(sign_in, Clause::ConsentCsrf, "csrf");
    assert_eq!(stored(sign_in, "a session", "person"), "ada");
    passed(consent, Clause::ConsentCsrf, "csrf");
    assert_eq!(stored(consent, "the decision", "allowed"), "mcp:connect weather:read");
    assert_eq!(stored(consent, "the code, bound", "code"), MASK);
    assert_eq!(stored(consent, "the code, bound", "code_challenge"), challenge);
    assert_eq!(stored(consent, "the code, bound", "redirect_uri"), lab.client.redirect_uri());
    assert_eq!(stored(consent, "what the person allowed", "client_id"), url);

    lab.clock.advance(3);
    lab.redeem(&answer.redirected().parameter("code").unwrap()).await;
    let token = seen.last();
    assert_eq!(token.visit, None);
    for (clause, title) in [
        (Clause::GrantType, "grant_type"),
        (Clause::PkceVerifier, "form of the code_verifier"),
        (Clause::CodeBinding, "code"),
        (Clause::DeclaredAuthentication, "client authentication"),
        (Clause::CodeBinding, "client"),
        (Clause::CodeBinding, "redirect_uri"),
        (Clause::GrantActive, "what the person allowed"),
        (Clause::ResourceNarrows, "resource"),
        (Clause::ScopeNarrows, "scope"),
        (Clause::CodeOnce, "uses of the code so far"),
    ] {
        passed(&token, clause, title);
    }
    let age = check(&token, Clause::CodeLifetime, "age of the code");
    assert_eq!((age.expected.as_str(), age.found.as_str()), ("less than 60 s old", "3 s old"));
    let pkce = check(&token, Clause::PkceVerified, "SHA-256 of the code_verifier");
    assert_eq!((pkce.expected.as_str(), pkce.found.as_str()), (challenge, challenge));
    assert_eq!(stored(&token, "the code, used up", "code"), MASK);
    assert_eq!(stored(&token, "a refresh token", "family").len(), 43);
}

#[tokio::test]
async fn a_document_that_is_kept_is_taken_from_there() {
    let mut lab = Lab::start().await;
    let document = lab.client.document().to_string();
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "max-age=5")];
    lab.client.answer(move || (headers.clone(), document.clone()).into_response());
    let seen = Seen::of(&mut lab);
    lab.browser().authorize(&lab.request()).await;
    assert_eq!(stored(&seen.last(), "the document, for a while", "kept for"), "5 s");

    lab.clock.advance(2);
    lab.browser().authorize(&lab.request()).await;
    let again = seen.last();
    let hit = again.findings.iter().find_map(|finding| match finding {
        Finding::FromCache { url, age_seconds, .. } => Some((url.as_str(), *age_seconds)),
        _ => None,
    });
    assert_eq!(hit, Some((lab.client.client_id().as_str(), 2)));
    assert!(!again.findings.iter().any(|finding| matches!(finding, Finding::Fetched { .. })));
}

/// The fetch runs in a task of its own, and whoever comes second only waits for it.
#[tokio::test]
async fn a_fetch_is_reported_to_the_request_that_began_it() {
    let mut lab = Lab::start().await;
    let seen = Seen::of(&mut lab);
    let (first, second) = (lab.request(), lab.request());
    let (mut one, mut other) = (lab.browser(), lab.browser());
    tokio::join!(one.authorize(&first), other.authorize(&second));
    let all = seen.take();
    let fetches = all.iter().flat_map(|seen| &seen.findings);
    let fetches = fetches.filter(|finding| matches!(finding, Finding::Fetched { .. })).count();
    assert_eq!((fetches, lab.client.hits(), all.len()), (1, 1, 2));
}

#[tokio::test]
async fn a_refused_authorization_request_names_the_check_that_failed() {
    let mut lab = Lab::start().await;
    let seen = Seen::of(&mut lab);
    let port = lab.client.origin.clone();
    for (name, sent, refusal, clause) in [
        ("client_id", Some("nobody"), "UnknownClient", Clause::ClientIdentity),
        ("client_id", Some("http://c.example/c"), "BadClientIdUrl", Clause::ClientIdUrl),
        ("client_id", Some("http://localhost:9000/c"), "OwnAddressAsClientId", Clause::ClientIdUrl),
        ("redirect_uri", Some("https://evil.example/"), "UnlistedRedirectUri", Clause::RedirectExact),
        ("response_type", Some("token"), "UnsupportedResponseType", Clause::ResponseType),
        ("response_mode", Some("fragment"), "UnsupportedResponseMode", Clause::ResponseMode),
        ("request_uri", Some("http://10.0.0.1/"), "RequestUri", Clause::RequestObject),
        ("prompt", Some("none login"), "ContradictoryPrompt", Clause::Prompt),
        ("code_challenge", None, "MissingCodeChallenge", Clause::PkceRequired),
        ("code_challenge_method", None, "NotS256", Clause::PkceRequired),
        ("code_challenge", Some("short"), "MalformedCodeChallenge", Clause::PkceChallenge),
        ("resource", None, "MissingResource", Clause::ResourceParameter),
        ("resource", Some("http://localhost:1/mcp"), "UnknownResource", Clause::ResourceParameter),
        ("scope", Some("notes:read"), "UnknownScope", Clause::ScopeSyntax),
    ] {
        lab.browser().authorize(&lab.request_with(name, sent)).await;
        let seen = seen.last();
        // One that waits for sign-in is put down, too.
        let mut findings = seen.clone();
        findings.findings.retain(|finding| !matches!(finding, Finding::Stored { .. }));
        is_refused(&findings, refusal, clause);
    }
    // Whoever signs in then is told, and so is whoever watches.
    let request = lab.request_with("resource", None);
    lab.browser().sign_in(&request, "ada").await;
    let told = seen.last();
    assert!(matches!(told.findings.last(), Some(Finding::Refused { name, .. }) if name == "MissingResource"));

    // Each mistake in a document has its own refusal.
    let document = lab.client.document();
    for (member, value, refusal, clause) in [
        ("client_id", json!(format!("{port}/other.json")), "OtherClientId", Clause::ClientIdIdentity),
        ("client_secret", json!("s"), "SharedSecret", Clause::ClientDocumentSecrets),
        ("client_name", json!(7), "WrongType", Clause::ClientDocument),
    ] {
        let mut changed = document.clone();
        changed[member] = value;
        lab.client.serve_document(&changed);
        lab.clock.advance(2);
        lab.browser().authorize(&lab.request()).await;
        is_refused(&seen.last(), refusal, clause);
    }
    lab.client.answer(|| StatusCode::NOT_FOUND.into_response());
    lab.browser().authorize(&lab.request()).await;
    let missing = seen.last();
    let status = |finding: &Finding| matches!(finding, Finding::Fetched { outcome: Ok(404), .. });
    assert!(missing.findings.iter().any(status));
    assert!(
        matches!(missing.findings.last(), Some(Finding::Refused { name, .. }) if name == "DocumentStatus")
    );
}

#[tokio::test]
async fn a_forged_form_and_anothers_request_fail_their_checks() {
    let mut lab = Lab::start().await;
    let seen = Seen::of(&mut lab);
    let mut browser = lab.browser();
    let page = browser.sign_in_page(&lab.request()).await;
    let form = Form::find(&page.body, "/sign-in").with("person", "ada");
    browser.submit(&form.clone().fill("csrf", "forged")).await;
    is_refused(&seen.last(), "ForgedForm", Clause::ConsentCsrf);
    let mut stranger = lab.browser();
    stranger.sign_in_page(&lab.request()).await;
    stranger.submit(&form).await;
    is_refused(&seen.last(), "UnknownRequest", Clause::ConsentCsrf);
}

#[tokio::test]
async fn a_refused_code_names_the_check_that_failed() {
    let mut lab = Lab::start().await;
    let seen = Seen::of(&mut lab);
    let code = lab.code().await;
    let exchange = lab.exchange(&code);
    let wrong_verifier = "w".repeat(43);
    for (name, sent, refusal, clause) in [
        ("grant_type", "password", "UnsupportedGrantType", Clause::GrantType),
        ("code", "invented", "UnknownCode", Clause::CodeBinding),
        ("code_verifier", "short", "MalformedVerifier", Clause::PkceVerifier),
        ("client_id", "https://other.example/c", "OtherClient", Clause::CodeBinding),
        ("redirect_uri", "https://other.example/cb", "OtherRedirectUri", Clause::CodeBinding),
        ("code_verifier", wrong_verifier.as_str(), "VerifierMismatch", Clause::PkceVerified),
        ("resource", "http://localhost:8002/mcp", "OtherResource", Clause::ResourceNarrows),
        ("scope", "mcp:connect weather:read", "WiderScope", Clause::ScopeNarrows),
    ] {
        lab.token(&with(exchange.clone(), name, Some(sent))).await;
        let mut seen = seen.last();
        // A wrong verifier is counted after it was found.
        seen.findings.retain(|finding| !matches!(finding, Finding::Stored { .. }));
        is_refused(&seen, refusal, clause);
    }
    lab.redeem(&code).await;
    lab.token(&exchange).await;
    let mut replayed = seen.last();
    assert_eq!(stored(&replayed, "the end of everything", "because"), "code_replayed");
    replayed.findings.retain(|finding| !matches!(finding, Finding::Stored { .. }));
    is_refused(&replayed, "ReplayedCode", Clause::CodeOnce);

    let late = lab.code().await;
    lab.clock.advance(61);
    lab.token(&lab.exchange(&late)).await;
    let late = seen.last();
    is_refused(&late, "ExpiredCode", Clause::CodeLifetime);
    assert_eq!(check(&late, Clause::CodeLifetime, "age of the code").found, "61 s old");
}

#[tokio::test]
async fn rotation_reuse_and_the_end_of_a_family_are_seen() {
    let mut lab = Lab::refreshing().await;
    let tokens = lab.tokens().await;
    let seen = Seen::of(&mut lab);
    let renewed = lab.refreshed(&tokens["refresh_token"]).await;
    let rotated = seen.last();
    for (clause, title) in [
        (Clause::RefreshBinding, "refresh_token"),
        (Clause::RefreshBinding, "client"),
        (Clause::GrantActive, "what the person allowed"),
        (Clause::RefreshLifetime, "time that is left"),
        (Clause::RefreshRotation, "uses of the refresh_token so far"),
    ] {
        passed(&rotated, clause, title);
    }
    assert_eq!(stored(&rotated, "the refresh token, used up", "refresh_token"), MASK);
    let family = stored(&rotated, "a refresh token of this family", "family").to_owned();

    assert!(lab.is_active(&renewed["access_token"]).await);
    let active = seen.last();
    for (clause, title) in [
        (Clause::Introspection, "who asks"),
        (Clause::TokenValidity, "signature and type"),
        (Clause::TokenAudience, "aud"),
        (Clause::GrantActive, "what the person allowed"),
    ] {
        passed(&active, clause, title);
    }

    lab.clock.advance(60);
    lab.token(&lab.refresh(&tokens["refresh_token"])).await;
    let mut reused = seen.last();
    assert_eq!(stored(&reused, "the end of everything", "family"), family);
    assert_eq!(stored(&reused, "the end of everything", "because"), "refresh_token_reused");
    reused.findings.retain(|finding| !matches!(finding, Finding::Stored { .. }));
    is_refused(&reused, "ReusedRefreshToken", Clause::RefreshRotation);
    let uses = check(&reused, Clause::RefreshRotation, "uses of the refresh_token so far");
    assert_eq!(uses.found, "used 60 s ago");

    // No refusal, and yet the reason is seen.
    assert!(!lab.is_active(&renewed["access_token"]).await);
    let inactive = seen.last();
    assert_eq!(check(&inactive, Clause::GrantActive, "what the person allowed").found, "revoked");

    let tokens = lab.tokens().await;
    lab.revoke(&tokens["refresh_token"]).await;
    assert_eq!(stored(&seen.last(), "the end of everything", "because"), "given_back");
    lab.revoke(&json!("invented")).await;
    assert_eq!(check(&seen.last(), Clause::Revocation, "token").outcome, Outcome::Warning);
}

#[tokio::test]
async fn a_registration_is_seen() {
    let mut lab = Lab::start().await;
    let seen = Seen::of(&mut lab);
    let answer = lab.register(&json!({ "redirect_uris": ["http://127.0.0.1/cb"] })).await;
    let registered = seen.last();
    passed(&registered, Clause::RegistrationRedirect, "redirect_uris");
    assert_eq!(stored(&registered, "the client", "client_id"), answer.json()["client_id"]);
    lab.register(&json!({ "redirect_uris": ["http://c.example/cb"] })).await;
    is_refused(&seen.last(), "BadRedirectUri", Clause::RegistrationRedirect);
}

/// Everything that is secret in these answers and requests.
fn secrets(answer: &Answered) -> Vec<String> {
    let redirected = answer.header(LOCATION.as_str()).split_once('?').unwrap_or_default().1;
    let in_redirect = url::form_urlencoded::parse(redirected.as_bytes())
        .filter(|(name, _)| matches!(&**name, "code" | "request"))
        .map(|(_, value)| value.into_owned());
    let in_page = answer.body.split("name=\"csrf\" value=\"").skip(1);
    let in_page = in_page.map(|rest| rest.split('"').next().unwrap().to_owned());
    let json: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let in_json = ["access_token", "refresh_token", "client_secret"].into_iter();
    let in_json = in_json.filter_map(|name| Some(json.get(name)?.as_str()?.to_owned()));
    in_redirect.chain(in_page).chain(in_json).collect()
}

/// Req: ALL-11
#[tokio::test]
async fn no_secret_is_told() {
    let mut lab = Lab::with(settings_with_a_password()).await;
    let seen = Seen::of(&mut lab);
    let mut secret: Vec<String> = [PASSWORD, &PASSWORD.replace(' ', "+"), "another password"]
        .map(str::to_owned)
        .into_iter()
        .chain([INTROSPECTION_SECRET.to_owned(), INTROSPECTION_SECRET.replace(' ', "+")])
        .collect();

    let registration = json!({
        "redirect_uris": ["https://c.example/cb"],
        "token_endpoint_auth_method": "client_secret_post",
        "grant_types": ["authorization_code", "refresh_token"],
    });
    let registered = lab.register(&registration).await;
    secret.extend(secrets(&registered));
    let client_id = registered.json()["client_id"].as_str().unwrap().to_owned();
    let client_secret = registered.json()["client_secret"].as_str().unwrap().to_owned();

    let mut browser = lab.browser();
    let request = lab.request_as(&client_id, "https://c.example/cb");
    let answer = browser.authorize(&request).await;
    secret.extend(secrets(&answer));
    secret.extend(browser.cookie.clone());
    let page = browser.follow(&answer).await;
    secret.extend(secrets(&page));
    let form = Form::find(&page.body, "/sign-in").fill("name", "ada");
    browser.submit(&form.clone().fill("password", "another password")).await;
    let answer = browser.submit(&form.fill("password", PASSWORD)).await;
    secret.extend(browser.cookie.clone());
    let page = browser.follow(&answer).await;
    secret.extend(secrets(&page));
    let answer = browser.submit(&Form::find(&page.body, "/consent").with("decision", "allow")).await;
    secret.extend(secrets(&answer));

    let code = answer.redirected().parameter("code").unwrap();
    let exchange = lab.exchange_as(&code, &client_id, "https://c.example/cb");
    secret.push(value(&exchange, "code_verifier").to_owned());
    // A secret in the wrong place is one, too: in the address, and where nobody reads it.
    let misplaced = format!("/token?{}", encode(&exchange));
    lab.send(post_form(&misplaced, &encode(&exchange))).await;
    let exchange = with(exchange, "client_secret", Some(&client_secret));
    let tokens = lab.token(&exchange).await;
    assert_eq!(tokens.status, StatusCode::OK, "{tokens:?}");
    secret.extend(secrets(&tokens));
    let tokens = tokens.json();
    let access_token = tokens["access_token"].as_str().unwrap();
    let refresh = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
        ("client_id", &client_id),
        ("client_secret", &client_secret),
    ];
    let refreshed = lab.send(post_form("/token", &protocol::query::encode(refresh))).await;
    assert_eq!(refreshed.status, StatusCode::OK, "{refreshed:?}");
    secret.extend(secrets(&refreshed));
    lab.send(introspection(RESOURCE, INTROSPECTION_SECRET, access_token)).await;
    let token = [("token", access_token), ("client_id", &client_id), ("client_secret", "wrong secret")];
    lab.send(post_form("/revoke", &protocol::query::encode(token))).await;
    secret.push("wrong secret".to_owned());

    let all = seen.take();
    assert_eq!(all.len(), 12, "the whole way was seen");
    assert!(secret.len() > 15, "{}", secret.len());
    let cookies: Vec<_> =
        secret.iter().filter_map(|text| text.strip_prefix("as_session=")).map(str::to_owned).collect();
    assert_eq!(cookies.len(), 2);
    secret.retain(|text| !text.starts_with("as_session="));
    let refused =
        |finding: &Finding| matches!(finding, Finding::Refused { name, .. } if name == "WrongNameOrPassword");
    assert!(all[3].findings.iter().any(refused), "{:#?}", all[3].findings);
    let told = serde_json::to_string(&all).unwrap();
    for secret in secret.into_iter().chain(cookies) {
        assert!(!told.contains(&secret), "{secret:?} is told");
    }
    assert!(told.contains("the-state") && told.contains(value(&request, "code_challenge")), "the rest is");
}
