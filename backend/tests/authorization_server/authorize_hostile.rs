//! `/authorize` under attack: the table of hostile inputs, through the real router, and where it matters through a real
//! socket.

use std::net::{Ipv4Addr, SocketAddr};

use http::StatusCode;
use protocol::base64url_decode;
use server_kit::entropy::{Entropy as _, SystemEntropy};
use server_kit::listen::{Sockets, serve_until};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::internet::listen;
use crate::support::{Form, ISSUER, Lab, RESOURCE, encode, post_form};

/// Signs in on the way, as a person who is led here does, and gives what the client is told.
async fn is_told(lab: &Lab, parameters: &[(String, String)], error: &str) {
    let answer = lab.browser().sign_in(parameters, "ada").await;
    let redirected = answer.redirected();
    assert_eq!(redirected.target, lab.client.redirect_uri(), "{parameters:?}");
    redirected.is_refused(error);
    assert_eq!(redirected.parameter("state").as_deref(), Some("the-state"));
}

/// Req: AS-74, A01
#[tokio::test]
async fn nobody_is_redirected_for_an_unknown_client() {
    let lab = Lab::start().await;
    let long = "x".repeat(3000);
    for client_id in
        ["nobody", "", " ", "localhost:3000", "urn:example:client", "ü", "\0", "' OR 1=1 --", &long]
    {
        let answer =
            lab.get(&format!("/authorize?{}", encode(&lab.request_with("client_id", Some(client_id))))).await;
        answer.is_page(StatusCode::BAD_REQUEST, "invalid_");
        assert!(!answer.headers.contains_key("set-cookie"), "{client_id:?}");
    }
    assert_eq!((lab.client.hits(), lab.store.count_pending().await.unwrap()), (0, 0));
}

/// Req: AS-74, AS-75, AS-77, ALL-06, X-16, A02, A04
#[tokio::test]
async fn nobody_is_redirected_to_an_address_that_was_not_registered() {
    let lab = Lab::start().await;
    let mut document = lab.client.document();
    document["redirect_uris"] = serde_json::json!(["https://c.example/cb", "http://127.0.0.1/cb"]);
    lab.client.serve_document(&document);
    for other in [
        // The registered https address, changed a little.
        "https://c.example/cb/",
        "https://c.example/cb?",
        "https://c.example/cb?x=1",
        "https://c.example/cb#",
        "https://c.example/CB",
        "https://c.example/c%62",
        "https://c.example/./cb",
        "https://c.example/x/../cb",
        "https://c.example//cb",
        "https://c.example:443/cb",
        "https://c.example:8443/cb",
        "https://C.example/cb",
        "https://c.example./cb",
        "https://sub.c.example/cb",
        "https://c.example.evil.example/cb",
        "https://c.example@evil.example/cb",
        "https://evil.example/cb",
        "https://evil.example/https://c.example/cb",
        "https://c.example\\@evil.example/cb",
        "https://c.example/cb\r\nLocation: https://evil.example",
        " https://c.example/cb",
        "https://c.example/cb ",
        "HTTPS://c.example/cb",
        "http://c.example/cb",
        "//c.example/cb",
        "/cb",
        "javascript:alert(1)",
        "data:text/html,x",
        // The registered loopback address, changed in more than the port.
        "http://127.0.0.2/cb",
        "http://127.0.0.2:3000/cb",
        "http://localhost/cb",
        "http://localhost:3000/cb",
        "http://[::1]/cb",
        "http://[::1]:3000/cb",
        "https://127.0.0.1/cb",
        "https://127.0.0.1:3000/cb",
        "http://127.0.0.1:3000/cb/",
        "http://127.0.0.1:3000/other",
        "http://127.0.0.1:3000/cb?x=1",
        "http://127.0.0.1:3000@evil.example/cb",
        "http://127.0.0.1:99999/cb",
        "http://2130706433:3000/cb",
    ] {
        let query = encode(&lab.request_with("redirect_uri", Some(other)));
        let answer = lab.get(&format!("/authorize?{query}")).await;
        answer.is_page(StatusCode::BAD_REQUEST, "not among the places");
        assert!(!answer.headers.contains_key("set-cookie"), "{other:?}");
    }
    assert_eq!(lab.store.count_pending().await.unwrap(), 0);
    for registered in ["https://c.example/cb", "http://127.0.0.1/cb", "http://127.0.0.1:51004/cb"] {
        let answer = lab
            .browser()
            .allow(&lab.request_with("redirect_uri", Some(registered)), "ada")
            .await
            .redirected();
        assert_eq!(answer.target, registered);
    }
}

