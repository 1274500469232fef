//! Why a request is refused before it reaches a tool, and how that is said: one name, one place, one clause.

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use protocol::clause::Clause;
use protocol::oauth_error::OAuthErrorCode;
use protocol::revision::Revision;
use protocol::scope::ScopeSet;
use protocol::www_authenticate::BearerChallenge;
use serde_json::{Value, json};

use crate::budget::Exhausted;
use crate::message::{NoMessage, RequestId};
use crate::standard_headers::HeaderMismatch;

/// What is wrong with the credentials of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenFault {
    #[error("The token is longer than 8 kilobytes.")]
    TooLong,
    #[error("The token is not a JWT of three parts.")]
    NotAJwt,
    #[error("The token's type is not at+jwt.")]
    WrongType,
    #[error("The token is not signed with the algorithm of its key.")]
    WrongAlgorithm,
    #[error("The token's header demands an extension that is unknown here.")]
    CriticalHeader,
    #[error("The token does not name its key.")]
    NoKeyId,
    #[error("The authorization server has no such key.")]
    UnknownKey,
    #[error("The signature does not fit.")]
    BadSignature,
    #[error("A claim is missing or has the wrong type.")]
    BadClaims,
    #[error("The token is from another issuer.")]
    OtherIssuer,
    #[error("The token is for another server.")]
    OtherAudience,
    #[error("The token has expired.")]
    Expired,
    #[error("The token is not valid yet.")]
    NotYetValid,
    #[error("The token is bound to a key, and this server takes no proof of one.")]
    BoundToKey,
    #[error("The token was revoked.")]
    Revoked,
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Denial {
    /// The request comes from a web page that may not call this server.
    ForeignOrigin,
    /// The request was addressed to another host.
    ForeignHost,
    /// No credentials, or of a scheme that is not used here.
    NoCredentials,
    /// The `Authorization` header cannot be read in one way.
    MalformedAuthorization,
    /// The token is no good.
    InvalidToken(TokenFault),
    /// The keys of the authorization server cannot be had, so nothing can be verified.
    KeysUnavailable,
    /// The authorization server cannot be asked whether the token was revoked.
    RevocationUnknown,
    /// The token does not allow this. Holds the scopes to ask for.
    InsufficientScope(ScopeSet),
    /// The content type is not JSON.
    NotJson,
    /// The body is longer than allowed.
    BodyTooLong,
    /// The body did not arrive in time.
    BodyTooSlow,
    /// The body is no JSON text that can be read in one way.
    ParseError,
    /// The body is JSON of more values than the budget has.
    TooManyValues,
    /// The body is JSON, but no single JSON-RPC request or notification.
    NotOneMessage,
    /// Header and body contradict each other. With the id to answer, as in the following.
    HeaderMismatch(Option<RequestId>, HeaderMismatch),
    /// This revision is not spoken here.
    UnsupportedVersion(Option<RequestId>, String),
    /// The request does not say what each request says from 2026-07-28 on.
    MetaMissing(Option<RequestId>),
    /// No such method here.
    UnknownMethod(Option<RequestId>, Revision),
    /// No such tool here.
    UnknownTool(Option<RequestId>),
    /// GET and DELETE belong to sessions, and 2026-07-28 has none.
    MethodNotAllowed,
    /// No such session, or not this caller's.
    UnknownSession,
    /// This caller has too many calls under way.
    TooManyCalls,
    /// All callers together have as many calls or sessions as there is room for.
    Busy,
}

impl Denial {
    /// The rule that the request broke.
    pub(crate) fn clause(&self) -> Clause {
        match self {
            Self::ForeignOrigin | Self::ForeignHost => Clause::Origin,
            Self::NoCredentials => Clause::Challenge,
            Self::MalformedAuthorization => Clause::BearerSyntax,
            Self::InvalidToken(TokenFault::OtherAudience) => Clause::TokenAudience,
            Self::InvalidToken(TokenFault::Revoked) | Self::RevocationUnknown => Clause::TokenRevoked,
            Self::InvalidToken(_) | Self::KeysUnavailable => Clause::TokenValidity,
            Self::InsufficientScope(_) => Clause::InsufficientScope,
            Self::HeaderMismatch(..) => Clause::StandardHeaders,
            Self::UnsupportedVersion(..) => Clause::VersionHeader,
            Self::MetaMissing(_) => Clause::RequestMeta,
            Self::UnknownSession => Clause::SessionOwner,
            Self::NotJson
            | Self::BodyTooLong
            | Self::BodyTooSlow
            | Self::ParseError
            | Self::TooManyValues
            | Self::NotOneMessage
            | Self::UnknownMethod(..)
            | Self::UnknownTool(_)
            | Self::MethodNotAllowed
            | Self::TooManyCalls
            | Self::Busy => Clause::Transport,
        }
    }

