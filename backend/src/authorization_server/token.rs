//! `POST /token`: a code, or a refresh token, becomes an access token.
//!
//! Spec: OAuth 2.1 §3.2, §3.2.4; RFC 8707 §2.2.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use protocol::clause::Clause;
use protocol::oauth_error::{OAuthErrorBody, OAuthErrorCode};
use protocol::query::{Parameters, Repeated};
use protocol::token_endpoint::{AUTHORIZATION_CODE, REFRESH_TOKEN};

use super::client_auth::Presented;
use super::client_denial::ClientDenial;
use super::form::{self, FormError};
use super::keys::KeyError;
use super::peer::Peer;
use super::rate_limit::{self, Limit, TooMany};
use super::state::Server;
use super::{code_grant, refresh_grant, words};
use crate::store::StoreError;
use server_kit::witness::{self, checked, or_absent};

/// Why no token is issued, or none revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenDenial {
    WrongMethod,
    NotAForm,
    BodyTooLong,
    RepeatedParameter,
    MissingGrantType,
    UnsupportedGrantType,
    /// It is not from the client that it names, or nobody can tell.
    Client(ClientDenial),
    MissingCode,
    MissingVerifier,
    MalformedVerifier,
    UnknownCode,
    OtherClient,
    OtherRedirectUri,
    ExpiredCode,
    TooManyVerifiers,
    VerifierMismatch,
    OtherResource,
    MalformedScope,
    WiderScope,
    NoScope,
    ReplayedCode,
    MissingRefreshToken,
    UnknownRefreshToken,
    RefreshTokenOfAnother,
    ExpiredRefreshToken,
    ReusedRefreshToken,
    GrantEnded,
    MissingToken,
    Unavailable,
    /// Too many wrong codes, tokens or secrets came from this address.
    TooManyFailures {
        /// Seconds until the next one is heard.
        retry_after: u64,
    },
    ServerFault,
}

