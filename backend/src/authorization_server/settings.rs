//! What an operator decides: names, resources, people, lifetimes.

use std::net::IpAddr;

use protocol::ids::{Issuer, ResourceUri, Subject};
use protocol::jwks::TokenAlgorithm;
use protocol::loopback::LoopbackPolicy;
use protocol::resource_indicator;
use protocol::scope::{ScopeSet, ScopeToken};
use serde::Deserialize;

use super::keys::KeyEncryptionSecret;
use super::{HashingLimits, PasswordHash};
use crate::store::{Client, ClientSource, SecretHash};

/// Everything that the server is told at its start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Its name; also the origin of its endpoints.
    pub issuer: Issuer,
    /// Whether http on loopback is accepted where https is demanded.
    pub loopback: LoopbackPolicy,
    /// The resources that it issues tokens for.
    pub resources: Vec<ProtectedResource>,
    /// Who can sign in.
    pub people: Vec<Person>,
    /// How many passwords are checked at once.
    pub hashing: HashingLimits,
    /// Proxies whose `X-Forwarded-For` says who a request is from. Nobody else's is read.
    pub trusted_proxies: Vec<IpAddr>,
    /// Clients that the operator knows. They are looked up first.
    pub clients: Vec<Client>,
    /// Whether clients may register themselves, and within which bounds. `None` switches all of it off: there is no
    /// endpoint, and clients that registered before are unknown.
    pub registration: Option<RegistrationSettings>,
    /// How long things last.
    pub lifetimes: Lifetimes,
    /// How its tokens are signed.
    pub keys: KeySettings,
}

/// How tokens are signed, and how the keys for that are kept.
#[derive(Clone, Debug)]
pub struct KeySettings {
    /// What tokens are signed with. When it changes, a key of the new kind takes over as in any rotation.
    pub algorithm: TokenAlgorithm,
    /// After so many seconds of signing a key gets a successor. 0 switches this off.
    pub max_age_seconds: u64,
    /// For so many seconds a new key is published before it signs, so that every verifier can know it by then.
    pub lead_seconds: u64,
    /// What the keys are encrypted under in the store. `None`: the mode of the file is all that protects them.
    pub encryption: Option<KeyEncryptionSecret>,
}

impl Default for KeySettings {
    /// RS256, which every verifier of access tokens knows (RFC 9068 §2.1), and a new key in each quarter of a year.
    fn default() -> Self {
        Self {
            algorithm: TokenAlgorithm::Rs256,
            max_age_seconds: 90 * 24 * 3600,
            lead_seconds: 900,
            encryption: None,
        }
    }
}

/// The bounds of dynamic client registration.
///
/// Spec: OAuth 2.1 §7.2 (fewer rights); RFC 7591 §5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RegistrationSettings {
    /// How many registered clients may wait for their first consent. Beyond it the oldest of them go.
    pub most_unused: u64,
    /// For how many seconds one may wait.
    pub unused_seconds: u64,
    /// How many seconds everything that grows from one consent lasts for such a client, at most.
    pub family_seconds: u64,
}

impl Default for RegistrationSettings {
    fn default() -> Self {
        Self { most_unused: 5000, unused_seconds: 3600, family_seconds: 7 * 24 * 3600 }
    }
}

/// How long things last, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// An access token.
    pub access_token: u64,
    /// A code.
    pub code: u64,
    /// Everything that grows from one consent, however often it is refreshed.
    pub family: u64,
    /// A refresh token that nobody uses.
    pub refresh_idle: u64,
    /// For so long after a rotation the old refresh token gives the same successor again, as long as that one was not
    /// used: the answer may have been lost. 0 switches this off.
    pub refresh_repair: u64,
    /// A sign-in, whatever the person does.
    pub session: u64,
    /// A sign-in whose browser does not come back.
    pub session_idle: u64,
    /// A consent for which the person is not asked again. 0 asks every time.
    pub remembered_consent: u64,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            access_token: 600,
            code: 60,
            family: 30 * 24 * 3600,
            refresh_idle: 7 * 24 * 3600,
            refresh_repair: 10,
            session: 12 * 3600,
            session_idle: 2 * 3600,
            remembered_consent: 90 * 24 * 3600,
        }
    }
}

/// A protected resource: one MCP server.
#[derive(Clone, Debug)]
pub struct ProtectedResource {
    /// What clients name in `resource`, and what stands in `aud`.
    pub uri: ResourceUri,
    /// What people call it.
    pub name: String,
    /// Its scopes. A request without `scope` gets the first one.
    pub scopes: Vec<OfferedScope>,
    /// With this secret its server may ask whether a token is still good. Without one nobody may.
    pub introspection_secret: Option<SecretHash>,
}

/// A scope in plain words.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfferedScope {
    /// As it stands in messages: `weather:read`.
    pub token: ScopeToken,
    /// As it stands on the consent page: "Read the weather".
    pub description: String,
}

/// Somebody who can sign in.
#[derive(Clone, Debug)]
pub struct Person {
    /// As it stands in tokens.
    pub subject: Subject,
    /// As it stands on pages.
    pub name: String,
    /// A few words that tell people apart.
    pub about: String,
    /// What proves that it is them. Without one, whoever reaches the sign-in page can be this person: for the lab only.
    pub password: Option<PasswordHash>,
}

impl Person {
    /// What stands in a session for the proof that it was opened with.
    pub(super) fn credential(&self) -> SecretHash {
        SecretHash::of_text(&self.password.as_ref().map(PasswordHash::to_phc).unwrap_or_default())
    }
}

impl Settings {
    /// Every scope of every resource, and the server's own.
    pub(super) fn offered_scopes(&self) -> ScopeSet {
        self.resources
            .iter()
            .fold(ScopeSet::offline_access(), |scopes, resource| scopes.union(&resource.scope_set()))
    }

    /// The resource that this text names.
    pub(super) fn resource(&self, uri: &str) -> Option<&ProtectedResource> {
        self.resources.iter().find(|resource| resource_indicator::names(uri, &resource.uri))
    }

    /// The person with this subject.
    pub(super) fn person(&self, subject: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.subject.as_str() == subject)
    }

    /// How long everything lasts that grows from one consent. Nobody vouches for a client that registered itself, so its
    /// consents last less long.
    ///
    /// Spec: OAuth 2.1 §7.2.
    pub(super) fn family_lifetime(&self, client: &Client) -> u64 {
        match (client.source, &self.registration) {
            (ClientSource::Registered, Some(registration)) => {
                registration.family_seconds.min(self.lifetimes.family)
            }
            _ => self.lifetimes.family,
        }
    }

    /// The URL of one of the server's own paths, such as `/token`.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer.origin())
    }

    /// Whether browsers reach it by https.
    pub(super) fn is_https(&self) -> bool {
        self.issuer.origin().starts_with("https://")
    }
}

impl ProtectedResource {
    /// Every scope of the resource.
    pub(super) fn scope_set(&self) -> ScopeSet {
        self.scopes.iter().map(|scope| scope.token.clone()).collect()
    }

    /// What a request that names no scope gets.
    pub(super) fn default_scope(&self) -> ScopeSet {
        self.scopes.iter().take(1).map(|scope| scope.token.clone()).collect()
    }
}
