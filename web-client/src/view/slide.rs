//! Where the walk stands, as it is told to a room.

use flow::lessons::observed::Observed;
use flow::lessons::steps::{Chapter, Step};
use protocol::check::{Check, Outcome};
use protocol::observation::Finding;
use protocol::party::Party;
use protocol::revision::Revision;
use record::Hop;

use super::message::Message;
use super::presenter::{FailedCheck, Slide};
use crate::bridge::{Moment, Scene};

/// More lines than a slide shows are not needed.
const LINES: usize = 12;

/// The slide of a moment.
pub(crate) fn of(moment: &Moment) -> Slide {
    let after = ["after ", &moment.total.to_string()].concat();
    match &moment.scene {
        Scene::Hop(place, hop) => of_hop(hop, format!("{} of {}", place + 1, moment.total), moment.revision),
        Scene::Pending(step, to, arrow) => Slide {
            title: step.title().to_owned(),
            from: Party::Client,
            to: *to,
            arrow: arrow.clone(),
            what: step.what(moment.revision).to_owned(),
            ..bare(*step, after, moment.revision)
        },
        Scene::Leaving(last) => Slide {
            title: "Your turn".to_owned(),
            to: Party::AuthorizationServer,
            what: "The client has said all it wants. Now the browser goes to the authorization server, and you decide."
                .to_owned(),
            ..bare(*last, after, moment.revision)
        },
        Scene::Rest(last) => Slide {
            title: "Everything is answered".to_owned(),
            what: "Go back to look at any message again, or start over and say no this time.".to_owned(),
            ..bare(*last, after, moment.revision)
        },
    }
}

/// A slide without a message: you alone.
fn bare(step: Step, place: String, revision: Revision) -> Slide {
    Slide {
        chapter: chapter(step),
        place,
        title: String::new(),
        from: Party::You,
        to: Party::You,
        arrow: String::new(),
        answer: None,
        what: String::new(),
        excerpt: Vec::new(),
        passed: 0,
        failed: None,
        notes: step.notes(revision).to_owned(),
    }
}

fn of_hop(hop: &Hop, place: String, revision: Revision) -> Slide {
    let observed = hop.event.is_none().then(|| hop.seen.as_ref().and_then(Observed::of)).flatten();
    let (passed, failed) = verdict(hop);
    Slide {
        title: hop.step.title().to_owned(),
        from: hop.from,
        to: hop.to,
        arrow: hop.title.clone(),
        answer: hop.answer.clone(),
        what: observed.map_or_else(|| hop.step.what(revision), Observed::what).to_owned(),
        excerpt: excerpt(hop),
        passed,
        failed,
        ..bare(hop.step, place, revision)
    }
}

fn chapter(step: Step) -> String {
    let number = Chapter::ALL.iter().position(|chapter| *chapter == step.chapter()).unwrap_or_default() + 1;
    format!("{number} {}", step.chapter().title())
}

/// The lines of the message that say most: its body, or what was taken apart.
fn excerpt(hop: &Hop) -> Vec<String> {
    let decoded = hop.decoded.iter().flat_map(|decoded| &decoded.rows);
    let mut lines: Vec<_> = decoded.map(|(name, value, _)| [name, ": ", value].concat()).collect();
    if lines.is_empty() {
        let body = Message::request(hop).map(|message| message.body).unwrap_or_default();
        lines = body.lines().map(str::to_owned).collect();
    }
    lines.truncate(LINES);
    lines
}

fn verdict(hop: &Hop) -> (usize, Option<FailedCheck>) {
    let findings = hop.seen.iter().flat_map(|seen| &seen.findings);
    let theirs = findings.filter_map(|finding| match finding {
        Finding::Checked(check) => Some(check),
        _ => None,
    });
    let all: Vec<&Check> = hop.checks.iter().chain(theirs).collect();
    let passed = all.iter().filter(|check| check.outcome == Outcome::Passed).count();
    let failed = all.into_iter().find(|check| check.outcome == Outcome::Failed);
    let failed = failed.map(|check| FailedCheck {
        title: check.title.to_string(),
        expected: check.expected.clone(),
        found: check.found.clone(),
        source: check.clause.source(),
    });
    (passed, failed)
}
