//! What anybody may read, and who may read it from a page.

use axum::body::Body;
use http::{Method, Request, StatusCode};

use crate::support::{Form, ISSUER, Lab, RESOURCE, method, settings_with_a_password};

/// Req: AS-01, AS-02, AS-03, AS-04, AS-05, AS-06, AS-07, AS-08, AS-09, AS-11, AS-12, AS-13
#[tokio::test]
async fn metadata_says_what_the_server_does() {
    let lab = Lab::start().await;
    let answer = lab.get("/.well-known/oauth-authorization-server").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    assert_eq!(
        answer.json(),
        serde_json::json!({
            "issuer": ISSUER,
            "authorization_endpoint": "http://localhost:9000/authorize",
            "token_endpoint": "http://localhost:9000/token",
            "jwks_uri": "http://localhost:9000/jwks",
            "registration_endpoint": "http://localhost:9000/register",
            "scopes_supported": ["mcp:connect", "notes:read", "offline_access", "weather:read"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_methods_supported":
                ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["RS256", "PS256", "ES256", "EdDSA"],
            "revocation_endpoint": "http://localhost:9000/revoke",
            "revocation_endpoint_auth_methods_supported":
                ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"],
            "revocation_endpoint_auth_signing_alg_values_supported": ["RS256", "PS256", "ES256", "EdDSA"],
            "introspection_endpoint": "http://localhost:9000/introspect",
            "introspection_endpoint_auth_methods_supported": ["client_secret_basic"],
            "code_challenge_methods_supported": ["S256"],
            "client_id_metadata_document_supported": true,
            "authorization_response_iss_parameter_supported": true,
            "protected_resources": [RESOURCE, "http://localhost:8002/mcp"],
            "service_documentation": "http://localhost:9000/",
        })
    );
}

/// Req: AS-01, AS-05, AS-14
#[tokio::test]
async fn clients_that_only_know_openid_discovery_find_the_same() {
    let lab = Lab::start().await;
    let openid = lab.get("/.well-known/openid-configuration").await;
    assert_eq!((openid.status, openid.header("content-type")), (StatusCode::OK, "application/json"));
    let mut found = openid.json();
    let members = found.as_object_mut().unwrap();
    assert_eq!(members.remove("subject_types_supported"), Some(serde_json::json!(["public"])));
    assert_eq!(members.remove("id_token_signing_alg_values_supported"), Some(serde_json::json!(["RS256"])));
    assert_eq!(found, lab.get("/.well-known/oauth-authorization-server").await.json());
}

fn preflight(path: &str, wanted: &str) -> Request<Body> {
    Request::options(path)
        .header("origin", "http://localhost:3000")
        .header("access-control-request-method", wanted)
        .header("access-control-request-headers", "content-type,mcp-protocol-version")
        .body(Body::empty())
        .unwrap()
}

/// Req: AS-15, D19
#[tokio::test]
async fn pages_of_any_origin_may_read_documents_and_tokens() {
    let lab = Lab::start().await;
    for (path, wanted) in [
        ("/.well-known/oauth-authorization-server", "GET"),
        ("/.well-known/openid-configuration", "GET"),
        ("/jwks", "GET"),
        ("/token", "POST"),
        ("/revoke", "POST"),
        ("/register", "POST"),
    ] {
        let answer = lab.send(preflight(path, wanted)).await;
        assert!(answer.status.is_success(), "{path}: {answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert!(answer.header("access-control-allow-methods").contains(wanted), "{path}");
        assert!(!answer.headers.contains_key("access-control-allow-credentials"), "{path}");
    }
    let token = lab.send(preflight("/token", "POST")).await;
    assert_eq!(token.header("access-control-allow-headers"), "content-type,authorization,dpop");
    let document = lab.send(preflight("/jwks", "GET")).await;
    assert_eq!(document.header("access-control-allow-headers"), "mcp-protocol-version");
}

/// Req: AS-15, D19
#[tokio::test]
async fn refusals_can_be_read_by_pages_too() {
    let lab = Lab::start().await;
    for request in [
        Request::post("/token").header("origin", "http://localhost:3000").body(Body::empty()).unwrap(),
        Request::get("/token").header("origin", "http://localhost:3000").body(Body::empty()).unwrap(),
        Request::post("/revoke").header("origin", "http://localhost:3000").body(Body::empty()).unwrap(),
        Request::post("/jwks").header("origin", "http://localhost:3000").body(Body::empty()).unwrap(),
    ] {
        let answer = lab.send(request).await;
        assert!(answer.status.is_client_error());
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{answer:?}");
    }
}

/// Req: AS-73, D19
#[tokio::test]
async fn no_page_of_another_origin_may_read_the_pages_for_people() {
    let lab = Lab::start().await;
    for path in ["/authorize", "/sign-in", "/consent", "/sign-out", "/grants", "/grants/revoke", "/"] {
        for request in [
            preflight(path, "POST"),
            Request::get(path).header("origin", "http://localhost:3000").body(Body::empty()).unwrap(),
        ] {
            let answer = lab.send(request).await;
            let cors = answer.headers.keys().find(|name| name.as_str().starts_with("access-control-"));
            assert_eq!(cors, None, "{path}");
        }
    }
}

/// Req: AS-72, AS-110, A23
#[tokio::test]
async fn other_methods_are_refused_with_the_allowed_ones() {
    let lab = Lab::start().await;
    for (wrong, path, allowed) in [
        (Method::PUT, "/authorize", "GET"),
        (Method::POST, "/authorize", "GET"),
        (Method::DELETE, "/consent", "GET,HEAD,POST"),
        (Method::GET, "/sign-out", "POST"),
        (Method::GET, "/grants/revoke", "POST"),
        (Method::GET, "/grants/sign-out-everywhere", "POST"),
        (Method::POST, "/grants", "GET,HEAD"),
        (Method::DELETE, "/sign-in", "GET,HEAD,POST"),
        (Method::GET, "/token", "POST"),
        (Method::GET, "/revoke", "POST"),
        (Method::GET, "/introspect", "POST"),
        (Method::POST, "/jwks", "GET,HEAD"),
    ] {
        let answer = lab.send(method(&wrong, path)).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{wrong} {path}");
        assert_eq!(answer.header("allow"), allowed, "{wrong} {path}");
    }
}

/// Req: AS-98, AS-101, A20, B03
#[tokio::test]
async fn no_page_can_be_framed_kept_or_followed_back() {
    let lab = Lab::with(settings_with_a_password()).await;
    let mut browser = lab.browser();
    let sign_in = browser.sign_in_page(&lab.request()).await;
    let form = Form::find(&sign_in.body, "/sign-in").fill("name", "ada").fill("password", "wrong");
    let wrong_password = browser.submit(&form).await;
    assert_eq!(wrong_password.status, StatusCode::FORBIDDEN);
    let forged = browser.submit(&form.clone().without("csrf")).await;
    let mut too_many = browser.submit(&form).await;
    while too_many.status == StatusCode::FORBIDDEN {
        too_many = browser.submit(&form).await;
    }
    assert_eq!(too_many.status, StatusCode::TOO_MANY_REQUESTS);
    let mut bob = lab.browser();
    let consent = bob.consent_page(&lab.request(), "bob").await;
    let grants = bob.get("/grants").await;
    let refusal = lab.get("/authorize").await;
    let missing = lab.get("/nothing").await;
    let wrong_method = lab.send(method(&Method::PUT, "/consent")).await;
    let (home, to_sign_in) = (lab.get("/").await, lab.get("/sign-in").await);
    for page in [
        sign_in,
        wrong_password,
        forged,
        too_many,
        consent,
        grants,
        refusal,
        missing,
        wrong_method,
        home,
        to_sign_in,
    ] {
        assert_eq!(page.header("x-frame-options"), "DENY", "{page:?}");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'self';"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
        assert!(!page.body.contains("<script") && !page.body.contains("style="), "{}", page.body);
    }
}

#[tokio::test]
async fn the_front_page_and_its_stylesheet_are_there() {
    let lab = Lab::start().await;
    lab.get("/").await.is_page(StatusCode::OK, "Weather server");
    assert_eq!(
        lab.get("/assets/authorization-server.css").await.header("content-type"),
        "text/css; charset=utf-8"
    );
    assert_eq!(lab.get("/assets/authorization-server.svg").await.status, StatusCode::OK);
    lab.get("/nothing").await.is_page(StatusCode::NOT_FOUND, "no such page");
}
