//! The page's own server: the files that trunk built, where the servers are, and what else the lab answers there.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST,
    HeaderName, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tower_http::services::ServeDir;

use super::addresses::Addresses;
use super::clients::PREREGISTERED;

struct Page {
    addresses: Addresses,
    folder: PathBuf,
    /// As it was read last.
    index: Mutex<Arc<Index>>,
    lab: String,
}

impl Page {
    /// The document as it is now: the page may be built anew while the lab runs, and then its scripts have other names.
    fn index(&self) -> Arc<Index> {
        let mut kept = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        let written = written(&self.folder);
        if kept.written != written {
            *kept = Arc::new(Index::read(&self.folder, written));
        }
        Arc::clone(&kept)
    }
}

/// The page's one document, as trunk built it, and as it was compressed. It is kept, because the policy that goes with it
/// names what stands in it.
struct Index {
    /// `None`: the page is not built.
    text: Option<String>,
    brotli: Option<Vec<u8>>,
    gzip: Option<Vec<u8>>,
    policy: HeaderValue,
    written: [Option<SystemTime>; 3],
}

/// The document, and its compressed forms.
const INDEX_FILES: [&str; 3] = ["index.html", "index.html.br", "index.html.gz"];

/// When each of them was written.
fn written(folder: &Path) -> [Option<SystemTime>; 3] {
    INDEX_FILES.map(|name| std::fs::metadata(folder.join(name)).and_then(|found| found.modified()).ok())
}

impl Index {
    fn read(folder: &Path, written: [Option<SystemTime>; 3]) -> Self {
        let [text, brotli, gzip] = INDEX_FILES.map(|name| std::fs::read(folder.join(name)).ok());
        let text = text.and_then(|text| String::from_utf8(text).ok());
        let policy = content_security_policy(text.as_deref().unwrap_or_default());
        Self { text, brotli, gzip, policy, written }
    }

