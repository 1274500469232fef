//! Host and origin: a web page that was not invited must not reach a server on somebody's machine, neither by its own
//! origin nor by a name that it bent to this address.
//!
//! Spec: MCP 2025-11-25 Transports, Security Warning (DNS rebinding).

use axum::extract::Request;
use http::HeaderMap;
use http::header::{HOST, HeaderName, ORIGIN};
use protocol::clause::Clause;
use server_kit::witness::{checked, or_absent};

use crate::denial::Denial;
use crate::server::Server;

/// Whether a request was addressed to this server, and, if a web page sent it, whether that one may.
pub(crate) fn check(server: &Server, request: &Request) -> Result<(), Denial> {
    let target = request.uri().authority().map(http::uri::Authority::as_str);
    judge(request.headers(), target, &server.hosts, &server.origins)
}

/// Judges the headers, and the authority of a request target in absolute form.
fn judge(
    headers: &HeaderMap,
    target: Option<&str>,
    hosts: &[String],
    origins: &[String],
) -> Result<(), Denial> {
    let known = |host: &str| hosts.iter().any(|known| known.eq_ignore_ascii_case(host));
    let host = only(headers, &HOST).map_err(|Repeated| Denial::ForeignHost)?;
    let is_ours = host.is_some_and(known) && target.is_none_or(known);
    checked(Clause::Origin, "host", is_ours, || hosts.join(" or "), || or_absent(host));
    if !is_ours {
        return Err(Denial::ForeignHost);
    }
    let origin = only(headers, &ORIGIN).map_err(|Repeated| Denial::ForeignOrigin)?;
    let is_invited = origin.is_none_or(|origin| origins.iter().any(|allowed| allowed == origin));
    let expected = || format!("{}, or absent: no web page", origins.join(" or "));
    checked(Clause::Origin, "origin", is_invited, expected, || or_absent(origin));
    if is_invited { Ok(()) } else { Err(Denial::ForeignOrigin) }
}

struct Repeated;

/// The value of a header that may stand once. Text that is not visible ASCII counts as a stranger's name.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Repeated> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => Ok(Some(value.to_str().unwrap_or_default())),
        (Some(_), Some(_)) => Err(Repeated),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn judged(host: &[&str], origin: &[&[u8]], target: Option<&str>) -> Result<(), Denial> {
        let mut headers = HeaderMap::new();
        for host in host {
            headers.append(HOST, host.parse().unwrap());
        }
        for origin in origin {
            headers.append(ORIGIN, HeaderValue::from_bytes(origin).unwrap());
        }
        judge(
            &headers,
            target,
            &["localhost:8001".into(), "127.0.0.1:8001".into()],
            &["http://localhost:3000".into()],
        )
    }

    /// Req: RS-30, X-11, G01
    #[test]
    fn only_invited_origins_pass() {
        let host = &["localhost:8001"];
        assert_eq!(judged(host, &[], None), Ok(()), "no web page at all");
        assert_eq!(judged(host, &[b"http://localhost:3000"], None), Ok(()));
        for foreign in [
            &b"https://evil.example"[..],
            b"null",
            b"",
            b"http://localhost.evil.com:3000",
            b"http://127.0.0.1.nip.io:3000",
            b"http://localhost:3001",
            b"http://localhost",
            b"https://localhost:3000",
            b"http://LOCALHOST:3000",
            b"http://localhost:3000\xff",
        ] {
            assert_eq!(judged(host, &[foreign], None), Err(Denial::ForeignOrigin), "{foreign:?}");
        }
        assert_eq!(
            judged(host, &[b"http://localhost:3000", b"http://localhost:3000"], None),
            Err(Denial::ForeignOrigin)
        );
    }

    /// Req: RS-31, X-11, G02
    #[test]
    fn only_the_servers_own_names_pass() {
        assert_eq!(judged(&["127.0.0.1:8001"], &[], None), Ok(()));
        assert_eq!(judged(&["LocalHost:8001"], &[], None), Ok(()), "host names have no case");
        for foreign in [
            &["evil.example"][..],
            &["localhost"],
            &["localhost:8002"],
            &[],
            &["localhost:8001", "localhost:8001"],
        ] {
            assert_eq!(judged(foreign, &[], None), Err(Denial::ForeignHost), "{foreign:?}");
        }
        assert_eq!(judged(&["localhost:8001"], &[], Some("evil.example")), Err(Denial::ForeignHost));
        assert_eq!(judged(&["localhost:8001"], &[], Some("localhost:8001")), Ok(()));
    }
}
