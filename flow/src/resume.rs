//! A stream that breaks off before its answer is taken up where it ended (2025-11-25). From 2026-07-28 on there is no such
//! thing: whoever loses an answer asks again.
//!
//! Spec: MCP 2025-11-25 Transports, Resumability and Redelivery.

use protocol::clause::Clause;
use protocol::mcp;
use protocol::mcp_answer::{last_event, read_answer};

use crate::check::Stop;
use crate::config::Config;
use crate::http::{Method, Request, Response};
use crate::lessons::steps::Step;
use crate::operation::{Operation, with_token};
use crate::session::{Access, Session};
use crate::trace::Party;
use crate::turn::{Outgoing, Turn};

/// How often one answer is gone after.
const MAX_RESUMPTIONS: u32 = 3;
/// The longest that the client waits when the server wants it to, in milliseconds.
const MAX_WAIT_MS: u32 = 5_000;

/// A stream to be taken up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resumption {
    /// What was asked, and is still to be answered.
    pub(crate) of: Box<Operation>,
    /// The last event that came.
    last_event_id: String,
    /// How long the server wants it to be waited before.
    wait_ms: u32,
    /// How often this was tried.
    attempt: u32,
}

/// Whether the stream has broken off before its answer; then what is to be taken up. A stream without ids cannot be: its
/// operation says what is wrong with it.
pub(crate) fn broken_off(
    turn: &mut Turn<'_>,
    session: &Session,
    operation: &Operation,
    response: &Response,
) -> Result<Option<Resumption>, Stop> {
    let content_type = response.content_type();
    if session.revision.is_stateless()
        || response.status != 200
        || read_answer(content_type, &response.body, session.id()).is_ok()
    {
        return Ok(None);
    }
    let Some(last) = last_event(content_type, &response.body) else { return Ok(None) };
    let (of, before) = match operation {
        Operation::Resume(resumption) => (resumption.of.clone(), resumption.attempt),
        other => (Box::new(other.clone()), 0),
    };
    turn.checks.complain(
        Clause::Resumption,
        "the stream lasts until its answer",
        before < MAX_RESUMPTIONS,
        format!("an answer, after {MAX_RESUMPTIONS} more tries at most"),
        format!("it ended behind event {}, try {}", last.id, before + 1),
    )?;
    turn.summary = "the stream broke off · taken up where it ended".into();
    let wait_ms = last.retry_ms.unwrap_or_default().min(u64::from(MAX_WAIT_MS));
    Ok(Some(Resumption {
        of,
        last_event_id: last.id,
        wait_ms: u32::try_from(wait_ms).unwrap_or(MAX_WAIT_MS),
        attempt: before + 1,
    }))
}

impl Resumption {
    /// Asks for what comes behind the last event.
    pub(crate) fn outgoing(&self, config: &Config, session: &Session, access: Option<&Access>) -> Outgoing {
        let request = Request {
            method: Method::Get,
            url: config.server.as_str().to_owned(),
            headers: vec![
                ("accept".into(), "text/event-stream".into()),
                (mcp::LAST_EVENT_ID_HEADER.into(), self.last_event_id.clone()),
            ],
            body: None,
        };
        let request = with_token(session.with_headers(request), access);
        let title = format!("GET what follows event {}, for {}", self.last_event_id, self.of.name());
        Outgoing::new(Step::Call, Party::McpServer, title, request).after_ms(self.wait_ms)
    }
}
