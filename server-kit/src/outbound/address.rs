//! Which addresses belong to the public internet.

use std::net::{IpAddr, Ipv4Addr};

/// Whether an address belongs to the public internet, after the special-purpose registries of IANA.
///
/// IPv6 is an allow rule: only `2000::/3` is handed out at all, which leaves out loopback, link-local, unique-local,
/// multicast, IPv4-mapped and NAT64 spellings together.
///
/// Spec: RFC 6890; IANA IPv4 and IPv6 Special-Purpose Address Registries.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !SPECIAL_V4.iter().any(|(net, bits)| within(address.to_bits(), *net, *bits)),
        IpAddr::V6(address) => {
            let segments = address.segments();
            let special = match segments[0] {
                // IETF protocol assignments (Teredo, ORCHID, benchmarking …) and documentation.
                0x2001 => segments[1] < 0x0200 || segments[1] == 0x0db8,
                // 6to4 wraps any IPv4 address.
                0x2002 => true,
                // Direct delegation of the AS112 service.
                0x2620 => segments[1] == 0x004f && segments[2] == 0x8000,
                0x3fff => segments[1] < 0x1000,
                first => !(0x2000..=0x3fff).contains(&first),
            };
            !special
        }
    }
}

const SPECIAL_V4: [(Ipv4Addr, u32); 18] = [
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 31, 196, 0), 24),
    (Ipv4Addr::new(192, 52, 193, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(192, 175, 48, 0), 24),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

fn within(address: u32, net: Ipv4Addr, bits: u32) -> bool {
    (address ^ net.to_bits()) >> (32 - bits) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Req: AS-43, X-31
    #[test]
    fn only_public_addresses_are_public() {
        for text in [
            "8.8.8.8",
            "1.1.1.1",
            "172.32.0.1",
            "100.128.0.1",
            "192.175.49.1",
            "2606:4700::1111",
            "2a00:1450:4001::1",
            "2620:fe::fe",
        ] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
        for text in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.31.196.1",
            "192.52.193.1",
            "192.88.99.1",
            "192.168.1.1",
            "192.175.48.1",
            "198.19.0.1",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::a00:1",
            "64:ff9b:1::a00:1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "2001::1",
            "2001:2::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2620:4f:8000::1",
            "3fff::1",
            "100::1",
            "5f00::1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
    }
}
