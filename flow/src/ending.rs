//! Leaving in good order: a call that nobody waits for any more, a session that is over, tokens that are given back.

use protocol::clause::Clause;
use protocol::mcp;
use protocol::secret::Secret;
use serde::{Deserialize, Serialize};

use crate::check::Checks;
use crate::client_authentication::SigningRequest;
use crate::config::Config;
use crate::http::{Method, Request, Response};
use crate::lessons::steps::Step;
use crate::operate::{self, Operating, Resting};
use crate::operation::{Operation, with_token};
use crate::revocation::Revocation;
use crate::session::{Access, Session};
use crate::state::State;
use crate::trace::Party;
use crate::turn::{Outgoing, Turn};

/// A call that is called off (2025-11-25: a message says so).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cancelling {
    id: u64,
    session: Session,
    access: Option<Access>,
}

/// Calls the operation under way off, if it is one that can be. In 2026-07-28 hanging up has said it already.
pub(crate) fn cancel(turn: &mut Turn<'_>, operating: Operating) -> State {
    let Operating { mut session, access, .. } = operating;
    let id = session.id();
    session.spend_id();
    if session.revision.is_stateless() {
        let mut checks = Checks::default();
        checks.decide(
            Clause::Cancellation,
            "the call is called off",
            "closing the stream says it",
            format!("the stream of request {id} was closed"),
        );
        turn.work_out(Step::Call, "hung up", checks, Vec::new());
        return operate::proceed(turn, session, access);
    }
    State::Cancel(Box::new(Cancelling { id, session, access }))
}

/// Whether an operation can be called off: a call of a tool. The greeting must not be, says the specification.
pub(crate) fn can_be_cancelled(operation: &Operation) -> bool {
    match operation {
        Operation::Call(_) => true,
        Operation::Resume(resumption) => can_be_cancelled(&resumption.of),
        Operation::Initialize
        | Operation::Initialized
        | Operation::Discover
        | Operation::ListTools { .. } => false,
    }
}

impl Cancelling {
    pub(crate) fn outgoing(&self, config: &Config) -> Outgoing {
        let request = Request::post_json(config.server.as_str(), &mcp::cancelled(self.id))
            .header("accept", mcp::ACCEPT);
        Outgoing::new(
            Step::Call,
            Party::McpServer,
            format!("notifications/cancelled: request {}", self.id),
            with_token(self.session.with_headers(request), self.access.as_ref()),
        )
    }

    /// Whatever the server says to it, nobody waits for the call any more.
    pub(crate) fn answered(self, turn: &mut Turn<'_>, response: &Response) -> State {
        turn.checks.note(
            Clause::Cancellation,
            "the server has heard it",
            response.status == 202,
            "202",
            response.status.to_string(),
        );
        operate::proceed(turn, self.session, self.access)
    }

    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    pub(crate) fn access(&self) -> Option<&Access> {
        self.access.as_ref()
    }

    pub(crate) fn unheard(self) -> State {
        let Self { session, access, .. } = self;
        State::Rest(Box::new(Resting { session, access }))
    }
}

/// What is still to be closed, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    resting: Resting,
    /// A session that the server keeps.
    session_id: Option<Secret>,
    /// A token to give back.
    revoke: Option<Revocation>,
}

/// What a client leaves behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Farewell {
    /// The session ends; the tokens end by themselves.
    #[default]
    EndSession,
    /// The session ends, and the tokens are given back.
    RevokeTokens,
}

impl Ending {
    pub(crate) fn begin(turn: &Turn<'_>, resting: Resting, farewell: Farewell) -> State {
        let session_id = resting.session.server_given_id.clone();
        let revoke = match (farewell, &resting.access) {
            (Farewell::RevokeTokens, Some(access)) => Revocation::of_all(access, turn.env),
            _ => None,
        };
        Self { resting, session_id, revoke }.next()
    }

    fn next(self) -> State {
        if self.session_id.is_some() || self.revoke.is_some() {
            State::End(Box::new(self))
        } else {
            State::Finished
        }
    }

    pub(crate) fn outgoing(&self, config: &Config) -> Option<Outgoing> {
        match &self.session_id {
            Some(_) => Some(self.delete(config)),
            None if self.to_sign().is_some() => None,
            None => self.revoke.as_ref()?.outgoing(self.resting.access.as_ref()?, Step::Ending),
        }
    }

    /// What the driver is to sign before the token can be given back, once the session is ended.
    pub(crate) fn to_sign(&self) -> Option<&SigningRequest> {
        self.revoke.as_ref().filter(|_| self.session_id.is_none())?.assertion.as_ref()?.to_sign()
    }

    /// Takes the signature.
    pub(crate) fn signed(mut self, turn: &mut Turn<'_>, signature: &str) -> State {
        let assertion = self.revoke.as_mut().and_then(|revoke| revoke.assertion.as_mut());
        if let (Some(assertion), Some(access)) = (assertion, &self.resting.access) {
            assertion.sign(turn, Step::Ending, &access.registered.issuer, signature);
        }
        self.next()
    }

    fn delete(&self, config: &Config) -> Outgoing {
        let request = Request {
            method: Method::Delete,
            url: config.server.as_str().to_owned(),
            headers: Vec::new(),
            body: None,
        };
        let request = self.resting.session.with_headers(request);
        Outgoing::new(
            Step::Ending,
            Party::McpServer,
            "DELETE the session",
            with_token(request, self.resting.access.as_ref()),
        )
    }

    /// Goes on with what is left to close. A farewell that nobody hears is no failure, and is not repeated.
    pub(crate) fn answered(mut self, turn: &mut Turn<'_>, response: &Response) -> State {
        let status = response.status;
        if self.session_id.take().is_some() {
            let fine = (200..300).contains(&status) || matches!(status, 404 | 405);
            turn.checks.note(
                Clause::SessionEnd,
                "the session is over",
                fine,
                "success, or 405",
                status.to_string(),
            );
        } else {
            self.revoke = None;
            turn.checks.note(
                Clause::Revocation,
                "the tokens are given back",
                status == 200,
                "200",
                status.to_string(),
            );
        }
        self.next()
    }

    pub(crate) fn resting(&self) -> &Resting {
        &self.resting
    }

    pub(crate) fn unheard(mut self) -> State {
        if self.session_id.take().is_none() {
            self.revoke = None;
        }
        self.next()
    }
}
