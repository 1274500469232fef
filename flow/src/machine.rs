//! The states and the transitions between them, and nothing else: each rule is in the file of its concept.

use protocol::clause::Clause;
use protocol::mcp::ToolCall;
use protocol::scope::ScopeSet;
use serde::{Deserialize, Serialize};

use crate::authorize::Pending;
use crate::callback;
use crate::config::Config;
use crate::discovery::{self, Discovered, ResourceLookup, ServerLookup};
use crate::env::Env;
use crate::http::Response;
use crate::lessons::steps::Step;
use crate::registration;
use crate::token::Exchange;
use crate::tool_call::{self, Call, Session};
use crate::trace::{Answer, Entry, Event, Outcome, Party, Stop, Trace};
use crate::turn::{Outgoing, Turn};

/// Where a flow stands. Each state has just what is valid then.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum State {
    /// Nothing is known but the server's address.
    Challenge,
    /// Looking for the protected resource metadata.
    ResourceMetadata(ResourceLookup),
    /// Looking for the authorization server metadata.
    ServerMetadata(ServerLookup),
    /// Reading the client's own document.
    ClientDocument(Discovered),
    /// Ready to send the browser away.
    Authorize(Pending),
    /// The browser is away.
    AwaitCallback(Pending),
    /// A validated code is to be redeemed.
    Exchange(Exchange),
    /// A token is there; the handshake begins.
    Initialize(Session),
    /// The handshake ends.
    Initialized(Session),
    /// A tool is to be called.
    Call(Session, Call),
    /// All calls are made.
    Rest(Session),
    /// The client stopped.
    Failed(Failure),
}

/// Why a flow stopped, in plain words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// At which step.
    pub step: Step,
    /// What was looked at.
    pub title: String,
    /// What should have been there.
    pub expected: String,
    /// What was there.
    pub found: String,
    /// The rule, unless nothing could be reached at all.
    pub clause: Option<Clause>,
}

/// What the driver must do now.
#[derive(Clone, Debug, PartialEq)]
pub enum Action<'a> {
    /// Send this request, then call [`Flow::handle_response`] or [`Flow::handle_unreachable`].
    Send(&'a Outgoing),
    /// Call [`Flow::depart`] and send the browser to the URL that it returns.
    Navigate,
    /// Wait until the browser comes back, then call [`Flow::handle_callback`].
    AwaitCallback,
    /// Nothing: all calls are made. [`Flow::call_tool`] goes on.
    Rest,
    /// Nothing: the client stopped.
    Failed(&'a Failure),
}

/// The driver did something that does not fit the state. The flow is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unexpected {
    /// A response came, but no request is under way.
    #[error("no request is under way")]
    NoRequest,
    /// A callback came, or the browser was to be sent away, but no authorization is under way.
    #[error("no authorization is under way")]
    NoAuthorization,
    /// A tool was to be called, but the flow does not rest.
    #[error("the flow is not at rest")]
    NotAtRest,
}

/// The MCP client as a value: it never acts, it says what to do, and it accounts for what came.
///
/// - Getters: [`Flow::poll`], [`Flow::trace`], [`Flow::granted`], [`Flow::config`].
/// - `handle_*` take what came from outside; they need an [`Env`] with the time and fresh entropy.
/// - Commands: [`Flow::depart`], [`Flow::call_tool`].
///
/// It serializes whole, secrets included, so that a page can be left and resumed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Flow {
    config: Config,
    state: State,
    outgoing: Option<Outgoing>,
    trace: Trace,
}