    /// Its name, without what it holds: `Expired`.
    pub(crate) fn name(&self) -> String {
        let text = match self {
            Self::InvalidToken(fault) => format!("{fault:?}"),
            denial => format!("{denial:?}"),
        };
        text.split('(').next().unwrap_or_default().to_owned()
    }

    /// The sentence that the answer says, or the rule where it says none.
    pub(crate) fn says(&self) -> String {
        match self.clone().wire().1 {
            Answer::Challenge { description, .. } => {
                description.unwrap_or_else(|| self.clause().rule().to_owned())
            }
            Answer::Rpc { message, .. } => message.into_owned(),
            Answer::Text(text) => text.to_owned(),
        }
    }

    /// Status, and what the answer says.
    fn wire(self) -> (StatusCode, Answer) {
        use OAuthErrorCode::{InsufficientScope, InvalidRequest, InvalidToken};
        let rpc = |code, message: &'static str| Answer::rpc(None, code, message);
        match self {
            Self::ForeignOrigin => {
                (StatusCode::FORBIDDEN, rpc(-32000, "This web page may not call this server."))
            }
            Self::ForeignHost => (StatusCode::FORBIDDEN, rpc(-32000, "This server has another name.")),
            Self::NoCredentials => {
                (StatusCode::UNAUTHORIZED, Answer::Challenge { error: None, scope: None, description: None })
            }
            Self::MalformedAuthorization => (
                StatusCode::BAD_REQUEST,
                Answer::challenge(
                    InvalidRequest,
                    "The Authorization header must be Bearer and one token, once.",
                ),
            ),
            Self::InvalidToken(fault) => {
                (StatusCode::UNAUTHORIZED, Answer::challenge(InvalidToken, fault.to_string()))
            }
            Self::KeysUnavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                Answer::Text("The keys of the authorization server cannot be fetched at the moment."),
            ),
            Self::RevocationUnknown => (
                StatusCode::SERVICE_UNAVAILABLE,
                Answer::Text("The authorization server cannot be asked about the token at the moment."),
            ),
            Self::InsufficientScope(scope) => (
                StatusCode::FORBIDDEN,
                Answer::Challenge {
                    error: Some(InsufficientScope),
                    scope: Some(scope),
                    description: Some("This operation needs scopes that the token lacks.".to_owned()),
                },
            ),
            Self::NotJson => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                rpc(-32600, "The content type must be application/json."),
            ),
            Self::BodyTooLong => (StatusCode::PAYLOAD_TOO_LARGE, Answer::Text("The message is too long.")),
            Self::BodyTooSlow => {
                (StatusCode::REQUEST_TIMEOUT, Answer::Text("The message did not arrive in time."))
            }
            Self::ParseError => {
                (StatusCode::BAD_REQUEST, rpc(-32700, "The body is not JSON, or says a thing twice."))
            }
            Self::TooManyValues => (
                StatusCode::PAYLOAD_TOO_LARGE,
                Answer::Text("The message has more values than this server reads."),
            ),
            Self::NotOneMessage => (
                StatusCode::BAD_REQUEST,
                rpc(-32600, "The body must be one JSON-RPC request or notification."),
            ),
            Self::HeaderMismatch(id, reason) => {
                (StatusCode::BAD_REQUEST, Answer::rpc(id, -32020, reason.to_string()))
            }
            Self::UnsupportedVersion(id, requested) => {
                let supported = Revision::ALL.map(Revision::as_str);
                let data = json!({ "supported": supported, "requested": requested });
                let message = "This server speaks 2025-11-25 and 2026-07-28.".into();
                (StatusCode::BAD_REQUEST, Answer::Rpc { id, code: -32022, message, data: Some(data) })
            }
            Self::MetaMissing(id) => {
                let message = "The params need _meta with protocolVersion and clientCapabilities, each with the prefix io.modelcontextprotocol/.";
                (StatusCode::BAD_REQUEST, Answer::rpc(id, -32602, message))
            }
            Self::UnknownMethod(id, revision) => {
                let status = match revision {
                    Revision::V2025_11_25 => StatusCode::OK,
                    Revision::V2026_07_28 => StatusCode::NOT_FOUND,
                };
                (status, Answer::rpc(id, -32601, "There is no such method here."))
            }
            Self::UnknownTool(id) => (StatusCode::OK, Answer::rpc(id, -32602, "There is no such tool here.")),
            Self::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, rpc(-32600, "2026-07-28 knows only POST."))
            }
            Self::UnknownSession => (StatusCode::NOT_FOUND, rpc(-32001, "There is no such session.")),
            Self::TooManyCalls => (
                StatusCode::TOO_MANY_REQUESTS,
                Answer::Text("You have too many calls under way. Wait for one of them to end."),
            ),
            Self::Busy => (
                StatusCode::SERVICE_UNAVAILABLE,
                Answer::Text("This server has too much to do at the moment."),
            ),
        }
    }

    /// The response. `resource_metadata` and `base_scope` complete challenges.
    pub(crate) fn into_response(self, resource_metadata: &str, base_scope: &ScopeSet) -> Response {
        let passes =
            matches!(self, Self::KeysUnavailable | Self::RevocationUnknown | Self::TooManyCalls | Self::Busy);
        let only_post = matches!(self, Self::MethodNotAllowed);
        let retry_after = passes.then_some(HeaderValue::from_static("1"));
        let (status, answer) = self.wire();
        let mut response = match answer {
            Answer::Rpc { id, code, message, data } => {
                let mut error = json!({ "code": code, "message": message });
                if let Some(data) = data {
                    error["data"] = data;
                }
                let body = json!({ "jsonrpc": "2.0", "id": id, "error": error });
                (status, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
            }
            Answer::Text(text) => (status, format!("{text}\n")).into_response(),
            Answer::Challenge { error, scope, description } => {
                let challenge = BearerChallenge {
                    resource_metadata: Some(resource_metadata.to_owned()),
                    scope: Some(scope.unwrap_or_else(|| base_scope.clone())),
                    error: error.map(|error| error.as_str().to_owned()),
                    error_description: description,
                };
                let mut response = status.into_response();
                if let Ok(value) = HeaderValue::from_str(&challenge.to_header()) {
                    response.headers_mut().insert(WWW_AUTHENTICATE, value);
                }
                response
            }
        };
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if only_post {
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        }
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(RETRY_AFTER, seconds);
        }
        response
    }
}

