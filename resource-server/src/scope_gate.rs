//! The scope gate: reads a message once, strictly, decides whether the token allows it, and hands on those very bytes.
//!
//! What was judged is what rmcp gets, and there is only one way to read it ([`crate::message`]). A refusal for scope has
//! to be an HTTP answer with a challenge, so it has to come before rmcp.
//!
//! Both revisions come to the same endpoint. What a request says of itself decides: the version in its `_meta` or in its
//! header, and only then its method.
//!
//! Spec: MCP 2025-11-25 and 2026-07-28 Authorization, Runtime Insufficient Scope Errors; Transports, Sending Messages.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::Request;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method as HttpMethod};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use protocol::clause::Clause;
use protocol::mcp::{LAST_EVENT_ID_HEADER, SESSION_ID_HEADER};
use protocol::revision::Revision;
use protocol::scope::ScopeSet;
use server_kit::witness::{checked, or_absent};

use crate::budget::{MESSAGE_BYTES, MESSAGE_SECONDS, Turn};
use crate::denial::Denial;
use crate::message::Message;
use crate::method::{self, Rule};
use crate::scope_table::ScopeTable;
use crate::standard_headers::{self, HeaderMismatch};
use crate::token::VerifiedToken;

/// What was found out about a request that may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Judged {
    /// The revision by whose rules the request is answered.
    pub(crate) revision: Revision,
    /// Whether it begins a session.
    pub(crate) initializes: bool,
}

/// Judges a request, and gives it back with the very body that was judged.
pub(crate) async fn judge_request(
    scopes: &ScopeTable,
    token: &VerifiedToken,
    turn: &Turn,
    request: Request,
) -> Result<(Judged, Request), Denial> {
    let (mut parts, body) = request.into_parts();
    let granted = &token.claims().scope;
    let (judged, body) = if parts.method == HttpMethod::POST {
        check_content_type(&parts.headers)?;
        let body = read(body, Duration::from_secs(MESSAGE_SECONDS)).await?;
        let message = Message::parse(&body);
        let found = || message.as_ref().map_or_else(|fault| format!("{fault:?}"), Message::described);
        let expected = || "one JSON-RPC request or notification, no member twice";
        checked(Clause::Transport, "message", message.is_ok(), expected, found);
        let message = message?;
        turn.weigh(message.weight)?;
        let judged = judge(scopes, &parts.headers, &message, granted);
        if let Err(Denial::InsufficientScope(asked)) = &judged {
            log_step_up(token, &message, asked);
        }
        (judged?, Body::from(body))
    } else {
        (judge_stream(scopes, &parts.headers, granted)?, Body::empty())
    };
    if judged.revision == Revision::V2026_07_28 {
        // It has neither sessions nor streams that can be resumed.
        parts.headers.remove(SESSION_ID_HEADER);
        parts.headers.remove(LAST_EVENT_ID_HEADER);
    }
    Ok((judged, Request::from_parts(parts, body)))
}

/// Who was sent to ask for more, for what. `token` is the id by which the authorization server knows it as well.
fn log_step_up(token: &VerifiedToken, message: &Message, asked: &ScopeSet) {
    let claims = token.claims();
    tracing::info!(
        subject = %claims.sub,
        client = %claims.client_id,
        token = claims.jti,
        method = &*message.method,
        name = message.name.as_deref(),
        granted = %claims.scope,
        %asked,
        "more scopes needed",
    );
}

/// A form or plain text could come from any web page without asking first; JSON cannot.
fn check_content_type(headers: &HeaderMap) -> Result<(), Denial> {
    const JSON: &str = "application/json";
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let only = values.next().filter(|_| values.next().is_none()).and_then(|value| value.to_str().ok());
    let media_type = only.map(|value| value.split(';').next().unwrap_or_default().trim());
    let is_json = media_type.is_some_and(|media_type| media_type.eq_ignore_ascii_case(JSON));
    checked(Clause::Transport, "Content-Type", is_json, || JSON, || or_absent(only));
    if is_json { Ok(()) } else { Err(Denial::NotJson) }
}

async fn read(body: Body, deadline: Duration) -> Result<Bytes, Denial> {
    // What is announced too long is not read at all.
    if body.size_hint().lower() > MESSAGE_BYTES as u64 {
        return Err(Denial::BodyTooLong);
    }
    let collected = tokio::time::timeout(deadline, Limited::new(body, MESSAGE_BYTES).collect());
    match collected.await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Denial::BodyTooLong),
        Ok(Err(_)) => Err(Denial::ParseError),
        Err(_) => Err(Denial::BodyTooSlow),
    }
}

