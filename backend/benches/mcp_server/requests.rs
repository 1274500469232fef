//! The requests of the benchmark, as text: writing them costs the clients nothing while they are measured.

use protocol::ids::UnixTime;
use serde_json::{Value, json};
use server_kit::clock::{Clock as _, SystemClock};

use crate::issuer::Key;
use crate::server::RESOURCE;

/// Makes tokens of one issuer.
pub(crate) struct Tokens {
    issuer: String,
    now: UnixTime,
}

impl Tokens {
    pub(crate) fn of(issuer: &str) -> Self {
        Self { issuer: issuer.to_owned(), now: SystemClock.now() }
    }

    /// A token with what its call needs. Each number makes another.
    pub(crate) fn make(&self, key: &Key, algorithm: &str, number: usize) -> String {
        self.sign(key, algorithm, "ada", "mcp:connect weather:read", number)
    }

    /// A token of somebody else.
    pub(crate) fn of_person(&self, key: &Key, subject: &str) -> String {
        self.sign(key, "ES256", subject, "mcp:connect weather:read", 0)
    }

    /// One that may connect and nothing else.
    pub(crate) fn without_scope(&self, key: &Key) -> String {
        self.sign(key, "ES256", "ada", "mcp:connect", 0)
    }

    fn sign(&self, key: &Key, algorithm: &str, subject: &str, scope: &str, number: usize) -> String {
        let header = json!({ "alg": algorithm, "typ": "at+jwt", "kid": key.public().kid() });
        let claims = json!({
            "iss": self.issuer,
            "aud": RESOURCE,
            "sub": subject,
            "client_id": "https://client.example/client.json",
            "scope": scope,
            "iat": self.now.0,
            "exp": self.now.0 + 3600,
            "jti": format!("{number:0>43}.{number:0>22}"),
        });
        key.sign(&header, &claims)
    }
}

fn post(message: &Value, headers: &str) -> String {
    let body = message.to_string();
    format!(
        "POST /mcp HTTP/1.1\r\nHost: localhost:8001\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn authorization(token: &str) -> String {
    if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") }
}

pub(crate) fn without_token() -> String {
    call_2026("")
}

/// `tools/call` as 2026-07-28 has it.
pub(crate) fn call_2026(token: &str) -> String {
    let message = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {
            "name": "get_weather",
            "arguments": { "city": "Paris" },
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": { "name": "bench", "version": "1" },
                "io.modelcontextprotocol/clientCapabilities": {},
            },
        },
    });
    let headers = "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: get_weather\r\n";
    post(&message, &format!("{headers}{}", authorization(token)))
}

fn of_2025(token: &str, session: Option<&str>) -> String {
    let session = session.map_or(String::new(), |session| format!("Mcp-Session-Id: {session}\r\n"));
    format!("MCP-Protocol-Version: 2025-11-25\r\n{session}{}", authorization(token))
}

pub(crate) fn initialize(token: &str) -> String {
    let message = json!({
        "jsonrpc": "2.0", "id": 0, "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "bench", "version": "1" },
        },
    });
    post(&message, &of_2025(token, None))
}

pub(crate) fn initialized(token: &str, session: &str) -> String {
    post(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }), &of_2025(token, Some(session)))
}

/// `tools/call` within a session of 2025-11-25. No two requests under way in a session may have the same id.
pub(crate) fn call_2025(token: &str, session: &str, id: usize) -> String {
    let message = json!({
        "jsonrpc": "2.0", "id": id, "method": "tools/call",
        "params": { "name": "get_weather", "arguments": { "city": "Paris" } },
    });
    post(&message, &of_2025(token, Some(session)))
}
