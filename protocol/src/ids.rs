//! Identifiers: who and what a message is about.
//!
//! Each keeps the text that it was made from and compares by that text, code point by code point (RFC 8414 §4,
//! RFC 9728 §6): `https://as.example` and `https://as.example/` are two issuers.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::host::Host;
use crate::loopback::{LoopbackPolicy, is_loopback_host};

/// The longest identifier that is read at all, in bytes.
pub const MAX_IDENTIFIER_BYTES: usize = 2048;

/// Why a text is not a legal identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// Longer than [`MAX_IDENTIFIER_BYTES`].
    #[error("it is longer than {MAX_IDENTIFIER_BYTES} bytes")]
    TooLong,
    /// A space, control character, backslash or anything outside ASCII, or a percent sign in the host: URL parsers drop
    /// or rewrite these.
    #[error("it contains a character that does not belong in a URL")]
    IllegalCharacter,
    /// Not `https://…` or `http://…`, in lower case, with a host.
    #[error("it is not an absolute http or https URL")]
    NotAWebUrl,
    /// http, and not permitted for this host here.
    #[error("it does not use https")]
    NotHttps,
    /// `https://user:password@…`
    #[error("it contains a user name or password")]
    UserInfo,
    /// `…#fragment`
    #[error("it has a fragment")]
    Fragment,
    /// A redirect URI whose query has a parameter of the response: then there would be two of it.
    #[error("its query has a parameter that belongs to the answer: code, state, iss or error")]
    ResponseParameter,
    /// `…?query` where none is allowed.
    #[error("it has a query")]
    Query,
}

/// The raw text of a web URL with what can be said about it without changing it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawUrl<'a> {
    text: &'a str,
    scheme: &'a str,
    authority: &'a str,
    rest: &'a str,
}

impl<'a> RawUrl<'a> {
    /// Splits on the raw text. Refuses what parsers would silently repair.
    pub(crate) fn parse(text: &'a str) -> Result<Self, IdentifierError> {
        if text.len() > MAX_IDENTIFIER_BYTES {
            return Err(IdentifierError::TooLong);
        }
        if text.bytes().any(|b| !b.is_ascii_graphic() || br#""\<>^`{|}"#.contains(&b)) {
            return Err(IdentifierError::IllegalCharacter);
        }
        let Some((scheme @ ("http" | "https"), after)) = text.split_once("://") else {
            return Err(IdentifierError::NotAWebUrl);
        };
        let end = after.find(['/', '?', '#']).unwrap_or(after.len());
        let (authority, rest) = after.split_at(end);
        if authority.contains('@') {
            return Err(IdentifierError::UserInfo);
        }
        // Decoded by parsers: the host would be one that nobody has written.
        if authority.contains('%') {
            return Err(IdentifierError::IllegalCharacter);
        }
        if Host::of_authority(authority).is_none() {
            return Err(IdentifierError::NotAWebUrl);
        }
        Ok(Self { text, scheme, authority, rest })
    }

    /// `http` or `https`.
    pub(crate) fn scheme(&self) -> &'a str {
        self.scheme
    }

    /// Host as written, brackets included, without the port.
    pub(crate) fn host(&self) -> &'a str {
        let after_bracket = self.authority.rfind(']').unwrap_or(0);
        match self.authority[after_bracket..].find(':') {
            Some(colon) => &self.authority[..after_bracket + colon],
            None => self.authority,
        }
    }

    /// `host` or `host:port` as written.
    pub(crate) fn authority(&self) -> &'a str {
        self.authority
    }

    /// Path as written, `""` when there is none.
    pub(crate) fn path(&self) -> &'a str {
        let end = self.rest.find(['?', '#']).unwrap_or(self.rest.len());
        &self.rest[..end]
    }

    /// Path, query and fragment as written.
    pub(crate) fn after_authority(&self) -> &'a str {
        self.rest
    }

    /// `scheme://authority`, as written.
    pub(crate) fn origin(&self) -> &'a str {
        &self.text[..self.text.len() - self.rest.len()]
    }

    /// Refuses `#`.
    pub(crate) fn without_fragment(self) -> Result<Self, IdentifierError> {
        if self.rest.contains('#') { Err(IdentifierError::Fragment) } else { Ok(self) }
    }

    /// Refuses `?`.
    pub(crate) fn without_query(self) -> Result<Self, IdentifierError> {
        if self.rest.contains('?') { Err(IdentifierError::Query) } else { Ok(self) }
    }

    /// Whether a parameter of an authorization response stands in the query.
    fn has_response_parameter(&self) -> bool {
        let (_, query) = self.rest.split_once('?').unwrap_or_default();
        url::form_urlencoded::parse(query.as_bytes())
            .any(|(name, _)| matches!(&*name, "code" | "state" | "iss" | "error"))
    }

    /// Refuses http beyond what the policy permits.
    pub(crate) fn permitted_by(self, policy: LoopbackPolicy) -> Result<Self, IdentifierError> {
        if policy.permits(self.scheme, self.host()) { Ok(self) } else { Err(IdentifierError::NotHttps) }
    }
}

