//! What a client may say about itself: the members that metadata documents and registrations share, each read by one
//! rule. The two differ only in what is demanded and in what an absent member means.
//!
//! Spec: RFC 7591 §2; OpenID Connect Registration §2; Client ID Metadata Document draft -00 §4.1.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clause::Clause;
use crate::client_keys::{ClientKeys, JwksError, KeySource, SigningAlgorithm, holds_private_key, read_jwks};
use crate::ids::{IdentifierError, RawUrl, RedirectUri};
use crate::loopback::LoopbackPolicy;

/// The most redirect URIs of a client.
pub const MAX_REDIRECT_URIS: usize = 20;
/// The longest text that is no URL, in bytes.
const MAX_TEXT_BYTES: usize = 400;
/// The most members of a list of grant or response types.
const MAX_TYPES: usize = 20;

/// How a client proves at the token endpoint who it is.
///
/// Spec: RFC 7591 §2 (`token_endpoint_auth_method`); OpenID Connect Core §9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// Not at all: it is public.
    None,
    /// By a secret in the `Authorization` header.
    ClientSecretBasic,
    /// By a secret in the body.
    ClientSecretPost,
    /// By a signed assertion.
    PrivateKeyJwt,
}

impl AuthMethod {
    /// All of them, as metadata lists them.
    pub const ALL: [Self; 4] =
        [Self::None, Self::ClientSecretBasic, Self::ClientSecretPost, Self::PrivateKeyJwt];

    /// The registered name: `client_secret_basic`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
        }
    }

    /// The method of this name, in exactly this spelling.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == name)
    }

    /// Whether client and server share a secret.
    #[must_use]
    pub fn needs_secret(self) -> bool {
        matches!(self, Self::ClientSecretBasic | Self::ClientSecretPost)
    }
}

/// Where a client runs.
///
/// Spec: OpenID Connect Registration §2 (`application_type`); MCP 2026-07-28 Authorization, Application Type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    /// On a web server, or in a page that comes from one.
    Web,
    /// On somebody's machine.
    Native,
}

/// Which rule a member breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// A demanded member is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A member has the wrong type or shape.
    #[error("{0} has the wrong type")]
    WrongType(&'static str),
    /// A member is longer than anybody needs.
    #[error("{0} is too long")]
    TooLong(&'static str),
    /// A redirect URI is not legal.
    #[error("the redirect URI {uri:?} is not allowed: {reason}")]
    BadRedirectUri {
        /// The text as it was sent.
        uri: String,
        /// The rule it breaks.
        reason: IdentifierError,
    },
    /// The URI of a page, logo or key set is none that may be used.
    #[error("{name} cannot be used: {reason}")]
    BadUri {
        /// Which member.
        name: &'static str,
        /// The rule it breaks.
        reason: IdentifierError,
    },
    /// An authentication method that this server does not offer.
    #[error("the authentication method {0:?} is not offered here")]
    UnsupportedAuthMethod(String),
    /// A signature algorithm that does not count here.
    #[error("signatures by {0:?} do not count here")]
    UnsupportedAlgorithm(String),
    /// An application type other than `web` and `native`.
    #[error("the application type {0:?} is unknown")]
    UnknownApplicationType(String),
    /// Private or symmetric key material, which must not leave its owner.
    #[error("it holds a private or symmetric key")]
    PrivateKey,
    /// Keys in two places, which could differ.
    #[error("it has both jwks and jwks_uri")]
    BothKeySources,
    /// `private_key_jwt` without keys.
    #[error("it declares private_key_jwt, but has neither jwks nor jwks_uri")]
    NoKeys,
    /// The key set in `jwks` cannot be used.
    #[error("its jwks cannot be used: {0}")]
    Jwks(#[from] JwksError),
}

impl MetadataError {
    /// The rule.
    #[must_use]
    pub fn clause(&self) -> Clause {
        match self {
            Self::Missing(_) | Self::WrongType(_) | Self::TooLong(_) | Self::BadUri { .. } => {
                Clause::RegistrationMetadata
            }
            Self::BadRedirectUri { .. } => Clause::RegistrationRedirect,
            Self::UnsupportedAuthMethod(_) => Clause::DeclaredAuthentication,
            Self::UnknownApplicationType(_) => Clause::ApplicationType,
            Self::UnsupportedAlgorithm(_)
            | Self::PrivateKey
            | Self::BothKeySources
            | Self::NoKeys
            | Self::Jwks(_) => Clause::ClientKeys,
        }
    }
}

/// A text that may be absent. `null` and the empty text count as absent.
pub(crate) fn text<'a>(
    object: &'a Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'a str>, MetadataError> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) if text.len() > MAX_TEXT_BYTES => Err(MetadataError::TooLong(name)),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(MetadataError::WrongType(name)),
    }
}

