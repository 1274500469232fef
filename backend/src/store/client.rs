//! What the server knows of a client. However it came to know it, the same record stands beside the requests and
//! grants that grew from it, so that they do not depend on the client's host any more.

use protocol::ids::{ClientId, RedirectUri};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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

/// Where a client's public keys are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientKeys {
    /// In its document or registration: a JWK Set.
    Inline(Map<String, Value>),
    /// At this https URL.
    Uri(String),
}

impl Client {
    /// Whether it can only be sent back to this machine, where any program can listen: then nothing proves that it is
    /// the one that was allowed before.
    ///
    /// Spec: OAuth 2.1 §7.3.1; MCP Authorization, Localhost Redirect URI Risks.
    #[must_use]
    pub fn is_loopback_only(&self) -> bool {
        self.redirect_uris.iter().all(RedirectUri::is_loopback)
    }
}
