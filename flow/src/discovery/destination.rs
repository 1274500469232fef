//! Where a client lets itself be sent: documents from outside name URLs, and not every URL is for them to name.

use std::net::IpAddr;

use protocol::clause::Clause;
use protocol::host::Host;
use protocol::ids::ResourceUri;

use crate::check::Stop;
use crate::config::Config;
use crate::turn::Turn;

/// Demands that a URL may be asked: https, or http on loopback in the lab; and no address inside a private network unless
/// the server itself is inside one. What a name resolves to is beyond a page; drivers that resolve names can look closer.
///
/// Spec: MCP Security Best Practices, Server-Side Request Forgery; OAuth 2.1 §1.5.
pub(crate) fn require(turn: &mut Turn<'_>, what: &str, url: &str) -> Result<(), Stop> {
    let legal = ResourceUri::parse(url, turn.config.loopback).is_ok();
    turn.checks.require(
        Clause::EndpointUrls,
        format!("{what}: a URL to trust"),
        legal,
        "an https URL, or http on loopback in the lab",
        url,
    )?;
    require_public(turn, what, &[url])
}

/// Demands that URLs do not lead into a private network, unless the server itself is inside one.
pub(crate) fn require_public(turn: &mut Turn<'_>, what: &str, urls: &[&str]) -> Result<(), Stop> {
    let inside = is_internal(turn.config.server.as_str());
    let inward = urls.iter().find(|url| leads_inside(turn.config, url));
    turn.checks.require(
        Clause::PublicAddress,
        format!("{what}: no way into a private network"),
        inward.is_none(),
        if inside {
            "any address: the server is on this machine, or in this network"
        } else {
            "public addresses, as the server has"
        },
        inward.copied().unwrap_or("none"),
    )
}

/// Whether a URL leads into a private network from outside.
pub(crate) fn leads_inside(config: &Config, url: &str) -> bool {
    is_internal(url) && !is_internal(config.server.as_str())
}

/// Whether a URL names an address by number, or this machine, that only insiders reach.
fn is_internal(url: &str) -> bool {
    match Host::of_url(url) {
        Some(Host::Name(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost") || name.ends_with(".internal")
        }
        Some(Host::Ipv4(address)) => is_special(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => is_special(address.to_canonical()),
        None => true,
    }
}

fn is_special(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || address.is_multicast()
                || address.is_broadcast()
                || first == 0
                // Carrier-grade NAT (RFC 6598).
                || first == 100 && second & 0xc0 == 64
        }
        IpAddr::V6(address) => {
            address.is_loopback()
                || address.is_unspecified()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.is_multicast()
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    /// Req: CL-09, X-37
    #[test]
    fn internal_addresses_are_known_in_every_spelling() {
        for inside in [
            "https://169.254.169.254/latest",
            "https://127.0.0.1/x",
            "https://2130706433/x",
            "https://0x7f.1/x",
            "https://10.0.0.8/x",
            "https://192.168.1.1/x",
            "https://172.16.0.1/x",
            "https://100.64.0.1/x",
            "https://0.0.0.0/x",
            "https://[::1]/x",
            "https://[::ffff:10.0.0.1]/x",
            "https://[fd00::1]/x",
            "https://[fe80::1]/x",
            "https://localhost/x",
            "https://localhost./x",
            "https://metadata.google.internal/x",
        ] {
            assert!(is_internal(inside), "{inside}");
        }
        for outside in
            ["https://as.example/x", "https://8.8.8.8/x", "https://[2606:4700::1]/x", "https://100.128.0.1/"]
        {
            assert!(!is_internal(outside), "{outside}");
        }
    }
}
