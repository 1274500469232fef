//! Client and server greet each other: `initialize` until 2025-11-25, `server/discover` from 2026-07-28 on. A server that
//! does not know the newer way is asked in the older one.

use protocol::clause::Clause;
use protocol::mcp::{self, UNSUPPORTED_VERSION};
use protocol::mcp_answer::Answer;
use protocol::revision::Revision;
use protocol::secret::Secret;
use serde_json::Value;

use crate::check::Stop;
use crate::config::Era;
use crate::http::Response;
use crate::operate;
use crate::operation::Operation;
use crate::session::{Access, Session};
use crate::state::State;
use crate::turn::Turn;

/// Error codes that only a server of 2026-07-28 sends.
const MODERN_CODES: std::ops::RangeInclusive<i64> = -32099..=-32020;

/// Reads the answer to `initialize`.
pub(crate) fn initialize_answered(
    turn: &mut Turn<'_>,
    mut session: Session,
    mut access: Option<Access>,
    response: &Response,
) -> Result<State, Stop> {
    let answer = operate::answer(turn, &session, response)?;
    let result = operate::result(turn, answer)?;
    let version = text(&result, "protocolVersion").unwrap_or("nothing").to_owned();
    turn.checks.identical(
        Clause::ProtocolVersion,
        "both speak the same revision",
        session.revision.as_str(),
        &version,
    )?;
    session.server_given_id = session_id(turn, response)?;
    let server = result.get("serverInfo").and_then(|info| text(info, "name"));
    turn.summary = format!("200 · {} speaks {version}", server.unwrap_or("the server"));
    operate::succeeded(&mut session, &mut access, &Operation::Initialize);
    Ok(State::operate(session, Operation::Initialized, access))
}

/// The id of the session, if the server gives one. It must be able to stand in a header.
fn session_id(turn: &mut Turn<'_>, response: &Response) -> Result<Option<Secret>, Stop> {
    let Some(id) = response.header(mcp::SESSION_ID_HEADER) else { return Ok(None) };
    let legal = !id.is_empty() && id.bytes().all(|b| b.is_ascii_graphic());
    turn.checks.require(
        Clause::SessionExpired,
        "the session id can stand in a header",
        legal,
        "visible ASCII characters",
        if legal { "some" } else { "others" },
    )?;
    Ok(Some(Secret::new(id)))
}

/// Reads the answer to `notifications/initialized`: nothing but 202.
pub(crate) fn initialized_answered(
    turn: &mut Turn<'_>,
    mut session: Session,
    access: Option<Access>,
    response: &Response,
) -> Result<State, Stop> {
    turn.checks.require(
        Clause::Initialize,
        "status",
        // Some servers say 200 or 204; they have taken it then too.
        (200..300).contains(&response.status),
        "202",
        response.status.to_string(),
    )?;
    turn.summary = response.status.to_string();
    session.greeted = true;
    Ok(operate::proceed(turn, session, access))
}

/// Reads the answer to `server/discover`, or finds out that the server speaks the older revision.
pub(crate) fn discover_answered(
    turn: &mut Turn<'_>,
    mut session: Session,
    mut access: Option<Access>,
    response: &Response,
) -> Result<State, Stop> {
    if let Some(why) = speaks_older(turn, &session, response) {
        turn.checks.note(
            Clause::EraDetection,
            "the server speaks 2026-07-28",
            false,
            "an answer to server/discover, or an error of that revision",
            why,
        );
        turn.summary = format!("{} · asked again in the manner of 2025-11-25", response.status);
        session.spend_id();
        session.revision = Revision::V2025_11_25;
        let operation = session.greeting();
        return Ok(State::operate(session, operation, access));
    }
    let answer = operate::answer(turn, &session, response)?;
    if wants_the_same_again(&session, &answer) {
        turn.checks.note(
            Clause::VersionHeader,
            "the server speaks this revision",
            false,
            session.revision.as_str(),
            "it says no, and names it among those that it speaks: asked once more",
        );
        session.spend_id();
        session.attempts.versions += 1;
        return Ok(State::operate(session, Operation::Discover, access));
    }
    let result = operate::result(turn, answer)?;
    let versions = texts(result.get("supportedVersions"));
    turn.checks.require(
        Clause::ProtocolVersion,
        "both speak the same revision",
        versions.contains(&session.revision.as_str()),
        session.revision.as_str(),
        versions.join(" "),
    )?;
    turn.summary = format!("200 · the server speaks {}", versions.join(", "));
    session.greeted = true;
    operate::succeeded(&mut session, &mut access, &Operation::Discover);
    Ok(operate::proceed(turn, session, access))
}

/// Why the server is to be asked in the older way; `None` if it knows the newer one, or may not be asked otherwise.
///
/// Spec: MCP 2026-07-28 Transports, Backward Compatibility; Versioning.
fn speaks_older(turn: &Turn<'_>, session: &Session, response: &Response) -> Option<String> {
    if turn.config.era != Era::Detect {
        return None;
    }
    let answer = match response.status {
        200 => protocol::mcp_answer::read_answer(response.content_type(), &response.body, session.id()).ok(),
        _ => protocol::mcp_answer::read_error(&response.body),
    };
    match answer {
        Some(Answer::Result(result)) => {
            let versions = texts(result.get("supportedVersions"));
            let older = versions.contains(&Revision::V2025_11_25.as_str());
            (older && !versions.contains(&session.revision.as_str())).then(|| versions.join(" "))
        }
        Some(Answer::Error { code: UNSUPPORTED_VERSION, data, .. }) => {
            let supported = texts(data.get("supported"));
            let older = supported.contains(&Revision::V2025_11_25.as_str());
            (older && !supported.contains(&session.revision.as_str()))
                .then(|| format!("error {UNSUPPORTED_VERSION}, it speaks {}", supported.join(" ")))
        }
        Some(Answer::Error { code, .. }) if MODERN_CODES.contains(&code) => None,
        Some(Answer::Error { code, message, .. }) => Some(format!("error {code}: {message}")),
        None => (400..500).contains(&response.status).then(|| format!("status {}", response.status)),
    }
}

/// `-32022` although the server names this very revision: it is worth one more try.
fn wants_the_same_again(session: &Session, answer: &Answer) -> bool {
    match answer {
        Answer::Error { code: UNSUPPORTED_VERSION, data, .. } => {
            session.attempts.versions == 0
                && texts(data.get("supported")).contains(&session.revision.as_str())
        }
        _ => false,
    }
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

fn texts(value: Option<&Value>) -> Vec<&str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}
