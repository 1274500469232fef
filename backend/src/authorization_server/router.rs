//! Which path leads where, grouped by who may read the answers and who may keep them.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, RETRY_AFTER,
    WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use tower_http::cors::{Any, CorsLayer};

use super::page_refusal::PageRefusal;
use super::state::Server;
use super::{
    assets, authorize, consent, grants, health, html, introspect, metadata, registration, revoke, sign_in,
    token,
};

/// What has to recover, recovers within seconds or by somebody's hand.
const RETRY_AFTER_SECONDS: &str = "5";

pub(super) fn router(server: Arc<Server>) -> Router {
    Router::new()
        .merge(documents())
        .merge(client_endpoints())
        .merge(resource_server_endpoint())
        .merge(assets())
        .merge(pages())
        .merge(health())
        .with_state(server)
        .layer(middleware::map_response(nosniff))
        .layer(middleware::map_response(retry_after))
}

/// Public documents: any page may read them, for a while also from its cache.
fn documents() -> Router<Arc<Server>> {
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET])
        .allow_headers([HeaderName::from_static("mcp-protocol-version")])
        .max_age(Duration::from_mins(10));
    Router::new()
        .route("/.well-known/oauth-authorization-server", get(metadata::get_metadata))
        .route("/.well-known/openid-configuration", get(metadata::get_openid_configuration))
        .route("/jwks", get(metadata::get_jwks))
        .layer(cors)
}

/// Clients in browsers call these by fetch, and must be able to read refusals too.
///
/// Spec: OAuth 2.1 §3.2 (CORS), §3.2.3 (no-store); RFC 7009 §2.3; RFC 7591 §3.2.1.
fn client_endpoints() -> Router<Arc<Server>> {
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::POST])
        .allow_headers([CONTENT_TYPE, AUTHORIZATION, HeaderName::from_static("dpop")])
        .expose_headers([WWW_AUTHENTICATE, RETRY_AFTER, HeaderName::from_static("dpop-nonce")])
        .max_age(Duration::from_mins(10));
    Router::new()
        .route("/token", post(token::post_token).fallback(token::wrong_method))
        .route("/revoke", post(revoke::post_revoke).fallback(token::wrong_method))
        .route("/register", post(registration::post_registration).fallback(registration::wrong_method))
        .layer(middleware::map_response(no_store))
        .layer(cors)
}

/// For servers only: no page has business here.
fn resource_server_endpoint() -> Router<Arc<Server>> {
    Router::new()
        .route("/introspect", post(introspect::post_introspect).fallback(introspect::wrong_method))
        .layer(middleware::map_response(no_store))
}

fn assets() -> Router<Arc<Server>> {
    Router::new()
        .route(assets::STYLESHEET_PATH, get(assets::stylesheet))
        .route(assets::ICON_PATH, get(assets::icon))
}

/// For the operator's tools: no CORS, no caches.
fn health() -> Router<Arc<Server>> {
    Router::new()
        .route("/healthz", get(health::get_healthz))
        .route("/readyz", get(health::get_readyz))
        .layer(middleware::map_response(no_store))
}

/// For people only: no CORS, no frames, no caches.
///
/// Spec: OAuth 2.1 §3.1 (no CORS), §7.10 (clickjacking).
fn pages() -> Router<Arc<Server>> {
    Router::new()
        .route("/", get(html::home))
        .route(
            "/authorize",
            // HEAD is named because axum would otherwise run the GET handler, which puts requests down.
            get(authorize::get_authorize).head(authorize::wrong_method).fallback(authorize::wrong_method),
        )
        .route("/sign-in", get(sign_in::get_sign_in).post(sign_in::post_sign_in))
        .route("/sign-out", post(sign_in::post_sign_out))
        .route("/consent", get(consent::get_consent).post(consent::post_consent))
        .route("/grants", get(grants::get_grants))
        .route("/grants/revoke", post(grants::post_revoke))
        .route("/grants/sign-out-everywhere", post(grants::post_sign_out_everywhere))
        .method_not_allowed_fallback(async || PageRefusal::WrongMethod)
        .fallback(async || PageRefusal::NoSuchPage)
        .layer(middleware::from_fn(page_headers))
}

async fn page_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    if !headers.contains_key(CONTENT_SECURITY_POLICY)
        && let Ok(policy) = HeaderValue::from_str(&html::content_security_policy(None))
    {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

async fn no_store(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Whoever is told "not now" is told when.
///
/// Spec: RFC 9110 §15.6.4.
async fn retry_after(mut response: Response) -> Response {
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        let seconds = HeaderValue::from_static(RETRY_AFTER_SECONDS);
        response.headers_mut().entry(RETRY_AFTER).or_insert(seconds);
    }
    response
}

async fn nosniff(mut response: Response) -> Response {
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
