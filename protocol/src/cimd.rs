//! Client ID Metadata Documents (CIMD): the client's id is the URL of a document that describes the client.
//!
//! MCP pins draft -00; the stricter rules of -01 and -02 are a superset and are applied here.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::client_keys::ClientKeys;
use crate::client_metadata::{self, ApplicationType, AuthMethod, MetadataError};
use crate::host::Host;
use crate::ids::{ClientId, IdentifierError, RawUrl, RedirectUri};
use crate::loopback::LoopbackPolicy;
use crate::strict_json;
use crate::token_endpoint::AUTHORIZATION_CODE;

/// The most bytes of a document that are read.
///
/// Spec: Client ID Metadata Document draft -00 §6.6 (recommended maximum).
pub const MAX_DOCUMENT_BYTES: usize = 5 * 1024;

/// A client id that is the URL of a metadata document.
///
/// The rules are applied to the raw text, before any parser could fold `..` or `:443` away. Equality is equality of
/// text.
///
/// Spec: Client ID Metadata Document draft -00 §3; MCP 2025-11-25 Authorization, Client ID Metadata Documents.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientIdUrl(String);

/// Which rule for client id URLs a text breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientIdUrlError {
    /// A rule that holds for every identifier: characters, length, https, user name.
    #[error(transparent)]
    Url(#[from] IdentifierError),
    /// No path, or only `/`: whoever owns the host would be the client.
    #[error("it has no path")]
    NoPath,
    /// A `.` or `..` segment, also in a percent-encoded spelling.
    #[error("its path has a . or .. segment")]
    DotSegment,
    /// An address instead of a name. Addresses have no owner that a person could recognize.
    #[error("its host is an IP address")]
    AddressHost,
    /// `localhost`, `intranet`, `c.example.`: a name that means something only here, or not the same everywhere.
    #[error("its host is not a full domain name, plainly written")]
    HostName,
}