macro_rules! text_identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The text, exactly as it was received or configured.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

/// Gives a web identifier its accessors; the text was checked when the value was made.
macro_rules! web_accessors {
    ($name:ident) => {
        impl $name {
            fn raw(&self) -> Option<RawUrl<'_>> {
                RawUrl::parse(&self.0).ok()
            }

            /// Host as written, without the port.
            #[must_use]
            pub fn host(&self) -> &str {
                self.raw().map_or("", |raw| raw.host())
            }

            /// `host` or `host:port` as written: what a person should recognize.
            #[must_use]
            pub fn authority(&self) -> &str {
                self.raw().map_or("", |raw| raw.authority())
            }

            /// `scheme://authority` as written.
            #[must_use]
            pub fn origin(&self) -> &str {
                self.raw().map_or("", |raw| raw.origin())
            }

            /// Path as written; empty when there is none.
            #[must_use]
            pub fn path(&self) -> &str {
                self.raw().map_or("", |raw| raw.path())
            }
        }
    };
}

text_identifier! {
    /// The name of an authorization server, for instance `http://localhost:9000`.
    ///
    /// The same text stands in its metadata, in the `iss` response parameter and in the `iss` claim.
    ///
    /// Spec: RFC 8414 §2, RFC 9207 §2.3 (string identity).
    Issuer
}
web_accessors!(Issuer);

impl Issuer {
    /// An https URL without query or fragment; http on loopback by policy.
    ///
    /// # Errors
    /// The first rule of RFC 8414 §2 that the text breaks.
    pub fn parse(text: &str, policy: LoopbackPolicy) -> Result<Self, IdentifierError> {
        RawUrl::parse(text)?.without_fragment()?.without_query()?.permitted_by(policy)?;
        Ok(Self(text.to_owned()))
    }
}

text_identifier! {
    /// The name of a protected resource: the URL of the MCP server, for instance `http://localhost:8001/mcp`.
    ///
    /// Spec: RFC 8707 §2, RFC 9728 §1.2; MCP 2025-11-25 Authorization, Canonical Server URI.
    ResourceUri
}
web_accessors!(ResourceUri);

impl ResourceUri {
    /// An https URL without fragment; http on loopback by policy.
    ///
    /// # Errors
    /// The first rule that the text breaks.
    pub fn parse(text: &str, policy: LoopbackPolicy) -> Result<Self, IdentifierError> {
        RawUrl::parse(text)?.without_fragment()?.permitted_by(policy)?;
        Ok(Self(text.to_owned()))
    }
}

text_identifier! {
    /// The name of a client, as it stands in requests and tokens. For CIMD it is the document's URL
    /// (see [`crate::cimd::ClientIdUrl`]); otherwise whatever the authorization server issued.
    ///
    /// Spec: OAuth 2.1 §2.2.
    ClientId
}

impl ClientId {
    /// Any non-empty text of visible ASCII characters and spaces, at most [`MAX_IDENTIFIER_BYTES`] long.
    ///
    /// # Errors
    /// [`IdentifierError::TooLong`] or [`IdentifierError::IllegalCharacter`].
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        if text.len() > MAX_IDENTIFIER_BYTES {
            return Err(IdentifierError::TooLong);
        }
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
            return Err(IdentifierError::IllegalCharacter);
        }
        Ok(Self(text.to_owned()))
    }
}

text_identifier! {
    /// Where the authorization server sends the browser back to.
    ///
    /// Spec: OAuth 2.1 §2.3; MCP 2025-11-25 Authorization, Communication Security (https or loopback).
    RedirectUri
}
web_accessors!(RedirectUri);

impl RedirectUri {
    /// An https URL, or http on loopback (whatever the policy: OAuth 2.1 §8.4.2), without fragment, and without a
    /// parameter that the response will add (OAuth 2.1 §3.1: none occurs twice).
    ///
    /// # Errors
    /// The first rule that the text breaks. `javascript:`, private-use schemes and the like are
    /// [`IdentifierError::NotAWebUrl`].
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        let raw = RawUrl::parse(text)?.without_fragment()?;
        if raw.permitted_by(LoopbackPolicy::AllowHttpOnLoopback)?.has_response_parameter() {
            return Err(IdentifierError::ResponseParameter);
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether the host is this machine, where any program can listen.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback_host(self.host())
    }

