//! Every refusal that a client is told by redirect. Each has one name and is put into words in one place.
//!
//! Spec: OAuth 2.1 §4.1.2.1; RFC 8707 §2; OpenID Connect Core §3.1.2.6.

use protocol::clause::Clause;
use protocol::oauth_error::OAuthErrorCode;

use crate::store::StoreError;
use server_kit::witness;

/// A refusal that the client is told by redirect, after the person has signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RedirectRefusal {
    RepeatedParameter,
    MissingResponseType,
    UnsupportedResponseType,
    UnsupportedResponseMode,
    RequestObject,
    RequestUri,
    Registration,
    ContradictoryPrompt,
    UnknownPrompt,
    MissingCodeChallenge,
    NotS256,
    MalformedCodeChallenge,
    ReusedCodeChallenge,
    MissingResource,
    SeveralResources,
    UnknownResource,
    MalformedScope,
    UnknownScope,
    ClientUsesNoCodes,
    LoginRequired,
    ConsentRequired,
    Denied,
    Unavailable,
}

/// What the client is told.
pub(super) struct Wire {
    pub(super) code: OAuthErrorCode,
    pub(super) description: &'static str,
    pub(super) clause: Clause,
}

impl RedirectRefusal {
    const ALL: [Self; 23] = [
        Self::RepeatedParameter,
        Self::MissingResponseType,
        Self::UnsupportedResponseType,
        Self::UnsupportedResponseMode,
        Self::RequestObject,
        Self::RequestUri,
        Self::Registration,
        Self::ContradictoryPrompt,
        Self::UnknownPrompt,
        Self::MissingCodeChallenge,
        Self::NotS256,
        Self::MalformedCodeChallenge,
        Self::ReusedCodeChallenge,
        Self::MissingResource,
        Self::SeveralResources,
        Self::UnknownResource,
        Self::MalformedScope,
        Self::UnknownScope,
        Self::ClientUsesNoCodes,
        Self::LoginRequired,
        Self::ConsentRequired,
        Self::Denied,
        Self::Unavailable,
    ];

    /// The name under which it waits for sign-in.
    pub(super) fn name(self) -> String {
        format!("{self:?}")
    }

    /// The refusal of this name.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|refusal| refusal.name() == name)
    }

    /// Tells whoever watches.
    pub(super) fn report(self) {
        let wire = self.wire();
        witness::refused(wire.clause, || self.name(), || wire.description);
    }

    /// The one place where a refusal becomes a code and a clause.
    pub(super) fn wire(self) -> Wire {
        use OAuthErrorCode as Code;
        let (code, description, clause) = match self {
            Self::RepeatedParameter => {
                (Code::InvalidRequest, "A parameter occurs more than once.", Clause::NoParameterTwice)
            }
            Self::MissingResponseType => {
                (Code::InvalidRequest, "response_type is missing.", Clause::ResponseType)
            }
            Self::UnsupportedResponseType => {
                (Code::UnsupportedResponseType, "The only response_type is code.", Clause::ResponseType)
            }
            Self::UnsupportedResponseMode => {
                (Code::InvalidRequest, "The only response_mode is query.", Clause::ResponseMode)
            }
            Self::RequestObject => {
                (Code::RequestNotSupported, "Request objects are not supported.", Clause::RequestObject)
            }
            Self::RequestUri => {
                (Code::RequestUriNotSupported, "Request objects are not supported.", Clause::RequestObject)
            }
            Self::Registration => (
                Code::RegistrationNotSupported,
                "Clients do not describe themselves in a request.",
                Clause::RegistrationParameter,
            ),
            Self::ContradictoryPrompt => {
                (Code::InvalidRequest, "prompt=none allows no other prompt.", Clause::Prompt)
            }
            // OpenID Connect leaves unknown values open; its extension "Initiating User Registration" §4.1 refuses them.
            Self::UnknownPrompt => (
                Code::InvalidRequest,
                "prompt knows none, login, consent and select_account only.",
                Clause::Prompt,
            ),
            Self::MissingCodeChallenge => {
                (Code::InvalidRequest, "code_challenge is missing.", Clause::PkceRequired)
            }
            Self::NotS256 => {
                (Code::InvalidRequest, "code_challenge_method must be S256.", Clause::PkceRequired)
            }
            Self::MalformedCodeChallenge => {
                (Code::InvalidRequest, "code_challenge is not the hash of a verifier.", Clause::PkceChallenge)
            }
            Self::ReusedCodeChallenge => (
                Code::InvalidRequest,
                "code_challenge was used before: make a fresh verifier for each request.",
                Clause::PkceFresh,
            ),
            Self::MissingResource => (Code::InvalidTarget, "resource is missing.", Clause::ResourceParameter),
            Self::SeveralResources => {
                (Code::InvalidTarget, "A token is for one resource only.", Clause::ResourceParameter)
            }
            Self::UnknownResource => {
                (Code::InvalidTarget, "resource is not one of this server.", Clause::ResourceParameter)
            }
            Self::MalformedScope => (Code::InvalidScope, "scope is malformed.", Clause::ScopeSyntax),
            Self::UnknownScope => (
                Code::InvalidScope,
                "scope names a scope that the resource does not have.",
                Clause::ScopeSyntax,
            ),
            Self::ClientUsesNoCodes => (
                Code::UnauthorizedClient,
                "The client's document does not list the grant type authorization_code.",
                Clause::ClientGrantTypes,
            ),
            Self::LoginRequired => (Code::LoginRequired, "Nobody is signed in.", Clause::Prompt),
            Self::ConsentRequired => (Code::ConsentRequired, "The person has to be asked.", Clause::Prompt),
            Self::Denied => (Code::AccessDenied, "The person did not allow it.", Clause::AccessDenied),
            Self::Unavailable => (
                Code::TemporarilyUnavailable,
                "The server cannot get at its database. Try again.",
                Clause::FaultByRedirect,
            ),
        };
        Wire { code, description, clause }
    }
}

/// A browser would take a status 503 to the person; only a redirect reaches the client.
impl From<StoreError> for RedirectRefusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "store failed");
        Self::Unavailable
    }
}

#[cfg(test)]
mod tests {
    use protocol::oauth_error::is_legal_description;

    use super::*;

    /// Req: ALL-07
    #[test]
    fn descriptions_use_legal_characters_only() {
        for refusal in RedirectRefusal::ALL {
            assert!(is_legal_description(refusal.wire().description), "{refusal:?}");
        }
    }

    #[test]
    fn a_refusal_is_found_again_by_its_name() {
        for refusal in RedirectRefusal::ALL {
            assert_eq!(RedirectRefusal::from_name(&refusal.name()), Some(refusal));
        }
        assert_eq!(RedirectRefusal::from_name("Other"), None);
    }
}
