//! What a resource server is told.

use protocol::ids::{IdentifierError, Issuer, ResourceUri};
use protocol::loopback::{LoopbackPolicy, is_loopback_host};
use protocol::secret::Secret;

/// The resource server's configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Its own identifier, which is also the URL of its endpoint.
    pub resource: ResourceUri,
    /// Its name for people.
    pub name: String,
    /// The authorization server whose tokens it accepts.
    pub issuer: Issuer,
    /// Whether the authorization server may be asked by http on loopback.
    pub loopback: LoopbackPolicy,
    /// Web pages of other origins that may call it, as browsers write origins: `http://localhost:3000`.
    pub allowed_origins: Vec<String>,
    /// Whether and how the authorization server is asked about tokens. Without it a revoked token works until it
    /// expires.
    pub introspection: Option<Introspection>,
}

/// How the authorization server is asked whether a token is still good.
#[derive(Clone, Debug)]
pub struct Introspection {
    /// By this secret it knows the resource that asks.
    pub secret: Secret,
    /// How old an answer may be, in seconds: for so long at most a revoked token still works. 0 asks at each call.
    pub max_age_seconds: u64,
}

impl Settings {
    /// A server with this identifier for tokens of this issuer: https only, no web pages, and nobody is asked whether a
    /// token was revoked. Everything can be changed afterwards.
    ///
    /// # Errors
    /// If one of the two is no identifier: https, no fragment.
    pub fn new(resource: &str, issuer: &str) -> Result<Self, IdentifierError> {
        let loopback = LoopbackPolicy::HttpsOnly;
        let resource = ResourceUri::parse(resource, loopback)?;
        Ok(Self {
            name: resource.host().to_owned(),
            issuer: Issuer::parse(issuer, loopback)?,
            resource,
            loopback,
            allowed_origins: Vec::new(),
            introspection: None,
        })
    }

    /// The `Host` headers that name this server. On loopback, all three spellings of this machine.
    #[must_use]
    pub fn allowed_hosts(&self) -> Vec<String> {
        let authority = self.resource.authority();
        if !is_loopback_host(self.resource.host()) {
            return vec![authority.to_owned()];
        }
        let port = &authority[self.resource.host().len()..];
        ["localhost", "127.0.0.1", "[::1]"].iter().map(|host| format!("{host}{port}")).collect()
    }

    /// The `Origin` headers of web pages that may call this server: those that were invited, and its own.
    #[must_use]
    pub fn origins(&self) -> Vec<String> {
        let scheme = self.resource.as_str().split("://").next().unwrap_or_default();
        let own = self.allowed_hosts().into_iter().map(|host| format!("{scheme}://{host}"));
        self.allowed_origins.iter().cloned().chain(own).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_knows_its_own_names_and_origins() {
        let public = Settings::new("https://mcp.example/mcp", "https://as.example").unwrap();
        assert_eq!(
            (public.allowed_hosts(), public.origins()),
            (vec!["mcp.example".into()], vec!["https://mcp.example".into()])
        );
        let loopback = LoopbackPolicy::AllowHttpOnLoopback;
        let local = Settings {
            resource: ResourceUri::parse("http://localhost:8001/mcp", loopback).unwrap(),
            allowed_origins: vec!["http://localhost:3000".into()],
            ..public
        };
        assert_eq!(local.allowed_hosts(), ["localhost:8001", "127.0.0.1:8001", "[::1]:8001"]);
        assert_eq!(
            local.origins(),
            ["http://localhost:3000", "http://localhost:8001", "http://127.0.0.1:8001", "http://[::1]:8001"]
        );
    }
}
