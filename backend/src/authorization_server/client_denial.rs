//! Why a request is not believed to come from the client that it names.

use http::StatusCode;
use protocol::clause::Clause;
use protocol::oauth_error::OAuthErrorCode;

use super::client_assertion::AssertionFault;
use super::words;

/// A failed client authentication, with the scheme of the `Authorization` header that was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ClientDenial {
    pub(super) fault: ClientFault,
    pub(super) scheme: Option<Scheme>,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientFault {
    MissingClientId,
    /// The parameter and the credentials name different clients.
    TwoClients,
    SeveralMethods,
    RepeatedHeader,
    ForeignScheme,
    MalformedBasic,
    IncompleteAssertion,
    UnsupportedAssertionType,
    /// Only a name was sent, and nobody has it.
    UnknownClient,
    /// Credentials were sent, and nobody has them.
    CredentialsOfNobody,
    /// A public client sent credentials.
    PublicClient,
    /// A confidential client used another method than its own, or none.
    OtherMethod,
    WrongSecret,
    Assertion(AssertionFault),
}

impl ClientFault {
    /// What it is called.
    pub(super) fn name(self) -> String {
        match self {
            Self::Assertion(fault) => words::variant(&fault),
            other => words::variant(&other),
        }
    }
}

/// The scheme of an `Authorization` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Basic,
    Bearer,
    Dpop,
}

impl ClientDenial {
    /// The one place where a fault becomes a status, a code, a clause and a sentence.
    pub(super) fn wire(self) -> (StatusCode, OAuthErrorCode, Clause, &'static str) {
        use OAuthErrorCode::{InvalidClient, InvalidRequest};
        const BAD: StatusCode = StatusCode::BAD_REQUEST;
        const UNAUTHORIZED: StatusCode = StatusCode::UNAUTHORIZED;
        match self.fault {
            ClientFault::MissingClientId => {
                (BAD, InvalidRequest, Clause::ClientAuthentication, "client_id is missing.")
            }
            ClientFault::TwoClients => (
                UNAUTHORIZED,
                InvalidClient,
                Clause::OneAuthentication,
                "client_id and the credentials name different clients.",
            ),
            ClientFault::SeveralMethods => (
                BAD,
                InvalidRequest,
                Clause::OneAuthentication,
                "Use one method of client authentication: header, client_secret or client_assertion.",
            ),
            ClientFault::RepeatedHeader => (
                BAD,
                InvalidRequest,
                Clause::OneAuthentication,
                "There is more than one Authorization header.",
            ),
            ClientFault::ForeignScheme => (
                UNAUTHORIZED,
                InvalidClient,
                Clause::DeclaredAuthentication,
                "The only scheme for clients is Basic.",
            ),
            ClientFault::MalformedBasic => (
                UNAUTHORIZED,
                InvalidClient,
                Clause::ClientSecret,
                "Basic credentials are the base64 of form-encoded client_id, a colon and form-encoded secret.",
            ),
            ClientFault::IncompleteAssertion => (
                BAD,
                InvalidRequest,
                Clause::ClientAssertionFormat,
                "client_assertion and client_assertion_type belong together.",
            ),
            ClientFault::UnsupportedAssertionType => (
                UNAUTHORIZED,
                InvalidClient,
                Clause::ClientAssertionFormat,
                "client_assertion_type must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer.",
            ),
            ClientFault::UnknownClient => {
                (BAD, InvalidClient, Clause::ClientIdentity, "There is no such client.")
            }
            ClientFault::CredentialsOfNobody => {
                (UNAUTHORIZED, InvalidClient, Clause::ClientIdentity, "There is no such client.")
            }
            ClientFault::PublicClient => (
                UNAUTHORIZED,
                InvalidClient,
                Clause::ClientAuthentication,
                "This client is public: it names itself by client_id and sends no credentials.",
            ),
            ClientFault::OtherMethod => (
                UNAUTHORIZED,
                InvalidClient,
                Clause::DeclaredAuthentication,
                "This client is registered with another method of authentication.",
            ),
            ClientFault::WrongSecret => {
                (UNAUTHORIZED, InvalidClient, Clause::ClientSecret, "The secret is not this client's.")
            }
            ClientFault::Assertion(fault) => {
                let (clause, description) = fault.wire();
                (UNAUTHORIZED, InvalidClient, clause, description)
            }
        }
    }

    /// What `WWW-Authenticate` says: the scheme that was tried, if the answer is 401.
    ///
    /// Spec: OAuth 2.1 §3.2.4.
    pub(super) fn challenge(self) -> Option<&'static str> {
        if self.wire().0 != StatusCode::UNAUTHORIZED {
            return None;
        }
        self.scheme.map(|scheme| match scheme {
            Scheme::Basic => r#"Basic realm="token endpoint", charset="UTF-8""#,
            Scheme::Bearer => r#"Bearer realm="token endpoint""#,
            Scheme::Dpop => r#"DPoP realm="token endpoint""#,
        })
    }
}
