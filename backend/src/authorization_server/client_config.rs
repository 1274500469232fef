//! A client as an operator writes it down.
//!
//! ```json
//! {
//!   "client_id": "weather-desk",
//!   "client_name": "Weather desk",
//!   "redirect_uris": ["https://desk.example/callback"],
//!   "token_endpoint_auth_method": "client_secret_basic",
//!   "client_secret_sha256": "…"
//! }
//! ```
//!
//! The configuration holds the hash of a secret, never the secret. It is as safe as the secret is random; make both with
//!
//! ```sh
//! secret=$(openssl rand -hex 32); printf %s "$secret" | sha256sum; echo "$secret"
//! ```

use protocol::client_keys::{ClientKeys, JwksError, KeySource, read_jwks};
use protocol::client_metadata::{AuthMethod, check_web_uri};
use protocol::ids::{ClientId, IdentifierError, RedirectUri};
use protocol::loopback::LoopbackPolicy;
use protocol::token_endpoint::{AUTHORIZATION_CODE, REFRESH_TOKEN};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::store::{Client, ClientAuthentication, SecretHash};

/// A client in a configuration file. Unknown members are refused: a typing error must not go unnoticed.
///
/// Spec: OAuth 2.1 §2.1; MCP Authorization, Preregistration.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientConfig {
    /// Any name, also the URL of a metadata document, which is then not fetched.
    pub client_id: String,
    /// As it stands on pages.
    pub client_name: String,
    /// Where it may be sent back to; at least one.
    pub redirect_uris: Vec<String>,
    /// `none` if it is not said.
    #[serde(default = "public")]
    pub token_endpoint_auth_method: AuthMethod,
    /// SHA-256 of the secret, as 64 hexadecimal digits.
    pub client_secret_sha256: Option<String>,
    /// Its public keys.
    pub jwks: Option<Map<String, Value>>,
    /// Where its public keys are.
    pub jwks_uri: Option<String>,
    /// What it may do: `authorization_code` and `refresh_token` if it is not said.
    pub grant_types: Option<Vec<String>>,
}

fn public() -> AuthMethod {
    AuthMethod::None
}

/// What is wrong with a client in a configuration file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the client {client_id:?}: {reason}")]
pub struct ClientConfigError {
    /// Which one.
    pub client_id: String,
    /// Which rule it breaks.
    pub reason: ClientConfigFault,
}

/// Which rule a configured client breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientConfigFault {
    /// Its id is none.
    #[error("client_id cannot be used: {0}")]
    ClientId(IdentifierError),
    /// It has no name that a person could read.
    #[error("client_name is empty")]
    NoName,
    /// It could not be sent anywhere.
    #[error("redirect_uris is empty")]
    NoRedirectUris,
    /// It could be sent somewhere it must not.
    #[error("the redirect URI {uri:?} is not allowed: {reason}")]
    RedirectUri {
        /// As it is written.
        uri: String,
        /// The rule it breaks.
        reason: IdentifierError,
    },
    /// The method needs a secret.
    #[error("its method needs client_secret_sha256")]
    NoSecret,
    /// Most often the secret itself.
    #[error("client_secret_sha256 must be the SHA-256 of the secret, as 64 hexadecimal digits")]
    NotAHash,
    /// Another method, by which the secret would never be asked for.
    #[error("its method does not use client_secret_sha256")]
    UnusedSecret,
    /// `private_key_jwt` without keys, or with keys in two places.
    #[error("private_key_jwt needs either jwks or jwks_uri")]
    NoKeys,
    /// Another method, by which the keys would never be looked at.
    #[error("its method does not use jwks or jwks_uri")]
    UnusedKeys,
    /// The keys cannot be used.
    #[error("jwks cannot be used: {0}")]
    Jwks(#[from] JwksError),
    /// The keys cannot be fetched.
    #[error("jwks_uri cannot be used: {0}")]
    JwksUri(IdentifierError),
    /// A grant that this server does not have, or not the one that it needs.
    #[error("grant_types must contain authorization_code, and may contain refresh_token")]
    GrantTypes,
}

