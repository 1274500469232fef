//! How clients prove at the token endpoint who they are: each by its own method, and by one.

use backend::authorization_server::Settings;
use backend::store::{Client, ClientAuthentication, SecretHash};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use http::header::AUTHORIZATION;
use protocol::basic_credentials::BasicCredentials;
use protocol::ids::{ClientId, RedirectUri};
use protocol::secret::Secret;

use crate::support::{Answered, Lab, encode, post_form, settings, with};

const WEB: &str = "https://desk.example/callback";
/// What has to be encoded before it stands in a header.
const ODD: &str = "desk: 100% +";
const SECRET: &str = "a b:c%é+";

async fn lab() -> Lab {
    let hash = || SecretHash::of_text(SECRET);
    let client = |id: &str, authentication| {
        let redirect_uris = vec![RedirectUri::parse(WEB).unwrap()];
        Client::configured(ClientId::parse(id).unwrap(), id, redirect_uris, authentication)
    };
    let clients = vec![
        client("public", ClientAuthentication::None),
        client("basic", ClientAuthentication::ClientSecretBasic(hash())),
        client("post", ClientAuthentication::ClientSecretPost(hash())),
        client(ODD, ClientAuthentication::ClientSecretBasic(hash())),
    ];
    Lab::with(Settings { clients, ..settings() }).await
}

fn basic(id: &str, secret: &str) -> String {
    let credentials = BasicCredentials { id: id.to_owned(), secret: Secret::new(secret) };
    credentials.to_header().reveal().to_owned()
}

fn raw(joined: &[u8]) -> String {
    format!("Basic {}", STANDARD.encode(joined))
}

async fn token(lab: &Lab, parameters: &[(String, String)], headers: &[&str]) -> Answered {
    let mut request = post_form("/token", &encode(parameters));
    for header in headers {
        request.headers_mut().append(AUTHORIZATION, header.parse().unwrap());
    }
    lab.send(request).await
}

/// Req: AS-20, AS-111, AS-112, D10
#[tokio::test]
async fn id_and_secret_are_form_decoded_and_the_scheme_has_no_case() {
    let lab = lab().await;
    for (id, header) in [
        ("basic", basic("basic", SECRET)),
        ("basic", basic("basic", SECRET).replace("Basic", "BASIC")),
        ("basic", basic("basic", SECRET).replace("Basic ", "basic   ")),
        (ODD, basic(ODD, SECRET)),
    ] {
        let exchange = lab.exchange_as(&lab.code_as(id, WEB).await, id, WEB);
        let answer = token(&lab, &exchange, &[&header]).await;
        assert_eq!(answer.status, StatusCode::OK, "{header}: {answer:?}");
    }
    let exchange = lab.exchange_as(&lab.code_as("basic", WEB).await, "basic", WEB);
    let without_client_id = with(exchange, "client_id", None);
    let answer = token(&lab, &without_client_id, &[&basic("basic", SECRET)]).await;
    assert_eq!(answer.status, StatusCode::OK, "the header names the client: {answer:?}");
}

/// Req: AS-111, AS-124, D10, X-40
#[tokio::test]
async fn wrong_credentials_are_refused_by_the_scheme_that_was_tried_and_burn_nothing() {
    let lab = lab().await;
    let exchange = lab.exchange_as(&lab.code_as("basic", WEB).await, "basic", WEB);
    for header in [
        basic("basic", "wrong"),
        basic("basic", ""),
        basic("basic", &SECRET.to_uppercase()),
        basic("nobody", SECRET),
        basic("post", SECRET),
        basic("public", SECRET),
        basic("", SECRET),
        raw(b"basic"),
        raw(b"basic:%"),
        raw(b"basic:%zz"),
        raw(b"b%FF:x"),
        raw(b"\xff:x"),
        "Basic".to_owned(),
        "Basic ".to_owned(),
        "Basic %%%".to_owned(),
        "Basic YmFzaWM6eA".to_owned(),
        "Negotiate YmFzaWM6eA==".to_owned(),
    ] {
        let answer = token(&lab, &with(exchange.clone(), "client_id", None), &[&header]).await;
        answer.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
        assert!(answer.header("www-authenticate").starts_with("Basic realm="), "{header}: {answer:?}");
    }
    for (header, scheme) in [("Bearer x", "Bearer realm="), ("DPoP x", "DPoP realm=")] {
        let answer = token(&lab, &exchange, &[header]).await;
        answer.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
        assert!(answer.header("www-authenticate").starts_with(scheme), "{answer:?}");
    }
    let good = token(&lab, &exchange, &[&basic("basic", SECRET)]).await;
    assert_eq!(good.status, StatusCode::OK, "{good:?}");
}

