//! The hop that is looked at, as it is told to a room: secrets always masked.

use flow::Action;
use flow::lessons::observed::Observed;
use flow::lessons::steps::{Chapter, Step};
use leptos::prelude::*;
use protocol::check::{Check, Outcome};
use protocol::observation::Finding;
use protocol::party::Party;
use record::Hop;

use super::message::Message;
use super::presenter::{FailedCheck, Slide};
use crate::walk::{Next, Walk};

/// More lines than a slide shows are not needed.
const LINES: usize = 12;

/// What the main button does; `None` at the end.
pub(super) fn next(walk: Walk) -> Option<String> {
    match walk.next() {
        Next::Reveal(title) => Some(["look at ", &masked(walk, &title)].concat()),
        Next::Prepare(title) => Some(["prepare ", &title].concat()),
        Next::Send(title) => Some(["send ", &title].concat()),
        Next::Leave => Some("go to the authorization server".to_owned()),
        Next::Conclude => Some("what came of it".to_owned()),
        Next::End => None,
    }
}

/// The hop that is looked at, or what comes next.
pub(super) fn of(walk: Walk) -> Slide {
    match walk.hop() {
        Some(hop) => of_hop(walk, &hop),
        None => of_what_comes(walk),
    }
}

fn masked(walk: Walk, text: &str) -> String {
    walk.flow.with(|flow| flow.trace().mask(text).into_owned())
}

fn chapter(step: Step) -> String {
    let number = Chapter::ALL.iter().position(|chapter| *chapter == step.chapter()).unwrap_or_default() + 1;
    format!("{number} {}", step.chapter().title())
}

fn of_hop(walk: Walk, hop: &Hop) -> Slide {
    let revision = walk.revision();
    let total = walk.hops.with(Vec::len);
    let what = hop.event.is_none().then(|| hop.seen.as_ref().and_then(Observed::of)).flatten();
    let (passed, failed) = verdict(walk, hop);
    Slide {
        chapter: chapter(hop.step),
        place: format!("{} of {total}", walk.place().unwrap_or_default() + 1),
        title: hop.step.title().to_owned(),
        from: hop.from,
        to: hop.to,
        arrow: masked(walk, &hop.title),
        answer: hop.answer.as_deref().map(|answer| masked(walk, answer)),
        what: what.map_or_else(|| hop.step.what(revision), Observed::what).to_owned(),
        excerpt: excerpt(walk, hop),
        passed,
        failed,
        notes: hop.step.notes(revision).to_owned(),
    }
}

fn of_what_comes(walk: Walk) -> Slide {
    let revision = walk.revision();
    let pending = walk.flow.with(|flow| match flow.poll() {
        Action::Send(outgoing) => Some((outgoing.step, outgoing.to, outgoing.title.clone())),
        _ => None,
    });
    let Some((step, to, arrow)) = pending else { return at_rest(walk) };
    Slide {
        chapter: chapter(step),
        place: format!("after {}", walk.hops.with(Vec::len)),
        title: step.title().to_owned(),
        from: Party::Client,
        to,
        arrow,
        answer: None,
        what: step.what(revision).to_owned(),
        excerpt: Vec::new(),
        passed: 0,
        failed: None,
        notes: step.notes(revision).to_owned(),
    }
}

/// Nothing comes next by itself: the person decides.
fn at_rest(walk: Walk) -> Slide {
    let leaves = walk.flow.with(|flow| matches!(flow.poll(), Action::Navigate | Action::AwaitCallback));
    let last = walk.hops.with(|hops| hops.last().map(|hop| hop.step)).unwrap_or(Step::Challenge);
    let (title, to, what) = if leaves {
        let what = "The client has said all it wants. Now the browser goes to the authorization server, and you decide.";
        ("Your turn", Party::AuthorizationServer, what)
    } else {
        let what = "Go back to look at any message again, or start over and say no this time.";
        ("Everything is answered", Party::You, what)
    };
    Slide {
        chapter: chapter(last),
        place: format!("after {}", walk.hops.with(Vec::len)),
        title: title.to_owned(),
        from: Party::You,
        to,
        arrow: String::new(),
        answer: None,
        what: what.to_owned(),
        excerpt: Vec::new(),
        passed: 0,
        failed: None,
        notes: last.notes(walk.revision()).to_owned(),
    }
}

/// The lines of the message that say most: its body, or what was taken apart.
fn excerpt(walk: Walk, hop: &Hop) -> Vec<String> {
    let decoded = hop.decoded.iter().flat_map(|decoded| &decoded.rows);
    let rows: Vec<_> = decoded.map(|(name, value, _)| [name, ": ", value].concat()).collect();
    let body = || Message::request(hop).map(|message| message.body).unwrap_or_default();
    let lines = if rows.is_empty() { body().lines().map(str::to_owned).collect() } else { rows };
    lines.iter().take(LINES).map(|line| masked(walk, line)).collect()
}

fn verdict(walk: Walk, hop: &Hop) -> (usize, Option<FailedCheck>) {
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
        expected: masked(walk, &check.expected),
        found: masked(walk, &check.found),
        source: check.clause.source(),
    });
    (passed, failed)
}
