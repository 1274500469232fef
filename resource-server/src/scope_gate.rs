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
use protocol::mcp::{LAST_EVENT_ID_HEADER, SESSION_ID_HEADER};
use protocol::revision::Revision;
use protocol::scope::ScopeSet;

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
        let message = Message::parse(&body)?;
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
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(Denial::NotJson) };
    let media_type = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/json") { Ok(()) } else { Err(Denial::NotJson) }
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
    let unknown_method = || Denial::UnknownMethod(id(), revision);
    let method = method::find(&message.method, revision).ok_or_else(unknown_method)?;
    let of_row = scopes.of_method(&message.method);
    if method.rule == Rule::Row && of_row.is_none() {
        return Err(unknown_method());
    }
    if is_modern {
        // Without `clientInfo` a request is as good; a notification brings no `_meta` at all.
        if message.id.is_some() && !(message.meta_version.is_some() && message.meta_capabilities) {
            return Err(Denial::MetaMissing(id()));
        }
        standard_headers::check_name(headers, method, message).map_err(mismatch)?;
    }
    let needed = match method.rule {
        Rule::Base | Rule::Row => of_row.unwrap_or(scopes.base()),
        Rule::Tool => {
            let tool = message.name.as_deref().and_then(|name| scopes.of_tool(name));
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
        Some(version) if version != revision.as_str() => {
            return Err(Denial::UnsupportedVersion(None, version.to_owned()));
        }
        _ => (),
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
    if scopes.allows(granted, needed) {
        return Ok(());
    }
    Err(Denial::InsufficientScope(revision.challenge_scopes(granted, needed)))
}

/// Header and `_meta` say the same version, and it is one that is spoken here. A notification has no `_meta`.
fn check_modern_version(header: Option<&str>, message: &Message) -> Result<(), Denial> {
    let id = || message.id.clone();
    let meta = message.meta_version.as_deref();
    let version = match (header, meta) {
        (Some(header), Some(meta)) if header == meta => header,
        (Some(header), None) => header,
        _ => return Err(Denial::HeaderMismatch(id(), HeaderMismatch::Version)),
    };
    if version == Revision::V2026_07_28.as_str() {
        Ok(())
    } else {
        Err(Denial::UnsupportedVersion(id(), version.to_owned()))
    }
}

/// The header may be missing. `initialize` negotiates: what it asks for is rmcp's to answer.
fn check_legacy_version(header: Option<&str>, message: &Message) -> Result<(), Denial> {
    match header {
        Some(version) if version != Revision::V2025_11_25.as_str() && message.method != "initialize" => {
            Err(Denial::UnsupportedVersion(message.id.clone(), version.to_owned()))
        }
        _ => Ok(()),
    }
}