impl From<Exhausted> for Denial {
    fn from(exhausted: Exhausted) -> Self {
        match exhausted {
            Exhausted::OfOne => Self::TooManyCalls,
            Exhausted::Everybodys => Self::Busy,
        }
    }
}

impl From<NoMessage> for Denial {
    fn from(reason: NoMessage) -> Self {
        match reason {
            NoMessage::NotJson => Self::ParseError,
            NoMessage::TooManyValues => Self::TooManyValues,
            NoMessage::NotOne => Self::NotOneMessage,
        }
    }
}

/// How a denial is written.
enum Answer {
    Challenge {
        error: Option<OAuthErrorCode>,
        scope: Option<ScopeSet>,
        description: Option<String>,
    },
    Rpc {
        id: Option<RequestId>,
        code: i32,
        message: Cow<'static, str>,
        data: Option<Value>,
    },
    /// By HTTP alone. The request may be as good as any, but its id is not known here; rmcp's client takes a JSON-RPC
    /// error without an id for that of no request, and would wait on.
    Text(&'static str),
}

impl Answer {
    fn rpc(id: Option<RequestId>, code: i32, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Rpc { id, code, message: message.into(), data: None }
    }

    fn challenge(error: OAuthErrorCode, description: impl Into<String>) -> Self {
        Self::Challenge { error: Some(error), scope: None, description: Some(description.into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(denial: Denial) -> (StatusCode, String) {
        let base = "mcp:connect".parse().unwrap();
        let response = denial.into_response("https://rs/.well-known/oauth-protected-resource/mcp", &base);
        let header = response.headers().get(WWW_AUTHENTICATE).map(|value| value.to_str().unwrap().to_owned());
        (response.status(), header.unwrap_or_default())
    }

    #[test]
    fn a_denial_has_a_name_and_a_sentence() {
        let of = |denial: Denial| (denial.name(), denial.says());
        assert_eq!(
            of(Denial::InvalidToken(TokenFault::Expired)),
            ("Expired".into(), "The token has expired.".into())
        );
        let id = Some(RequestId::Number(1));
        assert_eq!(of(Denial::UnknownTool(id)), ("UnknownTool".into(), "There is no such tool here.".into()));
        assert_eq!(of(Denial::NoCredentials).1, Clause::Challenge.rule());
    }

    /// The exact messages. Req: RS-10, RS-11, RS-12, RS-13, RS-14, RS-15
    #[test]
    fn challenges_to_the_letter() {
        let metadata = r#"resource_metadata="https://rs/.well-known/oauth-protected-resource/mcp""#;
        assert_eq!(
            header(Denial::NoCredentials),
            (StatusCode::UNAUTHORIZED, format!(r#"Bearer {metadata}, scope="mcp:connect""#))
        );
        assert_eq!(
            header(Denial::InvalidToken(TokenFault::Expired)),
            (
                StatusCode::UNAUTHORIZED,
                format!(
                    r#"Bearer error="invalid_token", error_description="The token has expired.", {metadata}, scope="mcp:connect""#
                )
            )
        );
        let (status, value) = header(Denial::InsufficientScope("mcp:connect weather:read".parse().unwrap()));
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert!(value.starts_with(r#"Bearer error="insufficient_scope", "#));
        assert!(value.ends_with(&format!(r#"{metadata}, scope="mcp:connect weather:read""#)));
        let (status, value) = header(Denial::MalformedAuthorization);
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(value.starts_with(r#"Bearer error="invalid_request", "#));
        assert_eq!(header(Denial::ForeignOrigin), (StatusCode::FORBIDDEN, String::new()));
    }
}
