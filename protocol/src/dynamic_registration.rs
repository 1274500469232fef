//! Dynamic client registration: a client says who it is and is given an id.
//!
//! The specification of 2026-07-28 deprecates it in favour of [`crate::cimd`]; clients of 2025-11-25 use it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::client_keys::{ClientKeys, KeySource, SigningAlgorithm};
use crate::client_metadata::{self, ApplicationType, AuthMethod, MetadataError};
use crate::ids::{ClientId, RedirectUri, UnixTime};
use crate::loopback::LoopbackPolicy;
use crate::scope::ScopeSet;
use crate::secret::Secret;
use crate::strict_json;
use crate::token_endpoint::{AUTHORIZATION_CODE, REFRESH_TOKEN};

/// The most bytes of a registration that are read.
pub const MAX_REGISTRATION_BYTES: usize = 8 * 1024;
/// Grant types that a client can register for here. Others are left out of what is registered.
const GRANT_TYPES: [&str; 2] = [AUTHORIZATION_CODE, REFRESH_TOKEN];
const RESPONSE_TYPE: &str = "code";

/// What is registered: the client's request with every default filled in, and without what the server does not know.
///
/// Spec: RFC 7591 §2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// Where it may be sent back to; at least one.
    pub redirect_uris: Vec<RedirectUri>,
    /// How it authenticates at the token endpoint.
    pub token_endpoint_auth_method: AuthMethod,
    /// The one algorithm of its assertions, if it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<SigningAlgorithm>,
    /// Which grants it uses; `authorization_code` among them.
    pub grant_types: Vec<String>,
    /// `code`.
    pub response_types: Vec<String>,
    /// Where it runs.
    pub application_type: ApplicationType,
    /// What it calls itself. Anyone can write anything here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// A page about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    /// Its logo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    /// What it expects to ask for. What it gets is decided at each request, by the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<ScopeSet>,
    /// Its public keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Map<String, Value>>,
    /// Where its public keys are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
}

/// The answer to a successful registration: what was registered, with the name of the client.
///
/// Spec: RFC 7591 §3.2.1.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RegistrationResponse {
    /// What the client calls itself in requests from now on.
    pub client_id: ClientId,
    /// Since when the server knows it.
    pub client_id_issued_at: UnixTime,
    /// Only for methods that need one; it is told once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<Secret>,
    /// When the secret ends; 0 means never. It stands beside every secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret_expires_at: Option<UnixTime>,
    /// Every value as it is stored.
    #[serde(flatten)]
    pub registration: Registration,
}

/// Which rule a registration breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationError {
    /// Not JSON, a repeated member name, or not an object.
    #[error("it is not a JSON object with distinct members: {0}")]
    NotAnObject(String),
    /// A rule that holds for everything a client says about itself.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// A web client that wants to return to this very machine.
    #[error("the redirect URI {0:?} is on loopback, where only native clients are")]
    LoopbackForWeb(RedirectUri),
    /// It does not want the one grant that there is.
    #[error("grant_types does not contain authorization_code")]
    NoCodeGrant,
    /// It does not want the one response that there is.
    #[error("response_types does not contain code")]
    NoCodeResponse,
    /// Its scopes cannot be read.
    #[error("scope is malformed")]
    MalformedScope,
}

impl Registration {
    /// Applies every rule to the body of a request.
    ///
    /// Grant and response types that are not offered here are left out, as RFC 7591 §2 allows: clients list everything
    /// they know. Members that mean nothing here are ignored.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn validate(body: &[u8], policy: LoopbackPolicy) -> Result<Self, RegistrationError> {
        let request = strict_json::parse_object(body)
            .map_err(|reason| RegistrationError::NotAnObject(reason.to_string()))?;
        let redirect_uris = client_metadata::redirect_uris(&request)?;
        let application_type = application_type(&request, &redirect_uris)?;
        let text = |name| Ok::<_, MetadataError>(client_metadata::text(&request, name)?.map(str::to_owned));
        let web_uri = |name| {
            Ok::<_, MetadataError>(client_metadata::web_uri(&request, name, policy)?.map(str::to_owned))
        };
        let method = client_metadata::auth_method(&request)?.unwrap_or(AuthMethod::ClientSecretBasic);
        client_metadata::check_key_members(&request)?;
        let keys = match method {
            AuthMethod::PrivateKeyJwt => Some(client_metadata::keys(&request, policy)?),
            _ => None,
        };
        let algorithm = keys.as_ref().and_then(|keys| keys.algorithm);
        let (jwks, jwks_uri) = match keys.map(|keys| keys.source) {
            Some(KeySource::Inline(jwks)) => (Some(jwks), None),
            Some(KeySource::Uri(uri)) => (None, Some(uri)),
            None => (None, None),
        };
        Ok(Self {
            redirect_uris,
            token_endpoint_auth_method: method,
            token_endpoint_auth_signing_alg: algorithm,
            grant_types: grant_types(&request)?,
            response_types: response_types(&request)?,
            application_type,
            client_name: text("client_name")?,
            client_uri: web_uri("client_uri")?,
            logo_uri: web_uri("logo_uri")?,
            scope: scope(&request)?,
            jwks,
            jwks_uri,
        })
    }

    /// Its keys, where the method needs some.
    #[must_use]
    pub fn keys(&self) -> Option<ClientKeys> {
        let source = match (&self.jwks, &self.jwks_uri) {
            (Some(jwks), _) => KeySource::Inline(jwks.clone()),
            (None, Some(uri)) => KeySource::Uri(uri.clone()),
            (None, None) => return None,
        };
        Some(ClientKeys { source, algorithm: self.token_endpoint_auth_signing_alg })
    }
}

