//! How long a document is kept: as its headers say, within bounds.
//!
//! Spec: Client ID Metadata Document draft -00 §4.4; RFC 9111 §4.2.1, §5.2.2, §5.3.

use http::HeaderMap;
use http::header::{AGE, CACHE_CONTROL, DATE, EXPIRES};
use protocol::cimd::ClientIdUrl;

/// The bounds, in seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Freshness {
    /// Headers cannot make this server fetch at every request …
    floor: u64,
    unless_said: u64,
    /// … nor keep an outdated list of redirect URIs for years.
    ceiling: u64,
    /// `no-store` is not kept, but for so long one fetch serves all who ask.
    shared: u64,
}

const ON_THE_WEB: Freshness = Freshness { floor: 30, unless_said: 300, ceiling: 24 * 3600, shared: 5 };
/// On loopback somebody is changing the document right now and wants to see what happens: `no-store` is taken at its word.
/// Whoever asks for a minute sees how a kept document spares a fetch.
const ON_LOOPBACK: Freshness = Freshness { floor: 1, unless_said: 1, ceiling: 60, shared: 0 };

impl Freshness {
    /// The bounds for a document at this URL.
    pub(super) fn of(url: &ClientIdUrl) -> Self {
        if url.is_on_loopback() { ON_LOOPBACK } else { ON_THE_WEB }
    }

    /// For how many seconds a document with these headers is kept.
    pub(super) fn seconds(self, headers: &HeaderMap) -> u64 {
        match said(headers) {
            Said::NotStored => self.shared,
            Said::Nothing => self.unless_said,
            Said::Seconds(seconds) => seconds.clamp(self.floor, self.ceiling),
        }
    }
}

/// What the headers say.
enum Said {
    Nothing,
    NotStored,
    /// Fresh for so long from now.
    Seconds(u64),
}

fn said(headers: &HeaderMap) -> Said {
    let directives: Vec<String> = headers
        .get_all(CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|directive| directive.trim().to_ascii_lowercase())
        .collect();
    let has = |name: &str| directives.iter().any(|directive| directive == name);
    if has("no-store") {
        return Said::NotStored;
    }
    if has("no-cache") {
        return Said::Seconds(0);
    }
    let seconds = |name: &str| {
        let value = directives.iter().find_map(|directive| directive.strip_prefix(name))?;
        // A lifetime that cannot be read means: already stale (RFC 9111 §4.2.1).
        Some(value.trim_matches('"').parse::<u64>().unwrap_or(0))
    };
    let text = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
    let age = text(AGE).and_then(|age| age.parse::<u64>().ok()).unwrap_or(0);
    if let Some(lifetime) = seconds("s-maxage=").or_else(|| seconds("max-age=")) {
        return Said::Seconds(lifetime.saturating_sub(age));
    }
    // An Expires that cannot be read, such as 0, means: already expired.
    let Some(expires) = text(EXPIRES) else { return Said::Nothing };
    let date = text(DATE).and_then(|date| httpdate::parse_http_date(date).ok());
    let (Ok(expires), Some(date)) = (httpdate::parse_http_date(expires), date) else {
        return Said::Seconds(0);
    };
    let lifetime = expires.duration_since(date).map_or(0, |lifetime| lifetime.as_secs());
    Said::Seconds(lifetime.saturating_sub(age))
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
        let control = |value| ("cache-control", value);
        for (pairs, seconds) in [
            (vec![], 300),
            (vec![control("max-age=315360000")], 24 * 3600),
            (vec![control("max-age=99999999999999999999999999")], 30),
            (vec![control("max-age=0")], 30),
            (vec![control("max-age=-1")], 30),
            (vec![control("no-store, max-age=600")], 5),
            (vec![control("max-age=600"), control("No-Store")], 5),
            (vec![control("no-cache")], 30),
            (vec![control("public, max-age=600"), ("age", "100")], 500),
            (vec![control("max-age=600"), ("age", "700")], 30),
            (vec![control("max-age=60, s-maxage=120")], 120),
            (vec![control("s-maxage=\"120\", max-age=60"), ("age", "20")], 100),
            (vec![date, ("expires", "Sun, 06 Nov 1994 08:59:37 GMT")], 600),
            (vec![date, ("expires", "Sun, 06 Nov 1994 08:59:37 GMT"), ("age", "60")], 540),
            (vec![date, ("expires", "Mon, 06 Nov 1995 08:49:37 GMT")], 24 * 3600),
            (vec![date, ("expires", "Sun, 06 Nov 1994 08:39:37 GMT")], 30),
            (vec![date, ("expires", "0")], 30),
            (vec![("expires", "Mon, 06 Nov 1995 08:49:37 GMT")], 30),
        ] {
            assert_eq!(ON_THE_WEB.seconds(&headers(&pairs)), seconds, "{pairs:?}");
        }
        assert_eq!(ON_LOOPBACK.seconds(&headers(&[control("max-age=600")])), 60);
        assert_eq!(ON_LOOPBACK.seconds(&headers(&[control("no-store")])), 0);
    }
}
