//! `POST /register`: a client says who it is and is given an id.
//!
//! The id of a client without a secret is made from its words, so that one that registers at every start is one client.
//! A client with a secret gets an id of its own each time: two that share a secret would be one.
//!
//! Spec: RFC 7591 §2, §3, §5; OAuth 2.1 §7.2; MCP 2025-11-25 Authorization, Dynamic Client Registration.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use protocol::base64url;
use protocol::clause::Clause;
use protocol::client_metadata::{AuthMethod, MetadataError};
use protocol::dynamic_registration::{
    MAX_REGISTRATION_BYTES, Registration, RegistrationError, RegistrationResponse,
};
use protocol::ids::{ClientId, RedirectUri, UnixTime};
use protocol::oauth_error::{OAuthErrorBody, OAuthErrorCode};
use protocol::secret::Secret;
use protocol::token_endpoint::REFRESH_TOKEN;
use sha2::{Digest as _, Sha256};

use super::body::{self, BodyError, media_type};
use super::clients::ISSUED_PREFIX;
use super::peer::Peer;
use super::rate_limit::TooMany;
use super::state::Server;
use super::{html, words};
use crate::store::{Client, ClientAuthentication, ClientSource, SecretHash, StoreError};
use server_kit::witness::{self, checked};

/// Why a client is not registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RegistrationDenial {
    SwitchedOff,
    WrongMethod,
    NotJson,
    BodyTooLong,
    BodyIncomplete,
    Invalid(RegistrationError),
    /// Too many clients were registered from this address.
    TooMany {
        /// Seconds until the next one is heard.
        retry_after: u64,
    },
    Unavailable,
    ServerFault,
}

impl RegistrationDenial {
    /// The one place where a denial becomes a status, a code, a clause and a sentence.
    fn wire(&self) -> (StatusCode, OAuthErrorCode, Clause, String) {
        use OAuthErrorCode::{
            InvalidClientMetadata, InvalidRedirectUri, InvalidRequest, ServerError, TemporarilyUnavailable,
        };
        let bad = |code, clause, what: &str| (StatusCode::BAD_REQUEST, code, clause, what.to_owned());
        let request =
            |status, what: &str| (status, InvalidRequest, Clause::RegistrationRequest, what.to_owned());
        let metadata = |clause, what: &str| bad(InvalidClientMetadata, clause, what);
        match self {
            Self::SwitchedOff => {
                request(StatusCode::NOT_FOUND, "Clients cannot register themselves at this server.")
            }
            Self::WrongMethod => request(StatusCode::METHOD_NOT_ALLOWED, "Use POST."),
            Self::NotJson => metadata(Clause::RegistrationRequest, "The body must be application/json."),
            Self::BodyTooLong => (
                StatusCode::PAYLOAD_TOO_LARGE,
                InvalidClientMetadata,
                Clause::RegistrationRequest,
                "The body is longer than 8 kilobytes.".to_owned(),
            ),
            Self::BodyIncomplete => metadata(Clause::RegistrationRequest, "The body did not come whole."),
            Self::Invalid(RegistrationError::NotAnObject(_)) => {
                metadata(Clause::RegistrationRequest, "The body is not a JSON object with distinct members.")
            }
            Self::Invalid(RegistrationError::Metadata(error)) => {
                let code = match error {
                    MetadataError::BadRedirectUri { .. }
                    | MetadataError::Missing("redirect_uris")
                    | MetadataError::WrongType("redirect_uris") => InvalidRedirectUri,
                    _ => InvalidClientMetadata,
                };
                bad(code, error.clause(), &sentence(error))
            }
            Self::Invalid(RegistrationError::LoopbackForWeb(_)) => bad(
                InvalidRedirectUri,
                Clause::ApplicationType,
                "A web client cannot return to loopback. Register with application_type native.",
            ),
            Self::Invalid(RegistrationError::NoCodeGrant) => {
                metadata(Clause::GrantType, "grant_types must contain authorization_code.")
            }
            Self::Invalid(RegistrationError::NoCodeResponse) => {
                metadata(Clause::ResponseType, "response_types must contain code.")
            }
            Self::Invalid(RegistrationError::MalformedScope) => {
                metadata(Clause::ScopeSyntax, "scope is malformed.")
            }
            Self::TooMany { .. } => (
                StatusCode::TOO_MANY_REQUESTS,
                TemporarilyUnavailable,
                Clause::RegistrationRequest,
                "Too many clients were registered from your address. Try again later.".to_owned(),
            ),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                TemporarilyUnavailable,
                Clause::Unavailable,
                "The server cannot get at its database. Try again.".to_owned(),
            ),
            Self::ServerFault => (
                StatusCode::INTERNAL_SERVER_ERROR,
                ServerError,
                Clause::RegistrationRequest,
                "Something broke here. Try again.".to_owned(),
            ),
        }
    }
}