/// A web client returns to https hosts, a native one also to its own machine.
///
/// Clients of revision 2025-11-25 do not know the member. An absent one would mean `web`, and all of them that run on
/// somebody's machine would be refused; so there the redirect URIs say what the client is, and the answer says what was
/// understood.
fn application_type(
    request: &Map<String, Value>,
    redirect_uris: &[RedirectUri],
) -> Result<ApplicationType, RegistrationError> {
    let on_loopback = redirect_uris.iter().find(|uri| uri.is_loopback());
    match (client_metadata::application_type(request)?, on_loopback) {
        (Some(ApplicationType::Web), Some(uri)) => Err(RegistrationError::LoopbackForWeb(uri.clone())),
        (Some(said), _) => Ok(said),
        (None, Some(_)) => Ok(ApplicationType::Native),
        (None, None) => Ok(ApplicationType::Web),
    }
}

fn grant_types(request: &Map<String, Value>) -> Result<Vec<String>, RegistrationError> {
    let Some(said) = client_metadata::texts(request, "grant_types")? else {
        return Ok(vec![AUTHORIZATION_CODE.to_owned()]);
    };
    let offered: Vec<_> =
        GRANT_TYPES.into_iter().filter(|offered| said.iter().any(|said| said == offered)).collect();
    if !offered.contains(&AUTHORIZATION_CODE) {
        return Err(RegistrationError::NoCodeGrant);
    }
    Ok(offered.into_iter().map(str::to_owned).collect())
}

fn response_types(request: &Map<String, Value>) -> Result<Vec<String>, RegistrationError> {
    let said = client_metadata::texts(request, "response_types")?;
    if said.is_some_and(|said| !said.iter().any(|said| said == RESPONSE_TYPE)) {
        return Err(RegistrationError::NoCodeResponse);
    }
    Ok(vec![RESPONSE_TYPE.to_owned()])
}