impl TokenDenial {
    /// The one place where a denial becomes a status, a code, a clause and a sentence.
    #[expect(clippy::too_many_lines, reason = "a table: what would be divided is the overview")]
    pub(super) fn wire(self) -> (StatusCode, OAuthErrorCode, Clause, &'static str) {
        use OAuthErrorCode::{
            InvalidGrant, InvalidRequest, InvalidScope, InvalidTarget, ServerError, TemporarilyUnavailable,
            UnsupportedGrantType,
        };
        const BAD: StatusCode = StatusCode::BAD_REQUEST;
        match self {
            Self::WrongMethod => {
                (StatusCode::METHOD_NOT_ALLOWED, InvalidRequest, Clause::TokenRequest, "Use POST.")
            }
            Self::NotAForm => (
                BAD,
                InvalidRequest,
                Clause::TokenRequest,
                "The body must be application/x-www-form-urlencoded, in UTF-8.",
            ),
            Self::BodyTooLong => (
                StatusCode::PAYLOAD_TOO_LARGE,
                InvalidRequest,
                Clause::TokenRequest,
                "The body is longer than 16 kilobytes.",
            ),
            Self::RepeatedParameter => {
                (BAD, InvalidRequest, Clause::NoParameterTwice, "A parameter occurs more than once.")
            }
            Self::MissingGrantType => (BAD, InvalidRequest, Clause::GrantType, "grant_type is missing."),
            Self::UnsupportedGrantType => (
                BAD,
                UnsupportedGrantType,
                Clause::GrantType,
                "The grant types are authorization_code and refresh_token.",
            ),
            Self::Client(denial) => denial.wire(),
            Self::MissingCode => (BAD, InvalidRequest, Clause::CodeBinding, "code is missing."),
            Self::MissingVerifier => (BAD, InvalidRequest, Clause::PkceVerified, "code_verifier is missing."),
            Self::MalformedVerifier => (
                BAD,
                InvalidRequest,
                Clause::PkceVerifier,
                "code_verifier must have 43 to 128 unreserved characters.",
            ),
            Self::UnknownCode => (BAD, InvalidGrant, Clause::CodeBinding, "There is no such code."),
            Self::OtherClient => (BAD, InvalidGrant, Clause::CodeBinding, "It was issued to another client."),
            Self::OtherRedirectUri => {
                (BAD, InvalidGrant, Clause::CodeBinding, "The code was sent to another redirect_uri.")
            }
            Self::ExpiredCode => (BAD, InvalidGrant, Clause::CodeLifetime, "The code has expired."),
            Self::TooManyVerifiers => (
                BAD,
                InvalidGrant,
                Clause::PkceVerified,
                "The code is void: too many wrong verifiers were tried.",
            ),
            Self::VerifierMismatch => (
                BAD,
                InvalidGrant,
                Clause::PkceVerified,
                "code_verifier does not hash to the code_challenge of the authorization request.",
            ),
            Self::OtherResource => {
                (BAD, InvalidTarget, Clause::ResourceNarrows, "The grant is for another resource.")
            }
            Self::MalformedScope => (BAD, InvalidScope, Clause::ScopeSyntax, "scope is malformed."),
            Self::WiderScope => {
                (BAD, InvalidScope, Clause::ScopeNarrows, "scope is wider than what was allowed.")
            }
            Self::NoScope => {
                (BAD, InvalidScope, Clause::ScopeSyntax, "scope names nothing that the resource offers.")
            }
            Self::ReplayedCode => (BAD, InvalidGrant, Clause::CodeOnce, "The code was redeemed before."),
            Self::MissingRefreshToken => {
                (BAD, InvalidRequest, Clause::RefreshBinding, "refresh_token is missing.")
            }
            Self::UnknownRefreshToken => {
                (BAD, InvalidGrant, Clause::RefreshBinding, "There is no such refresh token.")
            }
            Self::RefreshTokenOfAnother => {
                (BAD, InvalidGrant, Clause::RefreshBinding, "It was issued to another client.")
            }
            Self::ExpiredRefreshToken => {
                (BAD, InvalidGrant, Clause::RefreshLifetime, "The refresh token has expired.")
            }
            Self::ReusedRefreshToken => (
                BAD,
                InvalidGrant,
                Clause::RefreshRotation,
                "The refresh token was used before. Everything that grew from the same consent has ended.",
            ),
            Self::GrantEnded => {
                (BAD, InvalidGrant, Clause::GrantActive, "What the person allowed has ended.")
            }
            Self::MissingToken => (BAD, InvalidRequest, Clause::Revocation, "token is missing."),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                TemporarilyUnavailable,
                Clause::Unavailable,
                "The server cannot get at its database. Try again.",
            ),
            Self::TooManyFailures { .. } => (
                StatusCode::TOO_MANY_REQUESTS,
                TemporarilyUnavailable,
                Clause::GuessingIsSlow,
                "Too many wrong codes, tokens or secrets came from your address. Try again later.",
            ),
            Self::ServerFault => (
                StatusCode::INTERNAL_SERVER_ERROR,
                ServerError,
                Clause::TokenResponse,
                "Something broke here. Try again.",
            ),
        }
    }
}

impl TokenDenial {
    /// What it is called: by the fault alone, where it is one of the client's proof.
    fn name(&self) -> String {
        match self {
            Self::Client(denial) => denial.fault.name(),
            other => words::variant(other),
        }
    }

    /// Whether somebody may have guessed at a code, a token or a secret.
    pub(super) fn may_be_a_guess(&self) -> bool {
        matches!(self.wire().1, OAuthErrorCode::InvalidClient | OAuthErrorCode::InvalidGrant)
    }
}

