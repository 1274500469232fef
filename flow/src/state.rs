//! The states of a flow. How they follow each other is in the files of their concepts; `machine.rs` turns the wheel.

use protocol::scope::ScopeSet;

use crate::action::Failure;
use crate::authorize::Pending;
use crate::discovery::{ResourceLookup, ServerLookup};
use crate::ending::{Cancelling, Ending};
use crate::operate::{Operating, Resting};
use crate::operation::Operation;
use crate::probe::Probe;
use crate::registration::Newcomer;
use crate::session::{Access, Errand, Session};
use crate::token_request::TokenRequest;
use crate::unanswered::Unanswered;

/// Where a flow stands. Each state has just what is valid then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// An operation is under way at the MCP server. The first one has no token.
    Operate(Box<Operating>),
    /// Looking for the protected resource metadata.
    ResourceMetadata(Box<ResourceLookup>),
    /// Looking for the authorization server metadata.
    ServerMetadata(Box<ServerLookup>),
    /// Reading the client's own document.
    ClientDocument(Box<Newcomer>),
    /// The client registers itself.
    Register(Box<Newcomer>),
    /// Nobody but the person can say who the client is here.
    AskCredentials(Box<Newcomer>),
    /// Ready to send the browser away.
    Authorize(Box<Pending>),
    /// The browser is away.
    AwaitCallback(Box<Pending>),
    /// An assertion is to be signed.
    Sign(Box<TokenRequest>),
    /// A token is asked for.
    Token(Box<TokenRequest>),
    /// A call is called off.
    Cancel(Box<Cancelling>),
    /// Something is asked only to see the answer.
    Probe(Box<Probe>),
    /// All is done that was to be done.
    Rest(Box<Resting>),
    /// The session is ended, the tokens are given back.
    End(Box<Ending>),
    /// The client has left.
    Finished,
    /// Nobody answered.
    Unanswered(Box<Unanswered>),
    /// The client stopped.
    Failed(Failure),
}

impl State {
    pub(crate) fn operate(session: Session, operation: Operation, access: Option<Access>) -> Self {
        Self::Operate(Box::new(Operating { session, operation, access }))
    }

    /// Does with the token what the client was on the way for.
    pub(crate) fn resume(errand: Errand, access: Access) -> Self {
        let Errand { session, then } = errand;
        match then {
            Some(operation) => Self::operate(session, operation, Some(access)),
            None => Self::Rest(Box::new(Resting { session, access: Some(access) })),
        }
    }

    /// The conversation with the MCP server; `None` when it is over.
    pub(crate) fn session(&self) -> Option<&Session> {
        match self {
            Self::Operate(operating) => Some(&operating.session),
            Self::ResourceMetadata(lookup) => Some(&lookup.errand.session),
            Self::ServerMetadata(lookup) => Some(&lookup.errand().session),
            Self::ClientDocument(newcomer) | Self::Register(newcomer) | Self::AskCredentials(newcomer) => {
                Some(&newcomer.errand.session)
            }
            Self::Authorize(pending) | Self::AwaitCallback(pending) => Some(&pending.known.errand.session),
            Self::Sign(request) | Self::Token(request) => Some(&request.known.errand.session),
            Self::Cancel(cancelling) => Some(cancelling.session()),
            Self::Probe(probe) => Some(probe.session()),
            Self::Rest(resting) => Some(&resting.session),
            Self::End(ending) => Some(&ending.resting().session),
            Self::Unanswered(unanswered) => unanswered.before.session(),
            Self::Finished | Self::Failed(_) => None,
        }
    }

    /// The scopes of the token in use.
    pub(crate) fn granted(&self) -> Option<&ScopeSet> {
        let access = match self {
            Self::Authorize(pending) | Self::AwaitCallback(pending) => return pending.purpose.granted(),
            Self::Sign(request) | Self::Token(request) => return request.purpose.granted(),
            Self::Operate(operating) => operating.access.as_ref(),
            Self::Cancel(cancelling) => cancelling.access(),
            Self::Probe(probe) => Some(probe.access()),
            Self::Rest(resting) => resting.access.as_ref(),
            Self::End(ending) => ending.resting().access.as_ref(),
            Self::Unanswered(unanswered) => return unanswered.before.granted(),
            _ => None,
        };
        access.map(|access| &access.token.granted)
    }
}
