//! Using the token: the handshake and the calls.

use std::collections::VecDeque;

use protocol::clause::Clause;
use protocol::mcp::{self, Answer, ToolCall};
use protocol::scope::ScopeSet;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::Config;
use crate::discovery::Discovered;
use crate::http::{Request, Response};
use crate::lessons::steps::Step;
use crate::machine::State;
use crate::step_up;
use crate::token::AccessToken;
use crate::trace::{Decoded, Party, Stop};
use crate::turn::{Outgoing, Turn};

/// A client that holds a token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) discovered: Discovered,
    pub(crate) token: AccessToken,
    /// What was asked for so far; a step-up may have to ask for it again.
    pub(crate) requested: ScopeSet,
    /// How often a call was interrupted to ask for more, since it last succeeded.
    pub(crate) step_ups: u32,
    /// The id that the server gave the session, if it did.
    server_given_id: Option<String>,
    /// Id of the next JSON-RPC request; 1 was the request without a token.
    next_id: u64,
    /// Calls still to make.
    queue: VecDeque<ToolCall>,
}

/// A call, new or repeated after a step-up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Call {
    pub(crate) call: ToolCall,
    pub(crate) repeated: bool,
}

impl Session {
    pub(crate) fn new(
        discovered: Discovered,
        token: AccessToken,
        requested: ScopeSet,
        config: &Config,
    ) -> Self {
        let queue = config.calls.iter().cloned().collect();
        Self { discovered, token, requested, step_ups: 0, server_given_id: None, next_id: 2, queue }
    }

    /// The scopes that the current token allows.
    pub(crate) fn granted(&self) -> &ScopeSet {
        &self.token.granted
    }

    /// The same session with another token.
    pub(crate) fn with_token(self, token: AccessToken, requested: ScopeSet) -> Self {
        Self { token, requested, ..self }
    }

    /// Adds a call to the end of the queue.
    pub(crate) fn enqueue(&mut self, call: ToolCall) {
        self.queue.push_back(call);
    }

    /// Goes on with the next call, or rests.
    pub(crate) fn proceed(mut self) -> State {
        match self.queue.pop_front() {
            Some(call) => State::Call(self, Call { call, repeated: false }),
            None => State::Rest(self),
        }
    }

    fn post(&self, config: &Config, message: &Value, after_handshake: bool) -> Request {
        let mut request = Request::post_json(config.server.as_str(), message)
            .header("accept", mcp::ACCEPT)
            .header("authorization", format!("Bearer {}", self.token.secret.reveal()));
        if after_handshake {
            request = request.header(mcp::PROTOCOL_VERSION_HEADER, config.revision.as_str());
            if let Some(id) = &self.server_given_id {
                request = request.header(mcp::SESSION_ID_HEADER, id);
            }
        }
        request
    }

    pub(crate) fn initialize(&self, config: &Config) -> Outgoing {
        Outgoing {
            step: Step::Handshake,
            to: Party::McpServer,
            title: "initialize, with the token".into(),
            request: self.post(config, &mcp::initialize(self.next_id, config.revision), false),
        }
    }

    pub(crate) fn initialized(&self, config: &Config) -> Outgoing {
        Outgoing {
            step: Step::Handshake,
            to: Party::McpServer,
            title: "notifications/initialized".into(),
            request: self.post(config, &mcp::initialized(), true),
        }
    }

    pub(crate) fn call(&self, config: &Config, call: &Call) -> Outgoing {
        let step = match (call.repeated, call.call.name.as_str()) {
            (true, _) => Step::Retry,
            (false, "whoami") => Step::Whoami,
            (false, _) => Step::InsufficientScope,
        };
        let suffix = if call.repeated { ", again with the new token" } else { "" };
        Outgoing {
            step,
            to: Party::McpServer,
            title: format!("tools/call {}{suffix}", call.call.name),
            request: self.post(config, &mcp::call_tool(self.next_id, &call.call), true),
        }
    }
}

/// Reads the answer to `initialize`.
pub(crate) fn initialize_answered(
    turn: &mut Turn<'_>,
    mut session: Session,
    response: &Response,
) -> Result<State, Stop> {
    accepted(turn, response)?;
    let result = result(turn, &mut session, response)?;
    let version = result.get("protocolVersion").and_then(Value::as_str).unwrap_or("nothing").to_owned();
    turn.checks.identical(
        Clause::ProtocolVersion,
        "both speak the same revision",
        turn.config.revision.as_str(),
        &version,
    )?;
    session.server_given_id = response.header(mcp::SESSION_ID_HEADER).map(str::to_owned);
    let server = result.get("serverInfo").and_then(|info| info.get("name")).and_then(Value::as_str);
    turn.summary = format!("200 · {} speaks {version}", server.unwrap_or("the server"));
    Ok(State::Initialized(session))
}

/// Reads the answer to `notifications/initialized`: nothing but 202.
pub(crate) fn initialized_answered(
    turn: &mut Turn<'_>,
    session: Session,
    response: &Response,
) -> Result<State, Stop> {
    turn.status(Clause::Initialize, 202, response)?;
    turn.summary = "202".into();
    Ok(session.proceed())
}

/// Reads the answer to a tool call: a result, or a refusal that leads to step-up.
pub(crate) fn call_answered(
    turn: &mut Turn<'_>,
    mut session: Session,
    call: Call,
    response: &Response,
) -> Result<State, Stop> {
    if response.status == 403 {
        session.next_id += 1;
        return step_up::refused(turn, session, call, response);
    }
    accepted(turn, response)?;
    let result = result(turn, &mut session, response)?;
    let failed = result.get("isError").and_then(Value::as_bool).unwrap_or(false);
    let text = mcp::tool_text(&result);
    turn.checks.require(
        Clause::Transport,
        "the tool succeeded",
        !failed,
        "a result",
        if failed { &text } else { "a result" },
    )?;
    turn.summary = format!("200 · {}", first_line(&text));
    turn.decoded.push(Decoded::new("Result", text.lines().map(|line| (call.call.name.as_str(), line, ""))));
    session.step_ups = 0;
    Ok(session.proceed())
}

/// Demands 200, and says plainly what 401 means here.
fn accepted(turn: &mut Turn<'_>, response: &Response) -> Result<(), Stop> {
    let found = match (response.status, response.header("www-authenticate")) {
        (401, Some(challenge)) => format!("401, {challenge}"),
        (status, _) => status.to_string(),
    };
    turn.checks.require(Clause::TokenValidity, "the token is accepted", response.status == 200, "200", found)
}

/// Demands a JSON-RPC result, and moves on to the next id.
fn result(turn: &mut Turn<'_>, session: &mut Session, response: &Response) -> Result<Value, Stop> {
    let answer = mcp::read_answer(response.content_type(), &response.body, session.next_id);
    session.next_id += 1;
    let (value, found) = match answer {
        Ok(Answer::Result(value)) => (Some(value), "a result".to_owned()),
        Ok(Answer::Error { code, message }) => (None, format!("error {code}: {message}")),
        Err(reason) => (None, reason.to_string()),
    };
    turn.checks.require(
        Clause::Transport,
        "the answer is a JSON-RPC result",
        value.is_some(),
        "a result",
        found,
    )?;
    value.ok_or(Stop)
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() <= 48 { line.to_owned() } else { line.chars().take(47).chain(['…']).collect() }
}
