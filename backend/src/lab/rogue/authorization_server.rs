//! The authorization server of a rogue: asks nobody, and grants whatever is asked for.

use std::sync::Arc;

use axum::extract::RawQuery;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use flow::lessons::attacks::Twist;
use http::header::{CACHE_CONTROL, LOCATION, SET_COOKIE};
use http::{HeaderValue, StatusCode};
use protocol::query::{self, Parameters};
use protocol::{base64url, base64url_decode};
use serde_json::{Value, json};

use super::place::{Rogue, Site};
use super::token::{self, LEAST};

/// Somebody else's host. Nobody is sent there: a client that would go has been caught.
const ELSEWHERE: &str = "http://attacker.example";

/// What programs ask.
pub(super) fn router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/.well-known/oauth-authorization-server/{twist}/{attempt}", get(metadata))
        .route("/{twist}/{attempt}/token", post(token))
        .route("/{twist}/{attempt}/register", post(register))
        .route("/{twist}/{attempt}/revoke", post(revoke))
        .route("/{twist}/{attempt}/introspect", post(introspect))
        .with_state(site)
}

/// Where browsers are sent.
pub(super) fn for_browsers(site: Arc<Site>) -> Router {
    Router::new().route("/{twist}/{attempt}/authorize", get(authorize).post(decided)).with_state(site)
}

async fn metadata(rogue: Rogue) -> Response {
    let issuer = rogue.issuer();
    let mut metadata = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "registration_endpoint": format!("{issuer}/register"),
        "revocation_endpoint": format!("{issuer}/revoke"),
        "code_challenge_methods_supported": ["S256"],
        "client_id_metadata_document_supported": true,
        "authorization_response_iss_parameter_supported": true,
    });
    match rogue.twist {
        Twist::OtherIssuer => metadata["issuer"] = rogue.site.honest_issuer.as_str().into(),
        Twist::NoPkce => metadata["code_challenge_methods_supported"] = Value::Null,
        Twist::PlainPkce => metadata["code_challenge_methods_supported"] = json!(["plain"]),
        Twist::ScriptEndpoint => {
            metadata["authorization_endpoint"] = "javascript:alert(document.cookie)".into();
        }
        Twist::PlainTokenEndpoint => metadata["token_endpoint"] = format!("{ELSEWHERE}/token").into(),
        Twist::TwoIssuers => {
            let other = format!("{{\"issuer\":{},", json!(rogue.site.honest_issuer));
            return json_text(metadata.to_string().replacen('{', &other, 1));
        }
        Twist::DeepMetadata => {
            let deep = format!("{{\"x\":{}{},", "[".repeat(5000), "]".repeat(5000));
            return json_text(metadata.to_string().replacen('{', &deep, 1));
        }
        _ => {}
    }
    if let Some(members) = metadata.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    Json(metadata).into_response()
}

fn json_text(text: String) -> Response {
    ([("content-type", "application/json")], text).into_response()
}

/// Sends the browser back at once, with a code; or shows the page of somebody who asks and does not listen.
async fn authorize(rogue: Rogue, RawQuery(asked): RawQuery) -> Response {
    let asked = asked.unwrap_or_default();
    match rogue.twist {
        Twist::Lax => ask(&rogue, &asked),
        Twist::MixUp => ask_honest_server(&rogue, &Parameters::parse(&asked)),
        _ => allow(&rogue, &Parameters::parse(&asked)),
    }
}

/// A page with all that a consent page has.
fn ask(rogue: &Rogue, asked: &str) -> Response {
    let page = format!(
        "<!doctype html><title>Allow?</title><h1>Allow?</h1><form method=\"post\" action=\"{}/authorize\">\
         <input type=\"hidden\" name=\"request\" value=\"{}\"><input type=\"hidden\" name=\"csrf\" value=\"none\">\
         <button name=\"decision\" value=\"allow\">Allow</button>\
         <button name=\"decision\" value=\"deny\">Deny</button></form>",
        rogue.issuer(),
        base64url(asked.as_bytes()),
    );
    ([(SET_COOKIE, "session=none")], Html(page)).into_response()
}

/// Whatever was decided, and by whom.
async fn decided(rogue: Rogue, body: String) -> Response {
    let form = Parameters::parse(&body);
    let asked = form.get("request").ok().flatten().and_then(base64url_decode);
    let asked = asked.and_then(|asked| String::from_utf8(asked).ok()).unwrap_or_default();
    allow(&rogue, &Parameters::parse(&asked))
}

fn allow(rogue: &Rogue, asked: &Parameters) -> Response {
    let get = |name| asked.get(name).ok().flatten();
    let (code, iss) = (token::voucher(get("scope").unwrap_or(LEAST)), rogue.issuer());
    let answer = [("code", Some(code.as_str())), ("state", get("state")), ("iss", Some(iss.as_str()))];
    let answer = query::encode(answer.into_iter().filter_map(|(name, value)| Some((name, value?))));
    let back = get("redirect_uri").unwrap_or("http://127.0.0.1/callback");
    let separator = if back.contains('?') { '&' } else { '?' };
    sent_to(&format!("{back}{separator}{answer}"))
}

/// Sends the browser on to the honest authorization server, with the client's own request, for the honest MCP server. The
/// code that comes of it shall be redeemed here.
fn ask_honest_server(rogue: &Rogue, asked: &Parameters) -> Response {
    let asked = asked.iter().map(|(name, value)| match name {
        "resource" => (name, rogue.site.honest_resource.as_str()),
        _ => (name, value),
    });
    sent_to(&format!("{}/authorize?{}", rogue.site.honest_issuer, query::encode(asked)))
}

/// The text stays as it is. What cannot stand in a header leads nowhere.
fn sent_to(url: &str) -> Response {
    match HeaderValue::from_str(url) {
        Ok(location) => (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// Takes any code and any refresh token for what it says.
async fn token(rogue: Rogue, body: String) -> Response {
    if rogue.twist == Twist::TokenRedirect {
        return Redirect::temporary(&format!("{ELSEWHERE}/token")).into_response();
    }
    let form = Parameters::parse(&body);
    let get = |name| form.get(name).ok().flatten();
    let voucher = get("code").or_else(|| get("refresh_token")).unwrap_or_default();
    let scope = token::redeemed(voucher).unwrap_or_else(|| get("scope").unwrap_or(LEAST).to_owned());
    let mut answer = json!({
        "access_token": token::access_token(&rogue, &scope, voucher),
        "token_type": "Bearer",
        "expires_in": 600,
        "scope": scope,
        "refresh_token": token::next(voucher, &scope),
    });
    match rogue.twist {
        Twist::NoTokenType => {
            if let Some(members) = answer.as_object_mut() {
                members.remove("token_type");
            }
        }
        Twist::OtherTokenType => answer["token_type"] = "DPoP".into(),
        Twist::TokenLineBreak => answer["access_token"] = "rogue\r\nx-forwarded-user: admin".into(),
        Twist::WiderScope => answer["scope"] = format!("{scope} weather:read notes:write").into(),
        _ => {}
    }
    ([(CACHE_CONTROL, "no-store")], Json(answer)).into_response()
}

/// Gives anybody an id.
async fn register(_: Rogue, body: String) -> Response {
    let mut client: Value = serde_json::from_str(&body).unwrap_or_else(|_| json!({}));
    client["client_id"] = "somebody".into();
    (StatusCode::CREATED, Json(client)).into_response()
}

async fn revoke(_: Rogue) -> Json<Value> {
    Json(json!({}))
}

/// Tells anybody that every token is good.
async fn introspect(_: Rogue) -> Json<Value> {
    Json(json!({ "active": true }))
}
