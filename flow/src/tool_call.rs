//! Listing the tools, and calling them.

use protocol::clause::Clause;
use protocol::mcp::HEADER_MISMATCH;
use protocol::mcp_answer::{Answer, tool_text};
use serde_json::{Value, json};

use crate::check::Stop;
use crate::http::Response;
use crate::operate;
use crate::operation::{Call, Operation};
use crate::session::{Access, Session, ToolResult};
use crate::state::State;
use crate::tools::Tools;
use crate::trace::Decoded;
use crate::turn::Turn;

/// The most pages of a list that are read.
const MAX_PAGES: u32 = 10;
/// How often a server may want to be asked once more for one call.
const MAX_ROUNDS: u32 = 3;

/// Reads a page of the list. Behind the last one the calls begin.
pub(crate) fn list_answered(
    turn: &mut Turn<'_>,
    mut session: Session,
    mut access: Option<Access>,
    mut listed: Tools,
    response: &Response,
) -> Result<State, Stop> {
    let answer = operate::answer(turn, &session, response)?;
    let result = operate::result(turn, answer)?;
    listed.add_page(&mut turn.checks, &result, session.revision.is_stateless());
    turn.summary = format!("200 · {} tools", listed.len());
    let cursor = result.get("nextCursor").and_then(Value::as_str).filter(|_| listed.pages() < MAX_PAGES);
    if let Some(cursor) = cursor {
        operate::answered(&mut session, &mut access);
        let operation = Operation::ListTools { cursor: Some(cursor.to_owned()), listed };
        return Ok(State::operate(session, operation, access));
    }
    let whole = Operation::ListTools { cursor: None, listed: Tools::default() };
    operate::succeeded(&mut session, &mut access, &whole);
    turn.decoded.push(listed.decoded());
    if session.every_tool && !session.listed {
        session.queue.extend(listed.calls());
    }
    session.listed = true;
    session.tools = Some(listed);
    Ok(operate::proceed(turn, session, access))
}

/// Reads the answer to a tool call: a result, an error, or the wish to be asked once more.
pub(crate) fn call_answered(
    turn: &mut Turn<'_>,
    mut session: Session,
    mut access: Option<Access>,
    call: Call,
    response: &Response,
) -> Result<State, Stop> {
    let answer = operate::answer(turn, &session, response)?;
    let result = match answer {
        Answer::Error { code: HEADER_MISMATCH, message, .. }
            if session.revision.is_stateless() && !call.relisted =>
        {
            return Ok(relist(turn, session, access, call, &message));
        }
        Answer::Error { code, message, data } => {
            operate::succeeded(&mut session, &mut access, &Operation::Call(call.clone()));
            let found = format!("error {code}: {message}");
            turn.checks.note(Clause::Transport, "the server did what was asked", false, "a result", &found);
            turn.summary = format!("{} · {}", response.status, first_line(&found));
            let result = json!({ "code": code, "message": message, "data": data });
            session.results.push(ToolResult { call: call.what, is_error: true, result });
            return Ok(operate::proceed(turn, session, access));
        }
        Answer::Result(result) => result,
    };
    let unfinished = result.get("resultType").and_then(Value::as_str) == Some("input_required");
    if unfinished && session.revision.is_stateless() {
        operate::answered(&mut session, &mut access);
        return ask_once_more(turn, session, access, call, &result);
    }
    operate::succeeded(&mut session, &mut access, &Operation::Call(call.clone()));
    let is_error = result.get("isError").and_then(Value::as_bool).unwrap_or(false);
    let text = tool_text(&result);
    turn.checks.note(
        Clause::Transport,
        "the tool succeeded",
        !is_error,
        "a result",
        if is_error { &text } else { "a result" },
    );
    turn.summary = format!("200 · {}", first_line(&text));
    turn.decoded.push(Decoded::new("Result", text.lines().map(|line| (call.what.name.as_str(), line, ""))));
    session.results.push(ToolResult { call: call.what, is_error, result });
    Ok(operate::proceed(turn, session, access))
}

/// The headers did not fit: what is known of the tools may be old. They are listed anew, and the call is made once more.
///
/// Spec: MCP 2026-07-28 Transports, Server Validation.
fn relist(
    turn: &mut Turn<'_>,
    mut session: Session,
    access: Option<Access>,
    call: Call,
    message: &str,
) -> State {
    turn.checks.note(
        Clause::ParameterHeaders,
        "headers and arguments say the same",
        false,
        "the headers that the tool's schema asks for",
        format!("error {HEADER_MISMATCH}: {message}; the tools are listed anew"),
    );
    turn.summary = format!("{HEADER_MISMATCH} · the tools are listed anew");
    session.spend_id();
    session.tools = None;
    session.relisting = Some(call.what.clone());
    session.queue.push_front(call.what);
    operate::proceed(turn, session, access)
}

/// The server wants more before it answers. What it gave along goes back as it came; but this client has nothing to add,
/// and said so, so a question for more is a reason to stop.
///
/// Spec: MCP 2026-07-28 Multi Round-Trip Requests.
fn ask_once_more(
    turn: &mut Turn<'_>,
    session: Session,
    access: Option<Access>,
    mut call: Call,
    result: &Value,
) -> Result<State, Stop> {
    let asked: Vec<&str> = result
        .get("inputRequests")
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(|requests| requests.values())
        .map(|request| request.get("method").and_then(Value::as_str).unwrap_or("something"))
        .collect();
    turn.checks.require(
        Clause::InputRequired,
        "the server asks for nothing that this client cannot give",
        asked.is_empty(),
        "no input: the client has named no such capability",
        if asked.is_empty() { "nothing".to_owned() } else { asked.join(" ") },
    )?;
    let state = result.get("requestState").and_then(Value::as_str);
    turn.checks.require(
        Clause::InputRequired,
        "the server's state goes back as it came",
        state.is_some() && call.rounds < MAX_ROUNDS,
        format!("a requestState, at most {MAX_ROUNDS} times"),
        format!("{}, round {}", if state.is_some() { "one" } else { "none" }, call.rounds + 1),
    )?;
    turn.summary = "200 · asks to be asked once more".into();
    call.request_state = state.map(str::to_owned);
    call.rounds += 1;
    Ok(State::operate(session, Operation::Call(call), access))
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() <= 48 { line.to_owned() } else { line.chars().take(47).chain(['…']).collect() }
}
