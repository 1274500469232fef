//! `/authorize`: the two halves of the checks.

use http::{Method, StatusCode};

use crate::support::{ISSUER, Lab, encode, method};

/// Req: AS-74, AS-88
#[tokio::test]
async fn without_a_known_client_and_redirect_uri_nobody_is_redirected() {
    let lab = Lab::start().await;
    let mut repeated_client = lab.request();
    repeated_client.push(("client_id".into(), lab.client.client_id()));
    let mut repeated_uri = lab.request();
    repeated_uri.push(("redirect_uri".into(), lab.client.redirect_uri()));
    let too_long = "x".repeat(2049);
    for (parameters, says) in [
        (lab.request_with("client_id", None), "which client"),
        (lab.request_with("client_id", Some("nobody")), "not known here"),
        (lab.request_with("client_id", Some("http://localhost:9000/client.json")), "this very server"),
        (repeated_client, "more than once"),
        (repeated_uri, "more than once"),
        (lab.request_with("redirect_uri", Some("https://evil.example/cb")), "not among the places"),
        (lab.request_with("state", Some(&too_long)), "2 kilobytes"),
    ] {
        let answer = lab.get(&format!("/authorize?{}", encode(&parameters))).await;
        answer.is_page(StatusCode::BAD_REQUEST, says);
        assert!(!answer.headers.contains_key("set-cookie"), "nothing begins");
    }
    lab.get("/authorize?client_id=%FF").await.is_page(StatusCode::BAD_REQUEST, "not readable text");
    assert_eq!(lab.store.count_pending().await.unwrap(), 0);
}

/// Req: AS-30, AS-31, AS-32, AS-33, AS-34, X-28
#[tokio::test]
async fn tricks_with_the_client_id_end_before_any_fetch() {
    let lab = Lab::start().await;
    let origin = &lab.client.origin;
    for trick in [
        origin.clone(),
        format!("{origin}/"),
        format!("{origin}/a/../client.json"),
        format!("{origin}/%2e%2e/client.json"),
        format!("{origin}/client.json#x"),
        origin.replace("http://", "http://user@") + "/client.json",
        origin.replace("127.0.0.1", "127.0.0.2") + "/client.json",
        origin.replace("127.0.0.1", "2130706433") + "/client.json",
        "http://c.example/client.json".to_owned(),
        "https://127.0.0.1/client.json".to_owned(),
    ] {
        let answer =
            lab.get(&format!("/authorize?{}", encode(&lab.request_with("client_id", Some(&trick))))).await;
        answer.is_page(StatusCode::BAD_REQUEST, "invalid_client");
    }
    assert_eq!(lab.client.hits(), 0);
}

/// Req: AS-75, AS-76, AS-77, X-16, X-17
#[tokio::test]
async fn only_the_port_of_a_loopback_redirect_uri_may_differ() {
    let lab = Lab::start().await;
    let registered = lab.client.redirect_uri();
    let other_port = "http://127.0.0.1:1/callback";
    let answer = lab.browser().sign_in(&lab.request_with("redirect_uri", Some(other_port)), "ada").await;
    assert!(answer.header("location").starts_with("/consent"), "{answer:?}");
    for other in [
        registered.replace("127.0.0.1", "localhost"),
        registered.replace("127.0.0.1", "[::1]"),
        registered.replace("127.0.0.1", "127.0.0.2"),
        registered.replace("http://", "https://"),
        format!("{registered}/"),
        format!("{registered}?x=1"),
        format!("{registered}#x"),
        registered.replace("callback", "Callback"),
        registered.replace("callback", "a/../callback"),
    ] {
        let query = encode(&lab.request_with("redirect_uri", Some(&other)));
        lab.get(&format!("/authorize?{query}"))
            .await
            .is_page(StatusCode::BAD_REQUEST, "not among the places");
    }
}

