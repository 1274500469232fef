//! The few MCP messages that a client of the lab needs: JSON-RPC over Streamable HTTP.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::revision::Revision;

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
    json!({
        "jsonrpc": "2.0",
        "id": id,
        "method": "initialize",
        "params": {
            "protocolVersion": revision.as_str(),
            "capabilities": {},
            "clientInfo": { "name": "mcp-auth-lab", "title": "MCP Auth Lab", "version": env!("CARGO_PKG_VERSION") },
        },
    })
}

/// `notifications/initialized`.
#[must_use]
pub fn initialized() -> Value {
    json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })
}

/// `tools/call`.
#[must_use]
pub fn call_tool(id: u64, call: &ToolCall) -> Value {
    json!({
        "jsonrpc": "2.0",
        "id": id,
        "method": "tools/call",
        "params": { "name": call.name, "arguments": call.arguments },
    })
}

/// What a server answered to one request.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// `result`.
    Result(Value),
    /// `error`.
    Error {
        /// Its number.
        code: i64,
        /// Its text.
        message: String,
    },
}

/// Why a body holds no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// Neither JSON nor an event stream with JSON in it.
    #[error("the body is neither JSON nor an event stream with JSON messages")]
    NotJson,
    /// No message in it answers the request with this id.
    #[error("no message in the body answers request {0}")]
    NoAnswer(u64),
}

/// Finds the answer to request `id` in a response body, which is one JSON message or a stream of events.
///
/// # Errors
/// [`AnswerError`].
///
/// Spec: MCP 2025-11-25 Transports, Sending Messages to the Server.
pub fn read_answer(content_type: &str, body: &str, id: u64) -> Result<Answer, AnswerError> {
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let messages = if media_type.eq_ignore_ascii_case("text/event-stream") {
        event_stream_messages(body)
    } else {
        vec![serde_json::from_str(body).map_err(|_| AnswerError::NotJson)?]
    };
    if messages.is_empty() {
        return Err(AnswerError::NotJson);
    }
    messages.iter().find_map(|message| answer_to(message, id)).ok_or(AnswerError::NoAnswer(id))
}

fn answer_to(message: &Value, id: u64) -> Option<Answer> {
    if message.get("id")?.as_u64()? != id || message.get("method").is_some() {
        return None;
    }
    if let Some(result) = message.get("result") {
        return Some(Answer::Result(result.clone()));
    }
    let error = message.get("error")?;
    Some(Answer::Error {
        code: error.get("code")?.as_i64()?,
        message: error.get("message").and_then(Value::as_str).unwrap_or_default().to_owned(),
    })
}

/// The JSON messages of an event stream; events without JSON (keep-alive, priming) are passed over.
fn event_stream_messages(body: &str) -> Vec<Value> {
    let mut messages = Vec::new();
    let mut data = String::new();
    for line in body.lines().chain([""]) {
        if line.is_empty() {
            if let Ok(message) = serde_json::from_str(&data) {
                messages.push(message);
            }
            data.clear();
        } else if let Some(value) = line.strip_prefix("data:") {
            if !data.is_empty() {
                data.push('\n');
            }
            data.push_str(value.strip_prefix(' ').unwrap_or(value));
        }
    }
    messages
}

/// The readable part of a tool's result: its text blocks, one per line, or the structured content.
#[must_use]
pub fn tool_text(result: &Value) -> String {
    let blocks = result.get("content").and_then(Value::as_array);
    let texts: Vec<&str> =
        blocks.into_iter().flatten().filter_map(|block| block.get("text").and_then(Value::as_str)).collect();
    match (texts.is_empty(), result.get("structuredContent")) {
        (true, Some(structured)) => structured.to_string(),
        _ => texts.join("\n"),
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    const ANSWER: &str = r#"{"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"text","text":"hi"}]}}"#;

    /// Req: CL-47
    #[test]
    fn reads_json_and_event_streams() {
        let json = read_answer("application/json; charset=utf-8", ANSWER, 2).unwrap();
        let stream = format!(
            ": ping\n\nid: 1\ndata:\n\ndata: {{\"jsonrpc\":\"2.0\",\"method\":\"x\"}}\n\nevent: message\ndata: {ANSWER}\n\n"
        );
        assert_eq!(read_answer("text/event-stream", &stream, 2).unwrap(), json);
        assert_eq!(read_answer("text/event-stream", &format!("data: {ANSWER}"), 2).unwrap(), json);
        let Answer::Result(result) = json else { panic!("not a result") };
        assert_eq!(tool_text(&result), "hi");
    }

    #[test]
    fn an_answer_to_another_request_is_none() {
        assert_eq!(read_answer("application/json", ANSWER, 3), Err(AnswerError::NoAnswer(3)));
        assert_eq!(read_answer("application/json", "<html>", 3), Err(AnswerError::NotJson));
        assert_eq!(read_answer("text/event-stream", ": nothing\n\n", 3), Err(AnswerError::NotJson));
    }

    #[test]
    fn errors_keep_their_code() {
        let body = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no such method"}}"#;
        assert_eq!(
            read_answer("application/json", body, 1),
            Ok(Answer::Error { code: -32601, message: "no such method".into() })
        );
    }
}
