//! Client ID Metadata Documents: fetched, validated, kept for a while.
//!
//! Spec: Client ID Metadata Document draft -00 §4, draft -01 §4, §6; MCP 2025-11-25 Authorization.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderMap;
use http::header::{AGE, CACHE_CONTROL, CONTENT_TYPE, DATE, EXPIRES};
use protocol::cimd::{ClientIdUrl, ClientMetadataDocument, MAX_DOCUMENT_BYTES};
use protocol::ids::UnixTime;

use super::page_refusal::PageRefusal;
use crate::clock::Clock;
use crate::outbound::{FetchError, Fetched, Outbound};

/// How many documents are kept at most.
const MAX_KEPT: usize = 1000;
/// How many fetches run at once, for all hosts and for one: a slow host cannot take the slots of the others.
const MAX_FETCHES: usize = 32;
const MAX_FETCHES_PER_HOST: usize = 4;

/// How long a document is kept: as its headers say, within bounds.
#[derive(Clone, Copy, Debug)]
struct Freshness {
    floor: u64,
    unless_said: u64,
    ceiling: u64,
}

/// Headers cannot make this server fetch at every request, nor keep an outdated list of redirect URIs for years.
const ON_THE_WEB: Freshness = Freshness { floor: 30, unless_said: 300, ceiling: 24 * 3600 };
/// On loopback somebody is changing the document right now and wants to see what happens.
const ON_LOOPBACK: Freshness = Freshness { floor: 1, unless_said: 1, ceiling: 5 };

struct Kept {
    document: Arc<ClientMetadataDocument>,
    fresh_until: UnixTime,
}

/// The documents of all clients that were seen lately.
pub(super) struct Documents {
    outbound: Outbound,
    clock: Arc<dyn Clock>,
    own_authority: String,
    kept: Mutex<HashMap<ClientIdUrl, Kept>>,
    fetching: Mutex<HashMap<String, usize>>,
}

impl Documents {
    pub(super) fn new(outbound: Outbound, clock: Arc<dyn Clock>, own_authority: String) -> Self {
        Self { outbound, clock, own_authority, kept: Mutex::default(), fetching: Mutex::default() }
    }

    /// The validated document of a client: kept, or else fetched. Only what passed every rule is kept.
    pub(super) async fn get(&self, url: &ClientIdUrl) -> Result<Arc<ClientMetadataDocument>, PageRefusal> {
        if url.authority().eq_ignore_ascii_case(&self.own_authority) {
            return Err(PageRefusal::OwnAddressAsClientId);
        }
        if let Some(document) = self.find_kept(url) {
            return Ok(document);
        }
        let slot = Slot::take(&self.fetching, url.authority()).ok_or(PageRefusal::DocumentBusy)?;
        let fetched = self.outbound.get(url.as_str(), MAX_DOCUMENT_BYTES).await.map_err(refusal)?;
        drop(slot);
        if !is_json(&fetched.headers) {
            return Err(PageRefusal::DocumentContentType);
        }
        let document =
            ClientMetadataDocument::validate(url, &fetched.body).map_err(PageRefusal::BadDocument)?;
        Ok(self.keep(url, document, &fetched))
    }

    /// The validated document of a client, if it was fetched lately.
    pub(super) fn find_kept(&self, url: &ClientIdUrl) -> Option<Arc<ClientMetadataDocument>> {
        let now = self.clock.now();
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(url).filter(|kept| kept.fresh_until > now).map(|kept| Arc::clone(&kept.document))
    }

    fn keep(
        &self,
        url: &ClientIdUrl,
        document: ClientMetadataDocument,
        fetched: &Fetched,
    ) -> Arc<ClientMetadataDocument> {
        let now = self.clock.now();
        let document = Arc::new(document);
        let bounds = if url.as_str().starts_with("https://") { ON_THE_WEB } else { ON_LOOPBACK };
        let fresh_until = now.plus(bounds.seconds(&fetched.headers));
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_KEPT {
            kept.retain(|_, kept| kept.fresh_until > now);
        }
        if kept.len() >= MAX_KEPT {
            let oldest = kept.iter().min_by_key(|(_, kept)| kept.fresh_until).map(|(url, _)| url.clone());
            oldest.map(|url| kept.remove(&url));
        }
        kept.insert(url.clone(), Kept { document: Arc::clone(&document), fresh_until });
        document
    }
}

/// Strangers learn whether somebody answered, and what is wrong with the answer; not why nobody did.
fn refusal(error: FetchError) -> PageRefusal {
    match error {
        FetchError::Forbidden | FetchError::Unreachable | FetchError::Deadline => {
            tracing::info!(%error, "client metadata document not fetched");
            PageRefusal::DocumentUnavailable
        }
        FetchError::Status(status) => PageRefusal::DocumentStatus(status),
        FetchError::TooLong(_) => PageRefusal::DocumentTooLong,
    }
}