/// Req: AS-78
#[tokio::test]
async fn a_redirect_uri_may_be_left_out_only_if_there_is_one() {
    let lab = Lab::start().await;
    let without = lab.request_with("redirect_uri", None);
    let answer = lab.browser().sign_in(&without, "ada").await;
    assert!(answer.header("location").starts_with("/consent"));

    let mut document = lab.client.document();
    document["redirect_uris"] = serde_json::json!([lab.client.redirect_uri(), "https://c.example/cb"]);
    lab.client.serve_document(&document);
    lab.clock.advance(60);
    lab.get(&format!("/authorize?{}", encode(&without)))
        .await
        .is_page(StatusCode::BAD_REQUEST, "several places");
}

fn refused_requests(lab: &Lab) -> Vec<(Vec<(String, String)>, &'static str)> {
    let challenge = crate::support::verifier().challenge();
    let long = format!("{}A", challenge.as_str());
    let many = (0..=100).map(|i| format!("s{i}")).collect::<Vec<_>>().join(" ");
    let mut refused: Vec<_> = [
        ("response_type", None, "invalid_request"),
        ("response_type", Some("token"), "unsupported_response_type"),
        ("response_type", Some("code token"), "unsupported_response_type"),
        ("response_mode", Some("fragment"), "invalid_request"),
        ("response_mode", Some("form_post"), "invalid_request"),
        ("response_mode", Some("web_message"), "invalid_request"),
        ("code_challenge", None, "invalid_request"),
        ("code_challenge", Some(&challenge.as_str()[..42]), "invalid_request"),
        ("code_challenge", Some(&long), "invalid_request"),
        ("code_challenge", Some(""), "invalid_request"),
        ("code_challenge_method", None, "invalid_request"),
        ("code_challenge_method", Some("plain"), "invalid_request"),
        ("code_challenge_method", Some("s256"), "invalid_request"),
        ("resource", None, "invalid_target"),
        ("resource", Some("http://localhost:8001/mcp/"), "invalid_target"),
        ("resource", Some("http://localhost:8001"), "invalid_target"),
        ("resource", Some("http://localhost:8001/mcp#x"), "invalid_target"),
        ("resource", Some("https://other.example/mcp"), "invalid_target"),
        ("scope", Some("unknown"), "invalid_scope"),
        ("scope", Some("mcp:connect  weather:read"), "invalid_scope"),
        ("scope", Some("mcp:connect\"x"), "invalid_scope"),
        ("scope", Some("notes:read"), "invalid_scope"),
        ("scope", Some(&many), "invalid_scope"),
        ("request", Some("e30.e30."), "request_not_supported"),
        ("request_uri", Some("http://169.254.169.254/"), "request_uri_not_supported"),
        ("prompt", Some("none login"), "invalid_request"),
    ]
    .into_iter()
    .map(|(name, value, error)| (lab.request_with(name, value), error))
    .collect();
    for (name, error) in [
        ("response_type", "invalid_request"),
        ("scope", "invalid_request"),
        ("code_challenge", "invalid_request"),
        ("resource", "invalid_target"),
    ] {
        let mut repeated = lab.request();
        let again = repeated.iter().find(|(known, _)| known == name).unwrap().clone();
        repeated.push(again);
        refused.push((repeated, error));
    }
    refused
}

/// Req: AS-80, AS-81, AS-82, AS-83, AS-85, AS-86, AS-87, AS-88, AS-89, AS-91, X-18, X-26, X-27
#[tokio::test]
async fn what_is_wrong_with_a_request_is_told_to_the_client_after_sign_in() {
    let lab = Lab::start().await;
    for (parameters, error) in refused_requests(&lab) {
        let mut browser = lab.browser();
        let answer = browser.authorize(&parameters).await;
        assert!(answer.header("location").starts_with("/sign-in?request="), "{error}: {answer:?}");
        let redirected = browser.sign_in(&parameters, "ada").await.redirected();
        assert_eq!(redirected.target, lab.client.redirect_uri());
        redirected.is_refused(error);
        assert_eq!(redirected.parameter("state").as_deref(), Some("the-state"));

        let at_once = browser.authorize(&parameters).await.redirected();
        assert_eq!(at_once.target, lab.client.redirect_uri(), "already signed in");
        at_once.is_refused(error);
    }
    assert_eq!(lab.client.hits(), 1, "nothing but the client's document was fetched");
}

