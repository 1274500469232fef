//! The chapters and steps of the journey: their names and their order. What is said about each is in [`super::texts`].

use std::borrow::Cow;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A part of the journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chapter {
    /// Who protects the server, and where permission is given.
    Discovery,
    /// Who the client is.
    Identity,
    /// Asking the person.
    Authorization,
    /// From the code to the token.
    Token,
    /// Using it.
    Use,
    /// More permission for one tool.
    StepUp,
    /// The same call again.
    Retry,
    /// A new token for an old one, and the end.
    Lifetime,
}

impl Chapter {
    /// All, in order.
    pub const ALL: [Self; 8] = [
        Self::Discovery,
        Self::Identity,
        Self::Authorization,
        Self::Token,
        Self::Use,
        Self::StepUp,
        Self::Retry,
        Self::Lifetime,
    ];

    /// Title for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Discovery => "Discovery",
            Self::Identity => "Identity",
            Self::Authorization => "Authorization",
            Self::Token => "Token",
            Self::Use => "Use",
            Self::StepUp => "Step-up",
            Self::Retry => "Retry",
            Self::Lifetime => "Renewal and end",
        }
    }

    /// Names its texts; lower-case letters and hyphens.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Discovery => "discovery",
            Self::Identity => "identity",
            Self::Authorization => "authorization",
            Self::Token => "token",
            Self::Use => "use",
            Self::StepUp => "step-up",
            Self::Retry => "retry",
            Self::Lifetime => "lifetime",
        }
    }

    /// Its steps, in order.
    pub fn steps(self) -> impl Iterator<Item = Step> {
        Step::ALL.into_iter().filter(move |step| step.chapter() == self)
    }
}

/// A step of the journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// A request without a token is refused, and the refusal tells where to go.
    Challenge,
    /// The MCP server's metadata.
    ResourceMetadata,
    /// The authorization server's metadata.
    ServerMetadata,
    /// The client's own document.
    ClientDocument,
    /// The client registers itself, or the person says who it is.
    Registration,
    /// A fresh PKCE pair.
    Pkce,
    /// The authorization request is put together.
    AuthorizationRequest,
    /// The browser is at the authorization server.
    Consent,
    /// The browser is back.
    Callback,
    /// The code becomes a token.
    CodeExchange,
    /// What the token says.
    TokenOpened,
    /// `initialize` and `notifications/initialized`, or `server/discover`.
    Handshake,
    /// Which tools there are.
    Tools,
    /// A tool call.
    Call,
    /// Something that needs more.
    InsufficientScope,
    /// Which scopes to ask for.
    StepUpScopes,
    /// A second authorization request.
    StepUpRequest,
    /// The person is asked again.
    StepUpConsent,
    /// The new token.
    StepUpToken,
    /// The refused call again.
    Retry,
    /// A refused or worn token is replaced.
    Refresh,
    /// A refresh token that was used already is sent again.
    RefreshReuse,
    /// A token is given back before it expires.
    Revocation,
    /// The session ends, tokens are given back.
    Ending,
}

impl Step {
    /// All, in order.
    pub const ALL: [Self; 24] = [
        Self::Challenge,
        Self::ResourceMetadata,
        Self::ServerMetadata,
        Self::ClientDocument,
        Self::Registration,
        Self::Pkce,
        Self::AuthorizationRequest,
        Self::Consent,
        Self::Callback,
        Self::CodeExchange,
        Self::TokenOpened,
        Self::Handshake,
        Self::Tools,
        Self::Call,
        Self::InsufficientScope,
        Self::StepUpScopes,
        Self::StepUpRequest,
        Self::StepUpConsent,
        Self::StepUpToken,
        Self::Retry,
        Self::Refresh,
        Self::RefreshReuse,
        Self::Revocation,
        Self::Ending,
    ];

    /// The step of this id.
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.id() == id)
    }

    /// The chapter it belongs to.
    #[must_use]
    pub fn chapter(self) -> Chapter {
        match self {
            Self::Challenge | Self::ResourceMetadata | Self::ServerMetadata => Chapter::Discovery,
            Self::ClientDocument | Self::Registration => Chapter::Identity,
            Self::Pkce | Self::AuthorizationRequest | Self::Consent | Self::Callback => {
                Chapter::Authorization
            }
            Self::CodeExchange | Self::TokenOpened => Chapter::Token,
            Self::Handshake | Self::Tools | Self::Call => Chapter::Use,
            Self::InsufficientScope
            | Self::StepUpScopes
            | Self::StepUpRequest
            | Self::StepUpConsent
            | Self::StepUpToken => Chapter::StepUp,
            Self::Retry => Chapter::Retry,
            Self::Refresh | Self::RefreshReuse | Self::Revocation | Self::Ending => Chapter::Lifetime,
        }
    }

    /// The stable name for links: `code-exchange`.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Challenge => "challenge",
            Self::ResourceMetadata => "resource-metadata",
            Self::ServerMetadata => "server-metadata",
            Self::ClientDocument => "client-document",
            Self::Registration => "registration",
            Self::Pkce => "pkce",
            Self::AuthorizationRequest => "authorization-request",
            Self::Consent => "consent",
            Self::Callback => "callback",
            Self::CodeExchange => "code-exchange",
            Self::TokenOpened => "token-opened",
            Self::Handshake => "handshake",
            Self::Tools => "tools",
            Self::Call => "call",
            Self::InsufficientScope => "insufficient-scope",
            Self::StepUpScopes => "step-up-scopes",
            Self::StepUpRequest => "step-up-request",
            Self::StepUpConsent => "step-up-consent",
            Self::StepUpToken => "step-up-token",
            Self::Retry => "retry",
            Self::Refresh => "refresh",
            Self::RefreshReuse => "refresh-reuse",
            Self::Revocation => "revocation",
            Self::Ending => "ending",
        }
    }

    /// A few words for the list of steps.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Challenge => "The 401 challenge",
            Self::ResourceMetadata => "Resource metadata",
            Self::ServerMetadata => "Server metadata",
            Self::ClientDocument => "Metadata document",
            Self::Registration => "Registration",
            Self::Pkce => "PKCE pair",
            Self::AuthorizationRequest => "Authorization request",
            Self::Consent => "Sign in, consent",
            Self::Callback => "Callback checked",
            Self::CodeExchange => "Code exchange",
            Self::TokenOpened => "The token opened",
            Self::Handshake => "Handshake",
            Self::Tools => "Tools listed",
            Self::Call => "Tool call",
            Self::InsufficientScope => "403, scope missing",
            Self::StepUpScopes => "Scopes worked out",
            Self::StepUpRequest => "A second request",
            Self::StepUpConsent => "Consent again",
            Self::StepUpToken => "New token",
            Self::Retry => "The call again",
            Self::Refresh => "Token renewed",
            Self::RefreshReuse => "Refresh token reused",
            Self::Revocation => "Token given back",
            Self::Ending => "The end",
        }
    }
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = <Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&id).ok_or_else(|| D::Error::custom("unknown step"))
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn steps_stand_in_the_order_of_their_chapters() {
        assert!(Step::ALL.is_sorted_by_key(|step| step.chapter()));
        assert!(Chapter::ALL.into_iter().all(|chapter| chapter.steps().next().is_some()));
    }

    #[test]
    fn ids_are_those_of_the_trace() {
        for step in Step::ALL {
            assert_eq!(serde_json::to_value(step).unwrap(), step.id());
        }
    }
}
