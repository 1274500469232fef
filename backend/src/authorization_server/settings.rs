//! What an operator decides: names, resources, people, lifetimes.

use protocol::ids::{Issuer, ResourceUri, Subject};
use protocol::loopback::LoopbackPolicy;
use protocol::scope::{ScopeSet, ScopeToken};
use serde::Deserialize;

/// Everything that the server is told at its start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Its name; also the origin of its endpoints.
    pub issuer: Issuer,
    /// Whether http on loopback is accepted where https is demanded.
    pub loopback: LoopbackPolicy,
    /// The resources that it issues tokens for.
    pub resources: Vec<ProtectedResource>,
    /// Who can sign in, without a password: the lab's demo people.
    pub people: Vec<Person>,
    /// Lifetime of an access token, for instance 600.
    pub access_token_seconds: u64,
    /// Lifetime of a code, for instance 60.
    pub code_seconds: u64,
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
}

impl Settings {
    /// The resource with exactly this name.
    pub(super) fn resource(&self, uri: &str) -> Option<&ProtectedResource> {
        self.resources.iter().find(|resource| resource.uri.as_str() == uri)
    }

    /// The person with this subject.
    pub(super) fn person(&self, subject: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.subject.as_str() == subject)
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
