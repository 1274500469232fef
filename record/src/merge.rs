//! Two accounts become one.

use flow::trace::{Entry, Event};
use protocol::observation::Observation;

use crate::hop::{Hop, HopId};

/// Merges the client's entries with what the servers reported.
#[must_use]
pub fn merge(entries: &[Entry], _observations: &[Observation]) -> Vec<Hop> {
    entries.iter().enumerate().map(|(index, entry)| own(index, entry)).collect()
}

fn own(index: usize, entry: &Entry) -> Hop {
    let (answer, elapsed_ms) = match &entry.event {
        Event::Exchange { summary, answer, .. } => {
            let elapsed = match answer {
                flow::trace::Answer::Response(response) => response.elapsed_ms,
                flow::trace::Answer::Unreachable(_) => 0,
            };
            (Some(summary.clone()), elapsed)
        }
        Event::Local | Event::Navigation { .. } | Event::Callback { .. } => (None, 0),
    };
    Hop {
        id: HopId::Entry(index),
        step: entry.step,
        from: entry.from,
        to: entry.to,
        title: entry.title.clone(),
        answer,
        at_ms: entry.at_ms.saturating_sub(u64::from(elapsed_ms)),
        event: Some(entry.event.clone()),
        checks: entry.checks.clone(),
        decoded: entry.decoded.clone(),
        seen: None,
    }
}
