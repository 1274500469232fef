//! The scope gate: reads a message once, strictly, decides whether the token allows it, and hands on those very bytes.
//!
//! What was judged is what rmcp gets, and there is only one way to read it: no repeated member names, no batches, no
//! message that is request and response at once. A refusal for scope has to be an HTTP answer with a challenge, so it
//! has to come before rmcp.
//!
//! Spec: MCP 2025-11-25 Authorization, Runtime Insufficient Scope Errors; Transports, Sending Messages to the Server.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use protocol::revision::Revision;
use protocol::scope::ScopeSet;
use protocol::strict_json;
use serde_json::Value;

use super::denial::Denial;
use super::router::Server;
use super::token::VerifiedToken;
use super::tool_scopes;

/// The longest message. rmcp's own parse of a valid message may take many times its size in memory.
pub(super) const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// A message has to be here within this time.
const DEADLINE: Duration = Duration::from_secs(10);

pub(super) async fn scope_gate(State(server): State<Arc<Server>>, request: Request, next: Next) -> Response {
    match judge_request(request).await {
        Ok(request) => next.run(request).await,
        Err(denial) => server.refuse(denial),
    }
}

async fn judge_request(request: Request) -> Result<Request, Denial> {
    if request.method() != http::Method::POST {
        // There is nothing to judge; rmcp refuses other methods.
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    check_content_type(&parts.headers)?;
    let granted = parts.extensions.get::<Arc<VerifiedToken>>().map(|token| &token.claims().scope);
    let body = read(body, DEADLINE).await?;
    judge(&body, granted.ok_or(Denial::NoCredentials)?)?;
    Ok(Request::from_parts(parts, Body::from(body)))
}

/// A form or plain text could come from any web page without asking first; JSON cannot.
fn check_content_type(headers: &HeaderMap) -> Result<(), Denial> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(Denial::NotJson) };
    let media_type = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/json") { Ok(()) } else { Err(Denial::NotJson) }
}

async fn read(body: Body, deadline: Duration) -> Result<Bytes, Denial> {
    let collected = tokio::time::timeout(deadline, Limited::new(body, MAX_MESSAGE_BYTES).collect());
    match collected.await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Denial::BodyTooLong),
        Ok(Err(_)) => Err(Denial::ParseError),
        Err(_) => Err(Denial::BodyTooSlow),
    }
}

/// Decides about one message.
fn judge(body: &[u8], granted: &ScopeSet) -> Result<(), Denial> {
    let message = strict_json::parse(body).map_err(|_| Denial::ParseError)?;
    let message = message.as_object().ok_or(Denial::NotOneMessage)?;
    let id = match message.get("id") {
        None => Value::Null,
        Some(id @ Value::String(_)) => id.clone(),
        Some(id) if id.is_i64() || id.is_u64() => id.clone(),
        Some(_) => return Err(Denial::NotOneMessage),
    };
    let version = message.get("jsonrpc").and_then(Value::as_str);
    let (Some("2.0"), Some(Value::String(method))) = (version, message.get("method")) else {
        return Err(Denial::NotOneMessage);
    };
    if message.contains_key("result") || message.contains_key("error") {
        return Err(Denial::NotOneMessage);
    }
    let needed = if method == "tools/call" {
        let name = message.get("params").and_then(|params| params.get("name")).and_then(Value::as_str);
        name.and_then(tool_scopes::of_tool).ok_or(Denial::UnknownTool(id))?
    } else {
        tool_scopes::of_method(method).ok_or(Denial::UnknownMethod(id))?
    };
    if needed.is_subset(granted) {
        return Ok(());
    }
    Err(Denial::InsufficientScope(Revision::V2025_11_25.challenge_scopes(granted, needed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(body: &str, granted: &str) -> Result<(), Denial> {
        judge(body.as_bytes(), &granted.parse().unwrap())
    }

    fn call(tool: &str) -> String {
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}","arguments":{{}}}}}}"#
        )
    }

    /// Req: RS-15, RS-22, RS-23, X-07
    #[test]
    fn a_tool_needs_its_scopes() {
        assert_eq!(judged(&call("whoami"), "mcp:connect"), Ok(()));
        assert_eq!(judged(&call("get_weather"), "mcp:connect weather:read"), Ok(()));
        assert_eq!(
            judged(&call("get_weather"), "mcp:connect"),
            Err(Denial::InsufficientScope("mcp:connect weather:read".parse().unwrap()))
        );
        assert_eq!(
            judged(&call("whoami"), "weather:read"),
            Err(Denial::InsufficientScope("mcp:connect weather:read".parse().unwrap()))
        );
    }

    /// Req: F15
    #[test]
    fn similar_scopes_are_other_scopes() {
        for granted in
            ["mcp:connect weather:read-all", "mcp:connect WEATHER:READ", "mcp:connect xweather:read"]
        {
            assert!(
                matches!(judged(&call("get_weather"), granted), Err(Denial::InsufficientScope(_))),
                "{granted}"
            );
        }
    }

    #[test]
    fn what_is_unknown_is_refused_by_name() {
        assert_eq!(judged(&call("rm_rf"), "mcp:connect"), Err(Denial::UnknownTool(1.into())));
        let method = r#"{"jsonrpc":"2.0","id":"a","method":"resources/list"}"#;
        assert_eq!(judged(method, "mcp:connect"), Err(Denial::UnknownMethod("a".into())));
    }

    /// Req: G05, G22
    #[test]
    fn there_is_one_way_to_read_a_message() {
        for body in [
            "",
            "{",
            "nonsense",
            r#"{"jsonrpc":"2.0","id":1,"method":"ping"} trailing"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_weather","name":"whoami"}}"#,
            "\u{feff}{}",
            &"[".repeat(5000),
        ] {
            assert_eq!(judged(body, "mcp:connect"), Err(Denial::ParseError), "{body:.60}");
        }
        for body in [
            "[]",
            r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
            "1",
            "{}",
            r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":7}"#,
            r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":[1],"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
        ] {
            assert_eq!(judged(body, "mcp:connect"), Err(Denial::NotOneMessage), "{body}");
        }
    }

    struct Never;

    impl futures_core::Stream for Never {
        type Item = Result<Bytes, std::convert::Infallible>;

        fn poll_next(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Self::Item>> {
            std::task::Poll::Pending
        }
    }

    /// Req: G03
    #[tokio::test]
    async fn a_body_that_never_comes_is_given_up() {
        let stalled = read(Body::from_stream(Never), Duration::from_millis(10)).await;
        assert_eq!(stalled, Err(Denial::BodyTooSlow));
    }
}
