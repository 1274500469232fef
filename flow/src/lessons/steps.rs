//! The chapters and steps of the journey, with their texts. A step without a text does not compile.

use serde::{Deserialize, Serialize};

/// A part of the journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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

    /// Its steps, in order.
    pub fn steps(self) -> impl Iterator<Item = Step> {
        Step::ALL.into_iter().filter(move |step| step.chapter() == self)
    }
}

/// A step of the journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
    /// The session ends, tokens are given back.
    Ending,
}

impl Step {
    /// All, in order.
    pub const ALL: [Self; 22] = [
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
        Self::Ending,
    ];

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
            Self::Refresh | Self::Ending => Chapter::Lifetime,
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
            Self::Ending => "The end",
        }
    }

    /// Where the lab does something else than the specification demands, and why.
    #[must_use]
    pub fn deviation(self) -> Option<&'static str> {
        match self {
            Self::Challenge | Self::ResourceMetadata | Self::ServerMetadata => Some(
                "The specification demands https for every one of these addresses. The lab speaks plain http, because \
                 it runs on your own machine without certificates; only loopback is accepted so.",
            ),
            Self::ClientDocument => Some(
                "A client_id should be an https URL, and a server must not fetch documents from internal addresses. \
                 The lab's server makes one exception, for http on this very machine.",
            ),
            Self::Consent | Self::StepUpConsent => Some(
                "The demo people have no passwords: the lab teaches authorization, not authentication. Its session \
                 cookie lacks the __Host- prefix, which needs https.",
            ),
            Self::TokenOpened | Self::StepUpToken => Some(
                "This page keeps the token in the session storage of this tab, to survive the way to the consent page. \
                 A client that guards real data keeps tokens out of reach of scripts.",
            ),
            _ => None,
        }
    }

    /// What happens and why, in two or three sentences.
    #[must_use]
    pub fn what(self) -> &'static str {
        match self {
            Self::Challenge => {
                "The client knows nothing but the server's address, so it just knocks. The server answers 401: no \
                 token, no entry. Its WWW-Authenticate header says where to read on, and which scope to ask for."
            }
            Self::ResourceMetadata => {
                "The MCP server describes itself in a public document: its own name, and the authorization servers \
                 whose tokens it accepts. The name must be exactly the address the client used; otherwise a rogue \
                 server could send the client to collect tokens for somebody else."
            }
            Self::ServerMetadata => {
                "The authorization server describes itself too: where to send the browser, where to redeem codes, \
                 what it can do. The client stops here unless the issuer is exactly the one it looked for and PKCE \
                 with S256 is offered."
            }
            Self::ClientDocument => {
                "This client never registered anywhere. Its client_id is the URL of a document that says who it is \
                 and where it may be sent back to; the authorization server will fetch it by itself. Here the client \
                 reads its own document first, as the server will."
            }
            Self::Registration => {
                "The authorization server lets clients introduce themselves: the client says its name and where it may be \
                 sent back to, and is given an id, perhaps with a secret. Both are good at this one server and nowhere \
                 else."
            }
            Self::Pkce => {
                "The client makes up a secret, the verifier, and keeps it. Only its SHA-256 hash, the challenge, goes \
                 along with the request. Whoever steals the code on its way back cannot redeem it without the verifier."
            }
            Self::AuthorizationRequest => {
                "Everything the client asks for becomes one URL: who it is, where to come back, which scope, for which \
                 server, the challenge, and a random state that ties the answer to this browser."
            }
            Self::Consent => {
                "Now the browser leaves for the authorization server. You sign in there and decide; the client sees \
                 neither your account nor your decision until the browser comes back."
            }
            Self::Callback => {
                "The browser is back with a code. Before the client believes any of it, it checks who sent it (iss) \
                 and that it answers its own question (state). Only then does it look at the code."
            }
            Self::CodeExchange => {
                "The client redeems the code directly at the authorization server, without the browser's address bar \
                 in between. It proves with the verifier that it is the one who asked, and names the server once more."
            }
            Self::TokenOpened => {
                "To the client the token is a closed envelope; it just hands it on. But this one is a signed JWT, so \
                 we can look inside and see what the MCP server is going to check: issuer, audience, scope, expiry."
            }
            Self::Handshake => {
                "With the token in the Authorization header, the same request that was refused before is answered. Client \
                 and server agree on a revision of the protocol."
            }
            Self::Tools => {
                "The client asks which tools there are. The list is for this caller; what it may really do is decided at \
                 each call."
            }
            Self::Call => {
                "A tool call. The answer is made from the verified token alone: the server knows you only by \
                 what the authorization server has signed."
            }
            Self::InsufficientScope => {
                "This tool needs a scope that the token lacks. The server answers 403 before the tool runs: the token \
                 is fine, but it does not allow this. The challenge names the scopes to come back with."
            }
            Self::StepUpScopes => {
                "The client works out what to ask for. In revision 2025-11-25 that is what the challenge says, so the \
                 server lists what you have granted already together with what is new."
            }
            Self::StepUpRequest => {
                "The same kind of request again, with the larger scope. Verifier and state are fresh: nothing of the \
                 first round is used twice."
            }
            Self::StepUpConsent => {
                "You are asked again, and the consent page marks what is new. You may say no: the old token keeps \
                 working for what it allows."
            }
            Self::StepUpToken => {
                "A new code, a new token. It carries both scopes; the old one is simply not used any more."
            }
            Self::Retry => {
                "The call that was refused, sent again with the new token. Same message, other answer."
            }
            Self::Refresh => {
                "Tokens live shortly. When one has run out or is refused, the client asks the server's metadata anew whose \
                 tokens count, and gets another one there: by its refresh token, without asking you; else you are asked \
                 again. The old refresh token is forgotten as soon as a new one comes."
            }
            Self::Ending => {
                "The client says goodbye: it ends the session at the MCP server, and gives its tokens back if you want it \
                 to, so that nobody can use them any more."
            }
        }
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