/// Req: AS-80, AS-125, X-26, A06
#[tokio::test]
async fn code_is_the_only_response_type_and_no_token_leaves_this_endpoint() {
    let lab = Lab::start().await;
    is_told(&lab, &lab.request_with("response_type", None), "invalid_request").await;
    is_told(&lab, &lab.request_with("response_type", Some("")), "invalid_request").await;
    let mut twice = lab.request();
    twice.push(("response_type".into(), "code".into()));
    is_told(&lab, &twice, "invalid_request").await;
    for other in
        ["token", "id_token", "code token", "token code", "code  code", "code code", "CODE", "none", " "]
    {
        let parameters = lab.request_with("response_type", Some(other));
        let answer = lab.browser().sign_in(&parameters, "ada").await;
        let location = answer.header("location");
        assert!(!location.contains("access_token") && !location.contains('#'), "{location}");
        answer.redirected().is_refused("unsupported_response_type");
    }
    for grant in ["password", "implicit", "urn:ietf:params:oauth:grant-type:token-exchange"] {
        let body = format!("grant_type={grant}&username=ada&password=x&client_id={}", lab.client.client_id());
        lab.send(post_form("/token", &body))
            .await
            .is_denied(StatusCode::BAD_REQUEST, "unsupported_grant_type");
    }
}

/// Req: AS-81, AS-82, AS-83, X-18, A07, A08, A09
#[tokio::test]
async fn without_a_good_challenge_there_is_no_code() {
    let lab = Lab::start().await;
    let good = crate::support::verifier().challenge();
    let good = good.as_str();
    for (name, value) in [
        ("code_challenge", None),
        ("code_challenge", Some(String::new())),
        ("code_challenge", Some(good[..42].into())),
        ("code_challenge", Some(format!("{good}A"))),
        ("code_challenge", Some(format!("{}=", &good[..42]))),
        ("code_challenge", Some(format!("{good}="))),
        ("code_challenge", Some(format!("{}+", &good[..42]))),
        ("code_challenge", Some(format!("{}/", &good[..42]))),
        ("code_challenge", Some(format!("{} ", &good[..42]))),
        ("code_challenge", Some(format!("{}\u{e9}", &good[..41]))),
        ("code_challenge", Some("a".repeat(129))),
        ("code_challenge_method", None),
        ("code_challenge_method", Some(String::new())),
        ("code_challenge_method", Some("plain".into())),
        ("code_challenge_method", Some("s256".into())),
        ("code_challenge_method", Some("S256 ".into())),
        ("code_challenge_method", Some("S512".into())),
    ] {
        is_told(&lab, &lab.request_with(name, value.as_deref()), "invalid_request").await;
    }
}

/// Req: AS-84
#[tokio::test]
async fn a_challenge_that_stays_the_same_is_refused() {
    let lab = Lab::start().await;
    let request = lab.request();
    let mut browser = lab.browser();
    // Loading the same request twice before deciding is what browsers do.
    browser.consent_page(&request, "ada").await;
    browser.allow(&request, "ada").await.redirected().parameter("code").unwrap();

    browser.authorize(&request).await.redirected().is_refused("invalid_request");
    let challenge = request.iter().find(|(name, _)| name == "code_challenge").unwrap().1.clone();
    let elsewhere = lab.request_with("code_challenge", Some(&challenge));
    is_told(&lab, &elsewhere, "invalid_request").await;
    assert!(browser.allow(&lab.request(), "ada").await.redirected().parameter("code").is_some());
}

/// Req: AS-116
#[tokio::test]
async fn a_code_without_a_challenge_cannot_be_recorded_nor_redeemed() {
    let lab = Lab::start().await;
    let code = lab.code().await;
    let database = rusqlite::Connection::open(lab.folder.path().join("as.sqlite")).unwrap();
    assert!(database.execute("UPDATE code SET code_challenge = NULL", []).is_err());
    assert_eq!(database.execute("UPDATE code SET code_challenge = ''", []).unwrap(), 1);
    for verifier in [None, Some(String::new()), Some("a".repeat(43))] {
        let mut exchange = lab.exchange(&code);
        exchange.retain(|(name, _)| name != "code_verifier");
        exchange.extend(verifier.map(|verifier| ("code_verifier".to_owned(), verifier)));
        let answer = lab.token(&exchange).await;
        assert!(!answer.status.is_success(), "{answer:?}");
        assert!(!answer.body.contains("access_token"));
    }
}