    /// Whether a requested URI matches this registered one: identical text, or, for loopback http, identical but for
    /// the port, which a native client cannot know in advance. `localhost` and `127.0.0.1` never stand for each other.
    ///
    /// Spec: OAuth 2.1 §2.3.1, §8.4.2; RFC 8252 §7.3.
    #[must_use]
    pub fn accepts(&self, requested: &Self) -> bool {
        if self == requested {
            return true;
        }
        let (Some(registered), Some(requested)) = (self.raw(), requested.raw()) else { return false };
        registered.scheme() == "http"
            && requested.scheme() == "http"
            && is_loopback_host(registered.host())
            && registered.host() == requested.host()
            && registered.after_authority() == requested.after_authority()
    }

    /// Whether a URL is this URI with nothing but parameters added to its query: the browser is back where it was to be.
    #[must_use]
    pub fn is_reached_by(&self, url: &str) -> bool {
        let added = if self.0.contains('?') { '&' } else { '?' };
        url.strip_prefix(self.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with([added, '#']))
    }

    /// This URI with parameters added to its query, each percent-encoded; an existing query is kept.
    ///
    /// Spec: OAuth 2.1 §2.3, §4.1.2.
    #[must_use]
    pub fn with_parameters<'a>(&self, parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
        let separator = if self.0.contains('?') { '&' } else { '?' };
        let query = crate::query::encode(parameters);
        format!("{}{separator}{query}", self.0)
    }
}

text_identifier! {
    /// The person whose permission is used, as the authorization server names them (`sub`).
    ///
    /// Spec: RFC 9068 §2.2.
    Subject
}

impl Subject {
    /// Any non-empty text of visible ASCII characters, at most 255 long.
    ///
    /// # Errors
    /// [`IdentifierError::TooLong`] or [`IdentifierError::IllegalCharacter`].
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        if text.len() > 255 {
            return Err(IdentifierError::TooLong);
        }
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(IdentifierError::IllegalCharacter);
        }
        Ok(Self(text.to_owned()))
    }
}

/// Seconds since 1970-01-01T00:00:00Z, as in `exp` and `iat` (RFC 7519 §2, `NumericDate`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixTime(pub u64);