/// A list of texts that may be absent, such as `grant_types`.
pub(crate) fn texts(
    object: &Map<String, Value>,
    name: &'static str,
) -> Result<Option<Vec<String>>, MetadataError> {
    let values = match object.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Array(values)) => values,
        Some(_) => return Err(MetadataError::WrongType(name)),
    };
    if values.len() > MAX_TYPES {
        return Err(MetadataError::TooLong(name));
    }
    let texts = values.iter().map(|value| value.as_str().map(str::to_owned));
    texts.collect::<Option<_>>().map(Some).ok_or(MetadataError::WrongType(name))
}

/// `redirect_uris`: at least one, each legal.
pub(crate) fn redirect_uris(object: &Map<String, Value>) -> Result<Vec<RedirectUri>, MetadataError> {
    const NAME: &str = "redirect_uris";
    let values = match object.get(NAME) {
        None => return Err(MetadataError::Missing(NAME)),
        Some(Value::Array(values)) if !values.is_empty() => values,
        Some(_) => return Err(MetadataError::WrongType(NAME)),
    };
    if values.len() > MAX_REDIRECT_URIS {
        return Err(MetadataError::TooLong(NAME));
    }
    let parse = |value: &Value| {
        let text = value.as_str().ok_or(MetadataError::WrongType(NAME))?;
        RedirectUri::parse(text)
            .map_err(|reason| MetadataError::BadRedirectUri { uri: text.to_owned(), reason })
    };
    values.iter().map(parse).collect()
}

/// The URI of a page, a logo or a key set that may be absent.
pub(crate) fn web_uri<'a>(
    object: &'a Map<String, Value>,
    name: &'static str,
    policy: LoopbackPolicy,
) -> Result<Option<&'a str>, MetadataError> {
    let text = match object.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) if text.is_empty() => return Ok(None),
        Some(Value::String(text)) => text,
        Some(_) => return Err(MetadataError::WrongType(name)),
    };
    check_web_uri(text, policy).map_err(|reason| MetadataError::BadUri { name, reason })?;
    Ok(Some(text))
}

/// Whether a person or this server may open a URI: https, or http on loopback by policy.
///
/// # Errors
/// The rule that it breaks.
///
/// Spec: Client ID Metadata Document draft -00 §6.5.
pub fn check_web_uri(text: &str, policy: LoopbackPolicy) -> Result<(), IdentifierError> {
    RawUrl::parse(text)?.permitted_by(policy).map(|_| ())
}

/// `application_type`, if it is said.
pub(crate) fn application_type(
    object: &Map<String, Value>,
) -> Result<Option<ApplicationType>, MetadataError> {
    match text(object, "application_type")? {
        None => Ok(None),
        Some("web") => Ok(Some(ApplicationType::Web)),
        Some("native") => Ok(Some(ApplicationType::Native)),
        Some(other) => Err(MetadataError::UnknownApplicationType(other.to_owned())),
    }
}

/// `token_endpoint_auth_method`, if it is said.
pub(crate) fn auth_method(object: &Map<String, Value>) -> Result<Option<AuthMethod>, MetadataError> {
    let Some(name) = text(object, "token_endpoint_auth_method")? else { return Ok(None) };
    AuthMethod::parse(name).map(Some).ok_or_else(|| MetadataError::UnsupportedAuthMethod(name.to_owned()))
}

/// What holds for keys whatever the method is: nothing private, and not two places.
pub(crate) fn check_key_members(object: &Map<String, Value>) -> Result<(), MetadataError> {
    let is_said = |name| object.get(name).is_some_and(|value| !value.is_null());
    if holds_private_key(object) {
        return Err(MetadataError::PrivateKey);
    }
    if is_said("jwks") && is_said("jwks_uri") {
        return Err(MetadataError::BothKeySources);
    }
    Ok(())
}