impl IntoResponse for TokenDenial {
    fn into_response(self) -> Response {
        tracing::info!(denial = ?self, "no token issued");
        let (status, code, clause, description) = self.wire();
        witness::refused(clause, || self.name(), || description);
        let mut response = error_response(status, code, clause, description);
        if let Self::Client(denial) = self
            && let Some(challenge) = denial.challenge()
        {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if let Self::TooManyFailures { retry_after } = self {
            response.headers_mut().insert(RETRY_AFTER, retry_after.into());
        }
        response
    }
}

/// A refusal in JSON.
///
/// Spec: OAuth 2.1 §3.2.4.
pub(super) fn error_response(
    status: StatusCode,
    code: OAuthErrorCode,
    clause: Clause,
    description: &'static str,
) -> Response {
    let body = OAuthErrorBody {
        error: code.as_str().into(),
        error_description: Some(description.into()),
        error_uri: Some(clause.url().into()),
    };
    (status, Json(body)).into_response()
}

impl From<Repeated> for TokenDenial {
    fn from(_: Repeated) -> Self {
        Self::RepeatedParameter
    }
}

impl From<FormError> for TokenDenial {
    fn from(error: FormError) -> Self {
        match error {
            FormError::TooLong => Self::BodyTooLong,
            FormError::WrongContentType
            | FormError::Incomplete
            | FormError::NotText
            | FormError::TooManyFields => Self::NotAForm,
        }
    }
}

impl From<TooMany> for TokenDenial {
    fn from(TooMany { retry_after }: TooMany) -> Self {
        Self::TooManyFailures { retry_after }
    }
}

impl From<StoreError> for TokenDenial {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "store failed");
        Self::Unavailable
    }
}

impl From<KeyError> for TokenDenial {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Store(error) => error.into(),
            error => {
                tracing::error!(%error, "signing failed");
                Self::ServerFault
            }
        }
    }
}

#[tracing::instrument(name = "token", skip_all)]
pub(super) async fn post_token(
    State(server): State<Arc<Server>>,
    peer: Peer,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, TokenDenial> {
    let answer = answer(&server, &headers, body);
    rate_limit::guard(&server, Limit::Token, peer, answer, TokenDenial::may_be_a_guess).await
}

async fn answer(server: &Arc<Server>, headers: &HeaderMap, body: Body) -> Result<Response, TokenDenial> {
    let form = Parameters::parse(&form::read(headers, body).await?);
    let grant_type = form.get("grant_type")?;
    let offered = matches!(grant_type, Some(AUTHORIZATION_CODE | REFRESH_TOKEN));
    let expected = || [AUTHORIZATION_CODE, REFRESH_TOKEN].join(" or ");
    checked(Clause::GrantType, "grant_type", offered, expected, || or_absent(grant_type));
    let client = Presented::read(headers, &form);
    match grant_type {
        Some(AUTHORIZATION_CODE) => {
            Ok(Json(code_grant::redeem(server, client?, &form).await?).into_response())
        }
        Some(REFRESH_TOKEN) => {
            Ok(Json(refresh_grant::refresh(server, client?, &form).await?).into_response())
        }
        Some(_) => Err(TokenDenial::UnsupportedGrantType),
        None => Err(TokenDenial::MissingGrantType),
    }
}

/// Whether a code or a refresh token is one that was issued here.
pub(super) fn report_known(rule: Clause, title: &'static str, known: bool) {
    checked(rule, title, known, || "one that was issued here", || if known { "known" } else { "unknown" });
}

pub(super) async fn wrong_method() -> TokenDenial {
    TokenDenial::WrongMethod
}

#[cfg(test)]
mod tests {
    use protocol::oauth_error::is_legal_description;

    use super::*;

    /// Req: ALL-07
    #[test]
    fn descriptions_use_legal_characters_only() {
        for denial in [
            TokenDenial::NotAForm,
            TokenDenial::MalformedVerifier,
            TokenDenial::VerifierMismatch,
            TokenDenial::TooManyVerifiers,
            TokenDenial::WiderScope,
        ] {
            assert!(is_legal_description(denial.wire().3), "{denial:?}");
        }
    }
}
