//! Where the parties of an attack are.

use serde::{Deserialize, Serialize};

/// Addresses of a lab.
///
/// Shape: `{"page":"http://localhost:3000","mcp_server":"http://localhost:8001/mcp","authorization_server":"http://localhost:9000","rogue":"http://localhost:4666"}`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Places {
    /// Origin of the page, which also serves the client's metadata document.
    pub page: String,
    /// Endpoint of the MCP server.
    pub mcp_server: String,
    /// Issuer of the authorization server.
    pub authorization_server: String,
    /// Origin of the rogue servers.
    pub rogue: String,
}

impl Places {
    /// Endpoint of the other MCP server that the authorization server issues tokens for.
    pub(crate) fn upstream(&self) -> String {
        format!("{}/upstream/mcp", self.rogue)
    }

    /// Who the lab's client says it is: where its document lies.
    pub(crate) fn client_id(&self) -> String {
        format!("{}/client.json", self.page)
    }

    /// Whether an address is at one of them.
    pub(crate) fn have(&self, url: &str) -> bool {
        let origin = origin_of(url);
        let places = [&self.page, &self.mcp_server, &self.authorization_server, &self.rogue];
        places.into_iter().any(|place| origin_of(place) == origin)
    }
}

/// Scheme, host and port; `null` where there are none.
pub(crate) fn origin_of(url: &str) -> String {
    url::Url::parse(url).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}