/// Req: AS-27, AS-111, AS-112, D10
#[tokio::test]
async fn the_declared_method_is_the_only_one() {
    let lab = lab().await;
    for (id, header, secret) in [
        ("public", Some(basic("public", SECRET)), None),
        ("public", None, Some(SECRET)),
        ("basic", None, None),
        ("basic", None, Some(SECRET)),
        ("post", None, None),
        ("post", Some(basic("post", SECRET)), None),
        ("post", None, Some("wrong")),
    ] {
        let exchange = with(lab.exchange_as(&lab.code_as(id, WEB).await, id, WEB), "client_secret", secret);
        let headers: Vec<_> = header.iter().map(String::as_str).collect();
        let answer = token(&lab, &exchange, &headers).await;
        answer.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
        assert_eq!(answer.headers.contains_key("www-authenticate"), header.is_some(), "{id}: {answer:?}");
        let description = answer.json()["error_description"].as_str().unwrap().to_owned();
        assert_eq!(description.contains("is public"), id == "public", "{description}");
    }
    let public = lab.exchange_as(&lab.code_as("public", WEB).await, "public", WEB);
    assert_eq!(token(&lab, &public, &[]).await.status, StatusCode::OK, "no secret is asked of it");
    let post = lab.exchange_as(&lab.code_as("post", WEB).await, "post", WEB);
    let post = with(post, "client_secret", Some(SECRET));
    assert_eq!(token(&lab, &post, &[]).await.status, StatusCode::OK);
}

/// Req: AS-111, D10
#[tokio::test]
async fn two_methods_at_once_are_refused_even_if_both_are_right() {
    let lab = lab().await;
    let exchange = lab.exchange_as(&lab.code_as("basic", WEB).await, "basic", WEB);
    let header = basic("basic", SECRET);
    let secret = with(exchange.clone(), "client_secret", Some(SECRET));
    let assertion = with(exchange.clone(), "client_assertion", Some("a.b.c"));
    for (parameters, headers) in [
        (&secret, vec![header.as_str()]),
        (&assertion, vec![header.as_str()]),
        (&with(secret.clone(), "client_assertion", Some("a.b.c")), vec![]),
        (&exchange, vec![header.as_str(), header.as_str()]),
    ] {
        let answer = token(&lab, parameters, &headers).await;
        answer.is_denied(StatusCode::BAD_REQUEST, "invalid_request");
    }
    let mut twice = secret.clone();
    twice.push(("client_secret".into(), SECRET.into()));
    token(&lab, &twice, &[]).await.is_denied(StatusCode::BAD_REQUEST, "invalid_request");
    let other = token(&lab, &with(exchange.clone(), "client_id", Some("post")), &[&header]).await;
    other.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
    assert_eq!(token(&lab, &exchange, &[&header]).await.status, StatusCode::OK);
}

/// Req: AS-113, X-23, AS-111
#[tokio::test]
async fn who_a_client_is_and_what_it_was_given_are_two_questions() {
    let lab = lab().await;
    let code = lab.code_as("basic", WEB).await;
    let as_other = with(lab.exchange_as(&code, "post", WEB), "client_secret", Some(SECRET));
    token(&lab, &as_other, &[]).await.is_denied(StatusCode::BAD_REQUEST, "invalid_grant");
    let as_public = lab.exchange_as(&code, "public", WEB);
    token(&lab, &as_public, &[]).await.is_denied(StatusCode::BAD_REQUEST, "invalid_grant");
    let stranger = lab.exchange(&code);
    token(&lab, &stranger, &[]).await.is_denied(StatusCode::BAD_REQUEST, "invalid_grant");
    assert_eq!(lab.client.hits(), 0, "nothing is fetched for somebody who has nothing");

    let unknown = lab.exchange_as("no-such-code", "basic", WEB);
    let header = basic("basic", SECRET);
    token(&lab, &unknown, &[&header]).await.is_denied(StatusCode::BAD_REQUEST, "invalid_grant");
    let wrong = basic("basic", "wrong");
    token(&lab, &unknown, &[&wrong]).await.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
    let of_nobody = with(stranger, "client_secret", Some("s"));
    token(&lab, &of_nobody, &[]).await.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");

    let right = lab.exchange_as(&code, "basic", WEB);
    assert_eq!(token(&lab, &right, &[&header]).await.status, StatusCode::OK, "nothing was burned");
}

/// Req: AS-111, E10
#[tokio::test]
async fn a_confidential_client_proves_itself_to_refresh_and_to_revoke_too() {
    let lab = lab().await;
    let header = basic("basic", SECRET);
    let exchange = lab.exchange_as(&lab.code_as("basic", WEB).await, "basic", WEB);
    let tokens = token(&lab, &exchange, &[&header]).await.json();
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let parameters =
        |pairs: [(&str, &str); 3]| pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let refresh = parameters([
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token),
        ("client_id", "basic"),
    ]);
    for headers in [vec![], vec![basic("basic", "wrong")]] {
        let headers: Vec<_> = headers.iter().map(String::as_str).collect();
        token(&lab, &refresh, &headers).await.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    let refreshed = token(&lab, &refresh, &[&header]).await;
    assert_eq!(refreshed.status, StatusCode::OK, "the token was not used up: {refreshed:?}");

    let newest = refreshed.json()["refresh_token"].as_str().unwrap().to_owned();
    let give_back = encode(&parameters([("token", &newest), ("client_id", "basic"), ("x", "y")]));
    let unproven = lab.send(post_form("/revoke", &give_back)).await;
    unproven.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
    let again = refresh.clone().map(|(name, value)| {
        let value = if name == "refresh_token" { newest.clone() } else { value };
        (name, value)
    });
    assert_eq!(token(&lab, &again, &[&header]).await.status, StatusCode::OK, "nothing was revoked");
}