/// Req: AS-85, AS-86
#[tokio::test]
async fn a_resource_is_bound_as_it_is_configured_and_never_guessed() {
    let lab = Lab::start().await;
    for spelling in [RESOURCE, "HTTP://LOCALHOST:8001/mcp", "http://Localhost:8001/mcp"] {
        let answer = lab.browser().allow(&lab.request_with("resource", Some(spelling)), "ada").await;
        let code = answer.redirected().parameter("code").unwrap();
        let mut exchange = lab.exchange(&code);
        exchange.retain(|(name, _)| name != "resource");
        exchange.push(("resource".into(), spelling.into()));
        let token = lab.token(&exchange).await.json()["access_token"].as_str().unwrap().to_owned();
        let claims = base64url_decode(token.split('.').nth(1).unwrap()).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(claims["aud"], RESOURCE, "{spelling}");
    }
    for other in [
        "http://localhost:8001/MCP",
        "http://localhost:8001/mcp/",
        "http://localhost:8001/mcp?x=1",
        "http://localhost:8001/mcp#x",
        "http://localhost:8001",
        "http://127.0.0.1:8001/mcp",
        "//localhost:8001/mcp",
        "/mcp",
        "mcp",
    ] {
        is_told(&lab, &lab.request_with("resource", Some(other)), "invalid_target").await;
    }
    is_told(&lab, &lab.request_with("resource", None), "invalid_target").await;
    is_told(&lab, &lab.request_with("resource", Some("")), "invalid_target").await;
    for second in [RESOURCE, "http://localhost:8002/mcp"] {
        let mut several = lab.request();
        several.push(("resource".into(), second.into()));
        is_told(&lab, &several, "invalid_target").await;
    }
}

/// Req: AS-87, A12
#[tokio::test]
async fn only_known_scopes_well_written_are_asked_for() {
    let lab = Lab::start().await;
    let ten_thousand = (0..10_000).map(|i| format!("s{i}")).collect::<Vec<_>>().join(" ");
    for scope in [
        "unknown",
        "mcp:connect unknown",
        "MCP:CONNECT",
        "mcp:connect\"",
        "mcp:connect\\",
        "mcp:connect\u{1}",
        "mcp:connect\t weather:read",
        "mcp:connect\n",
        "mcp:connect\u{7f}",
        "mcp:connect  weather:read",
        " mcp:connect",
        "mcp:connect ",
        " ",
        "\u{fc}",
        &ten_thousand,
    ] {
        is_told(&lab, &lab.request_with("scope", Some(scope)), "invalid_scope").await;
    }
    let twice = "mcp:connect weather:read mcp:connect mcp:connect";
    let answer = lab.browser().allow(&lab.request_with("scope", Some(twice)), "ada").await;
    let code = answer.redirected().parameter("code").unwrap();
    assert_eq!(lab.token(&lab.exchange(&code)).await.json()["scope"], "mcp:connect weather:read");
}

/// Req: AS-66, AS-92
#[tokio::test]
async fn a_client_that_uses_no_codes_is_not_given_one() {
    let lab = Lab::start().await;
    let mut document = lab.client.document();
    document["grant_types"] = serde_json::json!(["client_credentials", "refresh_token"]);
    lab.client.serve_document(&document);
    let answer = lab.browser().sign_in(&lab.request(), "ada").await;
    answer.redirected().is_refused("unauthorized_client");
}

/// The status of the answer to a request that is written to a socket as it is.
async fn status_of(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The other side may answer and close before it has read everything.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).split(' ').nth(1).unwrap_or_default().to_owned()
}