    /// In the best form that the browser takes.
    fn answer(&self, request: &HeaderMap) -> Response {
        let Some(text) = &self.text else { return not_built() };
        let forms = [("br", &self.brotli), ("gzip", &self.gzip)];
        let taken = forms.into_iter().find_map(|(coding, form)| {
            let bytes = form.as_ref().filter(|_| takes(request, coding))?;
            Some((coding, bytes.clone()))
        });
        let html = (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        let vary = (VARY, HeaderValue::from_static("accept-encoding"));
        match taken {
            Some((coding, bytes)) => {
                let coding = (CONTENT_ENCODING, HeaderValue::from_static(coding));
                ([html, vary, coding], bytes).into_response()
            }
            None => ([html, vary], text.clone()).into_response(),
        }
    }
}

fn not_built() -> Response {
    let text = "<!doctype html><html lang=en><title>MCP Auth Lab</title><h1>The page is not built</h1>\
                <p>Start the lab with <code>just demo</code>, which builds it, or name its folder with \
                <code>--page-dir</code>.";
    (StatusCode::SERVICE_UNAVAILABLE, Html(text)).into_response()
}

/// Whether a browser takes a content coding: it names it, and not with `q=0`.
///
/// Spec: RFC 9110 §12.5.3.
fn takes(request: &HeaderMap, coding: &str) -> bool {
    let lists = request.get_all(ACCEPT_ENCODING).iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|item| {
        let (name, weight) = item.split_once(';').unwrap_or((item, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.trim().parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case(coding) && weight.is_some_and(|weight| weight > 0.0)
    })
}

/// The router of the page. The folder's index is read when it was written; its other files are served as they are. `boot`
/// names this start of the lab, and `lab` is what else there is to ask on this server.
pub(super) fn router(folder: &Path, addresses: &Addresses, boot: &str, lab: Router) -> Router {
    let page = Arc::new(Page {
        folder: folder.to_owned(),
        index: Mutex::new(Arc::new(Index::read(folder, written(folder)))),
        lab: json!({
            "mcp_server": addresses.mcp_server,
            "authorization_server": addresses.authorization_server,
            "rogue": addresses.rogue,
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

async fn index_page(State(page): State<Arc<Page>>, request: HeaderMap) -> Response {
    let index = page.index();
    // This one, whatever is written meanwhile: it names what stands in this document.
    ([(CONTENT_SECURITY_POLICY, index.policy.clone())], index.answer(&request)).into_response()
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
    let hashed = is_hashed(request.uri().path());
    let mut response = next.run(request).await;
    let hashed = hashed && response.status().is_success();
    let headers = response.headers_mut();
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static(if hashed {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    }));
    headers.entry(CONTENT_SECURITY_POLICY).or_insert_with(|| page.index().policy.clone());
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
    response
}

/// Whether a name changes with its file. Trunk puts a hash behind the name of every file at the top but the index, the
/// workbench and what starts it. The texts of the lessons keep their names (`/lessons/2025-11-25/step-up.json`): a browser
/// has to ask whether they are still the same.
fn is_hashed(path: &str) -> bool {
    let name = path.strip_prefix('/').unwrap_or(path);
    name.contains('-') && name.contains('.') && !name.contains('/')
}

/// Only the page's own files, WebAssembly, what stands in its document by its hash (trunk's script, the style), and
/// connections to loopback.
///
/// Spec: MCP Security Best Practices (content security policy of web clients).
fn content_security_policy(index: &str) -> HeaderValue {
    let hashes = |element| {
        let hash = |text: &str| format!(" 'sha256-{}'", base64(&Sha256::digest(text.as_bytes())));
        inline(index, element).map(hash).collect::<String>()
    };
    let (scripts, styles) = (hashes("script"), hashes("style"));
    let policy = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{scripts}; style-src 'self'{styles}; img-src 'self' data:; \
         connect-src 'self' http://localhost:* http://127.0.0.1:*; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    // Base64 and fixed text: always a legal header value.
    HeaderValue::from_str(&policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
}

/// The texts of the elements of a name that hold their text themselves.
fn inline<'a>(index: &'a str, element: &str) -> impl Iterator<Item = &'a str> {
    let (start, end) = (format!("<{element}"), format!("</{element}>"));
    let elements: Vec<_> = index.split(&start).skip(1).collect();
    elements.into_iter().filter_map(move |rest| {
        let (attributes, rest) = rest.split_once('>')?;
        let (text, _) = rest.split_once(&end)?;
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
    fn the_policy_allows_what_stands_in_the_document_by_its_hash() {
        let index = "<style>p{color:red}</style><script type=\"module\">import init from '/x.js';</script>\
                     <script src=\"/y.js\"></script>";
        let policy = content_security_policy(index);
        let policy = policy.to_str().unwrap();
        let hash = |text: &str| base64(&Sha256::digest(text));
        let script = hash("import init from '/x.js';");
        assert!(policy.contains(&format!("script-src 'self' 'wasm-unsafe-eval' 'sha256-{script}';")));
        assert!(policy.contains(&format!("style-src 'self' 'sha256-{}';", hash("p{color:red}"))));
        assert!(!policy.contains("unsafe-inline"));
    }

    #[test]
    fn only_a_name_with_a_hash_is_kept_unasked() {
        for path in ["/web-client-73bcaad264efd180_bg.wasm", "/page-2c446fc12a153f19.svg"] {
            assert!(is_hashed(path), "{path}");
        }
        for path in ["/", "/workbench_bg.wasm", "/start_workbench.js", "/lessons/2025-11-25/step-up.json"] {
            assert!(!is_hashed(path), "{path}");
        }
    }

    #[test]
    fn a_coding_is_taken_that_is_named_and_not_refused() {
        let taken = |list: &'static str, coding| {
            takes(&HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(list))]), coding)
        };
        assert!(taken("gzip, deflate, br, zstd", "br"));
        assert!(taken("gzip;q=0.5", "gzip"));
        assert!(!taken("gzip, br;q=0", "br"));
        assert!(!taken("brotli", "br"));
        assert!(!takes(&HeaderMap::new(), "br"));
    }
}