impl ClientIdUrl {
    /// Applies the rules to the text of a `client_id` parameter.
    ///
    /// # Errors
    /// The first rule that the text breaks.
    pub fn parse(text: &str, policy: LoopbackPolicy) -> Result<Self, ClientIdUrlError> {
        let raw = RawUrl::parse(text)?.without_fragment()?.permitted_by(policy)?;
        if matches!(raw.path(), "" | "/") {
            return Err(ClientIdUrlError::NoPath);
        }
        if raw.path().split('/').any(is_dot_segment) {
            return Err(ClientIdUrlError::DotSegment);
        }
        // What is http here is on loopback: the policy permits no other.
        if raw.scheme() == "https" {
            if is_address(text) {
                return Err(ClientIdUrlError::AddressHost);
            }
            if !is_full_domain_name(raw.host()) {
                return Err(ClientIdUrlError::HostName);
            }
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether a `client_id` looks like a URL at all, and so must obey the rules for one.
    #[must_use]
    pub fn is_url_shaped(text: &str) -> bool {
        text.contains("://")
    }

    /// The text, exactly as it was received.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `host` or `host:port` as written: what a person should recognize.
    #[must_use]
    pub fn authority(&self) -> &str {
        RawUrl::parse(&self.0).map_or("", |raw| raw.authority())
    }

    /// Host as written, without the port.
    #[must_use]
    pub fn host(&self) -> &str {
        RawUrl::parse(&self.0).map_or("", |raw| raw.host())
    }

    /// Whether it is one of the lab's: http, which only the lab's policy permits, and only on loopback.
    #[must_use]
    pub fn is_on_loopback(&self) -> bool {
        self.0.starts_with("http://")
    }

    /// What holds for the URLs inside the document: http only if it came by http itself, from this machine.
    fn policy(&self) -> LoopbackPolicy {
        if self.is_on_loopback() { LoopbackPolicy::AllowHttpOnLoopback } else { LoopbackPolicy::HttpsOnly }
    }

    /// The same text as the `client_id` of requests and tokens.
    ///
    /// # Panics
    /// Never: a legal URL is a legal client id.
    #[must_use]
    pub fn client_id(&self) -> ClientId {
        ClientId::parse(&self.0).expect("a URL of visible ASCII characters is a client id")
    }
}

fn is_dot_segment(segment: &str) -> bool {
    let plain = segment.to_ascii_lowercase().replace("%2e", ".");
    plain == "." || plain == ".."
}

/// Whether URL parsers would read the host as an address: the usual spellings, and `2130706433`, `0x7f.1`, `127.1`.
fn is_address(text: &str) -> bool {
    matches!(Host::of_url(text), Some(Host::Ipv4(_) | Host::Ipv6(_)))
}

/// At least two labels of letters, digits and hyphens, and nothing that only parsers would repair. Names below
/// `localhost` are this machine (RFC 6761 §6.3).
fn is_full_domain_name(host: &str) -> bool {
    let is_label = |label: &str| {
        let inside = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(inside)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let top = host.rsplit('.').next().unwrap_or_default();
    host.len() <= 253
        && host.contains('.')
        && host.split('.').all(is_label)
        && !top.eq_ignore_ascii_case("localhost")
}

/// A metadata document that passed every rule. Only [`ClientMetadataDocument::validate`] makes one.
///
/// Spec: Client ID Metadata Document draft -00 §4.1; MCP 2025-11-25 Authorization, Client ID Metadata Documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientMetadataDocument {
    client_id: ClientIdUrl,
    client_name: String,
    redirect_uris: Vec<RedirectUri>,
    /// Absent: it is public.
    keys: Option<ClientKeys>,
    grant_types: Vec<String>,
    application_type: Option<ApplicationType>,
    client_uri: Option<String>,
    logo_uri: Option<String>,
}

/// Which rule for documents a body breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Not JSON, a repeated member name, or not an object.
    #[error("it is not a JSON object with distinct members: {0}")]
    NotAnObject(String),
    /// `client_id` is not the URL that the document was fetched from.
    #[error("it says client_id {found:?}, but it was fetched from {fetched:?}")]
    OtherClientId {
        /// The URL it was fetched from.
        fetched: String,
        /// What it says.
        found: String,
    },
    /// It contains a secret, or asks for a method that needs a shared one.
    #[error("{0}: a shared secret has no place in a document that everyone can read")]
    SharedSecret(&'static str),
    /// A rule that holds for everything a client says about itself.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
}

/// Members that only a shared secret would need.
const SECRET_MEMBERS: [&str; 2] = ["client_secret", "client_secret_expires_at"];

impl ClientMetadataDocument {
    /// Applies every rule to a body that was fetched from `url`.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn validate(url: &ClientIdUrl, body: &[u8]) -> Result<Self, DocumentError> {
        let document = strict_json::parse_object(body)
            .map_err(|reason| DocumentError::NotAnObject(reason.to_string()))?;
        check_client_id(&document, url)?;
        let client_name = client_metadata::text(&document, "client_name")?;
        let client_name = client_name.ok_or(MetadataError::Missing("client_name"))?.to_owned();
        let redirect_uris = client_metadata::redirect_uris(&document)?;
        refuse_secrets(&document)?;
        // A page or a logo that nobody may open is left out; nothing depends on it.
        let web_uri = |name| client_metadata::web_uri(&document, name, url.policy()).ok().flatten();
        Ok(Self {
            client_id: url.clone(),
            client_name,
            redirect_uris,
            keys: keys(&document, url.policy())?,
            grant_types: client_metadata::texts(&document, "grant_types")?
                .unwrap_or_else(|| vec![AUTHORIZATION_CODE.to_owned()]),
            application_type: client_metadata::application_type(&document)?,
            client_uri: web_uri("client_uri").map(str::to_owned),
            logo_uri: web_uri("logo_uri").map(str::to_owned),
        })
    }

    /// The document's own URL.
    #[must_use]
    pub fn client_id(&self) -> &ClientIdUrl {
        &self.client_id
    }

    /// What the client calls itself. Anyone can write anything here.
    #[must_use]
    pub fn client_name(&self) -> &str {
        &self.client_name
    }

    /// Where it may be sent back to; at least one.
    #[must_use]
    pub fn redirect_uris(&self) -> &[RedirectUri] {
        &self.redirect_uris
    }

    /// The keys of a client that declared `private_key_jwt`. Without them it is public.
    #[must_use]
    pub fn keys(&self) -> Option<&ClientKeys> {
        self.keys.as_ref()
    }

    /// The grant types it says it uses, among them ones that no server may know. Absent means `authorization_code`.
    ///
    /// Spec: RFC 7591 §2.
    #[must_use]
    pub fn grant_types(&self) -> &[String] {
        &self.grant_types
    }

    /// Where it says it runs.
    #[must_use]
    pub fn application_type(&self) -> Option<ApplicationType> {
        self.application_type
    }

    /// A page about it: https (or http on loopback, if the document came from there).
    #[must_use]
    pub fn client_uri(&self) -> Option<&str> {
        self.client_uri.as_deref()
    }

    /// Its logo, by the same rule.
    #[must_use]
    pub fn logo_uri(&self) -> Option<&str> {
        self.logo_uri.as_deref()
    }
}

fn check_client_id(document: &Map<String, Value>, url: &ClientIdUrl) -> Result<(), DocumentError> {
    const NAME: &str = "client_id";
    match document.get(NAME) {
        None => Err(MetadataError::Missing(NAME).into()),
        Some(Value::String(found)) if found == url.as_str() => Ok(()),
        Some(Value::String(found)) => {
            Err(DocumentError::OtherClientId { fetched: url.as_str().to_owned(), found: found.clone() })
        }
        Some(_) => Err(MetadataError::WrongType(NAME).into()),
    }
}

fn refuse_secrets(document: &Map<String, Value>) -> Result<(), DocumentError> {
    if let Some(name) = SECRET_MEMBERS.into_iter().find(|name| document.contains_key(*name)) {
        return Err(DocumentError::SharedSecret(name));
    }
    Ok(client_metadata::check_key_members(document)?)
}

/// An absent method means `none`: the default of RFC 7591 needs a shared secret, which a public document cannot have.
fn keys(document: &Map<String, Value>, policy: LoopbackPolicy) -> Result<Option<ClientKeys>, DocumentError> {
    const NAME: &str = "token_endpoint_auth_method";
    let is_shared = |name: &str| name.starts_with("client_secret_");
    if client_metadata::text(document, NAME)?.is_some_and(is_shared) {
        return Err(DocumentError::SharedSecret(NAME));
    }
    match client_metadata::auth_method(document)?.unwrap_or(AuthMethod::None) {
        AuthMethod::PrivateKeyJwt => Ok(Some(client_metadata::keys(document, policy)?)),
        AuthMethod::None => Ok(None),
        AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost => {
            Err(DocumentError::SharedSecret(NAME))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    const LAB: LoopbackPolicy = LoopbackPolicy::AllowHttpOnLoopback;
    const URL: &str = "https://c.example/client.json";

    fn url() -> ClientIdUrl {
        ClientIdUrl::parse(URL, LoopbackPolicy::HttpsOnly).unwrap()
    }

    fn document() -> Value {
        json!({ "client_id": URL, "client_name": "C", "redirect_uris": ["https://c.example/cb"], "unknown": {} })
    }

    fn with(members: &[(&str, Value)]) -> Value {
        let mut changed = document();
        for (name, value) in members {
            changed[*name] = value.clone();
        }
        changed
    }

    fn validate(document: &Value) -> Result<ClientMetadataDocument, DocumentError> {
        ClientMetadataDocument::validate(&url(), document.to_string().as_bytes())
    }

    /// Req: AS-30, AS-35, AS-36
    #[test]
    fn accepts_the_legal_urls() {
        for text in [URL, "https://c.example:8443/c", "https://c.example/c?v=1", "https://c.example:443/c"] {
            assert!(ClientIdUrl::parse(text, LoopbackPolicy::HttpsOnly).is_ok(), "{text}");
        }
        assert!(ClientIdUrl::parse("http://localhost:3000/client.json", LAB).is_ok());
        assert!(ClientIdUrl::parse("http://127.0.0.1:3000/client.json", LAB).is_ok());
    }

    /// Req: AS-30, AS-31, AS-32, AS-33, AS-34, AS-38, X-28, C01, C03
    #[test]
    fn rejects_before_parsing() {
        use ClientIdUrlError::{AddressHost, DotSegment, HostName, NoPath, Url};
        use IdentifierError::{Fragment, IllegalCharacter, NotAWebUrl, NotHttps, TooLong, UserInfo};
        let long = format!("https://c.example/{}", "a".repeat(2048));
        let long_label = format!("https://{}.example/c", "a".repeat(64));
        for (text, reason) in [
            ("http://c.example/c", Url(NotHttps)),
            ("http://localhost:3000/client.json", Url(NotHttps)),
            ("HTTPS://c.example/c", Url(NotAWebUrl)),
            ("https://c.example", NoPath),
            ("https://c.example/", NoPath),
            ("https://c.example?x=/c", NoPath),
            ("https://c.example/a/../c", DotSegment),
            ("https://c.example/./c", DotSegment),
            ("https://c.example/%2e%2E/c", DotSegment),
            ("https://c.example/.%2e/c", DotSegment),
            ("https://c.example/a/..", DotSegment),
            ("https://c.example/a/.?x", DotSegment),
            ("https://u@c.example/c", Url(UserInfo)),
            ("https://u:p@c.example/c", Url(UserInfo)),
            ("https://c.example%40evil.example/c", Url(IllegalCharacter)),
            ("https://c.example/c#f", Url(Fragment)),
            ("https://c.example/c#", Url(Fragment)),
            ("https://c.example/a\\b", Url(IllegalCharacter)),
            ("https://c.example/a b", Url(IllegalCharacter)),
            ("https://c.example/a\tb", Url(IllegalCharacter)),
            ("https://c.example/a\r\nb", Url(IllegalCharacter)),
            (" https://c.example/c", Url(IllegalCharacter)),
            ("https://c.example/c\0", Url(IllegalCharacter)),
            ("https://c.example/\u{fc}", Url(IllegalCharacter)),
            ("https://c.example/{c}", Url(IllegalCharacter)),
            ("https:///c.example/x", Url(NotAWebUrl)),
            ("https:c.example/x", Url(NotAWebUrl)),
            ("https:/c.example/x", Url(NotAWebUrl)),
            ("//c.example/x", Url(NotAWebUrl)),
            ("javascript://c.example/x", Url(NotAWebUrl)),
            (&long, Url(TooLong)),
            ("https://127.0.0.1/c", AddressHost),
            ("https://2130706433/c", AddressHost),
            ("https://0x7f.1/c", AddressHost),
            ("https://0177.0.0.1/c", AddressHost),
            ("https://127.1/c", AddressHost),
            ("https://%31%32%37.0.0.1/c", Url(IllegalCharacter)),
            ("https://127.0.0.1./c", AddressHost),
            ("https://\u{ff11}\u{ff12}\u{ff17}.0.0.1/c", Url(IllegalCharacter)),
            ("https://127\u{3002}0\u{3002}0\u{3002}1/c", Url(IllegalCharacter)),
            ("https://[::1]/c", AddressHost),
            ("https://[::ffff:127.0.0.1]/c", AddressHost),
            ("https://localhost/c", HostName),
            ("https://LOCALHOST/c", HostName),
            ("https://localhost./c", HostName),
            ("https://foo.localhost/c", HostName),
            ("https://intranet/c", HostName),
            ("https://c.example./c", HostName),
            ("https://c..example/c", HostName),
            ("https://.c.example/c", HostName),
            ("https://-c.example/c", HostName),
            ("https://c%2eexample/c", Url(IllegalCharacter)),
            ("https://%63.example/c", Url(IllegalCharacter)),
            ("https://c_d.example/c", HostName),
            (&long_label, HostName),
        ] {
            assert_eq!(ClientIdUrl::parse(text, LoopbackPolicy::HttpsOnly), Err(reason), "{text}");
        }
        assert_eq!(
            ClientIdUrl::parse("https://127.0.0.1/c", LAB),
            Err(AddressHost),
            "the exception is for http"
        );
    }

    /// Req: AS-55, AS-57, AS-61, AS-64
    #[test]
    fn accepts_a_document_with_what_mcp_demands() {
        let valid = validate(&document()).unwrap();
        assert_eq!(valid.client_name(), "C");
        assert_eq!(valid.redirect_uris()[0].as_str(), "https://c.example/cb");
    }

    /// Req: AS-37, AS-56, X-29
    #[test]
    fn client_id_is_the_url_byte_for_byte() {
        for other in [
            "https://c.example/client.json/",
            "https://c.example:443/client.json",
            "https://C.example/client.json",
            "https://c.example/client%2Ejson",
        ] {
            let mut changed = document();
            changed["client_id"] = other.into();
            assert!(matches!(validate(&changed), Err(DocumentError::OtherClientId { .. })), "{other}");
        }
    }

    /// Req: AS-57, MD-04
    #[test]
    fn demanded_members_cannot_be_missing_or_of_another_type() {
        for name in ["client_id", "client_name", "redirect_uris"] {
            let mut changed = document();
            changed.as_object_mut().unwrap().remove(name);
            assert_eq!(validate(&changed), Err(MetadataError::Missing(name).into()));
            changed[name] = 1.into();
            assert_eq!(validate(&changed), Err(MetadataError::WrongType(name).into()));
        }
        let mut empty = document();
        empty["redirect_uris"] = json!([]);
        assert_eq!(validate(&empty), Err(MetadataError::WrongType("redirect_uris").into()));
    }

    /// Req: AS-58, AS-59, AS-60, MD-05, X-32
    #[test]
    fn secrets_have_no_place_in_it() {
        for (name, value) in [
            ("client_secret", json!("x")),
            ("client_secret_expires_at", json!(0)),
            ("token_endpoint_auth_method", json!("client_secret_basic")),
            ("token_endpoint_auth_method", json!("client_secret_post")),
            ("token_endpoint_auth_method", json!("client_secret_jwt")),
        ] {
            let refused = validate(&with(&[(name, value)]));
            assert!(matches!(refused, Err(DocumentError::SharedSecret(_))), "{name}");
        }
        for (name, value) in [
            ("jwks", json!({ "keys": [{ "kty": "oct", "k": "x" }] })),
            ("jwks", json!({ "keys": [{ "d": "x" }] })),
            ("unknown", json!([{ "kty": "EC", "d": "x" }])),
        ] {
            assert_eq!(validate(&with(&[(name, value)])), Err(MetadataError::PrivateKey.into()), "{name}");
        }
    }

    /// Req: AS-60, AS-61, AS-62, AS-63
    #[test]
    fn private_key_jwt_needs_public_keys_in_one_place() {
        let declared = ("token_endpoint_auth_method", json!("private_key_jwt"));
        let jwks = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }] });
        let uri = json!("https://keys.example/jwks");
        let inline = validate(&with(&[declared.clone(), ("jwks", jwks.clone())])).unwrap();
        assert!(inline.keys().is_some());
        assert!(validate(&with(&[declared.clone(), ("jwks_uri", uri.clone())])).unwrap().keys().is_some());
        assert!(validate(&with(&[("jwks", jwks.clone())])).unwrap().keys().is_none(), "absent means none");
        for (members, reason) in [
            (vec![declared.clone()], MetadataError::NoKeys),
            (
                vec![declared.clone(), ("jwks", jwks.clone()), ("jwks_uri", uri.clone())],
                MetadataError::BothKeySources,
            ),
            (vec![("jwks", jwks), ("jwks_uri", uri)], MetadataError::BothKeySources),
            (
                vec![("token_endpoint_auth_method", json!("tls_client_auth"))],
                MetadataError::UnsupportedAuthMethod("tls_client_auth".into()),
            ),
        ] {
            assert_eq!(validate(&with(&members)), Err(reason.into()));
        }
        for bad in ["http://localhost:3000/jwks", "file:///jwks"] {
            let refused = validate(&with(&[declared.clone(), ("jwks_uri", bad.into())]));
            assert!(matches!(refused, Err(DocumentError::Metadata(MetadataError::BadUri { .. }))), "{bad}");
        }
    }

    /// Req: AS-66
    #[test]
    fn grant_types_that_nobody_here_knows_are_no_fault() {
        assert_eq!(validate(&document()).unwrap().grant_types(), [AUTHORIZATION_CODE]);
        let many = with(&[("grant_types", json!(["authorization_code", "refresh_token", "urn:x:new"]))]);
        assert_eq!(validate(&many).unwrap().grant_types().len(), 3);
    }

    /// Req: AS-46
    #[test]
    fn links_that_nobody_may_open_are_left_out() {
        let linked = with(&[
            ("client_uri", "https://c.example".into()),
            ("logo_uri", "javascript:alert(1)".into()),
            ("application_type", "native".into()),
        ]);
        let valid = validate(&linked).unwrap();
        assert_eq!((valid.client_uri(), valid.logo_uri()), (Some("https://c.example"), None));
        assert_eq!(valid.application_type(), Some(ApplicationType::Native));
    }

    /// Req: AS-79, A05
    #[test]
    fn redirect_uris_must_be_legal() {
        for bad in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "\u{1}javascript:alert(1)",
            " javascript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "BLOB:https://c.example/x",
            "http://c.example/cb",
            "https://c.example/cb#x",
            "/cb",
        ] {
            let mut changed = document();
            changed["redirect_uris"] = json!([bad]);
            let refused = validate(&changed);
            assert!(
                matches!(refused, Err(DocumentError::Metadata(MetadataError::BadRedirectUri { .. }))),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_document_that_says_a_thing_twice_is_refused() {
        let body = format!(
            r#"{{"client_id":"{URL}","client_id":"{URL}","client_name":"C","redirect_uris":["https://c.example/cb"]}}"#
        );
        assert!(matches!(
            ClientMetadataDocument::validate(&url(), body.as_bytes()),
            Err(DocumentError::NotAnObject(_))
        ));
    }
}