/// `application/json`, or `application/*+json`.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let media_type = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match media_type.strip_prefix("application/") {
        Some("json") => true,
        Some(subtype) => subtype.strip_suffix("+json").is_some_and(|name| !name.is_empty()),
        None => false,
    }
}

impl Freshness {
    fn seconds(self, headers: &HeaderMap) -> u64 {
        said(headers).unwrap_or(self.unless_said).clamp(self.floor, self.ceiling)
    }
}

/// What the headers say about freshness, in seconds from now.
///
/// Spec: RFC 9111 §4.2.1, §5.2.2, §5.3.
fn said(headers: &HeaderMap) -> Option<u64> {
    let text = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
    let directives: Vec<String> = headers
        .get_all(CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|directive| directive.trim().to_ascii_lowercase())
        .collect();
    if directives.iter().any(|directive| matches!(directive.as_str(), "no-store" | "no-cache")) {
        return Some(0);
    }
    let seconds = |name: &str| {
        let value = directives.iter().find_map(|directive| directive.strip_prefix(name))?;
        value.trim_matches('"').parse::<u64>().ok()
    };
    let age = text(AGE).and_then(|age| age.parse::<u64>().ok()).unwrap_or(0);
    if let Some(lifetime) = seconds("s-maxage=").or_else(|| seconds("max-age=")) {
        return Some(lifetime.saturating_sub(age));
    }
    // An Expires that cannot be read, such as 0, means: already expired.
    let expires = text(EXPIRES)?;
    let date = text(DATE).and_then(|date| httpdate::parse_http_date(date).ok());
    let (Ok(expires), Some(date)) = (httpdate::parse_http_date(expires), date) else { return Some(0) };
    Some(expires.duration_since(date).map_or(0, |left| left.as_secs().saturating_sub(age)))
}

/// The right to fetch from a host; given back when it is dropped, also when the fetch is abandoned.
struct Slot<'a> {
    fetching: &'a Mutex<HashMap<String, usize>>,
    authority: String,
}

impl<'a> Slot<'a> {
    fn take(fetching: &'a Mutex<HashMap<String, usize>>, authority: &str) -> Option<Self> {
        let mut hosts = fetching.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.values().sum::<usize>() >= MAX_FETCHES {
            return None;
        }
        let authority = authority.to_ascii_lowercase();
        let count = hosts.entry(authority.clone()).or_default();
        if *count >= MAX_FETCHES_PER_HOST {
            return None;
        }
        *count += 1;
        Some(Self { fetching, authority })
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        let mut hosts = self.fetching.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = hosts.get_mut(&self.authority) {
            *count -= 1;
            if *count == 0 {
                hosts.remove(&self.authority);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    /// Req: AS-50
    #[test]
    fn freshness_follows_the_headers_within_bounds() {
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        for (pairs, seconds) in [
            (vec![], 300),
            (vec![("cache-control", "max-age=315360000")], 24 * 3600),
            (vec![("cache-control", "max-age=0")], 30),
            (vec![("cache-control", "no-store, max-age=600")], 30),
            (vec![("cache-control", "public, max-age=600"), ("age", "100")], 500),
            (vec![("cache-control", "max-age=60, s-maxage=120")], 120),
            (vec![date, ("expires", "Sun, 06 Nov 1994 08:59:37 GMT")], 600),
            (vec![date, ("expires", "Sun, 06 Nov 1994 08:39:37 GMT")], 30),
            (vec![date, ("expires", "0")], 30),
        ] {
            assert_eq!(ON_THE_WEB.seconds(&headers(&pairs)), seconds, "{pairs:?}");
        }
        assert_eq!(ON_LOOPBACK.seconds(&headers(&[("cache-control", "max-age=600")])), 5);
    }

    /// Req: AS-55
    #[test]
    fn only_json_media_types_are_json() {
        for text in ["application/json", "Application/JSON; charset=utf-8", "application/cimd+json"] {
            assert!(is_json(&headers(&[("content-type", text)])), "{text}");
        }
        for text in ["text/html", "text/json", "application/+json", "application/jsonp", ""] {
            assert!(!is_json(&headers(&[("content-type", text)])), "{text}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }

    #[test]
    fn one_host_cannot_take_all_slots() {
        let fetching = Mutex::default();
        let held: Vec<_> = (0..MAX_FETCHES_PER_HOST).map(|_| Slot::take(&fetching, "slow.example")).collect();
        assert!(held.iter().all(Option::is_some));
        assert!(Slot::take(&fetching, "SLOW.example").is_none());
        assert!(Slot::take(&fetching, "other.example").is_some());
        drop(held);
        assert!(Slot::take(&fetching, "slow.example").is_some());
        assert!(fetching.lock().unwrap().is_empty());
    }
}