/// Req: AS-88, AS-91
#[tokio::test]
async fn of_a_repeated_state_none_comes_back() {
    let lab = Lab::start().await;
    let mut parameters = lab.request();
    parameters.push(("state".into(), "another".into()));
    let redirected = lab.browser().sign_in(&parameters, "ada").await.redirected();
    redirected.is_refused("invalid_request");
    assert_eq!(redirected.parameter("state"), None);
}

/// Req: ALL-05, AS-91, AS-105
#[tokio::test]
async fn state_comes_back_byte_for_byte_and_does_nothing_on_the_way() {
    let lab = Lab::start().await;
    for state in [
        "<script>alert(1)</script>",
        "\"'><img src=x onerror=alert(1)>",
        "a\r\nSet-Cookie: x=1\r\n\r\n<html>",
        "&code=evil&iss=evil#fragment?x=%00%",
        "ü 名 \u{1f511} +%2B",
        &"s".repeat(2048),
    ] {
        let mut browser = lab.browser();
        let page = browser.consent_page(&lab.request_with("state", Some(state)), "ada").await;
        assert!(!page.body.contains("alert(1)") && !page.body.contains("evil"));
        let form = crate::support::Form::find(&page.body, "/consent").with("decision", "allow");
        let answer = browser.submit(&form).await;
        assert!(!answer.headers.contains_key("set-cookie"));
        let redirected = answer.redirected();
        assert_eq!(redirected.parameter("state").as_deref(), Some(state));
        assert_eq!(redirected.parameter("iss").as_deref(), Some(ISSUER));
        assert!(redirected.parameter("code").is_some_and(|code| code != "evil"));
    }
}

/// Req: ALL-09, ALL-10
#[tokio::test]
async fn unknown_and_empty_parameters_do_not_matter() {
    let lab = Lab::start().await;
    let mut parameters = lab.request_with("response_mode", Some(""));
    parameters.extend([("utm".into(), "1".into()), ("utm".into(), "2".into()), ("nonce".into(), "n".into())]);
    let answer = lab.browser().allow(&parameters, "ada").await;
    assert!(answer.redirected().parameter("code").is_some());
}

#[tokio::test]
async fn without_scope_the_first_one_of_the_resource_is_asked_for() {
    let lab = Lab::start().await;
    let page = lab.browser().consent_page(&lab.request_with("scope", None), "ada").await;
    assert!(page.body.contains("mcp:connect") && !page.body.contains("weather:read"));
}

#[tokio::test]
async fn endless_queries_are_refused_unread() {
    let lab = Lab::start().await;
    let long = lab.request_with("state", Some(&"x".repeat(60 * 1024)));
    let many = format!("/authorize?{}&{}", encode(&lab.request()), vec!["a=1"; 2000].join("&"));
    lab.get(&format!("/authorize?{}", encode(&long))).await.is_page(StatusCode::URI_TOO_LONG, "60 kilobytes");
    lab.get(&many).await.is_page(StatusCode::URI_TOO_LONG, "too many");
    assert_eq!((lab.client.hits(), lab.store.count_pending().await.unwrap()), (0, 0));
}

/// Req: AS-72, A23
#[tokio::test]
async fn only_get_begins_something() {
    let lab = Lab::start().await;
    let path = format!("/authorize?{}", encode(&lab.request()));
    for wrong in [
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::PATCH,
        Method::OPTIONS,
        Method::TRACE,
    ] {
        let answer = lab.send(method(&wrong, &path)).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{wrong}");
        assert_eq!(answer.header("allow"), "GET", "{wrong}");
        assert!(!answer.headers.contains_key("location") && !answer.headers.contains_key("set-cookie"));
    }
    assert_eq!((lab.client.hits(), lab.store.count_pending().await.unwrap()), (0, 0));
}

#[tokio::test]
async fn what_nobody_answered_is_swept_away() {
    let lab = Lab::start().await;
    lab.get(&format!("/authorize?{}", encode(&lab.request()))).await;
    lab.clock.advance(3 * 3600);
    lab.get(&format!("/authorize?{}", encode(&lab.request()))).await;
    assert_eq!(lab.store.count_pending().await.unwrap(), 2);
    lab.server.maintain().await.unwrap();
    assert_eq!(lab.store.count_pending().await.unwrap(), 1);
}
