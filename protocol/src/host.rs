//! What the host of a URL is: a name, or an address, however that is written. Browsers and HTTP libraries read `2130706433`,
//! `0x7f.1` and `127.1` as 127.0.0.1, so this does too.
//!
//! It answers one question of a URL parser; a whole one, with its tables for names in other scripts, would be a thirtieth of
//! the page. A test compares it with the `url` crate.
//!
//! Spec: WHATWG URL, Host parsing. Names are ASCII here: others are written in punycode, which is not looked into.

use std::net::Ipv4Addr;
use std::net::Ipv6Addr;

/// The host of a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host<'a> {
    /// A name, as written.
    Name(&'a str),
    /// `127.0.0.1`, in any spelling.
    Ipv4(Ipv4Addr),
    /// `[::1]`.
    Ipv6(Ipv6Addr),
}

impl<'a> Host<'a> {
    /// The host of an absolute URL without user name; `None` for what is none, and for what parsers would first repair.
    #[must_use]
    pub fn of_url(url: &'a str) -> Option<Self> {
        let (_, rest) = url.split_once("://")?;
        Self::of_authority(rest.split(['/', '?', '#']).next()?)
    }

    /// The host of `host` or `host:port`.
    pub(crate) fn of_authority(authority: &'a str) -> Option<Self> {
        let (host, port) = if let Some(bracketed) = authority.strip_prefix('[') {
            let (address, rest) = bracketed.split_once(']')?;
            let port = if rest.is_empty() { rest } else { rest.strip_prefix(':')? };
            (Self::Ipv6(address.parse().ok()?), port)
        } else {
            let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
            (Self::of_text(host)?, port)
        };
        is_port(port).then_some(host)
    }

    fn of_text(host: &'a str) -> Option<Self> {
        let is_legal = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&b);
        if host.is_empty() || !host.bytes().all(is_legal) {
            return None;
        }
        let without_dot = host.strip_suffix('.').unwrap_or(host);
        let last = without_dot.rsplit('.').next().unwrap_or_default();
        let is_digits = !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit());
        // What ends in a number is an address or nothing.
        if is_digits || number(last).is_some() {
            ipv4(without_dot).map(Self::Ipv4)
        } else {
            Some(Self::Name(host))
        }
    }
}

fn is_port(port: &str) -> bool {
    let digits = port.bytes().all(|b| b.is_ascii_digit());
    let significant = port.trim_start_matches('0');
    digits && significant.len() <= 5 && significant.parse::<u32>().unwrap_or(0) <= 65_535
}

/// One to four numbers; the last one fills what is left of the four bytes.
fn ipv4(text: &str) -> Option<Ipv4Addr> {
    let (mut address, mut count) = (0_u64, 0_u32);
    let mut parts = text.split('.').peekable();
    while let Some(part) = parts.next() {
        count += 1;
        if count > 4 {
            return None;
        }
        let number = number(part)?;
        let is_last = parts.peek().is_none();
        let bytes = if is_last { 5 - count } else { 1 };
        if number >> (8 * bytes) != 0 {
            return None;
        }
        address = address << (8 * bytes) | number;
    }
    u32::try_from(address).ok().map(Ipv4Addr::from_bits)
}

/// Decimal, octal after `0`, hexadecimal after `0x`. More than fits into an address is as much as one can tell.
fn number(text: &str) -> Option<u64> {
    let (digits, radix) = match text.as_bytes() {
        [] => return None,
        [b'0', b'x' | b'X', ..] => (&text[2..], 16),
        [b'0', _, ..] => (&text[1..], 8),
        _ => (text, 10),
    };
    digits.chars().try_fold(0_u64, |number, digit| {
        let digit = digit.to_digit(radix)?;
        Some((number * u64::from(radix) + u64::from(digit)).min(1 << 40))
    })
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn an_address_is_known_in_every_spelling() {
        for spelling in
            ["127.0.0.1", "2130706433", "0x7f.1", "127.1", "0177.0.0.01", "0X7F.0x0.0.1", "127.0.0.1."]
        {
            assert_eq!(Host::of_authority(spelling), Some(Host::Ipv4(Ipv4Addr::LOCALHOST)), "{spelling}");
        }
        assert_eq!(Host::of_url("https://[::1]:8001/x"), Some(Host::Ipv6(Ipv6Addr::LOCALHOST)));
        assert_eq!(Host::of_url("https://a.b-c.example:443?x"), Some(Host::Name("a.b-c.example")));
        for none in
            ["", ":80", "a:b", "a:65536", "256.1", "1.2.3.4.5", "0x", "0x.", "09", "a b", "[::1", "[::1]x"]
        {
            assert!(!matches!(Host::of_authority(none), Some(Host::Name(_))), "{none}");
        }
        assert_eq!(Host::of_url("no url"), None);
        assert_eq!(Host::of_url("https://user@host/"), None);
    }

    #[cfg(not(target_arch = "wasm32"))]
    mod like_the_url_crate {
        use proptest::prelude::*;

        use super::super::*;

        fn of_url_crate(authority: &str) -> Option<String> {
            let url = url::Url::parse(&format!("https://{authority}/")).ok()?;
            Some(match url.host()? {
                url::Host::Domain(name) => name.to_owned(),
                url::Host::Ipv4(address) => address.to_string(),
                url::Host::Ipv6(address) => address.to_string(),
            })
        }

        fn of_this(authority: &str) -> Option<String> {
            Some(match Host::of_authority(authority)? {
                Host::Name(name) => name.to_ascii_lowercase(),
                Host::Ipv4(address) => address.to_string(),
                Host::Ipv6(address) => address.to_string(),
            })
        }

        proptest! {
            #![proptest_config(ProptestConfig::with_cases(4_000))]

            #[test]
            fn names(authority in "[a-zA-Z0-9._~!$&'()*+,;=:-]{0,12}") {
                // Whether punycode is right is another question.
                prop_assume!(!authority.to_ascii_lowercase().contains("xn--"));
                prop_assert_eq!(of_this(&authority), of_url_crate(&authority));
            }

            #[test]
            fn numbers(authority in "(0[xX]?)?[0-9a-f]{0,4}(\\.(0x?)?[0-9a-f]{0,3}){0,5}(:[0-9]{0,7})?") {
                prop_assert_eq!(of_this(&authority), of_url_crate(&authority));
            }

            #[test]
            fn long_numbers(authority in "(0x?)?[0-9]{1,25}(\\.[0-9]{1,12}){0,3}\\.?") {
                prop_assert_eq!(of_this(&authority), of_url_crate(&authority));
            }

            #[test]
            fn brackets(authority in "\\[[0-9a-f:.]{0,40}\\](:[0-9]{0,6})?|\\[(([0-9a-f]{1,4}|):){0,8}([0-9.]{1,9}|[0-9a-f]{0,4})\\]") {
                prop_assert_eq!(of_this(&authority), of_url_crate(&authority));
            }
        }
    }
}