/// Decides about one message.
fn judge(
    scopes: &ScopeTable,
    headers: &HeaderMap,
    message: &Message,
    granted: &ScopeSet,
) -> Result<Judged, Denial> {
    let id = || message.id.clone();
    let mismatch = |reason| Denial::HeaderMismatch(id(), reason);
    let version = standard_headers::protocol_version(headers).map_err(mismatch)?;
    let is_modern = message.meta_version.is_some() || version.is_some_and(standard_headers::is_modern);
    let revision = if is_modern { Revision::V2026_07_28 } else { Revision::V2025_11_25 };
    if is_modern {
        check_modern_version(version, message)?;
        standard_headers::check_method(headers, message).map_err(mismatch)?;
    } else {
        check_legacy_version(version, message)?;
    }
    let of_row = scopes.of_method(&message.method);
    let method = method::find(&message.method, revision);
    let method = method.filter(|method| method.rule != Rule::Row || of_row.is_some());
    let expected = || format!("a method of {} that is served here", revision.as_str());
    checked(Clause::Transport, "method", method.is_some(), expected, || &*message.method);
    let method = method.ok_or_else(|| Denial::UnknownMethod(id(), revision))?;
    if is_modern {
        check_meta(message)?;
        standard_headers::check_name(headers, method, message).map_err(mismatch)?;
    }
    let needed = match method.rule {
        Rule::Base | Rule::Row => of_row.unwrap_or(scopes.base()),
        Rule::Tool => {
            let tool = message.name.as_deref().and_then(|name| scopes.of_tool(name));
            let found = || or_absent(message.name.as_deref());
            checked(Clause::Transport, "tool", tool.is_some(), || "one with a row of scopes", found);
            tool.ok_or_else(|| Denial::UnknownTool(id()))?
        }
    };
    check_scopes(scopes, revision, granted, needed)?;
    Ok(Judged { revision, initializes: message.method == "initialize" })
}

/// A GET opens a stream of a session, a DELETE ends one; both belong to 2025-11-25.
fn judge_stream(scopes: &ScopeTable, headers: &HeaderMap, granted: &ScopeSet) -> Result<Judged, Denial> {
    let mismatch = |reason| Denial::HeaderMismatch(None, reason);
    let revision = Revision::V2025_11_25;
    match standard_headers::protocol_version(headers).map_err(mismatch)? {
        Some(version) if standard_headers::is_modern(version) => return Err(Denial::MethodNotAllowed),
        Some(version) => check_version(version, revision, version == revision.as_str())
            .map_err(|requested| Denial::UnsupportedVersion(None, requested))?,
        None => (),
    }
    check_scopes(scopes, revision, granted, scopes.base())?;
    Ok(Judged { revision, initializes: false })
}

fn check_scopes(
    scopes: &ScopeTable,
    revision: Revision,
    granted: &ScopeSet,
    needed: &ScopeSet,
) -> Result<(), Denial> {
    let allows = scopes.allows(granted, needed);
    checked(Clause::InsufficientScope, "scope", allows, || needed.to_string(), || granted.to_string());
    if allows {
        return Ok(());
    }
    Err(Denial::InsufficientScope(revision.challenge_scopes(granted, needed)))
}

/// Header and `_meta` say the same version, and it is one that is spoken here. A notification has no `_meta`.
fn check_modern_version(header: Option<&str>, message: &Message) -> Result<(), Denial> {
    let id = || message.id.clone();
    let meta = message.meta_version.as_deref();
    let version = header.filter(|header| meta.is_none_or(|meta| meta == *header));
    let title = "MCP-Protocol-Version and _meta";
    let expected = || format!("the same: {}", or_absent(meta.or(header)));
    checked(Clause::StandardHeaders, title, version.is_some(), expected, || or_absent(header));
    let version = version.ok_or_else(|| Denial::HeaderMismatch(id(), HeaderMismatch::Version))?;
    check_version(version, Revision::V2026_07_28, version == Revision::V2026_07_28.as_str())
        .map_err(|requested| Denial::UnsupportedVersion(id(), requested))
}

/// The header may be missing. `initialize` negotiates: what it asks for is rmcp's to answer.
fn check_legacy_version(header: Option<&str>, message: &Message) -> Result<(), Denial> {
    let Some(version) = header else { return Ok(()) };
    let spoken = version == Revision::V2025_11_25.as_str() || message.method == "initialize";
    check_version(version, Revision::V2025_11_25, spoken)
        .map_err(|requested| Denial::UnsupportedVersion(message.id.clone(), requested))
}

/// Whether a version is spoken here. Gives the version if not.
fn check_version(version: &str, expected: Revision, spoken: bool) -> Result<(), String> {
    checked(Clause::VersionHeader, "MCP-Protocol-Version", spoken, || expected.as_str(), || version);
    if spoken { Ok(()) } else { Err(version.to_owned()) }
}

/// Without `clientInfo` a request is as good; a notification brings no `_meta` at all.
fn check_meta(message: &Message) -> Result<(), Denial> {
    let is_complete = message.meta_version.is_some() && message.meta_capabilities;
    if message.id.is_none() {
        return Ok(());
    }
    let found = || if is_complete { "both" } else { "not both" };
    checked(Clause::RequestMeta, "_meta", is_complete, || "protocolVersion and clientCapabilities", found);
    if is_complete { Ok(()) } else { Err(Denial::MetaMissing(message.id.clone())) }
}
