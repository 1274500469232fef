//! The wheel: what comes from outside is given to the state, what it says is written down, and the next state is entered.
//! Each rule is in the file of its concept.

use protocol::revision::Revision;
use protocol::scope::ScopeSet;

use crate::account::Account;
use crate::action::{Action, Unexpected};
use crate::callback;
use crate::check::Stop;
use crate::config::Config;
use crate::ending;
use crate::env::Env;
use crate::http::{Request, Response};
use crate::identity::Credentials;
use crate::lessons::steps::Step;
use crate::recording::{Input, Recorded};
use crate::registration::document;
use crate::session::{Session, ToolResult};
use crate::state::State;
use crate::trace::{Answer, Entry, Event, Party, Trace};
use crate::turn::{Outgoing, Turn};
use crate::unanswered::Unanswered;

/// The MCP client as a value: it never acts, it says what to do, and it accounts for what came.
///
/// - Getters: [`Flow::poll`], [`Flow::trace`], [`Flow::granted`], [`Flow::results`], [`Flow::revision`], [`Flow::config`].
/// - `handle_*` and [`Flow::provide_credentials`] take what came from outside; they need an [`Env`] with the time and fresh
///   entropy.
/// - Commands: [`Flow::depart`], [`Flow::call_tool`], [`Flow::refresh`], [`Flow::cancel`], [`Flow::finish`],
///   [`Flow::try_again`].
/// - Commands of a laboratory: [`Flow::edit`], [`Flow::depart_to`], [`Flow::reuse_refresh_token`], [`Flow::revoke`].
/// - [`Flow::recording`] is all that came, and [`Flow::replay`] makes the same flow of it: so a page can be left and
///   resumed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    config: Config,
    /// Everything that was taken so far: all the rest follows from it.
    pub(crate) inputs: Vec<Recorded>,
    pub(crate) state: State,
    outgoing: Option<Outgoing>,
    pub(crate) trace: Trace,
    /// What the session knew when it ended.
    last: Option<Summary>,
}

/// What is still of interest when a flow has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Summary {
    revision: Revision,
    granted: Option<ScopeSet>,
    results: Vec<ToolResult>,
}

