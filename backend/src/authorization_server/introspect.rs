//! `POST /introspect`: a resource server asks whether an access token is still good.
//!
//! Only a resource whose server has a secret may ask, and only about tokens that were issued for it. About everything
//! else (expired, revoked, invented, another resource's, a refresh token) it learns nothing but `"active": false`.
//!
//! Spec: RFC 7662 §2.1, §2.2, §4.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use protocol::basic_credentials::BasicCredentials;
use protocol::clause::Clause;
use protocol::introspection::IntrospectionResponse;
use protocol::oauth_error::OAuthErrorCode;
use protocol::query::{Parameters, Repeated};

use super::form::{self, FormError};
use super::issue::is_still_granted;
use super::peer::Peer;
use super::rate_limit::{self, Limit, TooMany};
use super::state::Server;
use super::token::error_response;
use super::{ProtectedResource, Settings, own_token, words};
use crate::store::{SecretHash, StoreError};
use server_kit::witness::{self, checked};

/// Why a question is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IntrospectionDenial {
    WrongMethod,
    /// No credentials, unreadable ones, wrong ones: all the same to a stranger.
    NotAuthorized,
    NotAForm,
    BodyTooLong,
    RepeatedParameter,
    MissingToken,
    /// Too many wrong secrets came from this address.
    TooManyFailures {
        /// Seconds until the next one is heard.
        retry_after: u64,
    },
    Unavailable,
}

impl IntrospectionDenial {
    /// The one place where a denial becomes a status, a code, a clause and a sentence.
    fn wire(self) -> (StatusCode, OAuthErrorCode, Clause, &'static str) {
        use OAuthErrorCode::{InvalidClient, InvalidRequest, TemporarilyUnavailable};
        match self {
            Self::WrongMethod => {
                (StatusCode::METHOD_NOT_ALLOWED, InvalidRequest, Clause::Introspection, "Use POST.")
            }
            Self::NotAuthorized => (
                StatusCode::UNAUTHORIZED,
                InvalidClient,
                Clause::Introspection,
                "Only a protected resource may ask, with its URI and its secret by HTTP Basic.",
            ),
            Self::NotAForm => (
                StatusCode::BAD_REQUEST,
                InvalidRequest,
                Clause::Introspection,
                "The body must be application/x-www-form-urlencoded, in UTF-8.",
            ),
            Self::BodyTooLong => (
                StatusCode::PAYLOAD_TOO_LARGE,
                InvalidRequest,
                Clause::Introspection,
                "The body is longer than 16 kilobytes.",
            ),
            Self::RepeatedParameter => (
                StatusCode::BAD_REQUEST,
                InvalidRequest,
                Clause::NoParameterTwice,
                "A parameter occurs more than once.",
            ),
            Self::MissingToken => {
                (StatusCode::BAD_REQUEST, InvalidRequest, Clause::Introspection, "token is missing.")
            }
            Self::TooManyFailures { .. } => (
                StatusCode::TOO_MANY_REQUESTS,
                TemporarilyUnavailable,
                Clause::GuessingIsSlow,
                "Too many wrong secrets came from your address. Try again later.",
            ),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                TemporarilyUnavailable,
                Clause::Unavailable,
                "The server cannot get at its database. Try again.",
            ),
        }
    }
}

impl IntoResponse for IntrospectionDenial {
    fn into_response(self) -> Response {
        tracing::info!(denial = ?self, "not introspected");
        let (status, code, clause, description) = self.wire();
        witness::refused(clause, || words::variant(&self), || description);
        let mut response = error_response(status, code, clause, description);
        if self == Self::NotAuthorized {
            let challenge = HeaderValue::from_static(r#"Basic realm="introspection", charset="UTF-8""#);
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        if let Self::TooManyFailures { retry_after } = self {
            response.headers_mut().insert(RETRY_AFTER, retry_after.into());
        }
        response
    }
}

impl From<Repeated> for IntrospectionDenial {
    fn from(_: Repeated) -> Self {
        Self::RepeatedParameter
    }
}

impl From<FormError> for IntrospectionDenial {
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

impl From<TooMany> for IntrospectionDenial {
    fn from(TooMany { retry_after }: TooMany) -> Self {
        Self::TooManyFailures { retry_after }
    }
}

impl From<StoreError> for IntrospectionDenial {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "store failed");
        Self::Unavailable
    }
}

#[tracing::instrument(name = "introspect", skip_all)]
pub(super) async fn post_introspect(
    State(server): State<Arc<Server>>,
    peer: Peer,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, IntrospectionDenial> {
    let answer = answer(&server, &headers, body);
    let is_guess = |denial: &IntrospectionDenial| *denial == IntrospectionDenial::NotAuthorized;
    rate_limit::guard(&server, Limit::Introspection, peer, answer, is_guess).await
}

async fn answer(server: &Server, headers: &HeaderMap, body: Body) -> Result<Response, IntrospectionDenial> {
    let resource = caller(&server.settings, headers);
    let found = || resource.map_or("nobody that is known", |resource| resource.uri.as_str());
    let expected = || "a protected resource, by its URI and its secret";
    checked(Clause::Introspection, "who asks", resource.is_some(), expected, found);
    let resource = resource.ok_or(IntrospectionDenial::NotAuthorized)?;
    let form = Parameters::parse(&form::read(headers, body).await?);
    let token = form.get("token")?.ok_or(IntrospectionDenial::MissingToken)?;
    form.get("token_type_hint")?;
    Ok(Json(look_up(server, resource, token).await?).into_response())
}

pub(super) async fn wrong_method() -> IntrospectionDenial {
    IntrospectionDenial::WrongMethod
}

/// The resource that asks, if it proves that.
fn caller<'a>(settings: &'a Settings, headers: &HeaderMap) -> Option<&'a ProtectedResource> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let credentials = BasicCredentials::parse(encoded.trim_matches(' ')).ok()?;
    let resource = settings.resource(&credentials.id)?;
    // Hashes are compared: how far they agree says nothing about the secret.
    (resource.introspection_secret? == SecretHash::of(&credentials.secret)).then_some(resource)
}

async fn look_up(
    server: &Server,
    resource: &ProtectedResource,
    token: &str,
) -> Result<IntrospectionResponse, StoreError> {
    let Some(own) = own_token::read(&server.keys, token, server.clock.now()) else {
        return Ok(IntrospectionResponse::inactive());
    };
    let (aud, asks) = (&own.claims.aud, &resource.uri);
    checked(Clause::TokenAudience, "aud", aud == asks, || asks.as_str(), || aud.as_str());
    if aud != asks {
        return Ok(IntrospectionResponse::inactive());
    }
    let family = server.store.find_family(own.family).await?;
    let granted = family.is_some_and(|family| is_still_granted(&server.settings, &family));
    Ok(if granted { IntrospectionResponse::active(own.claims) } else { IntrospectionResponse::inactive() })
}
