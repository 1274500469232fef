//! Who may read and steer the lab: its own page, and programs on this machine. No other page can, whatever a browser
//! would let it send.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, HeaderName, ORIGIN};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

/// What a browser says about where a request comes from; pages cannot set it.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses requests of other pages.
///
/// - Whoever changes something has to name one of `origins` in `Origin`: each browser adds that header to a POST or PUT,
///   and no page can write it.
/// - Whoever reads must not come from another site or port, if the browser says where from.
///
/// Spec: Fetch (`Origin`); Fetch Metadata Request Headers §2.3.
pub(super) async fn only(State(origins): State<Arc<[String]>>, request: Request, next: Next) -> Response {
    if !may_pass(request.method(), request.headers(), &origins) {
        return (StatusCode::FORBIDDEN, "Only the lab's own page may do this.\n").into_response();
    }
    let mut response = next.run(request).await;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn may_pass(method: &Method, headers: &HeaderMap, origins: &[String]) -> bool {
    let is_own = |origin: &HeaderValue| origins.iter().any(|own| own.as_bytes() == origin.as_bytes());
    let is_near = |site: &HeaderValue| site == "same-origin" || site == "none";
    let reads = method == Method::GET || method == Method::HEAD;
    let mut named = headers.get_all(ORIGIN).iter();
    (reads || named.next().is_some_and(is_own) && named.next().is_none())
        && headers.get_all(SEC_FETCH_SITE).iter().all(is_near)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(method: &Method, headers: &[(HeaderName, &'static str)]) -> bool {
        let headers = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        let mut map = HeaderMap::new();
        map.extend(headers);
        may_pass(method, &map, &["http://localhost:3000".to_owned(), "http://127.0.0.1:3000".to_owned()])
    }

    #[test]
    fn the_page_and_programs_may_read() {
        assert!(passes(&Method::GET, &[]), "a terminal");
        assert!(passes(&Method::GET, &[(SEC_FETCH_SITE, "same-origin")]));
        assert!(passes(&Method::GET, &[(SEC_FETCH_SITE, "none")]), "typed into the address bar");
        for site in ["cross-site", "same-site", ""] {
            assert!(!passes(&Method::GET, &[(SEC_FETCH_SITE, site)]), "{site}");
        }
    }

    #[test]
    fn only_the_page_may_change_something() {
        let own = (ORIGIN, "http://localhost:3000");
        for method in [Method::POST, Method::PUT, Method::DELETE] {
            assert!(passes(&method, std::slice::from_ref(&own)));
            assert!(!passes(&method, &[]), "a form of another page, in an old browser");
            for origin in ["http://localhost:9000", "null", "http://localhost:3000.evil.example", ""] {
                assert!(!passes(&method, &[(ORIGIN, origin)]), "{origin}");
            }
            assert!(!passes(&method, &[own.clone(), (ORIGIN, "http://evil.example")]));
            assert!(!passes(&method, &[own.clone(), (SEC_FETCH_SITE, "cross-site")]));
        }
    }
}