/// The keys of a client that declared `private_key_jwt`.
pub(crate) fn keys(object: &Map<String, Value>, policy: LoopbackPolicy) -> Result<ClientKeys, MetadataError> {
    check_key_members(object)?;
    let source = match (object.get("jwks"), web_uri(object, "jwks_uri", policy)?) {
        (_, Some(uri)) => KeySource::Uri(uri.to_owned()),
        (Some(Value::Object(jwks)), None) => {
            read_jwks(jwks)?;
            KeySource::Inline(jwks.clone())
        }
        (None | Some(Value::Null), None) => return Err(MetadataError::NoKeys),
        (Some(_), None) => return Err(MetadataError::WrongType("jwks")),
    };
    let algorithm = match text(object, "token_endpoint_auth_signing_alg")? {
        None => None,
        Some(name) => Some(
            SigningAlgorithm::parse(name)
                .ok_or_else(|| MetadataError::UnsupportedAlgorithm(name.to_owned()))?,
        ),
    };
    Ok(ClientKeys { source, algorithm })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn object(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn jwks() -> Value {
        json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }] })
    }

    #[test]
    fn null_and_the_empty_text_count_as_absent() {
        for absent in [json!({}), json!({ "client_name": null }), json!({ "client_name": "" })] {
            assert_eq!(text(&object(&absent), "client_name"), Ok(None));
        }
        let long = object(&json!({ "client_name": "x".repeat(MAX_TEXT_BYTES + 1) }));
        assert_eq!(text(&long, "client_name"), Err(MetadataError::TooLong("client_name")));
        let number = object(&json!({ "client_name": 1 }));
        assert_eq!(text(&number, "client_name"), Err(MetadataError::WrongType("client_name")));
    }

    #[test]
    fn lists_are_bounded() {
        let many = vec!["https://c.example/cb"; MAX_REDIRECT_URIS + 1];
        let said =
            object(&json!({ "redirect_uris": many, "grant_types": many, "response_types": ["code", 1] }));
        assert_eq!(redirect_uris(&said), Err(MetadataError::TooLong("redirect_uris")));
        assert_eq!(texts(&said, "grant_types"), Err(MetadataError::TooLong("grant_types")));
        assert_eq!(texts(&said, "response_types"), Err(MetadataError::WrongType("response_types")));
    }

    /// Req: AS-46
    #[test]
    fn only_web_uris_are_opened() {
        for bad in
            ["javascript:alert(1)", "data:image/png,x", "file:///etc/passwd", "http://c.example", "//c", "x"]
        {
            let said = object(&json!({ "logo_uri": bad }));
            assert!(web_uri(&said, "logo_uri", LoopbackPolicy::AllowHttpOnLoopback).is_err(), "{bad}");
        }
        let local = object(&json!({ "logo_uri": "http://localhost:3000/logo.png" }));
        assert!(web_uri(&local, "logo_uri", LoopbackPolicy::AllowHttpOnLoopback).is_ok());
        assert!(web_uri(&local, "logo_uri", LoopbackPolicy::HttpsOnly).is_err());
    }

    /// Req: AS-62
    #[test]
    fn keys_are_in_one_place() {
        let read = |value: Value| keys(&object(&value), LoopbackPolicy::HttpsOnly);
        let uri = "https://c.example/jwks";
        let at_uri = read(json!({ "jwks_uri": uri, "token_endpoint_auth_signing_alg": "ES256" })).unwrap();
        assert_eq!(at_uri.source, KeySource::Uri(uri.into()));
        assert_eq!(at_uri.algorithm, Some(SigningAlgorithm::Es256));
        assert_eq!(read(json!({ "jwks": jwks() })).unwrap().algorithm, None);
        assert_eq!(read(json!({ "jwks": jwks(), "jwks_uri": uri })), Err(MetadataError::BothKeySources));
        assert_eq!(read(json!({})), Err(MetadataError::NoKeys));
        assert_eq!(read(json!({ "jwks": "x" })), Err(MetadataError::WrongType("jwks")));
        assert_eq!(read(json!({ "jwks": { "keys": [] } })), Err(JwksError::NoUsableKey.into()));
        for name in ["none", "HS256", "es256"] {
            let said = json!({ "jwks": jwks(), "token_endpoint_auth_signing_alg": name });
            assert_eq!(read(said), Err(MetadataError::UnsupportedAlgorithm(name.into())));
        }
        assert!(matches!(
            read(json!({ "jwks_uri": "http://169.254.169.254/jwks" })),
            Err(MetadataError::BadUri { name: "jwks_uri", .. })
        ));
    }
}