impl UnixTime {
    /// This moment and so many seconds.
    #[must_use]
    pub fn plus(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Seconds from `earlier` to this moment; zero if it is not earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    const LAB: LoopbackPolicy = LoopbackPolicy::AllowHttpOnLoopback;

    fn redirect(text: &str) -> RedirectUri {
        RedirectUri::parse(text).unwrap()
    }

    /// Req: AS-03, ALL-08
    #[test]
    fn an_issuer_keeps_its_text() {
        let bare = Issuer::parse("http://localhost:9000", LAB).unwrap();
        let slash = Issuer::parse("http://localhost:9000/", LAB).unwrap();
        assert_eq!(bare.as_str(), "http://localhost:9000");
        assert_ne!(bare, slash);
        assert_eq!(Issuer::parse("https://AS.example:443", LAB).unwrap().as_str(), "https://AS.example:443");
    }

    /// Req: AS-03
    #[test]
    fn an_issuer_has_neither_query_nor_fragment_nor_http() {
        let refused = |text| Issuer::parse(text, LoopbackPolicy::HttpsOnly).unwrap_err();
        assert_eq!(refused("https://as.example?x"), IdentifierError::Query);
        assert_eq!(refused("https://as.example#x"), IdentifierError::Fragment);
        assert_eq!(refused("http://as.example"), IdentifierError::NotHttps);
        assert_eq!(refused("http://localhost:9000"), IdentifierError::NotHttps);
        assert_eq!(refused("https://u:p@as.example"), IdentifierError::UserInfo);
        assert_eq!(refused("HTTPS://as.example"), IdentifierError::NotAWebUrl);
        assert_eq!(refused("https://"), IdentifierError::NotAWebUrl);
        assert_eq!(refused("https:///as.example"), IdentifierError::NotAWebUrl);
        assert_eq!(refused("https://as.example/ü"), IdentifierError::IllegalCharacter);
        assert_eq!(refused(&format!("https://as.example/{}", "a".repeat(2048))), IdentifierError::TooLong);
    }

    /// Found by fuzzing: the last one made the URL parser panic.
    #[test]
    fn a_host_is_written_as_it_is() {
        for text in
            ["https://%61s.example", "http://local%68ost", "https://[::1%25lo]", "http://loca%4e%e2lhost"]
        {
            assert_eq!(Issuer::parse(text, LAB), Err(IdentifierError::IllegalCharacter), "{text}");
        }
        assert!(Issuer::parse("https://as.example/%61", LAB).is_ok(), "a path is what it is");
    }

    #[test]
    fn accessors_read_the_text_as_written() {
        let uri = ResourceUri::parse("http://[::1]:8001/mcp?x=1", LAB).unwrap();
        assert_eq!((uri.host(), uri.authority(), uri.path()), ("[::1]", "[::1]:8001", "/mcp"));
        assert_eq!(uri.origin(), "http://[::1]:8001");
        let bare = Issuer::parse("https://as.example", LAB).unwrap();
        assert_eq!((bare.host(), bare.path(), bare.origin()), ("as.example", "", "https://as.example"));
    }

    /// The table of redirect URIs. Req: AS-75, AS-76, AS-77, AS-79, X-16, X-17
    #[test]
    fn redirect_uris_match_by_text_but_for_the_loopback_port() {
        let accepts = |registered: &str, requested: &str| {
            RedirectUri::parse(requested).is_ok_and(|requested| redirect(registered).accepts(&requested))
        };
        assert!(accepts("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb"));
        assert!(accepts("http://127.0.0.1:3000/cb", "http://127.0.0.1:9/cb"));
        assert!(accepts("http://localhost:3000/cb", "http://localhost:4000/cb"));
        assert!(accepts("http://[::1]/cb", "http://[::1]:1/cb"));
        assert!(accepts("https://app.example/cb?x=1", "https://app.example/cb?x=1"));
        for (registered, requested) in [
            ("http://127.0.0.1:3000/cb", "http://localhost:3000/cb"),
            ("http://127.0.0.1:3000/cb", "http://127.0.0.2:3000/cb"),
            ("http://127.0.0.1:3000/cb", "http://[::1]:3000/cb"),
            ("http://127.0.0.1:3000/cb", "http://127.0.0.1:3000/cb/"),
            ("http://127.0.0.1:3000/cb", "http://127.0.0.1:3000/cb?x=1"),
            ("http://127.0.0.1:3000/cb", "https://127.0.0.1:3000/cb"),
            ("https://app.example/cb", "https://app.example:8443/cb"),
            ("https://app.example/cb", "https://APP.example/cb"),
            ("https://app.example/cb", "https://app.example/cb#x"),
            ("https://127.0.0.1/cb", "https://127.0.0.1:8443/cb"),
        ] {
            assert!(!accepts(registered, requested), "{registered} must not accept {requested}");
        }
    }

    /// Req: ALL-03, AS-79
    #[test]
    fn redirect_uris_are_https_or_loopback_http() {
        assert_eq!(RedirectUri::parse("http://app.example/cb"), Err(IdentifierError::NotHttps));
        for text in
            ["javascript:alert(1)", "com.example:/cb", "data:text/html,x", "file:///etc/passwd", "/cb", ""]
        {
            assert_eq!(RedirectUri::parse(text), Err(IdentifierError::NotAWebUrl), "{text}");
        }
        assert_eq!(RedirectUri::parse("\u{1}javascript:x"), Err(IdentifierError::IllegalCharacter));
    }

    /// Req: ALL-09
    #[test]
    fn a_redirect_uri_leaves_the_parameters_of_the_response_alone() {
        for name in ["code", "state", "iss", "error", "%69ss"] {
            let text = format!("https://app.example/cb?keep=1&{name}=x");
            assert_eq!(RedirectUri::parse(&text), Err(IdentifierError::ResponseParameter), "{text}");
        }
        assert!(RedirectUri::parse("https://app.example/cb?issue=1&x=iss").is_ok());
    }

    /// Req: CL-34
    #[test]
    fn the_browser_is_back_with_parameters_and_nothing_else_added() {
        let plain = redirect("http://127.0.0.1:4000/cb");
        for back in
            ["http://127.0.0.1:4000/cb", "http://127.0.0.1:4000/cb?code=x", "http://127.0.0.1:4000/cb#x"]
        {
            assert!(plain.is_reached_by(back), "{back}");
        }
        for elsewhere in [
            "http://127.0.0.1:4000/cbx?code=x",
            "http://127.0.0.1:4000/cb/?code=x",
            "http://127.0.0.1:40000/cb",
            "http://127.0.0.1:4000/cb&code=x",
        ] {
            assert!(!plain.is_reached_by(elsewhere), "{elsewhere}");
        }
        let with_query = redirect("https://app.example/cb?keep=1");
        assert!(with_query.is_reached_by("https://app.example/cb?keep=1&code=x"));
        assert!(!with_query.is_reached_by("https://app.example/cb?keep=12&code=x"));
        assert!(!with_query.is_reached_by("https://app.example/cb?code=x"));
    }

    /// Req: AS-25, AS-105
    #[test]
    fn parameters_are_added_to_an_existing_query() {
        assert_eq!(
            redirect("https://app.example/cb?keep=1").with_parameters([("code", "a b&c")]),
            "https://app.example/cb?keep=1&code=a+b%26c"
        );
        assert_eq!(
            redirect("https://app.example/cb").with_parameters([("x", "1")]),
            "https://app.example/cb?x=1"
        );
    }
}
