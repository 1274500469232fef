//! The parties of the journey.

use serde::{Deserialize, Serialize};

/// Who sends or receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The person, with the browser.
    You,
    /// The MCP client: this page, or the terminal.
    Client,
    /// The MCP server, which is the resource server.
    McpServer,
    /// The authorization server.
    AuthorizationServer,
    /// Whoever serves the client's metadata document.
    ClientHost,
}

impl Party {
    /// All, in the order of the lanes.
    pub const ALL: [Self; 5] =
        [Self::You, Self::Client, Self::McpServer, Self::AuthorizationServer, Self::ClientHost];

    /// Name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::You => "You",
            Self::Client => "Client",
            Self::McpServer => "MCP server",
            Self::AuthorizationServer => "Authorization server",
            Self::ClientHost => "Metadata host",
        }
    }
}