impl Flow {
    /// A flow at its beginning.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let session = Session::new(&config);
        let operation = session.greeting();
        let state = State::operate(session, operation, None);
        let mut trace = Trace::default();
        config.secrets().into_iter().for_each(|secret| trace.conceal(&secret));
        let mut flow =
            Self { config, inputs: Vec::new(), state: State::Finished, outgoing: None, trace, last: None };
        flow.enter(state);
        flow
    }

    /// What to do now. Asking changes nothing.
    #[must_use]
    pub fn poll(&self) -> Action<'_> {
        if let Some(outgoing) = &self.outgoing {
            return Action::Send(outgoing);
        }
        match &self.state {
            State::Authorize(_) => Action::Navigate,
            State::AwaitCallback(_) => Action::AwaitCallback,
            State::AskCredentials(newcomer) => Action::AskCredentials(&newcomer.discovered.issuer),
            State::Sign(request) => request.to_sign().map_or(Action::Finished, Action::Sign),
            State::Probe(probe) => probe.to_sign().map_or(Action::Finished, Action::Sign),
            State::End(ending) => ending.to_sign().map_or(Action::Finished, Action::Sign),
            State::Unanswered(unanswered) => Action::Failed(&unanswered.failure),
            State::Failed(failure) => Action::Failed(failure),
            State::Rest(_) => Action::Rest,
            _ => Action::Finished,
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

    /// The revision in effect.
    #[must_use]
    pub fn revision(&self) -> Revision {
        let ended = || self.last.as_ref().map(|last| last.revision);
        self.state
            .session()
            .map(|session| session.revision)
            .or_else(ended)
            .unwrap_or_else(|| self.config.era.first())
    }

    /// The scopes of the current token; `None` before there is one. While more is asked for, the old token's.
    #[must_use]
    pub fn granted(&self) -> Option<&ScopeSet> {
        self.state.granted().or_else(|| self.last.as_ref()?.granted.as_ref())
    }

    /// What the tools answered so far.
    #[must_use]
    pub fn results(&self) -> &[ToolResult] {
        let ended = || self.last.as_ref().map_or(&[][..], |last| &last.results);
        self.state.session().map_or_else(ended, |session| &session.results)
    }

    /// Whether a URL answers the authorization that is under way, going by its `state`. For listeners that anybody can
    /// reach: what does not is to be thrown away, so that a stranger cannot end the flow.
    #[must_use]
    pub fn is_answered_by(&self, redirected_to: &str) -> bool {
        match &self.state {
            State::AwaitCallback(pending) => callback::answers(pending, redirected_to),
            _ => false,
        }
    }

    /// The one way in: what fits the state is done, and stands in the recording.
    pub(crate) fn take(&mut self, env: &Env, input: Input) -> Result<(), Unexpected> {
        match &input {
            Input::Answered(response) => self.answered(env, response)?,
            Input::Unreachable(reason) => self.unreachable(env, reason)?,
            Input::Signed(signature) => self.signed(env, signature)?,
            Input::Named(credentials) => self.named(env, credentials)?,
            Input::Departed(edited) => self.departed(env, edited.as_deref())?,
            Input::CameBack(url) => self.came_back(env, url)?,
            Input::Edited(request) => self.edited(request)?,
            Input::TryAgain => self.ask_again()?,
            Input::CallTool(call) => self.call(env, call)?,
            Input::Refresh => self.renew(env)?,
            Input::ReuseRefreshToken => self.reuse(env)?,
            Input::Revoke(kind) => self.give_back(env, *kind)?,
            Input::Cancel => self.call_off(env)?,
            Input::Finish(farewell) => self.leave(env, *farewell)?,
        }
        self.inputs.push(Recorded { env: *env, input });
        Ok(())
    }

    fn answered(&mut self, env: &Env, response: &Response) -> Result<(), Unexpected> {
        let outgoing = self.outgoing.take().ok_or(Unexpected::NoRequest)?;
        let mut turn = Turn::new(&self.config, env);
        turn.with_token = outgoing.request.headers.iter().any(|(name, _)| name == "authorization");
        let next = match self.state.clone() {
            State::Operate(operating) => operating.answered(&mut turn, response),
            State::ResourceMetadata(lookup) => lookup.answered(&mut turn, response),
            State::ServerMetadata(lookup) => lookup.answered(&mut turn, response),
            State::ClientDocument(newcomer) => document::read(&mut turn, *newcomer, response),
            State::Register(newcomer) => newcomer.registered(&mut turn, response),
            State::Token(request) => request.answered(&mut turn, response),
            State::Cancel(cancelling) => Ok(cancelling.answered(&mut turn, response)),
            State::Probe(probe) => Ok(probe.answered(&mut turn, response)),
            State::End(ending) => Ok(ending.answered(&mut turn, response)),
            State::AskCredentials(_)
            | State::Authorize(_)
            | State::AwaitCallback(_)
            | State::Sign(_)
            | State::Rest(_)
            | State::Finished
            | State::Unanswered(_)
            | State::Failed(_) => return Err(Unexpected::NoRequest),
        };
        let summary = match turn.summary.as_str() {
            "" => response.status.to_string(),
            summary => summary.to_owned(),
        };
        let answer = Answer::Response(response.clone());
        let step = turn.step.unwrap_or(outgoing.step);
        let entry = Entry { step, ..Entry::exchange(outgoing, env.now_ms, answer, &summary) };
        let account = Account::of(turn);
        self.conclude(entry, account, next);
        Ok(())
    }

    fn unreachable(&mut self, env: &Env, reason: &str) -> Result<(), Unexpected> {
        let outgoing = self.outgoing.take().ok_or(Unexpected::NoRequest)?;
        let elsewhere = match self.state.clone() {
            State::ResourceMetadata(lookup) => {
                lookup.elsewhere().map(|lookup| State::ResourceMetadata(Box::new(lookup)))
            }
            State::ServerMetadata(lookup) => {
                lookup.elsewhere().map(|lookup| State::ServerMetadata(Box::new(lookup)))
            }
            State::Cancel(cancelling) => Some(cancelling.unheard()),
            State::Probe(probe) => Some(probe.rest()),
            State::End(ending) => Some(ending.unheard()),
            _ => None,
        };
        let next = elsewhere.unwrap_or_else(|| Unanswered::stop(self.state.clone(), &outgoing, reason));
        let answer = Answer::Unreachable(reason.to_owned());
        self.trace.push(Entry::exchange(outgoing, env.now_ms, answer, "no answer"));
        self.enter(next);
        Ok(())
    }

    fn signed(&mut self, env: &Env, signature: &str) -> Result<(), Unexpected> {
        if !matches!(self.poll(), Action::Sign(_)) {
            return Err(Unexpected::NothingToSign);
        }
        match self.state.clone() {
            State::Sign(request) => self.work_out(env, |turn| Ok(request.signed(turn, signature))),
            State::Probe(probe) => self.work_out(env, |turn| Ok(probe.signed(turn, signature))),
            State::End(ending) => self.work_out(env, |turn| Ok(ending.signed(turn, signature))),
            _ => return Err(Unexpected::NothingToSign),
        }
        Ok(())
    }

    fn named(&mut self, env: &Env, credentials: &Credentials) -> Result<(), Unexpected> {
        let State::AskCredentials(newcomer) = self.state.clone() else { return Err(Unexpected::NotAsked) };
        self.work_out(env, |turn| newcomer.entered(turn, credentials.clone()));
        Ok(())
    }

    /// The request goes as the person wants it. What the client goes by when the answer comes stays as it was.
    fn edited(&mut self, request: &Request) -> Result<(), Unexpected> {
        let own = self.wanted(&self.state).ok_or(Unexpected::NoRequest)?;
        if request.method != own.request.method {
            return Err(Unexpected::OtherMethod);
        }
        let edited = *request != own.request;
        let outgoing = Outgoing { request: request.clone(), edited, ..own };
        self.trace.conceal_basic(&outgoing);
        self.outgoing = Some(outgoing);
        Ok(())
    }

    fn departed(&mut self, env: &Env, edited: Option<&str>) -> Result<(), Unexpected> {
        let (State::Authorize(pending) | State::AwaitCallback(pending)) = self.state.clone() else {
            return Err(Unexpected::NoAuthorization);
        };
        self.trace.push(pending.departure(env.now_ms, edited));
        self.enter(State::AwaitCallback(pending));
        Ok(())
    }

    fn came_back(&mut self, env: &Env, redirected_to: &str) -> Result<(), Unexpected> {
        let State::AwaitCallback(pending) = self.state.clone() else {
            return Err(Unexpected::NoAuthorization);
        };
        let (step, ends) = (pending.purpose.callback_step(), (Party::You, Party::Client));
        let event = Event::Callback { url: redirected_to.to_owned() };
        let entry = Entry::new(step, ends, "the browser comes back", env.now_ms, event);
        let mut turn = Turn::new(&self.config, env);
        let next = callback::validate(&mut turn, *pending, redirected_to);
        let account = Account::of(turn);
        self.conclude(entry, account, next);
        Ok(())
    }

    /// The client's own request goes again: what the person had changed in it went to nobody.
    fn ask_again(&mut self) -> Result<(), Unexpected> {
        let State::Unanswered(unanswered) = self.state.clone() else {
            return Err(Unexpected::NothingToTryAgain);
        };
        self.enter(unanswered.before);
        Ok(())
    }

    fn call_off(&mut self, env: &Env) -> Result<(), Unexpected> {
        let State::Operate(operating) = self.state.clone() else { return Err(Unexpected::NoCall) };
        if !ending::can_be_cancelled(&operating.operation) {
            return Err(Unexpected::NoCall);
        }
        let outgoing = self.outgoing.take().ok_or(Unexpected::NoCall)?;
        let answer = Answer::Unreachable("the person called it off".into());
        self.trace.push(Entry::exchange(outgoing, env.now_ms, answer, "called off"));
        self.work_out(env, |turn| Ok(ending::cancel(turn, *operating)));
        Ok(())
    }

    /// Takes a turn that no message caused.
    pub(crate) fn work_out(&mut self, env: &Env, work: impl FnOnce(&mut Turn<'_>) -> Result<State, Stop>) {
        let mut turn = Turn::new(&self.config, env);
        let next = work(&mut turn);
        let account = Account::of(turn);
        let next = next.unwrap_or_else(|Stop| State::Failed(account.failure(Step::Registration)));
        self.keep(account);
        self.enter(next);
    }

    /// Writes the account of a turn and enters the next state.
    fn conclude(&mut self, mut entry: Entry, mut account: Account, next: Result<State, Stop>) {
        let next = next.unwrap_or_else(|Stop| State::Failed(account.failure(entry.step)));
        entry.checks = std::mem::take(&mut account.checks);
        entry.decoded = std::mem::take(&mut account.decoded);
        self.trace.push(entry);
        self.keep(account);
        self.enter(next);
    }

    fn keep(&mut self, account: Account) {
        account.local.into_iter().for_each(|entry| self.trace.push(entry));
        account.secrets.into_iter().for_each(|secret| self.trace.conceal(&secret));
    }

    fn enter(&mut self, state: State) {
        if let (None, Some(session)) = (state.session(), self.state.session()) {
            self.last = Some(Summary {
                revision: session.revision,
                granted: self.state.granted().cloned(),
                results: session.results.clone(),
            });
        }
        if let Some(id) = state.session().and_then(|session| session.server_given_id.clone()) {
            self.trace.conceal(&id);
        }
        self.outgoing = self.wanted(&state);
        if let Some(outgoing) = &self.outgoing {
            self.trace.conceal_basic(outgoing);
        }
        self.state = state;
    }

    /// What is to be sent in this state.
    fn wanted(&self, state: &State) -> Option<Outgoing> {
        let config = &self.config;
        match state {
            State::Operate(operating) => Some(operating.outgoing(config)),
            State::ResourceMetadata(lookup) => Some(lookup.outgoing()),
            State::ServerMetadata(lookup) => Some(lookup.outgoing()),
            State::ClientDocument(_) => document::outgoing(config),
            State::Register(newcomer) => newcomer.outgoing(config),
            State::Token(request) => Some(request.outgoing()),
            State::Cancel(cancelling) => Some(cancelling.outgoing(config)),
            State::Probe(probe) => probe.outgoing(),
            State::End(ending) => ending.outgoing(config),
            State::AskCredentials(_)
            | State::Authorize(_)
            | State::AwaitCallback(_)
            | State::Sign(_)
            | State::Rest(_)
            | State::Finished
            | State::Unanswered(_)
            | State::Failed(_) => None,
        }
    }
}