impl RegistrationDenial {
    /// What it is called: by the one thing that is wrong, where it is one in the registration.
    fn name(&self) -> String {
        match self {
            Self::Invalid(RegistrationError::Metadata(error)) => words::variant(error),
            Self::Invalid(error) => words::variant(error),
            other => words::variant(other),
        }
    }
}

/// The member and the rule, without anything of what was sent.
fn sentence(error: &MetadataError) -> String {
    match error {
        MetadataError::BadRedirectUri { reason, .. } => format!("A redirect URI is not allowed: {reason}."),
        MetadataError::UnsupportedAuthMethod(_) => {
            format!(
                "token_endpoint_auth_method must be one of {}.",
                AuthMethod::ALL.map(AuthMethod::as_str).join(", ")
            )
        }
        MetadataError::UnsupportedAlgorithm(_) => {
            "token_endpoint_auth_signing_alg must be RS256, PS256, ES256 or EdDSA.".to_owned()
        }
        MetadataError::UnknownApplicationType(_) => "application_type must be web or native.".to_owned(),
        MetadataError::Missing(_)
        | MetadataError::WrongType(_)
        | MetadataError::TooLong(_)
        | MetadataError::BadUri { .. }
        | MetadataError::PrivateKey
        | MetadataError::BothKeySources
        | MetadataError::NoKeys
        | MetadataError::Jwks(_) => format!("The registration is refused: {error}."),
    }
}

impl IntoResponse for RegistrationDenial {
    fn into_response(self) -> Response {
        tracing::info!(denial = ?self, "client not registered");
        let (status, code, clause, description) = self.wire();
        witness::refused(clause, || self.name(), || description.as_str());
        let body = OAuthErrorBody {
            error: code.as_str().into(),
            error_description: Some(description.into()),
            error_uri: Some(clause.url().into()),
        };
        let mut response = (status, Json(body)).into_response();
        if let Self::TooMany { retry_after } = self {
            response.headers_mut().insert(RETRY_AFTER, retry_after.into());
        }
        response
    }
}

impl From<TooMany> for RegistrationDenial {
    fn from(TooMany { retry_after }: TooMany) -> Self {
        Self::TooMany { retry_after }
    }
}

impl From<BodyError> for RegistrationDenial {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLong => Self::BodyTooLong,
            BodyError::Incomplete => Self::BodyIncomplete,
        }
    }
}

impl From<StoreError> for RegistrationDenial {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "store failed");
        Self::Unavailable
    }
}

