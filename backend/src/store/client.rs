//! What the server knows of a client. However it came to know it, the same record stands beside the requests and
//! grants that grew from it, so that they do not depend on the client's host any more.

use protocol::base64url;
use protocol::client_keys::{ClientKeys, KeySource};
use protocol::client_metadata::AuthMethod;
use protocol::ids::{ClientId, RedirectUri};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::SecretHash;

/// A client, as it is known at one moment.
///
/// Spec: OAuth 2.1 §2; RFC 7591 §2; Client ID Metadata Document draft -00 §4.1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// Its name in messages.
    pub id: ClientId,
    /// How the server came to know it. Stored, never guessed from the look of the id.
    pub source: ClientSource,
    /// What it calls itself, made fit for a page.
    pub name: String,
    /// Where it may be sent back to; at least one.
    pub redirect_uris: Vec<RedirectUri>,
    /// How it proves at the token endpoint who it is.
    pub authentication: ClientAuthentication,
    /// Whether it says that it can use refresh tokens.
    pub wants_refresh: bool,
    /// A hash of what the client said about itself: a consent holds only while this stays the same.
    pub fingerprint: String,
}

/// How the server came to know a client.
///
/// Spec: MCP Authorization, Client Registration Approaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientSource {
    /// The operator wrote it into the configuration.
    Configured,
    /// It registered itself (RFC 7591).
    Registered,
    /// Its id is the URL of a document (CIMD).
    Document,
}

/// How a client authenticates at the token endpoint. The declared way is the only one that counts.
///
/// Spec: OAuth 2.1 §2.4; RFC 7523 §2.2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthentication {
    /// It is public: it names itself, and PKCE protects the code.
    None,
    /// A secret in the `Authorization` header.
    ClientSecretBasic(SecretHash),
    /// A secret in the body.
    ClientSecretPost(SecretHash),
    /// A signed assertion.
    PrivateKeyJwt(ClientKeys),
}

impl ClientAuthentication {
    /// The method, without what belongs to this one client.
    #[must_use]
    pub fn method(&self) -> AuthMethod {
        match self {
            Self::None => AuthMethod::None,
            Self::ClientSecretBasic(_) => AuthMethod::ClientSecretBasic,
            Self::ClientSecretPost(_) => AuthMethod::ClientSecretPost,
            Self::PrivateKeyJwt(_) => AuthMethod::PrivateKeyJwt,
        }
    }
}

impl Client {
    /// A client that the operator wrote into the configuration, and whose name therefore needs no care. It may use
    /// refresh tokens.
    #[must_use]
    pub fn configured(
        id: ClientId,
        name: &str,
        redirect_uris: Vec<RedirectUri>,
        authentication: ClientAuthentication,
    ) -> Self {
        let client = Self {
            id,
            source: ClientSource::Configured,
            name: name.to_owned(),
            redirect_uris,
            authentication,
            wants_refresh: true,
            fingerprint: String::new(),
        };
        client.with_fingerprint()
    }

    /// The same with the hash that belongs to what it says. Secrets and keys are left out: they change as a matter of
    /// routine, and do not make it another client. Where its keys are is part of it.
    #[must_use]
    pub fn with_fingerprint(mut self) -> Self {
        let keys_at = match &self.authentication {
            ClientAuthentication::PrivateKeyJwt(ClientKeys { source: KeySource::Uri(uri), .. }) => Some(uri),
            _ => None,
        };
        let method = self.authentication.method();
        let said =
            serde_json::json!([self.id, self.name, self.redirect_uris, method, keys_at, self.wants_refresh]);
        self.fingerprint = base64url(&Sha256::digest(said.to_string()));
        self
    }

    /// Whether it can only be sent back to this machine, where any program can listen: then nothing proves that it is
    /// the one that was allowed before.
    ///
    /// Spec: OAuth 2.1 §7.3.1; MCP Authorization, Localhost Redirect URI Risks.
    #[must_use]
    pub fn is_loopback_only(&self) -> bool {
        self.redirect_uris.iter().all(RedirectUri::is_loopback)
    }
}
