//! Who is at the other end of the connection. The socket says it; headers count only if a proxy that the operator named
//! wrote them.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use http::request::Parts;
use http::{Extensions, HeaderMap};

use super::state::Server;

/// The address that a request came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Peer(IpAddr);

impl Peer {
    /// The peer of the socket; behind a trusted proxy, the last entry of `X-Forwarded-For`, which is the one that this
    /// proxy wrote. Whatever stands before it was sent by a stranger.
    fn of(extensions: &Extensions, headers: &HeaderMap, trusted_proxies: &[IpAddr]) -> Self {
        let socket = extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
        // Without a socket the request was made by this very program.
        let socket = socket.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let is_proxy = trusted_proxies.iter().any(|proxy| proxy.to_canonical() == socket);
        let forwarded = is_proxy.then(|| last_forwarded_for(headers)).flatten();
        Self(forwarded.unwrap_or(socket))
    }

    /// What one subscriber has: an IPv4 address, or an IPv6 network of 64 bits, in which addresses cost nothing.
    pub(super) fn network(self) -> IpAddr {
        match self.0 {
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        }
    }
}

#[cfg(test)]
impl From<IpAddr> for Peer {
    fn from(address: IpAddr) -> Self {
        Self(address)
    }
}

impl FromRequestParts<Arc<Server>> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, server: &Arc<Server>) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.extensions, &parts.headers, &server.settings.trusted_proxies))
    }
}

fn last_forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last =
        headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?.rsplit(',').next()?.trim();
    // Some proxies write the port, too.
    let address = last.parse::<IpAddr>().or_else(|_| last.parse::<SocketAddr>().map(|address| address.ip()));
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(socket: &str, forwarded: &[&str], trusted: &[&str]) -> IpAddr {
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::new(socket.parse().unwrap(), 4711)));
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let trusted: Vec<IpAddr> = trusted.iter().map(|address| address.parse().unwrap()).collect();
        Peer::of(&extensions, &headers, &trusted).network()
    }

    #[test]
    fn a_header_is_believed_from_a_trusted_proxy_only() {
        let same = |peer: IpAddr, text: &str| assert_eq!(peer, text.parse::<IpAddr>().unwrap());
        same(peer("192.0.2.1", &["198.51.100.7"], &[]), "192.0.2.1");
        same(peer("192.0.2.1", &["198.51.100.7"], &["192.0.2.2"]), "192.0.2.1");
        same(peer("192.0.2.1", &["198.51.100.7"], &["192.0.2.1"]), "198.51.100.7");
        same(peer("::ffff:192.0.2.1", &["198.51.100.7"], &["192.0.2.1"]), "198.51.100.7");
    }

    #[test]
    fn of_a_forwarded_header_only_the_last_entry_counts() {
        let through_proxy = |forwarded: &[&str]| peer("192.0.2.1", forwarded, &["192.0.2.1"]).to_string();
        assert_eq!(through_proxy(&["10.0.0.1, 198.51.100.7"]), "198.51.100.7");
        assert_eq!(through_proxy(&["10.0.0.1", "10.0.0.2,198.51.100.7"]), "198.51.100.7");
        assert_eq!(through_proxy(&["198.51.100.7:5000"]), "198.51.100.7");
        assert_eq!(through_proxy(&["[2001:db8::1]:5000"]), "2001:db8::");
        assert_eq!(through_proxy(&["10.0.0.1, unknown"]), "192.0.2.1", "nothing before it stands in for it");
        assert_eq!(through_proxy(&[]), "192.0.2.1");
    }

    #[test]
    fn an_ipv6_subscriber_is_one_peer() {
        assert_eq!(peer("2001:db8:1:2:3:4:5:6", &[], &[]), peer("2001:db8:1:2::9", &[], &[]));
        assert_ne!(peer("2001:db8:1:2::9", &[], &[]), peer("2001:db8:1:3::9", &[], &[]));
        assert_eq!(peer("::ffff:192.0.2.1", &[], &[]), peer("192.0.2.1", &[], &[]));
    }

    #[test]
    fn without_a_socket_it_is_this_machine() {
        let peer = Peer::of(&Extensions::new(), &HeaderMap::new(), &[]);
        assert_eq!(peer.network(), IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
}
