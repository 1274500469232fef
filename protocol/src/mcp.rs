//! The few MCP messages that a client of the lab needs: JSON-RPC over Streamable HTTP.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::revision::Revision;
use crate::tool_headers::header_value;

/// Session id header. Names of headers are case-insensitive; this is how browsers show it.
pub const SESSION_ID_HEADER: &str = "mcp-session-id";
/// Header with the negotiated revision.
pub const PROTOCOL_VERSION_HEADER: &str = "mcp-protocol-version";
/// Header with the method of the body, from 2026-07-28 on.
pub const METHOD_HEADER: &str = "mcp-method";
/// Header with the name or the URI that the body asks for, from 2026-07-28 on.
pub const NAME_HEADER: &str = "mcp-name";
/// Header with the last event that a client has seen of a stream, until 2025-11-25.
pub const LAST_EVENT_ID_HEADER: &str = "last-event-id";
/// Member of `_meta` with the revision of a request, from 2026-07-28 on.
pub const META_PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
/// Member of `_meta` with what the client can do, from 2026-07-28 on.
pub const META_CLIENT_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
/// Member of `_meta` with the name of the client, from 2026-07-28 on.
pub const META_CLIENT_INFO: &str = "io.modelcontextprotocol/clientInfo";
/// Error code of a request whose headers and body differ, from 2026-07-28 on.
pub const HEADER_MISMATCH: i64 = -32020;
/// Error code of a request of a revision that the server does not speak, from 2026-07-28 on.
pub const UNSUPPORTED_VERSION: i64 = -32022;
/// What a client must be ready to read.
///
/// Spec: MCP 2025-11-25 Transports, Sending Messages to the Server.
pub const ACCEPT: &str = "application/json, text/event-stream";

/// A tool and what it is called with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    /// Name of the tool.
    pub name: String,
    /// Its arguments, an object.
    pub arguments: Value,
}

impl ToolCall {
    /// A call of a tool.
    #[must_use]
    pub fn new(name: impl Into<String>, arguments: Value) -> Self {
        Self { name: name.into(), arguments }
    }
}

/// `initialize`.
///
/// Spec: MCP 2025-11-25 Lifecycle, Initialization.
#[must_use]
pub fn initialize(id: u64, revision: Revision) -> Value {
    let params = json!({
        "protocolVersion": revision.as_str(),
        "capabilities": {},
        "clientInfo": client_info(),
    });
    message(id, "initialize", &params)
}

/// `notifications/initialized`.
#[must_use]
pub fn initialized() -> Value {
    json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })
}

/// `notifications/cancelled`, until 2025-11-25: from 2026-07-28 on, hanging up says it.
///
/// Spec: MCP 2025-11-25 Cancellation.
#[must_use]
pub fn cancelled(id: u64) -> Value {
    let params = json!({ "requestId": id, "reason": "the person no longer wants the answer" });
    json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": params })
}

/// `server/discover`, from 2026-07-28 on.
///
/// Spec: MCP 2026-07-28 Discovery.
#[must_use]
pub fn discover(id: u64, revision: Revision) -> Value {
    request(id, revision, "server/discover", json!({}))
}

/// `tools/list`, from the beginning or from where a page ended.
#[must_use]
pub fn list_tools(id: u64, revision: Revision, cursor: Option<&str>) -> Value {
    request(
        id,
        revision,
        "tools/list",
        cursor.map_or_else(|| json!({}), |cursor| json!({ "cursor": cursor })),
    )
}

/// `tools/call`. A `request_state` is what the server gave along when it wanted to be asked once more.
///
/// Spec: MCP 2026-07-28 Multi Round-Trip Requests.
#[must_use]
pub fn call_tool(id: u64, revision: Revision, call: &ToolCall, request_state: Option<&str>) -> Value {
    let mut params = json!({ "name": call.name, "arguments": call.arguments });
    if let Some(state) = request_state {
        params["requestState"] = state.into();
    }
    request(id, revision, "tools/call", params)
}

fn client_info() -> Value {
    json!({ "name": "mcp-auth-lab", "title": "MCP Auth Lab", "version": env!("CARGO_PKG_VERSION") })
}

fn message(id: u64, method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

/// A request that stands alone says in `_meta` what `initialize` would have said.
fn request(id: u64, revision: Revision, method: &str, mut params: Value) -> Value {
    if revision.is_stateless() {
        params["_meta"] = json!({
            META_PROTOCOL_VERSION: revision.as_str(),
            META_CLIENT_INFO: client_info(),
            META_CLIENT_CAPABILITIES: {},
        });
    }
    message(id, method, &params)
}

/// The headers that repeat the body, from 2026-07-28 on; none before.
///
/// Spec: MCP 2026-07-28 Transports, Standard Headers.
#[must_use]
pub fn standard_headers(revision: Revision, message: &Value) -> Vec<(&'static str, String)> {
    if !revision.is_stateless() {
        return Vec::new();
    }
    let text = |value: &Value| value.as_str().map(header_value);
    let method = message.get("method").and_then(text);
    let name = message.get("params").and_then(|params| params.get("name")).and_then(text);
    let mut headers = vec![(PROTOCOL_VERSION_HEADER, revision.as_str().to_owned())];
    headers.extend(method.map(|method| (METHOD_HEADER, method)));
    headers.extend(name.map(|name| (NAME_HEADER, name)));
    headers
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    /// Req: CL-49
    #[test]
    fn a_stateless_request_says_everything_twice() {
        let revision = Revision::V2026_07_28;
        let message = call_tool(3, revision, &ToolCall::new("größe", json!({})), None);
        let meta = &message["params"]["_meta"];
        assert_eq!(meta[META_PROTOCOL_VERSION], "2026-07-28");
        assert!(meta[META_CLIENT_CAPABILITIES].is_object());
        assert_eq!(
            standard_headers(revision, &message),
            [
                (PROTOCOL_VERSION_HEADER, "2026-07-28".into()),
                (METHOD_HEADER, "tools/call".into()),
                (NAME_HEADER, "=?base64?Z3LDtsOfZQ==?=".into()),
            ]
        );
        let before = call_tool(3, Revision::V2025_11_25, &ToolCall::new("x", json!({})), None);
        assert!(before["params"].get("_meta").is_none());
        assert!(standard_headers(Revision::V2025_11_25, &before).is_empty());
    }
}
