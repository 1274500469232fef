//! What a flow is to do.

use protocol::cimd::ClientIdUrl;
use protocol::ids::{RedirectUri, ResourceUri};
use protocol::loopback::LoopbackPolicy;
use protocol::mcp::ToolCall;
use protocol::revision::Revision;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The journey that a flow walks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// The MCP server, as the person typed it.
    pub server: ResourceUri,
    /// Which revision of the specification it follows.
    pub revision: Revision,
    /// Whether http on loopback is accepted.
    pub loopback: LoopbackPolicy,
    /// The client's own identity: the URL of its metadata document.
    pub client_id: ClientIdUrl,
    /// Where the authorization server sends the browser back to; must be listed in the document.
    pub redirect_uri: RedirectUri,
    /// Tools to call, in order, once there is a token.
    pub calls: Vec<ToolCall>,
}

impl Config {
    /// The lab's own journey: `whoami`, then `get_weather`, which needs more permission.
    #[must_use]
    pub fn lab_calls() -> Vec<ToolCall> {
        vec![ToolCall::new("whoami", json!({})), ToolCall::new("get_weather", json!({ "city": "Paris" }))]
    }
}
