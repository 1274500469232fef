//! Errors as they stand on the wire.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// The error codes of the authorization endpoint, the token endpoint, registration and the bearer challenge.
///
/// Spec: OAuth 2.1 §3.2.4, §4.1.2.1; RFC 6750 §3.1; RFC 7591 §3.2.2; RFC 8707 §2; OpenID Connect Core §3.1.2.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OAuthErrorCode {
    /// A parameter is missing, repeated, malformed or does not fit the others.
    InvalidRequest,
    /// Client unknown, or its authentication failed.
    InvalidClient,
    /// The code or refresh token is wrong, expired, used, or someone else's.
    InvalidGrant,
    /// This client may not do this.
    UnauthorizedClient,
    /// The token endpoint does not know this grant type.
    UnsupportedGrantType,
    /// The authorization endpoint does not know this response type.
    UnsupportedResponseType,
    /// A scope is unknown, malformed, or wider than what was granted.
    InvalidScope,
    /// The resource is unknown, malformed, or outside what was granted.
    InvalidTarget,
    /// The person said no.
    AccessDenied,
    /// `prompt=none`, but nobody is signed in.
    LoginRequired,
    /// `prompt=none`, but consent is needed.
    ConsentRequired,
    /// A `request` parameter, which is not supported.
    RequestNotSupported,
    /// A `request_uri` parameter, which is not supported.
    RequestUriNotSupported,
    /// A `registration` parameter, which is not supported.
    RegistrationNotSupported,
    /// Something broke, said by redirect instead of status 500.
    ServerError,
    /// Busy, said by redirect instead of status 503.
    TemporarilyUnavailable,
    /// A redirect URI of a registration is not allowed.
    InvalidRedirectUri,
    /// Something else in a registration is not allowed.
    InvalidClientMetadata,
    /// The access token is not accepted.
    InvalidToken,
    /// The access token is fine but does not allow this.
    InsufficientScope,
}

impl OAuthErrorCode {
    /// The text on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::AccessDenied => "access_denied",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidClientMetadata => "invalid_client_metadata",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
        }
    }
}

/// The JSON body of a refusal by the token endpoint. `error` is text, because servers invent codes.
///
/// Spec: OAuth 2.1 §3.2.4.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OAuthErrorBody {
    /// Which error.
    pub error: Cow<'static, str>,
    /// For developers; a limited set of ASCII.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_description: Option<Cow<'static, str>>,
    /// The clause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_uri: Option<Cow<'static, str>>,
}

/// Whether a text may stand in `error` and `error_description`.
///
/// Spec: OAuth 2.1 §3.2.4 (`%x20-21 / %x23-5B / %x5D-7E`).
#[must_use]
pub fn is_legal_description(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    /// Req: AS-123
    #[test]
    fn codes_are_written_as_registered() {
        let code = OAuthErrorCode::UnsupportedGrantType;
        assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        assert_eq!(
            serde_json::to_value(OAuthErrorCode::RequestUriNotSupported).unwrap(),
            "request_uri_not_supported"
        );
    }

    /// Req: ALL-07
    #[test]
    fn descriptions_have_neither_quotes_nor_backslashes_nor_other_scripts() {
        assert!(is_legal_description("The code was used before."));
        for bad in ["a\"b", "a\\b", "a\nb", "ä"] {
            assert!(!is_legal_description(bad));
        }
    }
}
