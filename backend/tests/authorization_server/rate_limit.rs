//! What somebody gets wrong is counted: by address and by account, whoever exists, whatever the headers say.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use backend::store::{ClientAuthentication, ClientSource, SecretHash};
use http::header::COOKIE;
use http::{Request, StatusCode};
use protocol::basic_credentials::BasicCredentials;
use protocol::secret::Secret;

use crate::support::{
    Answered, Browser, Form, INTROSPECTION_SECRET, Lab, PASSWORD, RESOURCE, client, encode, introspection,
    post_form, settings_with_a_password,
};

const HERE: &str = "192.0.2.1:4711";
const ELSEWHERE: &str = "198.51.100.9:4711";

fn browser_at<'a>(lab: &'a Lab, peer: &str) -> Browser<'a> {
    Browser { peer: Some(peer.parse().unwrap()), ..lab.browser() }
}

async fn form(browser: &mut Browser<'_>) -> Form {
    let request = browser.lab.request();
    Form::find(&browser.sign_in_page(&request).await.body, "/sign-in")
}

/// Tries so often, always with the same wrong password; gives the statuses.
async fn fail(browser: &mut Browser<'_>, name: &str, times: usize) -> Vec<StatusCode> {
    let form = form(browser).await.fill("name", name).fill("password", "wrong wrong wrong");
    let mut statuses = Vec::new();
    for _ in 0..times {
        statuses.push(browser.submit(&form).await.status);
    }
    statuses
}

async fn sign_in(browser: &mut Browser<'_>, name: &str, password: &str) -> Answered {
    let form = form(browser).await.fill("name", name).fill("password", password);
    browser.submit(&form).await
}

