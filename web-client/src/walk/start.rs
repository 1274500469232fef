//! How a walk begins: anew, where a reload or the authorization server interrupted it, or where a link leads.

use flow::lessons::steps::Step;
use flow::{Action, Flow};
use record::HopId;

use super::{At, Until};
use crate::choice::{Choice, Link};
use crate::lab::{self, Lab};
use crate::observatory::Place;
use crate::storage::{self, Found, Saved};
use crate::{browser, env};

/// A walk before it is on the page.
#[derive(Clone)]
pub(crate) struct Start {
    pub(crate) lab: Lab,
    pub(crate) choice: Choice,
    pub(crate) flow: Flow,
    pub(crate) at: At,
    /// How far it is to go by itself, at once.
    pub(crate) running: Option<Until>,
    pub(crate) pauses: bool,
    pub(crate) presents: bool,
    pub(crate) since: Option<Place>,
    pub(crate) wanted: Option<Step>,
    pub(crate) notice: Option<&'static str>,
}

const UNREADABLE: &str = "What this tab had put away could not be read, so the walk begins anew.";
const UNUSABLE: &str = "The lab names addresses that this page cannot use.";

/// Asks the lab where its servers are and finds out where the walk stands. The error is for people.
pub(crate) async fn begin() -> Result<Start, String> {
    let lab = lab::ask().await.map_err(|reason| String::from("The lab does not answer: ") + &reason + ".")?;
    let link = Link::parse(&browser::hash());
    let found = storage::load();
    let notice = match &found {
        Found::Unreadable => Some(UNREADABLE),
        Found::Nothing | Found::Walk(_) => None,
    };
    let mut start = match found {
        Found::Walk(saved) => continued(lab, *saved, &link).ok_or(UNUSABLE)?,
        Found::Nothing | Found::Unreadable => {
            fresh(lab, Choice::default().with(&link), notice).ok_or(UNUSABLE)?
        }
    };
    if let Some(url) = browser::take_callback() {
        come_back(&mut start, &url);
    } else {
        // A reload is no wish to go on: only a callback resumes a run, and what is told to a room.
        start.running = None;
        start.presents = false;
        follow(&mut start, &link);
    }
    Ok(start)
}

fn fresh(lab: Lab, choice: Choice, notice: Option<&'static str>) -> Option<Start> {
    let flow = Flow::new(choice.config(&lab)?);
    Some(Start {
        lab,
        choice,
        flow,
        at: At::Pending,
        running: None,
        pauses: false,
        presents: false,
        since: None,
        wanted: None,
        notice,
    })
}

/// The walk that was put away, unless the lab has moved or the link asks for another one.
fn continued(lab: Lab, saved: Saved, link: &Link) -> Option<Start> {
    let choice = saved.choice.with(link);
    if choice != saved.choice {
        return fresh(lab, choice, None);
    }
    if lab.mcp_server != saved.server {
        let moved = "The lab has other addresses than before, so the walk begins anew.";
        return fresh(lab, choice, Some(moved));
    }
    let Ok(flow) = Flow::replay(choice.config(&lab)?, saved.recording) else {
        return fresh(lab, choice, Some(UNREADABLE));
    };
    Some(Start {
        lab,
        choice,
        flow,
        at: saved.at,
        running: saved.running,
        pauses: saved.pauses,
        presents: saved.presents,
        since: saved.since,
        wanted: None,
        notice: None,
    })
}

/// Goes to the step that the link names, or remembers that it is wanted.
fn follow(start: &mut Start, link: &Link) {
    let Some(step) = link.step.as_deref().and_then(Step::parse) else {
        return;
    };
    let entries = start.flow.trace().entries();
    let shown = match start.at {
        At::Hop(HopId::Entry(index)) => entries.get(index).map(|entry| entry.step),
        At::Hop(HopId::Seen(_) | HopId::Fetched(..)) | At::Pending => None,
    };
    if shown == Some(step) {
        return;
    }
    match entries.iter().position(|entry| entry.step == step) {
        Some(index) => start.at = At::Hop(HopId::Entry(index)),
        None => start.wanted = Some(step),
    }
}

/// Hands the callback to the client.
fn come_back(start: &mut Start, url: &str) {
    let resume = start.running.take();
    let Some(env) = env::fresh() else {
        start.notice = Some("This browser has no randomness to offer, so nothing can be sent safely.");
        return;
    };
    let first_new = start.flow.trace().entries().len();
    if start.flow.handle_callback(&env, url).is_err() {
        start.notice = Some(
            "The browser came back with an answer that this tab never asked for. It was thrown away unread.",
        );
        return;
    }
    if matches!(start.flow.poll(), Action::Send(_)) && resume.is_some() {
        start.at = At::Hop(HopId::Entry(first_new));
        start.running = resume;
        return;
    }
    if matches!(start.flow.poll(), Action::Rest) && resume.is_some() {
        // More was asked for and declined, and that was all that was left.
        start.at = At::Pending;
        return;
    }
    if matches!(start.flow.poll(), Action::Failed(_)) {
        start.at = At::Hop(HopId::Entry(first_new));
        return;
    }
    // What the authorization server did meanwhile stands between the departure and the callback.
    start.at = At::Hop(HopId::Entry(first_new.saturating_sub(1)));
    start.notice = Some(
        "You are back. Next shows first what the authorization server did meanwhile, then what the client makes of the answer.",
    );
}