fn scope(request: &Map<String, Value>) -> Result<Option<ScopeSet>, RegistrationError> {
    // As long as the body allows: a list of scopes has a rule of its own.
    match request.get("scope") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => text.parse().map(Some).map_err(|_| RegistrationError::MalformedScope),
        Some(_) => Err(MetadataError::WrongType("scope").into()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    const NATIVE: &str = "http://127.0.0.1/cb";
    const WEB: &str = "https://app.example/cb";

    fn validate(request: &Value) -> Result<Registration, RegistrationError> {
        Registration::validate(request.to_string().as_bytes(), LoopbackPolicy::HttpsOnly)
    }

    fn web(members: &Value) -> Result<Registration, RegistrationError> {
        let mut request = json!({ "redirect_uris": [WEB] });
        for (name, value) in members.as_object().unwrap() {
            request[name] = value.clone();
        }
        validate(&request)
    }

    /// Req: AS-155
    #[test]
    fn every_default_is_filled_in() {
        let registered = web(&json!({ "unknown": { "a": 1 }, "client_name": "" })).unwrap();
        assert_eq!(
            serde_json::to_value(&registered).unwrap(),
            json!({
                "redirect_uris": [WEB],
                "token_endpoint_auth_method": "client_secret_basic",
                "grant_types": ["authorization_code"],
                "response_types": ["code"],
                "application_type": "web",
            })
        );
    }

    #[test]
    fn types_that_are_not_offered_are_left_out() {
        let registered = web(&json!({
            "grant_types": ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token", "authorization_code"],
            "response_types": ["token", "code"],
        }))
        .unwrap();
        assert_eq!(registered.grant_types, ["authorization_code", "refresh_token"]);
        assert_eq!(registered.response_types, ["code"]);
    }

    /// Req: AS-157
    #[test]
    fn the_application_type_decides_about_loopback() {
        use ApplicationType::{Native, Web};
        let of = |said: Value, uris: Value| {
            validate(&json!({ "redirect_uris": uris, "application_type": said }))
                .map(|registered| registered.application_type)
        };
        assert_eq!(of(Value::Null, json!([WEB])), Ok(Web));
        assert_eq!(of("web".into(), json!([WEB])), Ok(Web));
        assert_eq!(of("native".into(), json!([WEB, NATIVE])), Ok(Native));
        assert_eq!(of(Value::Null, json!([NATIVE])), Ok(Native), "clients of 2025-11-25 do not say it");
        assert_eq!(of(Value::Null, json!([WEB, NATIVE])), Ok(Native));
        for loopback in [NATIVE, "http://localhost:3000/cb", "https://localhost/cb", "http://[::1]/cb"] {
            let refused = of("web".into(), json!([WEB, loopback]));
            assert!(matches!(refused, Err(RegistrationError::LoopbackForWeb(_))), "{loopback}");
        }
        assert!(of("desktop".into(), json!([WEB])).is_err());
    }

    /// Req: AS-25, AS-156, A05
    #[test]
    fn redirect_uris_must_be_there_and_legal() {
        for uris in [Value::Null, json!([]), json!("https://app.example/cb"), json!([1])] {
            assert!(validate(&json!({ "redirect_uris": uris })).is_err(), "{uris}");
        }
        for bad in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "\u{1}javascript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "BLOB:https://c.example/x",
            "http://app.example/cb",
            "https://app.example/cb#x",
            "/cb",
        ] {
            let refused = validate(&json!({ "redirect_uris": [WEB, bad], "application_type": "native" }));
            assert!(
                matches!(refused, Err(RegistrationError::Metadata(MetadataError::BadRedirectUri { .. }))),
                "{bad}"
            );
        }
    }

    /// Req: AS-156, AS-62, AS-60
    #[test]
    fn other_members_are_checked_too() {
        use RegistrationError::{MalformedScope, Metadata, NoCodeGrant, NoCodeResponse};
        let uri = "https://app.example/jwks";
        for (members, reason) in [
            (json!({ "grant_types": ["client_credentials"] }), NoCodeGrant),
            (json!({ "grant_types": [] }), NoCodeGrant),
            (json!({ "response_types": ["token"] }), NoCodeResponse),
            (json!({ "scope": "a\"b" }), MalformedScope),
            (json!({ "scope": ["a"] }), Metadata(MetadataError::WrongType("scope"))),
            (json!({ "client_name": 1 }), Metadata(MetadataError::WrongType("client_name"))),
            (json!({ "client_name": "x".repeat(500) }), Metadata(MetadataError::TooLong("client_name"))),
            (
                json!({ "token_endpoint_auth_method": "client_secret_jwt" }),
                Metadata(MetadataError::UnsupportedAuthMethod("client_secret_jwt".into())),
            ),
            (json!({ "token_endpoint_auth_method": "private_key_jwt" }), Metadata(MetadataError::NoKeys)),
            (json!({ "jwks": {}, "jwks_uri": uri }), Metadata(MetadataError::BothKeySources)),
            (json!({ "jwks": { "keys": [{ "d": "x" }] } }), Metadata(MetadataError::PrivateKey)),
        ] {
            assert_eq!(web(&members), Err(reason), "{members}");
        }
        for bad in ["javascript:alert(1)", "http://app.example", "http://localhost/logo.png"] {
            for name in ["client_uri", "logo_uri"] {
                let refused = web(&json!({ name: bad }));
                assert!(matches!(refused, Err(Metadata(MetadataError::BadUri { .. }))), "{name} {bad}");
            }
        }
    }

    #[test]
    fn a_registration_that_says_a_thing_twice_is_refused() {
        let body = format!(r#"{{"redirect_uris":["{WEB}"],"redirect_uris":["https://other.example/cb"]}}"#);
        assert!(matches!(
            Registration::validate(body.as_bytes(), LoopbackPolicy::HttpsOnly),
            Err(RegistrationError::NotAnObject(_))
        ));
    }

    #[test]
    fn keys_come_back_as_they_were_registered() {
        let jwks = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }] });
        let registered = web(&json!({
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_signing_alg": "EdDSA",
            "jwks": jwks,
        }))
        .unwrap();
        let keys = registered.keys().unwrap();
        assert_eq!(keys.source, KeySource::Inline(jwks.as_object().unwrap().clone()));
        assert_eq!(keys.algorithm, Some(SigningAlgorithm::EdDsa));
        assert_eq!(web(&json!({ "jwks": jwks, "token_endpoint_auth_method": "none" })).unwrap().keys(), None);
    }
}