impl TryFrom<ClientConfig> for Client {
    type Error = ClientConfigError;

    fn try_from(config: ClientConfig) -> Result<Self, ClientConfigError> {
        read(&config).map_err(|reason| ClientConfigError { client_id: config.client_id.clone(), reason })
    }
}

fn read(config: &ClientConfig) -> Result<Client, ClientConfigFault> {
    let id = ClientId::parse(&config.client_id).map_err(ClientConfigFault::ClientId)?;
    if config.client_name.trim().is_empty() {
        return Err(ClientConfigFault::NoName);
    }
    let redirect_uris = redirect_uris(config)?;
    let wants_refresh = wants_refresh(config)?;
    let client = Client::configured(id, &config.client_name, redirect_uris, authentication(config)?);
    Ok(Client { wants_refresh, ..client }.with_fingerprint())
}

fn redirect_uris(config: &ClientConfig) -> Result<Vec<RedirectUri>, ClientConfigFault> {
    if config.redirect_uris.is_empty() {
        return Err(ClientConfigFault::NoRedirectUris);
    }
    let parse = |uri: &String| {
        RedirectUri::parse(uri).map_err(|reason| ClientConfigFault::RedirectUri { uri: uri.clone(), reason })
    };
    config.redirect_uris.iter().map(parse).collect()
}

fn authentication(config: &ClientConfig) -> Result<ClientAuthentication, ClientConfigFault> {
    let method = config.token_endpoint_auth_method;
    if method != AuthMethod::PrivateKeyJwt && (config.jwks.is_some() || config.jwks_uri.is_some()) {
        return Err(ClientConfigFault::UnusedKeys);
    }
    if !method.needs_secret() && config.client_secret_sha256.is_some() {
        return Err(ClientConfigFault::UnusedSecret);
    }
    Ok(match method {
        AuthMethod::None => ClientAuthentication::None,
        AuthMethod::ClientSecretBasic => ClientAuthentication::ClientSecretBasic(secret(config)?),
        AuthMethod::ClientSecretPost => ClientAuthentication::ClientSecretPost(secret(config)?),
        AuthMethod::PrivateKeyJwt => {
            ClientAuthentication::PrivateKeyJwt(ClientKeys { source: keys(config)?, algorithm: None })
        }
    })
}

fn secret(config: &ClientConfig) -> Result<SecretHash, ClientConfigFault> {
    let hash = config.client_secret_sha256.as_deref().ok_or(ClientConfigFault::NoSecret)?;
    SecretHash::from_hex(hash).ok_or(ClientConfigFault::NotAHash)
}

fn keys(config: &ClientConfig) -> Result<KeySource, ClientConfigFault> {
    match (&config.jwks, &config.jwks_uri) {
        (Some(jwks), None) => {
            read_jwks(jwks)?;
            Ok(KeySource::Inline(jwks.clone()))
        }
        (None, Some(uri)) => {
            check_web_uri(uri, LoopbackPolicy::HttpsOnly).map_err(ClientConfigFault::JwksUri)?;
            Ok(KeySource::Uri(uri.clone()))
        }
        (None, None) | (Some(_), Some(_)) => Err(ClientConfigFault::NoKeys),
    }
}