/// Req: A13
#[tokio::test]
async fn endless_requests_are_refused_before_they_cost_anything() {
    let lab = Lab::start().await;
    let sockets = Sockets::bind("test", "--port", &[(Ipv4Addr::LOCALHOST, 0).into()]).await.unwrap();
    let address = sockets.addresses()[0];
    let site = sockets.answer_with(lab.router.clone());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(serve_until(vec![site], async {
        let _ = stopped.await;
    }));

    let query = encode(&lab.request());
    let request =
        |path: &str| format!("GET {path} HTTP/1.1\r\nHost: localhost:9000\r\nConnection: close\r\n\r\n");
    // A request line of exactly so many bytes.
    let padded = |length: usize| {
        let path = format!("/authorize?{query}&padding=");
        let frame = "GET  HTTP/1.1".len();
        request(&format!("{path}{}", "x".repeat(length - frame - path.len())))
    };
    for length in [62 * 1024, 64 * 1024 - 100, 64 * 1024] {
        assert_eq!(status_of(address, &padded(length)).await, "414", "{length}");
    }
    // What is longer than any head is not read to its end; then the closing may overtake the answer.
    for length in [100 * 1024, 300 * 1024] {
        let status = status_of(address, &padded(length)).await;
        assert!(matches!(&*status, "414" | "431" | ""), "{length}: {status}");
    }
    let state = encode(&lab.request_with("state", Some(&"s".repeat(64 * 1024))));
    assert_eq!(status_of(address, &request(&format!("/authorize?{state}"))).await, "414");
    let state = encode(&lab.request_with("state", Some(&"s".repeat(4 * 1024))));
    assert_eq!(status_of(address, &request(&format!("/authorize?{state}"))).await, "400");
    let many = vec!["a=1"; 5000].join("&");
    assert_eq!(status_of(address, &request(&format!("/authorize?{query}&{many}"))).await, "414");
    assert_eq!((lab.client.hits(), lab.store.count_pending().await.unwrap()), (0, 0));

    assert_eq!(status_of(address, &request(&format!("/authorize?{query}"))).await, "303");
    stop.send(()).unwrap();
    server.await.unwrap();
}

