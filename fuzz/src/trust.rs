//! Which URLs a client may call, judged by the parser of browsers: `protocol` judges the raw text, so a text that the two
//! understand differently shows here.

use std::net::Ipv4Addr;

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

/// Whether it names an address that only insiders reach, or this machine.
#[must_use]
pub fn is_inside(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return true };
    match url.host() {
        Some(Host::Domain(name)) => {
            matches!(name.trim_end_matches('.').rsplit('.').next(), Some("localhost" | "internal"))
        }
        Some(Host::Ipv4(address)) => is_inside_v4(address),
        Some(Host::Ipv6(address)) => match address.to_ipv4_mapped() {
            Some(address) => is_inside_v4(address),
            None => address.is_loopback() || address.is_unspecified() || address.segments()[0] >= 0xfc00,
        },
        None => true,
    }
}

fn is_inside_v4(address: Ipv4Addr) -> bool {
    address.is_loopback() || address.is_private() || address.is_link_local() || address.is_unspecified()
}