#[tokio::test]
async fn guessing_is_slow_and_locks_nobody_else_out() {
    let lab = Lab::with(settings_with_a_password()).await;
    let mut guesser = browser_at(&lab, HERE);
    assert_eq!(fail(&mut guesser, "ada", 10).await, [StatusCode::FORBIDDEN; 10]);
    let refused = sign_in(&mut guesser, "ada", PASSWORD).await;
    refused.is_page(StatusCode::TOO_MANY_REQUESTS, "Wait 2 minutes, then try again.");
    assert_eq!(refused.header("retry-after"), "90");
    assert_eq!(Form::find(&refused.body, "/sign-in").value("name"), "ada");

    let ada = sign_in(&mut browser_at(&lab, ELSEWHERE), "ada", PASSWORD).await;
    assert_eq!(ada.status, StatusCode::SEE_OTHER, "Ada herself is somewhere else");
    lab.clock.advance(90);
    assert_eq!(sign_in(&mut guesser, "ada", PASSWORD).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_limit_does_not_tell_who_exists() {
    let lab = Lab::with(settings_with_a_password()).await;
    let mut at_ada = browser_at(&lab, HERE);
    let mut at_eve = browser_at(&lab, ELSEWHERE);
    assert_eq!(fail(&mut at_ada, "ada", 12).await, fail(&mut at_eve, "eve", 12).await);
    let (ada, eve) = (sign_in(&mut at_ada, "ada", "x").await, sign_in(&mut at_eve, "eve", "x").await);
    assert_eq!(ada.header("retry-after"), eve.header("retry-after"));
}

#[tokio::test]
async fn the_right_password_does_not_count() {
    let lab = Lab::with(settings_with_a_password()).await;
    fail(&mut browser_at(&lab, HERE), "ada", 9).await;
    for _ in 0..5 {
        let mut browser = browser_at(&lab, HERE);
        assert_eq!(sign_in(&mut browser, "ada", PASSWORD).await.status, StatusCode::SEE_OTHER);
    }
    let last = fail(&mut browser_at(&lab, HERE), "ada", 2).await;
    assert_eq!(last, [StatusCode::FORBIDDEN, StatusCode::TOO_MANY_REQUESTS]);
}

#[tokio::test]
async fn many_guesses_at_once_are_no_more_than_one_after_the_other() {
    let lab = Lab::with(settings_with_a_password()).await;
    let mut browser = browser_at(&lab, HERE);
    let form = form(&mut browser).await.fill("name", "ada").fill("password", "wrong wrong wrong");
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let mut request = post_form("/sign-in", &encode(&form.fields));
        request.headers_mut().insert(COOKIE, browser.cookie.as_ref().unwrap().parse().unwrap());
        request.extensions_mut().insert(ConnectInfo(HERE.parse::<SocketAddr>().unwrap()));
        let router = lab.router.clone();
        tasks.spawn(async move { tower::ServiceExt::oneshot(router, request).await.unwrap().status() });
    }
    let statuses = tasks.join_all().await;
    let heard = statuses.iter().filter(|status| **status == StatusCode::FORBIDDEN).count();
    let refused = statuses.iter().filter(|status| **status == StatusCode::TOO_MANY_REQUESTS).count();
    assert_eq!((heard, refused), (10, 30), "{statuses:?}");
}

#[tokio::test]
async fn headers_do_not_change_who_is_counted() {
    let lab = Lab::with(settings_with_a_password()).await;
    let mut browser = browser_at(&lab, HERE);
    let form = form(&mut browser).await.fill("name", "ada").fill("password", "wrong wrong wrong");
    let mut last = StatusCode::OK;
    for i in 0..11 {
        let mut request = post_form("/sign-in", &encode(&form.fields));
        let address = format!("203.0.113.{i}");
        for name in
            ["x-forwarded-for", "x-real-ip", "forwarded", "cf-connecting-ip", "true-client-ip", "client-ip"]
        {
            request.headers_mut().insert(name, address.parse().unwrap());
        }
        last = browser.send(request).await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn behind_a_trusted_proxy_its_own_entry_counts() {
    let mut settings = settings_with_a_password();
    settings.trusted_proxies = vec!["192.0.2.1".parse().unwrap()];
    let lab = Lab::with(settings).await;
    let mut browser = browser_at(&lab, HERE);
    let form = form(&mut browser).await.fill("name", "ada").fill("password", "wrong wrong wrong");
    let mut through = async |forwarded: &str| {
        let mut request = post_form("/sign-in", &encode(&form.fields));
        request.headers_mut().insert("x-forwarded-for", forwarded.parse().unwrap());
        browser.send(request).await.status
    };
    for i in 0..10 {
        assert_eq!(through(&format!("10.0.0.{i}, 203.0.113.5")).await, StatusCode::FORBIDDEN);
    }
    assert_eq!(through("10.0.0.99, 203.0.113.5").await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(through("203.0.113.6").await, StatusCode::FORBIDDEN, "somebody else behind the same proxy");
}

#[tokio::test]
async fn an_ipv6_subscriber_cannot_change_address_to_go_on() {
    let lab = Lab::with(settings_with_a_password()).await;
    for i in 0..10 {
        let mut browser = browser_at(&lab, &format!("[2001:db8:1:2::{i}]:4711"));
        assert_eq!(fail(&mut browser, "ada", 1).await, [StatusCode::FORBIDDEN]);
    }
    let mut browser = browser_at(&lab, "[2001:db8:1:2:ffff::1]:4711");
    assert_eq!(fail(&mut browser, "ada", 1).await, [StatusCode::TOO_MANY_REQUESTS]);
}

async fn token_from(lab: &Lab, peer: &str, parameters: &[(String, String)]) -> Answered {
    let mut browser = browser_at(lab, peer);
    browser.send(post_form("/token", &encode(parameters))).await
}

/// Req: L02
#[tokio::test]
async fn wrong_codes_are_counted_and_right_ones_are_not() {
    let lab = Lab::with(settings_with_a_password()).await;
    let wrong = lab.exchange("wrong");
    for _ in 0..119 {
        token_from(&lab, HERE, &wrong).await.is_denied(StatusCode::BAD_REQUEST, "invalid_grant");
    }
    for _ in 0..3 {
        let mut bob = lab.browser();
        let code = bob.allow(&lab.request(), "bob").await.redirected().parameter("code").unwrap();
        assert_eq!(token_from(&lab, HERE, &lab.exchange(&code)).await.status, StatusCode::OK);
    }
    let malformed = [("grant_type".to_owned(), "password".to_owned())];
    for _ in 0..10 {
        let answer = token_from(&lab, HERE, &malformed).await;
        answer.is_denied(StatusCode::BAD_REQUEST, "unsupported_grant_type");
    }
    token_from(&lab, HERE, &wrong).await.is_denied(StatusCode::BAD_REQUEST, "invalid_grant");

    let refused = token_from(&lab, HERE, &wrong).await;
    refused.is_denied(StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable");
    assert_eq!(refused.header("retry-after"), "1");
    let code = lab.browser().allow(&lab.request(), "bob").await.redirected().parameter("code").unwrap();
    let late = token_from(&lab, HERE, &lab.exchange(&code)).await;
    assert_eq!(late.status, StatusCode::TOO_MANY_REQUESTS, "nothing from here is looked at");
    let elsewhere = token_from(&lab, ELSEWHERE, &lab.exchange(&code)).await;
    assert_eq!(elsewhere.status, StatusCode::OK, "and nothing was used up");
    lab.clock.advance(1);
    token_from(&lab, HERE, &wrong).await.is_denied(StatusCode::BAD_REQUEST, "invalid_grant");
}

/// Req: AS-112
#[tokio::test]
async fn guessing_at_the_secret_of_a_client_is_slow_wherever_it_is_asked_for() {
    let mut settings = settings_with_a_password();
    let mut known = client(ClientSource::Configured, "known", "Known", &["https://known.example/cb"]);
    known.authentication = ClientAuthentication::ClientSecretBasic(SecretHash::of_text("the secret"));
    settings.clients = vec![known];
    let lab = Lab::with(settings).await;
    let post = |path: &str, secret: &str| {
        let mut request = post_form(path, "grant_type=refresh_token&refresh_token=x&token=x");
        let credentials = BasicCredentials { id: "known".into(), secret: Secret::new(secret) };
        request.headers_mut().insert("authorization", credentials.to_header().reveal().parse().unwrap());
        request
    };
    let mut here = browser_at(&lab, HERE);
    for i in 0..120 {
        let path = if i % 2 == 0 { "/token" } else { "/revoke" };
        here.send(post(path, "wrong")).await.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    for path in ["/token", "/revoke"] {
        let refused = here.send(post(path, "the secret")).await;
        refused.is_denied(StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable");
        let elsewhere = browser_at(&lab, ELSEWHERE).send(post(path, "the secret")).await;
        assert_ne!(elsewhere.status, StatusCode::TOO_MANY_REQUESTS);
    }
}

#[tokio::test]
async fn guessing_at_the_secret_of_a_resource_server_is_slow_and_stops_nobody_else() {
    let lab = Lab::start().await;
    let ask = async |peer: &str, secret: &str| {
        browser_at(&lab, peer).send(introspection(RESOURCE, secret, "x")).await
    };
    for _ in 0..120 {
        ask(HERE, "wrong").await.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    let refused = ask(HERE, INTROSPECTION_SECRET).await;
    refused.is_denied(StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable");
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(ask(ELSEWHERE, INTROSPECTION_SECRET).await.status, StatusCode::OK);
    let wrong_code = token_from(&lab, HERE, &lab.exchange("wrong")).await;
    wrong_code.is_denied(StatusCode::BAD_REQUEST, "invalid_grant");
}

#[tokio::test]
async fn one_address_registers_so_many_clients_and_no_more() {
    let lab = Lab::start().await;
    let register = async |peer: &str, number: u32| {
        let document = serde_json::json!({ "redirect_uris": [format!("https://c.example/{number}")] });
        let post = Request::post("/register").header("content-type", "application/json");
        browser_at(&lab, peer).send(post.body(document.to_string().into()).unwrap()).await
    };
    for number in 0..30 {
        assert_eq!(register(HERE, number).await.status, StatusCode::CREATED);
    }
    let refused = register(HERE, 30).await;
    refused.is_denied(StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable");
    assert_eq!(refused.header("retry-after"), "120");
    assert_eq!(register(ELSEWHERE, 30).await.status, StatusCode::CREATED);
    lab.clock.advance(120);
    assert_eq!(register(HERE, 30).await.status, StatusCode::CREATED);
}