/// Req: AS-45, A15
#[tokio::test]
async fn request_objects_are_refused_by_name_and_never_fetched() {
    let lab = Lab::start().await;
    let came = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = std::sync::Arc::clone(&came);
    let elsewhere = listen(move |stream| {
        counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        async move { drop(stream) }
    });
    let elsewhere = format!("http://{}/", elsewhere.await);
    let registration = format!(r#"{{"jwks_uri":"{elsewhere}","logo_uri":"{elsewhere}"}}"#);
    for (name, value, error) in [
        ("request", "e30.e30.", "request_not_supported"),
        ("request", elsewhere.as_str(), "request_not_supported"),
        ("request_uri", elsewhere.as_str(), "request_uri_not_supported"),
        ("request_uri", "http://169.254.169.254/", "request_uri_not_supported"),
        ("request_uri", "urn:ietf:params:oauth:request_uri:x", "request_uri_not_supported"),
        ("registration", &registration, "registration_not_supported"),
        ("registration", "x", "registration_not_supported"),
    ] {
        is_told(&lab, &lab.request_with(name, Some(value)), error).await;
    }
    assert_eq!(lab.client.hits(), 1, "the client's document");
    assert_eq!(came.load(std::sync::atomic::Ordering::SeqCst), 0);
}

/// Req: A16
#[tokio::test]
async fn the_answer_comes_in_the_query_and_nowhere_else() {
    let lab = Lab::start().await;
    for mode in ["fragment", "form_post", "web_message", "query.jwt", "jwt", "QUERY", "query fragment"] {
        let parameters = lab.request_with("response_mode", Some(mode));
        let answer = lab.browser().sign_in(&parameters, "ada").await;
        assert!(!answer.header("location").contains('#'), "{mode}");
        answer.redirected().is_refused("invalid_request");
    }
    let answer = lab.browser().allow(&lab.request_with("response_mode", Some("query")), "ada").await;
    assert!(answer.redirected().parameter("code").is_some());
}

/// Req: AS-07, AS-88, AS-91, AS-106, AS-107, ALL-07, A18
#[tokio::test]
async fn every_redirect_to_a_client_names_the_issuer_once() {
    let lab = Lab::start().await;
    let metadata = lab.get("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
    let mut answers = Vec::new();
    let mut requests: Vec<Vec<(String, String)>> = [
        ("response_type", None),
        ("response_type", Some("token")),
        ("response_mode", Some("fragment")),
        ("code_challenge", None),
        ("code_challenge", Some("x")),
        ("code_challenge_method", None),
        ("resource", None),
        ("resource", Some("x")),
        ("scope", Some("unknown")),
        ("scope", Some("\"")),
        ("request", Some("x")),
        ("request_uri", Some("x")),
        ("registration", Some("x")),
        ("prompt", Some("none login")),
        ("iss", Some("https://evil.example")),
        ("error", Some("evil")),
        ("code", Some("evil")),
    ]
    .into_iter()
    .map(|(name, value)| lab.request_with(name, value))
    .collect();
    // Each known parameter twice, but for those of the first half.
    for (name, value) in lab.request() {
        if !matches!(name.as_str(), "client_id" | "redirect_uri") {
            requests.push(lab.request().into_iter().chain([(name, value)]).collect());
        }
    }
    for request in requests {
        let answer = lab.browser().sign_in(&request, "ada").await;
        if answer.header("location").starts_with('/') {
            answers.push(lab.browser().allow(&request, "ada").await);
        } else {
            answers.push(answer);
        }
    }
    let mut browser = lab.browser();
    answers.push(browser.authorize(&lab.request_with("prompt", Some("none"))).await);
    let page = browser.consent_page(&lab.request(), "ada").await;
    answers.push(browser.submit(&Form::find(&page.body, "/consent").with("decision", "deny")).await);
    answers.push(browser.allow(&lab.request(), "ada").await);

    let codes = answers.iter().filter(|answer| answer.redirected().parameter("code").is_some()).count();
    assert_eq!(codes, 4, "three requests with parameters that mean nothing here, and one as it should be");
    for answer in &answers {
        let redirected = answer.redirected();
        assert_eq!(redirected.target, lab.client.redirect_uri());
        assert_eq!(redirected.query.matches("iss=").count(), 1, "{}", redirected.query);
        assert_eq!(redirected.parameter("iss").unwrap(), metadata["issuer"].as_str().unwrap());
        assert_eq!(redirected.parameter("iss").unwrap(), ISSUER);
        if redirected.parameter("code").is_none() {
            let description = redirected.parameter("error_description").unwrap();
            assert!(protocol::oauth_error::is_legal_description(&description), "{description}");
            let uri = redirected.parameter("error_uri").unwrap();
            assert!(uri.starts_with("https://") && uri.contains('#'), "{uri} names the clause");
            assert!(!uri.contains([' ', '"', '\\']), "{uri}");
        }
    }
}

/// Req: ALL-06
#[tokio::test]
async fn no_parameter_leads_anywhere_but_to_the_stored_request() {
    let lab = Lab::start().await;
    let evil = "https://evil.example/";
    for path in ["/sign-in", "/consent", "/sign-out", "/", "/authorize"] {
        for name in
            ["request", "return_to", "redirect_uri", "next", "url", "continue", "post_logout_redirect_uri"]
        {
            for value in [evil, "//evil.example", "/\\evil.example", "javascript:alert(1)"] {
                let answer = lab.get(&format!("{path}?{}", protocol::query::encode([(name, value)]))).await;
                assert!(!answer.headers.contains_key("location"), "{path} {name} {value}: {answer:?}");
            }
        }
    }
    // Forms that carry more than they should still lead to the stored request.
    let mut browser = lab.browser();
    let answer = browser.authorize(&lab.request()).await;
    let page = browser.follow(&answer).await;
    let form = Form::find(&page.body, "/sign-in").with("person", "ada").with("redirect_uri", evil);
    let answer = browser.submit(&form).await;
    assert!(answer.header("location").starts_with("/consent?request="));
    let page = browser.follow(&answer).await;
    let form = Form::find(&page.body, "/consent").with("decision", "allow").with("redirect_uri", evil);
    assert_eq!(browser.submit(&form).await.redirected().target, lab.client.redirect_uri());
}

/// Req: ALL-04
#[tokio::test]
async fn nothing_that_is_issued_can_be_guessed() {
    let bits = |text: &str| base64url_decode(text).unwrap().len() * 8;
    let lab = Lab::start().await;
    let mut browser = lab.browser();
    let answer = browser.authorize(&lab.request()).await;
    let id = answer.header("location").rsplit('=').next().unwrap().to_owned();
    let page = browser.follow(&answer).await;
    let form = Form::find(&page.body, "/sign-in");
    let csrf = &form.fields.iter().find(|(name, _)| name == "csrf").unwrap().1;
    let cookie = browser.cookie.clone().unwrap();
    for issued in [&id, csrf, cookie.split_once('=').unwrap().1, &lab.code().await] {
        assert!(bits(issued) >= 160, "{issued}");
    }
    // What the tests' clock-work replaces: the operating system's randomness, as many bits, never the same.
    let secrets: std::collections::HashSet<String> =
        (0..1000).map(|_| SystemEntropy.secret().reveal().to_owned()).collect();
    assert_eq!(secrets.len(), 1000);
    assert!(secrets.iter().all(|secret| bits(secret) == 256));
}
