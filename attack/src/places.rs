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