impl Flow {
    /// A flow at its beginning.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let mut flow = Self { config, state: State::Challenge, outgoing: None, trace: Trace::default() };
        flow.enter(State::Challenge);
        flow
    }

    /// What to do now. Asking changes nothing.
    #[must_use]
    pub fn poll(&self) -> Action<'_> {
        match (&self.state, &self.outgoing) {
            (_, Some(outgoing)) => Action::Send(outgoing),
            (State::Authorize(_), None) => Action::Navigate,
            (State::AwaitCallback(_), None) => Action::AwaitCallback,
            (State::Failed(failure), None) => Action::Failed(failure),
            (_, None) => Action::Rest,
        }
    }

    /// The account of the run so far.
    #[must_use]
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// What the flow was told to do.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The scopes of the current token; `None` before there is one. While more is asked for, the old token's.
    #[must_use]
    pub fn granted(&self) -> Option<&ScopeSet> {
        match &self.state {
            State::Initialize(session)
            | State::Initialized(session)
            | State::Call(session, _)
            | State::Rest(session) => Some(session.granted()),
            State::Authorize(pending) | State::AwaitCallback(pending) => pending.purpose.granted(),
            State::Exchange(exchange) => exchange.pending.purpose.granted(),
            State::Challenge
            | State::ResourceMetadata(_)
            | State::ServerMetadata(_)
            | State::ClientDocument(_)
            | State::Failed(_) => None,
        }
    }

    /// Takes the answer to the request of [`Action::Send`].
    ///
    /// # Errors
    /// [`Unexpected::NoRequest`]. What is wrong with the answer itself is no error here but [`Action::Failed`].
    pub fn handle_response(&mut self, env: &Env, response: Response) -> Result<(), Unexpected> {
        let outgoing = self.outgoing.take().ok_or(Unexpected::NoRequest)?;
        let mut turn = Turn::new(&self.config, env);
        let next = match self.state.clone() {
            State::Challenge => discovery::challenged(&mut turn, &response),
            State::ResourceMetadata(lookup) => lookup.answered(&mut turn, &response),
            State::ServerMetadata(lookup) => lookup.answered(&mut turn, &response),
            State::ClientDocument(discovered) => {
                registration::document_read(&mut turn, discovered, &response)
            }
            State::Exchange(exchange) => exchange.answered(&mut turn, &response),
            State::Initialize(session) => tool_call::initialize_answered(&mut turn, session, &response),
            State::Initialized(session) => tool_call::initialized_answered(&mut turn, session, &response),
            State::Call(session, call) => tool_call::call_answered(&mut turn, session, call, &response),
            State::Authorize(_) | State::AwaitCallback(_) | State::Rest(_) | State::Failed(_) => {
                return Err(Unexpected::NoRequest);
            }
        };
        let summary = match turn.summary.as_str() {
            "" => response.status.to_string(),
            summary => summary.to_owned(),
        };
        let entry = Entry {
            step: outgoing.step,
            from: Party::Client,
            to: outgoing.to,
            title: outgoing.title,
            at_ms: env.now_ms,
            event: Event::Exchange { request: outgoing.request, answer: Answer::Response(response), summary },
            checks: Vec::new(),
            decoded: Vec::new(),
        };
        let account = Account::of(turn);
        self.conclude(entry, account, next);
        Ok(())
    }

    /// Takes the news that the request of [`Action::Send`] got no answer.
    ///
    /// # Errors
    /// [`Unexpected::NoRequest`].
    pub fn handle_unreachable(&mut self, env: &Env, reason: &str) -> Result<(), Unexpected> {
        let outgoing = self.outgoing.take().ok_or(Unexpected::NoRequest)?;
        let elsewhere = match self.state.clone() {
            State::ResourceMetadata(lookup) => lookup.elsewhere().map(State::ResourceMetadata),
            State::ServerMetadata(lookup) => lookup.elsewhere().map(State::ServerMetadata),
            _ => None,
        };
        let next = elsewhere.unwrap_or_else(|| {
            State::Failed(Failure {
                step: outgoing.step,
                title: format!("no answer from {}", outgoing.request.url),
                expected: "an answer".into(),
                found: reason.to_owned(),
                clause: None,
            })
        });
        self.trace.push(Entry {
            step: outgoing.step,
            from: Party::Client,
            to: outgoing.to,
            title: outgoing.title,
            at_ms: env.now_ms,
            event: Event::Exchange {
                request: outgoing.request,
                answer: Answer::Unreachable(reason.to_owned()),
                summary: "no answer".into(),
            },
            checks: Vec::new(),
            decoded: Vec::new(),
        });
        self.enter(next);
        Ok(())
    }

    /// Sends the browser away: records it and returns the URL. Can be repeated while the browser has not come back.
    ///
    /// # Errors
    /// [`Unexpected::NoAuthorization`].
    pub fn depart(&mut self, env: &Env) -> Result<String, Unexpected> {
        let (State::Authorize(pending) | State::AwaitCallback(pending)) = self.state.clone() else {
            return Err(Unexpected::NoAuthorization);
        };
        let url = pending.url();
        self.trace.push(pending.departure(env.now_ms));
        self.enter(State::AwaitCallback(pending));
        Ok(url)
    }

    /// Takes the URL with which the browser came back.
    ///
    /// # Errors
    /// [`Unexpected::NoAuthorization`]. What is wrong with the URL is no error here but [`Action::Failed`].
    pub fn handle_callback(&mut self, env: &Env, redirected_to: &str) -> Result<(), Unexpected> {
        let State::AwaitCallback(pending) = self.state.clone() else {
            return Err(Unexpected::NoAuthorization);
        };
        let entry = Entry {
            step: pending.purpose.callback_step(),
            from: Party::You,
            to: Party::Client,
            title: "the browser comes back".into(),
            at_ms: env.now_ms,
            event: Event::Callback { url: redirected_to.to_owned() },
            checks: Vec::new(),
            decoded: Vec::new(),
        };
        let mut turn = Turn::new(&self.config, env);
        let next = callback::validate(&mut turn, pending, redirected_to);
        let account = Account::of(turn);
        self.conclude(entry, account, next);
        Ok(())
    }

    /// Calls one more tool, once all planned calls are made.
    ///
    /// # Errors
    /// [`Unexpected::NotAtRest`].
    pub fn call_tool(&mut self, call: ToolCall) -> Result<(), Unexpected> {
        let State::Rest(mut session) = self.state.clone() else { return Err(Unexpected::NotAtRest) };
        session.enqueue(call);
        self.enter(session.proceed());
        Ok(())
    }

    /// Writes the account of a turn and enters the next state.
    fn conclude(&mut self, mut entry: Entry, account: Account, next: Result<State, Stop>) {
        let next = next.unwrap_or_else(|Stop| State::Failed(account.failure(entry.step)));
        entry.checks = account.checks;
        entry.decoded = account.decoded;
        self.trace.push(entry);
        account.local.into_iter().for_each(|entry| self.trace.push(entry));
        account.secrets.into_iter().for_each(|secret| self.trace.conceal(secret));
        self.enter(next);
    }

    fn enter(&mut self, state: State) {
        self.outgoing = match &state {
            State::Challenge => Some(discovery::first_contact(&self.config)),
            State::ResourceMetadata(lookup) => lookup.outgoing(),
            State::ServerMetadata(lookup) => lookup.outgoing(),
            State::ClientDocument(_) => Some(registration::read_own_document(&self.config)),
            State::Exchange(exchange) => Some(exchange.outgoing()),
            State::Initialize(session) => Some(session.initialize(&self.config)),
            State::Initialized(session) => Some(session.initialized(&self.config)),
            State::Call(session, call) => Some(session.call(&self.config, call)),
            State::Authorize(_) | State::AwaitCallback(_) | State::Rest(_) | State::Failed(_) => None,
        };
        self.state = state;
    }
}

/// What a turn leaves behind, without what it read.
struct Account {
    checks: Vec<crate::trace::Check>,
    decoded: Vec<crate::trace::Decoded>,
    local: Vec<Entry>,
    secrets: Vec<protocol::secret::Secret>,
}

impl Account {
    fn of(turn: Turn<'_>) -> Self {
        Self {
            checks: turn.checks.into_inner(),
            decoded: turn.decoded,
            local: turn.local,
            secrets: turn.secrets,
        }
    }

    /// The failed check, as the reason to stop.
    fn failure(&self, step: Step) -> Failure {
        match self.checks.iter().rev().find(|check| check.outcome == Outcome::Failed) {
            Some(check) => Failure {
                step,
                title: check.title.to_string(),
                expected: check.expected.clone(),
                found: check.found.clone(),
                clause: Some(check.clause),
            },
            None => Failure {
                step,
                title: "the answer could not be used".into(),
                expected: "a usable answer".into(),
                found: "something else".into(),
                clause: None,
            },
        }
    }
}
