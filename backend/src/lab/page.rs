//! The page's own server: the files that trunk built, where the servers are, and what else the lab answers there.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderValue, StatusCode};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tower_http::services::ServeDir;

use super::addresses::Addresses;
use super::clients::PREREGISTERED;

struct Page {
    addresses: Addresses,
    index: Option<String>,
    policy: HeaderValue,
    lab: String,
}

/// The router of the page. The folder is read once for the index; its other files are served as they are. `boot` names
/// this start of the lab, and `lab` is what else there is to ask on this server.
pub(super) fn router(folder: &Path, addresses: &Addresses, boot: &str, lab: Router) -> Router {
    let index = std::fs::read_to_string(folder.join("index.html")).ok();
    let page = Arc::new(Page {
        policy: content_security_policy(index.as_deref().unwrap_or_default()),
        index,
        lab: json!({
            "mcp_server": addresses.mcp_server,
            "authorization_server": addresses.authorization_server,
            "version": env!("CARGO_PKG_VERSION"),
            "boot": boot,
            "preregistered_client_id": PREREGISTERED,
        })
        .to_string(),
        addresses: addresses.clone(),
    });
    let files =
        ServeDir::new(folder).precompressed_br().precompressed_gzip().append_index_html_on_directories(false);
    Router::new()
        .route("/", get(index_page))
        .route("/callback", get(index_page))
        .route("/lab.json", get(lab_json))
        .fallback_service(files)
        .with_state(Arc::clone(&page))
        .merge(lab)
        .layer(middleware::from_fn_with_state(page, headers))
}

async fn index_page(State(page): State<Arc<Page>>) -> Response {
    match &page.index {
        Some(index) => Html(index.clone()).into_response(),
        None => (
            StatusCode::SERVICE_UNAVAILABLE,
            Html(
                "<!doctype html><html lang=en><title>MCP Auth Lab</title><h1>The page is not built</h1>\
                 <p>Start the lab with <code>just demo</code>, which builds it, or name its folder with \
                 <code>--page-dir</code>.",
            ),
        )
            .into_response(),
    }
}

async fn lab_json(State(page): State<Arc<Page>>) -> Response {
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")], page.lab.clone()).into_response()
}

/// Refuses requests for other hosts (a rebound name), and adds what every answer of this server carries.
async fn headers(State(page): State<Arc<Page>>, request: Request, next: Next) -> Response {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    if !host.is_some_and(|host| page.addresses.is_page_host(host)) {
        return (StatusCode::FORBIDDEN, "This server has another name.\n").into_response();
    }
    // Trunk puts a hash into the name of every file but the index.
    let hashed = request.uri().path().contains('-') && request.uri().path().contains('.');
    let mut response = next.run(request).await;
    let hashed = hashed && response.status().is_success();
    let headers = response.headers_mut();
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static(if hashed {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    }));
    headers.insert(CONTENT_SECURITY_POLICY, page.policy.clone());
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
    response
}

/// Only the page's own files, WebAssembly, trunk's one inline script by its hash, and connections to loopback.
///
/// Spec: MCP Security Best Practices (content security policy of web clients).
fn content_security_policy(index: &str) -> HeaderValue {
    let hash = |script: &str| format!("'sha256-{}'", base64(&Sha256::digest(script.as_bytes())));
    let scripts: Vec<_> = ["'self'".to_owned(), "'wasm-unsafe-eval'".to_owned()]
        .into_iter()
        .chain(inline_scripts(index).map(hash))
        .collect();
    let scripts = scripts.join(" ");
    let policy = format!(
        "default-src 'none'; script-src {scripts}; style-src 'self'; img-src 'self' data:; \
         connect-src 'self' http://localhost:* http://127.0.0.1:*; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    // Base64 and fixed text: always a legal header value.
    HeaderValue::from_str(&policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
}

/// The texts of script elements without `src`.
fn inline_scripts(index: &str) -> impl Iterator<Item = &str> {
    index.split("<script").skip(1).filter_map(|rest| {
        let (attributes, rest) = rest.split_once('>')?;
        let (text, _) = rest.split_once("</script>")?;
        (!attributes.contains("src=")).then_some(text)
    })
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Req: CL-10
    #[test]
    fn the_policy_allows_the_one_inline_script_by_its_hash() {
        let index =
            r#"<script type="module">import init from '/x.js';</script><script src="/y.js"></script>"#;
        assert_eq!(inline_scripts(index).collect::<Vec<_>>(), ["import init from '/x.js';"]);
        let policy = content_security_policy(index);
        let policy = policy.to_str().unwrap();
        let hash = base64(&Sha256::digest("import init from '/x.js';"));
        assert!(policy.contains(&format!("script-src 'self' 'wasm-unsafe-eval' 'sha256-{hash}';")));
        assert!(!policy.contains("unsafe-inline"));
    }
}
