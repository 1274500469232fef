//! What a resource server is told.

use protocol::ids::{Issuer, ResourceUri};
use protocol::loopback::{LoopbackPolicy, is_loopback_host};

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
    /// Web pages that may call it, as browsers write origins: `http://localhost:3000`.
    pub allowed_origins: Vec<String>,
}

impl Settings {
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
}
