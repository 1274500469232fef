//! One message with its answer, or one piece of local work: a row of the ladder.

use flow::http::Request;
use flow::lessons::steps::Step;
use flow::trace::{Decoded, Event};
use protocol::check::Check;
use protocol::observation::Observation;
use protocol::party::Party;
use serde::{Deserialize, Serialize};

/// Who wrote a hop down. It stays the same while more is merged around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HopId {
    /// The client: the index of its entry.
    Entry(usize),
    /// Only a server: the number of its observation.
    Seen(u64),
    /// The server that asked another one: the number of its observation, and which of its questions it was.
    Fetched(u64, usize),
}

/// One row of the ladder: a request with its answer, the way of a browser, or work that somebody did alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    /// Its name within the run.
    pub id: HopId,
    /// Which step of the journey it belongs to.
    pub step: Step,
    /// Who acted.
    pub from: Party,
    /// On whom; the same party for local work.
    pub to: Party,
    /// What, in a few words, for the arrow.
    pub title: String,
    /// What came back, in a few words, for the arrow back.
    pub answer: Option<String>,
    /// When it began, in milliseconds since 1970-01-01T00:00:00Z.
    pub at_ms: u64,
    /// The message as the client wrote it down; `None` where only a server saw it.
    pub event: Option<Event>,
    /// What the client verified.
    pub checks: Vec<Check>,
    /// Parts worth reading.
    pub decoded: Vec<Decoded>,
    /// What the other side saw and did.
    pub seen: Option<Observation>,
    /// Whether the person changed the request before it went.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub edited: bool,
}

impl Hop {
    /// The request, if the client sent one.
    #[must_use]
    pub fn request(&self) -> Option<&Request> {
        match &self.event {
            Some(Event::Exchange { request, .. }) if self.from == Party::Client => Some(request),
            _ => None,
        }
    }

    /// Whether the answer refuses, or there was none.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        match &self.event {
            Some(event @ Event::Exchange { .. }) => event.is_refused(),
            _ => self.seen.as_ref().is_some_and(|seen| seen.response.status >= 400),
        }
    }
}
