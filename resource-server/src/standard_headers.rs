//! What 2026-07-28 repeats in headers, so that whoever stands between can route without reading the body. What they say
//! must be what the body says: otherwise one party acts on the one, another on the other.
//!
//! Spec: MCP 2026-07-28 Transports, Streamable HTTP, Standard Request Headers, Server Validation, Value Encoding.

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, HeaderName};
use protocol::clause::Clause;
use protocol::mcp::{METHOD_HEADER, NAME_HEADER, PROTOCOL_VERSION_HEADER};
use protocol::revision::Revision;
use server_kit::witness::{checked, or_absent};

use crate::message::Message;
use crate::method::{Method, NamedBy};

/// What is wrong with the headers of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HeaderMismatch {
    #[error("MCP-Protocol-Version and the protocolVersion in _meta must both be there and be the same.")]
    Version,
    #[error("Mcp-Method must be there once and be the method of the body.")]
    Method,
    #[error("Mcp-Name must be there once and be the name or the URI in the body.")]
    Name,
}

/// `MCP-Protocol-Version`, if it stands there once.
pub(crate) fn protocol_version(headers: &HeaderMap) -> Result<Option<&str>, HeaderMismatch> {
    match only(headers, PROTOCOL_VERSION_HEADER) {
        Once::None => Ok(None),
        Once::Value(version) => Ok(Some(version)),
        Once::Unreadable => Err(HeaderMismatch::Version),
    }
}

/// Whether a version belongs to the stateless era: dates can be compared as texts.
pub(crate) fn is_modern(version: &str) -> bool {
    version >= Revision::V2026_07_28.as_str()
}

/// `Mcp-Method` against the body.
pub(crate) fn check_method(headers: &HeaderMap, message: &Message) -> Result<(), HeaderMismatch> {
    let header = only(headers, METHOD_HEADER);
    let is_same = matches!(header, Once::Value(method) if method == message.method);
    checked(Clause::StandardHeaders, "Mcp-Method", is_same, || &*message.method, || header.shown());
    if is_same { Ok(()) } else { Err(HeaderMismatch::Method) }
}

/// `Mcp-Name` against the body, for the methods that have one.
pub(crate) fn check_name(
    headers: &HeaderMap,
    method: &Method,
    message: &Message,
) -> Result<(), HeaderMismatch> {
    let named = match method.named_by {
        None => return Ok(()),
        Some(NamedBy::Name) => message.name.as_deref(),
        Some(NamedBy::Uri) => message.uri.as_deref(),
    };
    let header = only(headers, NAME_HEADER);
    let is_same = match (&header, named) {
        (Once::Value(header), Some(named)) => decoded(header).is_some_and(|name| name == named),
        _ => false,
    };
    checked(Clause::StandardHeaders, "Mcp-Name", is_same, || or_absent(named), || header.shown());
    if is_same { Ok(()) } else { Err(HeaderMismatch::Name) }
}

/// A value that does not fit into a header stands there as `=?base64?…?=`.
fn decoded(value: &str) -> Option<Cow<'_, str>> {
    let Some(encoded) = value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?=")) else {
        return Some(Cow::Borrowed(value));
    };
    String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok().map(Cow::Owned)
}

/// A header that may stand once.
enum Once<'a> {
    None,
    Value(&'a str),
    /// Twice, or with characters that are no text.
    Unreadable,
}

impl<'a> Once<'a> {
    /// For whoever watches.
    fn shown(&self) -> &'a str {
        match self {
            Self::None => "absent",
            Self::Value(value) => value,
            Self::Unreadable => "twice, or no text",
        }
    }
}

fn only<'a>(headers: &'a HeaderMap, name: &'static str) -> Once<'a> {
    let mut values = headers.get_all(HeaderName::from_static(name)).iter();
    match (values.next(), values.next()) {
        (None, _) => Once::None,
        (Some(value), None) => {
            value.to_str().map_or(Once::Unreadable, |text| Once::Value(text.trim_matches([' ', '\t'])))
        }
        (Some(_), Some(_)) => Once::Unreadable,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::method;

    const CALL: &[u8] = br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"h\u00e9"}}"#;

    fn headers(name: &'static str, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    /// Req: RS-47, RS-48, G11
    #[test]
    fn the_method_is_there_once_and_the_same() {
        let message = Message::parse(CALL).unwrap();
        let check = |values: &[&str]| check_method(&headers("mcp-method", values), &message);
        assert_eq!(check(&["tools/call"]), Ok(()));
        assert_eq!(check(&[" tools/call\t"]), Ok(()), "blanks around a value are none of it");
        for wrong in
            [&[][..], &["tools/list"], &["Tools/Call"], &["tools/call", "tools/call"], &["\u{e9}"], &[""]]
        {
            assert_eq!(check(wrong), Err(HeaderMismatch::Method), "{wrong:?}");
        }
    }

    /// Req: RS-47, RS-48, G11
    #[test]
    fn the_name_is_compared_after_decoding() {
        let message = Message::parse(CALL).unwrap();
        let call = method::find("tools/call", Revision::V2026_07_28).unwrap();
        let check = |values: &[&str]| check_name(&headers("mcp-name", values), call, &message);
        assert_eq!(check(&["=?base64?aMOp?="]), Ok(()));
        for wrong in [
            &[][..],
            &["h\u{e9}"],
            &["=?base64?aMOp"],
            &["=?base64?aMO?="],
            &["=?base64?/w==?="],
            &["=?base64?aGU=?="],
            &["=?BASE64?aMOp?="],
            &["=?base64?aMOp?=", "=?base64?aMOp?="],
        ] {
            assert_eq!(check(wrong), Err(HeaderMismatch::Name), "{wrong:?}");
        }
        let plain =
            Message::parse(br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"=?x"}}"#)
                .unwrap();
        assert_eq!(check_name(&headers("mcp-name", &["=?x"]), call, &plain), Ok(()));
        let nameless =
            Message::parse(br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":7}}"#).unwrap();
        assert_eq!(check_name(&headers("mcp-name", &["7"]), call, &nameless), Err(HeaderMismatch::Name));
        let list = method::find("tools/list", Revision::V2026_07_28).unwrap();
        assert_eq!(check_name(&HeaderMap::new(), list, &message), Ok(()), "it has no name");
    }

    #[test]
    fn the_uri_names_a_resource() {
        let body = br#"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"a:b","name":"x"}}"#;
        let (message, read) =
            (Message::parse(body).unwrap(), method::find("resources/read", Revision::V2026_07_28).unwrap());
        assert_eq!(check_name(&headers("mcp-name", &["a:b"]), read, &message), Ok(()));
        assert_eq!(check_name(&headers("mcp-name", &["x"]), read, &message), Err(HeaderMismatch::Name));
    }
}
