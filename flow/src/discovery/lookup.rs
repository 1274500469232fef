//! A list of places to look at, one after the other.

use protocol::clause::Clause;
use protocol::well_known::Candidate;

use crate::http::{Request, Response};
use crate::lessons::steps::Step;
use crate::trace::Party;
use crate::turn::{Outgoing, Turn};

/// Candidates, and which of them is looked at. There always is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lookup {
    current: Candidate,
    /// In reverse order.
    later: Vec<Candidate>,
}

impl Lookup {
    /// `None` if there is no candidate.
    pub(crate) fn new(mut candidates: Vec<Candidate>) -> Option<Self> {
        candidates.reverse();
        Some(Self { current: candidates.pop()?, later: candidates })
    }

    /// The same list one place further; `None` at its end.
    pub(crate) fn advanced(mut self) -> Option<Self> {
        self.current = self.later.pop()?;
        Some(self)
    }

    /// The request, with the reason why this place is looked at.
    pub(crate) fn outgoing(&self, step: Step, to: Party, document: &str) -> Outgoing {
        Outgoing::new(
            step,
            to,
            format!("GET {document}: {}", self.current.reason),
            Request::get_json(&self.current.url),
        )
    }
}

/// Writes down that a place had nothing.
pub(crate) fn note_miss(turn: &mut Turn<'_>, clause: Clause, response: &Response) {
    turn.checks.note(clause, "the document is here", false, "200", response.status.to_string());
    turn.summary = format!("{} · not here", response.status);
}