fn wants_refresh(config: &ClientConfig) -> Result<bool, ClientConfigFault> {
    let Some(grants) = &config.grant_types else { return Ok(true) };
    let known = |grant: &String| [AUTHORIZATION_CODE, REFRESH_TOKEN].contains(&grant.as_str());
    let has = |name: &str| grants.iter().any(|grant| grant == name);
    if !grants.iter().all(known) || !has(AUTHORIZATION_CODE) {
        return Err(ClientConfigFault::GrantTypes);
    }
    Ok(has(REFRESH_TOKEN))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const HASH: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn config(members: &Value) -> Result<ClientConfig, serde_json::Error> {
        let mut config = json!({
            "client_id": "desk",
            "client_name": "Weather desk",
            "redirect_uris": ["https://desk.example/callback"],
        });
        for (name, value) in members.as_object().unwrap() {
            config[name] = value.clone();
        }
        serde_json::from_value(config)
    }

    fn client(members: &Value) -> Result<Client, ClientConfigFault> {
        Client::try_from(config(members).unwrap()).map_err(|error| error.reason)
    }

    #[test]
    fn a_client_is_public_unless_it_says_how_it_authenticates() {
        let public = client(&json!({})).unwrap();
        assert_eq!((public.authentication, public.wants_refresh), (ClientAuthentication::None, true));
        let secret =
            json!({ "token_endpoint_auth_method": "client_secret_basic", "client_secret_sha256": HASH });
        assert_eq!(
            client(&secret).unwrap().authentication,
            ClientAuthentication::ClientSecretBasic(SecretHash::of_text("abc"))
        );
        let jwks = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }] });
        for keys in [json!({ "jwks": jwks }), json!({ "jwks_uri": "https://desk.example/jwks" })] {
            let mut keys = keys;
            keys["token_endpoint_auth_method"] = "private_key_jwt".into();
            assert_eq!(client(&keys).unwrap().authentication.method(), AuthMethod::PrivateKeyJwt);
        }
        assert!(!client(&json!({ "grant_types": ["authorization_code"] })).unwrap().wants_refresh);
    }

    #[test]
    fn what_is_wrong_is_said() {
        use ClientConfigFault as Fault;
        let method = |method: &str, members: Value| {
            let mut config = members;
            config["token_endpoint_auth_method"] = method.into();
            config
        };
        for (members, reason) in [
            (json!({ "client_id": "" }), Fault::ClientId(IdentifierError::IllegalCharacter)),
            (json!({ "client_name": " " }), Fault::NoName),
            (json!({ "redirect_uris": [] }), Fault::NoRedirectUris),
            (method("client_secret_post", json!({})), Fault::NoSecret),
            (method("client_secret_post", json!({ "client_secret_sha256": "hunter2" })), Fault::NotAHash),
            (json!({ "client_secret_sha256": HASH }), Fault::UnusedSecret),
            (method("private_key_jwt", json!({})), Fault::NoKeys),
            (
                method("private_key_jwt", json!({ "jwks": {}, "jwks_uri": "https://a.example/j" })),
                Fault::NoKeys,
            ),
            (method("private_key_jwt", json!({ "jwks": {} })), Fault::Jwks(JwksError::NotAJwkSet)),
            (
                method("private_key_jwt", json!({ "jwks_uri": "http://localhost/jwks" })),
                Fault::JwksUri(IdentifierError::NotHttps),
            ),
            (json!({ "jwks_uri": "https://a.example/j" }), Fault::UnusedKeys),
            (json!({ "grant_types": ["refresh_token"] }), Fault::GrantTypes),
            (json!({ "grant_types": ["authorization_code", "password"] }), Fault::GrantTypes),
        ] {
            assert_eq!(client(&members), Err(reason), "{members}");
        }
        let error = Client::try_from(config(&json!({ "redirect_uris": ["http://desk.example"] })).unwrap());
        let message = error.unwrap_err().to_string();
        assert!(message.contains("\"desk\"") && message.contains("does not use https"), "{message}");
    }

    #[test]
    fn a_typing_error_does_not_go_unnoticed() {
        assert!(config(&json!({ "client_secret": "hunter2" })).is_err());
        let error = config(&json!({ "token_endpoint_auth_method": "basic" })).unwrap_err().to_string();
        assert!(error.contains("client_secret_basic"), "the known ones are listed: {error}");
    }
}
