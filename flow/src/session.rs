//! What the client remembers from the first message to the last: the conversation with the MCP server.

use std::collections::VecDeque;

use protocol::ids::{ClientId, Issuer};
use protocol::mcp::ToolCall;
use protocol::revision::Revision;
use protocol::scope::ScopeSet;
use protocol::secret::Secret;
use serde::Serialize;
use serde_json::Value;

use crate::attempts::Attempts;
use crate::config::{Agenda, Config};
use crate::discovery::Discovered;
use crate::identity::{Origin, Registered};
use crate::operation::{Call, Operation};
use crate::token_response::AccessToken;
use crate::tools::Tools;

/// A tool's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ToolResult {
    /// What was called.
    pub call: ToolCall,
    /// Whether the tool says that it failed.
    pub is_error: bool,
    /// The result as it came.
    pub result: Value,
}

/// The conversation with the MCP server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    /// The revision in effect; detection may change it.
    pub(crate) revision: Revision,
    /// The id that the server gave the session, if it did (2025-11-25).
    pub(crate) server_given_id: Option<Secret>,
    /// Whether server and client have greeted each other.
    pub(crate) greeted: bool,
    /// Id of the next JSON-RPC request. Each id is used once.
    next_id: u64,
    /// The tools that the server lists for the present token, as far as it was asked.
    pub(crate) tools: Option<Tools>,
    /// Whether the server was ever asked for its tools.
    pub(crate) listed: bool,
    /// The call for which the tools are being listed anew.
    pub(crate) relisting: Option<ToolCall>,
    /// Calls still to make.
    pub(crate) queue: VecDeque<ToolCall>,
    /// Whether all listed tools are to be called.
    pub(crate) every_tool: bool,
    /// What was asked for so far; a step-up may have to ask for it again.
    pub(crate) requested: ScopeSet,
    /// The authorization servers to which the browser was sent.
    asked: Vec<Issuer>,
    /// What was tried in vain.
    pub(crate) attempts: Attempts,
    /// Who the client turned out to be at servers where it registered or was told.
    known_as: Vec<Registered>,
    pub(crate) results: Vec<ToolResult>,
}

impl Session {
    pub(crate) fn new(config: &Config) -> Self {
        let queue = match &config.agenda {
            Agenda::Calls(calls) => calls.iter().cloned().collect(),
            Agenda::EveryTool => VecDeque::new(),
        };
        Self {
            revision: config.era.first(),
            server_given_id: None,
            greeted: false,
            next_id: 1,
            tools: None,
            listed: false,
            relisting: None,
            queue,
            every_tool: config.agenda == Agenda::EveryTool,
            requested: ScopeSet::default(),
            asked: Vec::new(),
            attempts: Attempts::default(),
            known_as: Vec::new(),
            results: Vec::new(),
        }
    }

    /// Id of the request that is under way, or is to be sent.
    pub(crate) fn id(&self) -> u64 {
        self.next_id
    }

    /// An answer came: the next request has another id.
    pub(crate) fn spend_id(&mut self) {
        self.next_id += 1;
    }

    /// What to do next: greet, list, call; `None` when all is done.
    pub(crate) fn next_operation(&mut self) -> Option<Operation> {
        if !self.greeted {
            return Some(self.greeting());
        }
        if self.tools.is_none() && !(self.listed && self.queue.is_empty()) {
            return Some(Operation::ListTools { cursor: None, listed: Tools::default() });
        }
        let call = self.queue.pop_front()?;
        let relisted = self.relisting.take().is_some_and(|relisting| relisting == call);
        Some(Operation::Call(Call { relisted, ..Call::new(call, self.tools.as_ref()) }))
    }

    /// The first message of the revision in effect.
    pub(crate) fn greeting(&self) -> Operation {
        if self.revision.is_stateless() { Operation::Discover } else { Operation::Initialize }
    }

    /// Another token is used from now on: what was listed for the old one alone is forgotten.
    ///
    /// Spec: MCP 2026-07-28 Caching; before, lists say nothing about whom they are for, and nothing depends on them.
    pub(crate) fn forget_private_lists(&mut self) {
        if self.revision.is_stateless() {
            self.tools = self.tools.take().and_then(Tools::with_another_token);
        }
    }

    /// The session is gone: begin anew, and then do what was interrupted.
    pub(crate) fn begin_again(&mut self, interrupted: Operation) {
        self.server_given_id = None;
        self.greeted = false;
        match interrupted {
            Operation::Call(call) => self.queue.push_front(call.what),
            Operation::ListTools { .. } => self.tools = None,
            Operation::Resume(resumption) => self.begin_again(*resumption.of),
            Operation::Initialize | Operation::Initialized | Operation::Discover => {}
        }
    }

    /// Who the client is at this server, if it found out during this run. There is one answer for each issuer.
    pub(crate) fn known_as(&self, issuer: &Issuer) -> Option<&Registered> {
        self.known_as.iter().find(|known| known.issuer == *issuer)
    }

    /// Remembers that the browser is sent to this server. How many it has been sent to.
    pub(crate) fn ask(&mut self, issuer: &Issuer) -> usize {
        if !self.asked.contains(issuer) {
            self.asked.push(issuer.clone());
        }
        self.asked.len()
    }

    /// Another server at which this id was used in this run.
    pub(crate) fn used_elsewhere(&self, client_id: &ClientId, issuer: &Issuer) -> Option<&Issuer> {
        let elsewhere = |known: &&Registered| known.client_id == *client_id && known.issuer != *issuer;
        self.known_as.iter().find(elsewhere).map(|known| &known.issuer)
    }

    /// Forgets who the client was at a server that knows it no more.
    pub(crate) fn forget(&mut self, issuer: &Issuer) {
        self.known_as.retain(|known| known.issuer != *issuer);
    }

    /// Remembers who the client is at a server, and forgets who it was there before. A metadata document is good
    /// everywhere, so there is nothing to remember.
    pub(crate) fn remember(&mut self, registered: Registered) {
        if registered.origin != Origin::Document {
            self.forget(&registered.issuer);
            self.known_as.push(registered);
        }
    }
}

/// What the client is on the way for while it looks for permission: carried through discovery and authorization, and done
/// with the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Errand {
    pub(crate) session: Session,
    /// What was interrupted; `None` if only a token was wanted.
    pub(crate) then: Option<Operation>,
}

/// Permission to use the MCP server: a token, from whom, and as whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) discovered: Discovered,
    pub(crate) registered: Registered,
    pub(crate) token: AccessToken,
}
