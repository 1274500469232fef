//! Which URLs a client may call, judged by the parser of browsers: `protocol` judges the raw text, so a text that the two
//! understand differently shows here.

use url::{Host, Url};

/// Whether a request may go there: https, or http to this very machine; no user name, no fragment.
#[must_use]
pub fn may_be_called(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return false,
    };
    let scheme = url.scheme() == "https" || url.scheme() == "http" && here;
    scheme && url.username().is_empty() && url.password().is_none() && url.fragment().is_none()
}
