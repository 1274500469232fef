//! Where a URL leads, if it may be asked at all. Decided on the text, before any lookup.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;
use protocol::loopback::{LoopbackPolicy, is_loopback_host};
use url::{Host, Position, Url};

use super::FetchError;

/// A URL that may be asked, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) site: Site,
    pub(super) port: u16,
    /// What stands in the `Host` header.
    pub(super) authority: String,
    /// What stands in the request line.
    pub(super) path_and_query: Uri,
}

/// Who is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Site {
    /// Somebody on the public internet, by https. What the name resolves to is judged later.
    Public {
        /// The name, in lower case.
        name: String,
    },
    /// A program on this very machine, by http.
    ThisMachine {
        /// One address, or both for `localhost`. They reach no resolver.
        addresses: Vec<IpAddr>,
    },
}

impl Target {
    /// https only to names and on port 443; http only to this machine, where the policy says so.
    pub(super) fn parse(text: &str, policy: LoopbackPolicy) -> Result<Self, FetchError> {
        let url = Url::parse(text).map_err(|_| FetchError::Forbidden)?;
        if !is_as_written(text, &url) {
            return Err(FetchError::Forbidden);
        }
        let port = url.port_or_known_default().ok_or(FetchError::Forbidden)?;
        let site = match (url.scheme(), url.host()) {
            // Another port is another protocol's: 22 is ssh, 25 is mail, 6379 is Redis.
            ("https", Some(Host::Domain(name))) if port == 443 => Site::Public { name: name.to_owned() },
            ("http", Some(host)) if policy.permits("http", &host.to_string()) => {
                Site::ThisMachine { addresses: loopback_addresses(&host) }
            }
            _ => return Err(FetchError::Forbidden),
        };
        let path_and_query = url[Position::BeforePath..Position::AfterQuery].parse();
        Ok(Self {
            site,
            port,
            authority: url[Position::BeforeHost..Position::AfterPort].to_owned(),
            path_and_query: path_and_query.map_err(|_| FetchError::Forbidden)?,
        })
    }
}

/// Whether the host stands in the text as the parser reads it. `2130706433` becomes an address only in the parser, and
/// a user name can look like a host.
fn is_as_written(text: &str, url: &Url) -> bool {
    let Some((_, written)) = text.split_once("://") else { return false };
    let host = url.host_str().unwrap_or_default();
    let same = written.get(..host.len()).is_some_and(|written| written.eq_ignore_ascii_case(host));
    same && matches!(written.as_bytes().get(host.len()), None | Some(b':' | b'/' | b'?'))
}

fn loopback_addresses(host: &Host<&str>) -> Vec<IpAddr> {
    match host {
        Host::Ipv4(address) => vec![(*address).into()],
        Host::Ipv6(address) => vec![(*address).into()],
        Host::Domain(name) if is_loopback_host(name) => {
            vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
        }
        Host::Domain(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAB: LoopbackPolicy = LoopbackPolicy::AllowHttpOnLoopback;

    #[test]
    fn names_are_asked_by_https() {
        let target = Target::parse("https://C.example:443/a%2Fb?x=1", LoopbackPolicy::HttpsOnly).unwrap();
        assert_eq!(target.site, Site::Public { name: "c.example".into() });
        assert_eq!((target.port, target.authority.as_str()), (443, "c.example"));
        assert_eq!(target.path_and_query, "/a%2Fb?x=1");
    }

    #[test]
    fn this_machine_is_asked_by_http_where_the_policy_says_so() {
        let addresses = |text| match Target::parse(text, LAB).unwrap().site {
            Site::ThisMachine { addresses } => addresses,
            other @ Site::Public { .. } => panic!("{other:?}"),
        };
        assert_eq!(addresses("http://localhost:3000/c").len(), 2);
        assert_eq!(addresses("http://127.0.0.1:3000/c"), [IpAddr::from(Ipv4Addr::LOCALHOST)]);
        assert_eq!(addresses("http://[::1]:3000/c"), [IpAddr::from(Ipv6Addr::LOCALHOST)]);
    }

    /// Req: AS-43, AS-44, C03, C24
    #[test]
    fn urls_outside_the_rules_lead_nowhere() {
        for text in [
            "https://c.example:22/x",
            "https://c.example:25/x",
            "https://c.example:6379/x",
            "https://c.example:8443/x",
            "https://127.0.0.1/x",
            "https://127.0.0.1./x",
            "https://2130706433/x",
            "https://0x7f.1/x",
            "https://0177.0.0.1/x",
            "https://127.1/x",
            "https://%31%32%37.0.0.1/x",
            "https://\u{ff11}\u{ff12}\u{ff17}.0.0.1/x",
            "https://[::1]/x",
            "https://[::ffff:127.0.0.1]/x",
            "https://c%2eexample/x",
            "https://user@c.example/x",
            "https://c.example\\@localhost/x",
            "https:///c.example/x",
            "https:c.example/x",
            "http://c.example/x",
            "http://127.0.0.2/x",
            "http://2130706433:3000/x",
            "http://127.1:3000/x",
            "http://user@localhost:3000/x",
            "http://localhost./x",
            "http://foo.localhost/x",
            "ftp://c.example/x",
            "file:///etc/passwd",
            "gopher://c.example:443/x",
            "not a url",
            "",
        ] {
            assert_eq!(Target::parse(text, LAB), Err(FetchError::Forbidden), "{text}");
        }
        for text in ["http://localhost:3000/x", "http://127.0.0.1:3000/x", "http://[::1]:3000/x"] {
            assert_eq!(Target::parse(text, LoopbackPolicy::HttpsOnly), Err(FetchError::Forbidden), "{text}");
        }
    }
}
