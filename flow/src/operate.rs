//! Doing what the client came for: an operation is under way at the MCP server, with a token or without.

use protocol::clause::Clause;
use protocol::mcp;
use protocol::mcp_answer::{Answer, read_answer, read_error};
use protocol::secret::Secret;
use serde_json::{Value, json};

use crate::attempts::MAX_SESSIONS;
use crate::check::Stop;
use crate::config::Config;
use crate::discovery::challenge;
use crate::http::Response;
use crate::lessons::steps::Step;
use crate::operation::Operation;
use crate::session::{Access, Errand, Session, ToolResult};
use crate::state::State;
use crate::turn::{Outgoing, Turn};
use crate::{handshake, resume, step_up, token_request, tool_call};

/// An operation that is to be sent, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Operating {
    pub(crate) session: Session,
    pub(crate) operation: Operation,
    pub(crate) access: Option<Access>,
}

impl Operating {
    pub(crate) fn outgoing(&self, config: &Config) -> Outgoing {
        self.operation.outgoing(config, &self.session, self.access.as_ref())
    }

    /// Reads the answer: 401 and 403 lead to authorization, everything else is the operation's own business.
    pub(crate) fn answered(self, turn: &mut Turn<'_>, response: &Response) -> Result<State, Stop> {
        let Self { mut session, operation, access } = self;
        // Also of an answer that is refused: a session that nobody uses can still be guessed at from a trace.
        turn.secrets.extend(response.header(mcp::SESSION_ID_HEADER).map(Secret::new));
        turn.bearable(Clause::Transport, response)?;
        // What takes up a stream has no id: the one that is awaited stays as it is.
        let has_id = !matches!(operation, Operation::Resume(_));
        match response.status {
            401 => {
                if has_id {
                    session.spend_id();
                }
                // Without the token that the client has, nothing was said of that token: the server asks for one.
                turn.step = Some(if turn.with_token { Step::Refresh } else { Step::Challenge });
                return challenge::unauthorized(turn, session, operation, access, response);
            }
            403 => {
                if has_id {
                    session.spend_id();
                }
                return step_up::forbidden(turn, session, operation, access, response);
            }
            404 if session.server_given_id.is_some() => {
                return session_lost(turn, session, operation, access);
            }
            _ => {}
        }
        if let Some(resumption) = resume::broken_off(turn, &session, &operation, response)? {
            return Ok(State::operate(session, Operation::Resume(resumption), access));
        }
        let operation = match operation {
            Operation::Resume(resumption) => *resumption.of,
            other => other,
        };
        match operation {
            Operation::Initialize => handshake::initialize_answered(turn, session, access, response),
            Operation::Initialized => handshake::initialized_answered(turn, session, access, response),
            Operation::Discover => handshake::discover_answered(turn, session, access, response),
            Operation::ListTools { listed, .. } => {
                tool_call::list_answered(turn, session, access, listed, response)
            }
            Operation::Call(call) => tool_call::call_answered(turn, session, access, call, response),
            // A stream is taken up for an operation, never for another stream.
            Operation::Resume(_) => Err(Stop),
        }
    }
}

/// 404 to a session: it is gone, and a new one is begun (2025-11-25).
fn session_lost(
    turn: &mut Turn<'_>,
    mut session: Session,
    operation: Operation,
    access: Option<Access>,
) -> Result<State, Stop> {
    session.spend_id();
    session.attempts.sessions += 1;
    let so_far = session.attempts.sessions;
    turn.checks.complain(
        Clause::SessionExpired,
        "the session is still there",
        so_far <= MAX_SESSIONS,
        format!("at most {MAX_SESSIONS} losses"),
        format!("404, loss {so_far}"),
    )?;
    turn.summary = "404 · the session is gone, a new one begins".into();
    match operation {
        // The call had begun. Whether it did its work nobody can say any more, so it is not made once more.
        Operation::Resume(resumption) if let Operation::Call(call) = *resumption.of.clone() => {
            let message = "the session ended before the answer came: the tool may have done its work";
            let result = json!({ "message": message });
            session.results.push(ToolResult { call: call.what, is_error: true, result });
            session.begin_again(Operation::Initialize);
        }
        other => session.begin_again(other),
    }
    Ok(proceed(turn, session, access))
}

/// Goes on with what is next, with a fresh token if the present one is running out; rests when nothing is left.
pub(crate) fn proceed(turn: &mut Turn<'_>, mut session: Session, access: Option<Access>) -> State {
    let Some(operation) = session.next_operation() else {
        return State::Rest(Box::new(Resting { session, access }));
    };
    match access {
        Some(access) if access.token.is_worn(turn.env.now()) => {
            token_request::renew(turn, Errand { session, then: Some(operation) }, access)
        }
        access => State::operate(session, operation, access),
    }
}

/// A request was answered, so the token works. Whether that was all of the operation is another question.
pub(crate) fn answered(session: &mut Session, access: &mut Option<Access>) {
    session.spend_id();
    if let Some(access) = access {
        access.token.worked = true;
    }
}

/// The whole operation is done: what was tried in vain before does not count any more.
pub(crate) fn succeeded(session: &mut Session, access: &mut Option<Access>, operation: &Operation) {
    answered(session, access);
    // A greeting or a list alone is no success of a session: it could be lost after each for ever.
    if matches!(operation, Operation::Call(_)) {
        session.attempts.sessions = 0;
    }
    if let Some(access) = access {
        session.attempts.succeeded(access.discovered.resource.as_str(), operation);
    }
}

/// Demands a JSON-RPC answer to the request under way. Where the status is no success, it may be an error without id.
pub(crate) fn answer(turn: &mut Turn<'_>, session: &Session, response: &Response) -> Result<Answer, Stop> {
    let answer = match response.status {
        200 => read_answer(response.content_type(), &response.body, session.id())
            .map_err(|reason| reason.to_string()),
        status => read_error(&response.body).ok_or_else(|| match response.header("location") {
            Some(location) => format!("status {status} to {location}, which is not followed"),
            None => format!("status {status}"),
        }),
    };
    let found = match &answer {
        Ok(Answer::Result(_)) => "a result".to_owned(),
        Ok(Answer::Error { code, message, .. }) => format!("error {code}: {message}"),
        Err(reason) => reason.clone(),
    };
    turn.checks.require(
        Clause::Transport,
        "the answer is a JSON-RPC message for this request",
        answer.is_ok(),
        "a result or an error",
        found,
    )?;
    answer.map_err(|_| Stop)
}

/// Demands a result.
pub(crate) fn result(turn: &mut Turn<'_>, answer: Answer) -> Result<Value, Stop> {
    match answer {
        Answer::Result(value) => Ok(value),
        Answer::Error { code, message, .. } => {
            let found = format!("error {code}: {message}");
            turn.checks.require(
                Clause::Transport,
                "the server did what was asked",
                false,
                "a result",
                found,
            )?;
            Err(Stop)
        }
    }
}

/// Nothing is left to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resting {
    pub(crate) session: Session,
    pub(crate) access: Option<Access>,
}
