//! The authorization response: what comes back with the browser, and the order in which it may be believed.
//!
//! First `iss` (is it from the server that was asked?), then `state` (is it an answer to this browser's question?),
//! and only then `error` or `code`.

use crate::ids::Issuer;
use crate::query::{Parameters, Repeated};
use crate::secret::Secret;

/// What the client recorded before it sent the browser away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The issuer, from validated metadata.
    pub issuer: Issuer,
    /// Whether `iss` must be there: its metadata promises it, or the client has asked several servers.
    pub iss_required: bool,
    /// The value sent.
    pub state: Secret,
}

/// A callback that may be acted on: from the right server, for this browser's request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthorizationResponse {
    /// Permission given.
    Code(Secret),
    /// Permission not given. The texts are hostile until escaped.
    Error {
        /// Which error.
        error: String,
        /// Why, for people.
        description: Option<String>,
    },
}

/// Why a callback must be thrown away unread.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// A parameter stands twice.
    #[error(transparent)]
    Repeated(#[from] Repeated),
    /// `iss` names another server: a mix-up.
    #[error("the response says it is from {found:?}, but the request went to {expected:?}")]
    OtherIssuer {
        /// The recorded issuer.
        expected: String,
        /// The `iss` parameter.
        found: String,
    },
    /// The server promises `iss`, but there is none.
    #[error("the server promises an iss parameter, but the response has none")]
    MissingIssuer,
    /// `state` is missing or another one: not an answer to this request.
    #[error("the state is not the one that was sent")]
    OtherState,
    /// Neither code nor error.
    #[error("the response has neither a code nor an error")]
    Empty,
}

/// One row of the table of RFC 9207 as MCP fixes it.
///
/// | promised in metadata | `iss` in the response | the client |
/// |---|---|---|
/// | yes | yes | compares |
/// | yes | no | rejects |
/// | no | yes | compares |
/// | no | no | goes on |
///
/// # Errors
/// [`CallbackError::OtherIssuer`] or [`CallbackError::MissingIssuer`].
///
/// Spec: RFC 9207 §2.4; MCP 2026-07-28 Authorization, Authorization Response Validation; for 2025-11-25 the defence
/// against mix-up of OAuth 2.1 §7.14.
pub fn verify_issuer(expected: &Expected, iss: Option<&str>) -> Result<(), CallbackError> {
    match iss {
        Some(iss) if iss == expected.issuer.as_str() => Ok(()),
        Some(iss) => {
            Err(CallbackError::OtherIssuer { expected: expected.issuer.to_string(), found: iss.to_owned() })
        }
        None if expected.iss_required => Err(CallbackError::MissingIssuer),
        None => Ok(()),
    }
}

impl AuthorizationResponse {
    /// Reads the query of a callback against what was recorded.
    ///
    /// # Errors
    /// [`CallbackError`]: the response must not be acted on, and its `error` texts must not be shown.
    pub fn validate(query: &str, expected: &Expected) -> Result<Self, CallbackError> {
        let parameters = Parameters::parse(query);
        verify_issuer(expected, parameters.get("iss")?)?;
        if parameters.get("state")?.map(Secret::new).as_ref() != Some(&expected.state) {
            return Err(CallbackError::OtherState);
        }
        match (parameters.get("error")?, parameters.get("code")?) {
            (Some(error), _) => Ok(Self::Error {
                error: error.to_owned(),
                description: parameters.get("error_description")?.map(str::to_owned),
            }),
            (None, Some(code)) => Ok(Self::Code(Secret::new(code))),
            (None, None) => Err(CallbackError::Empty),
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::loopback::LoopbackPolicy;

    fn expected(iss_required: bool) -> Expected {
        Expected {
            issuer: Issuer::parse("https://as.example", LoopbackPolicy::HttpsOnly).unwrap(),
            iss_required,
            state: Secret::new("s1"),
        }
    }

    /// The four rows. Req: CL-31, CL-33
    #[test]
    fn the_four_rows_of_iss() {
        assert_eq!(verify_issuer(&expected(true), Some("https://as.example")), Ok(()));
        assert_eq!(verify_issuer(&expected(true), None), Err(CallbackError::MissingIssuer));
        assert_eq!(verify_issuer(&expected(false), Some("https://as.example")), Ok(()));
        assert_eq!(verify_issuer(&expected(false), None), Ok(()));
    }

    /// Req: CL-31, X-35
    #[test]
    fn iss_is_compared_without_normalizing() {
        for other in
            ["https://as.example/", "https://AS.example", "https://as.example:443", "https://as.example/%2e"]
        {
            for promised in [true, false] {
                assert!(verify_issuer(&expected(promised), Some(other)).is_err(), "{other}");
            }
        }
    }

    /// Req: CL-32
    #[test]
    fn an_error_from_another_server_is_not_shown() {
        let result = AuthorizationResponse::validate(
            "error=access_denied&state=s1&iss=https%3A%2F%2Fevil.example",
            &expected(true),
        );
        assert!(matches!(result, Err(CallbackError::OtherIssuer { .. })));
    }

    /// Req: CL-29, X-34
    #[test]
    fn state_comes_before_code() {
        for query in ["code=c&iss=https%3A%2F%2Fas.example", "code=c&state=s2&iss=https%3A%2F%2Fas.example"] {
            assert_eq!(
                AuthorizationResponse::validate(query, &expected(true)),
                Err(CallbackError::OtherState)
            );
        }
        assert_eq!(
            AuthorizationResponse::validate("code=c&state=s1&iss=https%3A%2F%2Fas.example", &expected(true)),
            Ok(AuthorizationResponse::Code(Secret::new("c")))
        );
    }

    /// Req: ALL-09
    #[test]
    fn repeated_parameters_are_refused() {
        for query in [
            "iss=https%3A%2F%2Fas.example&iss=x&state=s1&code=c",
            "state=s1&state=s1&code=c",
            "state=s1&code=c&code=d",
        ] {
            assert!(matches!(
                AuthorizationResponse::validate(query, &expected(false)),
                Err(CallbackError::Repeated(_))
            ));
        }
    }
}