#[tracing::instrument(name = "register", skip_all)]
pub(super) async fn post_registration(
    State(server): State<Arc<Server>>,
    peer: Peer,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, RegistrationDenial> {
    let settings = server.settings.registration.ok_or(RegistrationDenial::SwitchedOff)?;
    if media_type(&headers).is_none_or(|name| name != "application/json") {
        return Err(RegistrationDenial::NotJson);
    }
    let body = body::read(&headers, body, MAX_REGISTRATION_BYTES).await?;
    let registration =
        Registration::validate(&body, server.settings.loopback).map_err(RegistrationDenial::Invalid);
    report(&registration);
    let mut registration = registration?;
    let offered = server.settings.offered_scopes();
    registration.scope =
        registration.scope.map(|scope| scope.intersection(&offered)).filter(|scope| !scope.is_empty());

    let now = server.clock.now();
    let attempt = server.limits.registration(peer, now)?;
    let (client, secret) = client(&server, &registration)?;
    let expires_at = now.plus(settings.unused_seconds);
    let client_id = client.id.clone();
    let registered = server.store.register_client(client, expires_at, settings.most_unused, now).await?;
    if registered.issued_at < now {
        // It was known already, and registers at every start perhaps.
        attempt.take_back();
    }
    tracing::info!(%client_id, "client registered");
    let response = RegistrationResponse {
        client_id,
        client_id_issued_at: registered.issued_at,
        client_secret_expires_at: secret.is_some().then_some(UnixTime(0)),
        client_secret: secret,
        registration,
    };
    Ok((StatusCode::CREATED, Json(response)).into_response())
}

/// What a registration says, or the one thing that is wrong with it, for whoever watches.
fn report(outcome: &Result<Registration, RegistrationDenial>) {
    let registration = match outcome {
        Ok(registration) => registration,
        Err(denial) => {
            // Making the sentence costs something.
            if witness::is_watched() {
                let (_, _, clause, sentence) = denial.wire();
                checked(clause, "what the client says about itself", false, || clause.rule(), || sentence);
            }
            return;
        }
    };
    let expected = || "a JSON object, no member twice";
    checked(Clause::RegistrationRequest, "the registration", true, expected, expected);
    let uris = || registration.redirect_uris.iter().map(RedirectUri::as_str).collect::<Vec<_>>().join(", ");
    let expected = || "at least one, each https or on loopback";
    checked(Clause::RegistrationRedirect, "redirect_uris", true, expected, uris);
    let grants = || registration.grant_types.join(", ");
    checked(Clause::GrantType, "grant_types", true, || "authorization_code among them", grants);
    let offered = || AuthMethod::ALL.map(AuthMethod::as_str).join(" or ");
    let method = || registration.token_endpoint_auth_method.as_str();
    checked(Clause::RegistrationMetadata, "token_endpoint_auth_method", true, offered, method);
}

pub(super) async fn wrong_method() -> RegistrationDenial {
    RegistrationDenial::WrongMethod
}

/// The client as it will be known, with the secret that it is told once.
fn client(
    server: &Server,
    registration: &Registration,
) -> Result<(Client, Option<Secret>), RegistrationDenial> {
    let method = registration.token_endpoint_auth_method;
    let secret = method.needs_secret().then(|| server.entropy.secret());
    let name = match &secret {
        Some(_) => server.entropy.secret().reveal().to_owned(),
        None => hash_of(registration)?,
    };
    let authentication = match (method, &secret, registration.keys()) {
        (AuthMethod::ClientSecretBasic, Some(secret), _) => {
            ClientAuthentication::ClientSecretBasic(SecretHash::of(secret))
        }
        (AuthMethod::ClientSecretPost, Some(secret), _) => {
            ClientAuthentication::ClientSecretPost(SecretHash::of(secret))
        }
        (AuthMethod::PrivateKeyJwt, _, Some(keys)) => ClientAuthentication::PrivateKeyJwt(keys),
        (AuthMethod::None, _, _) => ClientAuthentication::None,
        _ => return Err(RegistrationDenial::ServerFault),
    };
    let client = Client {
        id: ClientId::parse(&format!("{ISSUED_PREFIX}{name}"))
            .map_err(|_| RegistrationDenial::ServerFault)?,
        source: ClientSource::Registered,
        name: html::displayable_name(registration.client_name.as_deref().unwrap_or_default()),
        redirect_uris: registration.redirect_uris.clone(),
        authentication,
        wants_refresh: registration.grant_types.iter().any(|grant| grant == REFRESH_TOKEN),
        fingerprint: String::new(),
    };
    Ok((client.with_fingerprint(), secret))
}

fn hash_of(registration: &Registration) -> Result<String, RegistrationDenial> {
    let words = serde_json::to_vec(registration).map_err(|_| RegistrationDenial::ServerFault)?;
    Ok(base64url(&Sha256::digest(words)))
}

#[cfg(test)]
mod tests {
    use protocol::client_keys::JwksError;
    use protocol::ids::IdentifierError;
    use protocol::oauth_error::is_legal_description;

    use super::*;

    /// Req: ALL-07
    #[test]
    fn descriptions_use_legal_characters_only() {
        let hostile = || "\"\u{202e}\n".to_owned();
        let metadata = [
            MetadataError::Missing("redirect_uris"),
            MetadataError::WrongType("client_name"),
            MetadataError::TooLong("client_name"),
            MetadataError::BadRedirectUri { uri: hostile(), reason: IdentifierError::NotAWebUrl },
            MetadataError::BadUri { name: "logo_uri", reason: IdentifierError::NotHttps },
            MetadataError::UnsupportedAuthMethod(hostile()),
            MetadataError::UnsupportedAlgorithm(hostile()),
            MetadataError::UnknownApplicationType(hostile()),
            MetadataError::PrivateKey,
            MetadataError::BothKeySources,
            MetadataError::NoKeys,
            MetadataError::Jwks(JwksError::NoUsableKey),
        ];
        let loopback = RedirectUri::parse("http://localhost/cb").unwrap();
        let own = [
            RegistrationError::NotAnObject(hostile()),
            RegistrationError::LoopbackForWeb(loopback),
            RegistrationError::NoCodeGrant,
            RegistrationError::NoCodeResponse,
            RegistrationError::MalformedScope,
        ];
        for error in own.into_iter().chain(metadata.map(RegistrationError::Metadata)) {
            let (.., description) = RegistrationDenial::Invalid(error).wire();
            assert!(is_legal_description(&description), "{description}");
        }
    }
}
