//! How a walk ends: with every call answered, or with the first hop that failed, the rule, and what to do.

use flow::lessons::steps::Chapter;
use flow::trace::{Entry, Event};
use flow::{Action, Failure};
use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::clause::Clause;
use protocol::observation::Finding;
use protocol::party::Party;

use super::afterwards::Afterwards;
use super::boxed::{Boxed as _, changing, click};
use super::rule::OuterLink;
use crate::draft::is_on_this_machine;
use crate::lab_controls;
use crate::walk::{At, Walk};

#[derive(Clone, Debug, PartialEq)]
enum End {
    Success { heading: &'static str, call: String, summary: String, rows: usize, checks: usize },
    Failure(Failure),
}

/// The closing word, once there is one.
#[component]
pub(crate) fn Ending(walk: Walk) -> impl IntoView {
    let end = Memo::new(move |_| {
        // What became of the run here is not what became of the one from the file.
        if walk.imported.with(Option::is_some) {
            return None;
        }
        walk.flow.with(|flow| match flow.poll() {
            Action::Rest | Action::Finished if walk.at.get() == At::Pending => {
                let entries = flow.trace().entries();
                let answered = entries.iter().rev().find_map(|entry| {
                    let result = entry.decoded.iter().find(|decoded| decoded.title == "Result")?;
                    let (tool, _, _) = result.rows.first()?;
                    let text: Vec<_> = result.rows.iter().map(|(_, text, _)| text.as_str()).collect();
                    Some((tool.clone(), text.join(" ")))
                });
                let last = entries.iter().rev().find_map(|entry| match &entry.event {
                    Event::Exchange { summary, .. } => Some((entry, summary)),
                    _ => None,
                });
                // A deed says what became of it; the journey itself ends with what the tool said.
                let deed = last.map(|(entry, summary)| (entry, (entry.title.clone(), summary.clone())));
                let said_no =
                    matches!(entries.last().map(|entry| &entry.event), Some(Event::Callback { .. }));
                let declined = flow.results().last().filter(|_| said_no);
                let (heading, (call, summary)) = match (flow.poll(), deed) {
                    _ if let Some(declined) = declined => {
                        let kept = "was not called. The token from before still allows what it allowed.";
                        ("You said no", (declined.call.name.clone(), kept.into()))
                    }
                    (_, Some((entry, deed))) if entry.event.is_refused() => {
                        ("Refused, as it should be", deed)
                    }
                    (Action::Finished, _) => {
                        ("The client has left", ("Start over".into(), "to begin again.".into()))
                    }
                    (_, Some((entry, deed))) if entry.step.chapter() == Chapter::Lifetime => ("Done", deed),
                    _ => ("The protected tool has answered", answered.unwrap_or_default()),
                };
                let (rows, checks) = walk.hops.with(|hops| {
                    let theirs = hops.iter().flat_map(|hop| &hop.seen).flat_map(|seen| &seen.findings);
                    let theirs = theirs.filter(|finding| matches!(finding, Finding::Checked(_))).count();
                    let own: usize = hops.iter().map(|hop| hop.checks.len()).sum();
                    (hops.len(), own + theirs)
                });
                Some(End::Success { heading, call, summary, rows, checks })
            }
            Action::Failed(failure) => Some(End::Failure(failure.clone())),
            _ => None,
        })
    });
    changing(move || {
        end.get().map(|end| match end {
            End::Success { heading, call, summary, rows, checks } => view! {
                <section class="success" data-testid="success" role="status">
                    <h2>{heading}</h2>
                    <p><b>{call}</b>": "{summary}</p>
                    <p>
                        {rows}" messages and pieces of work, "{checks}" checks on both sides, all of them real. Go back to \
                        read any of them, or start over and decide otherwise."
                    </p>
                </section>
                <WhatNow walk=walk />
            }
            .into_any(),
            End::Failure(failure) => view! { <FailureNote walk=walk failure=failure /> }.into_any(),
        })
    })
}

/// What can be done at rest, and what the last deed came to.
#[component]
fn WhatNow(walk: Walk) -> impl IntoView {
    // Going back and forward asks nobody anything.
    if !walk.clock_asked.get_value() {
        walk.clock_asked.set_value(true);
        spawn_local(async move { walk.clock_ahead.set(lab_controls::clock_ahead().await) });
    }
    let on_deed = Callback::new(move |id| walk.do_deed(id));
    let on_clock_back = Callback::new(move |()| walk.put_clock_back());
    view! {
        <Afterwards
            deeds=Signal::derive(move || walk.deeds())
            busy=Signal::derive(|| None)
            outcome=walk.outcome.into()
            clock_ahead=walk.clock_ahead.into()
            on_deed=on_deed
            on_clock_back=on_clock_back
        />
    }
}

#[component]
fn FailureNote(walk: Walk, failure: Failure) -> impl IntoView {
    let (edited, unanswered, remedy_of_silence) = walk.flow.with_untracked(|flow| {
        let last = flow.trace().entries().last();
        let edited = last.is_some_and(|entry| entry.edited);
        (edited, flow.can_try_again(), last.map_or("", remedy_of_silence))
    });
    let remedy = match (unanswered, edited) {
        (true, _) => remedy_of_silence,
        (false, true) => "You changed this request. Start over, and let it go as it is.",
        (false, false) => remedy(&failure),
    };
    let step = failure.step.title();
    let (rule, again) = if unanswered {
        (().into_any(), view! { <Again walk=walk edited=edited found=failure.found /> }.into_any())
    } else {
        (view! { <BrokenRule walk=walk failure=failure /> }.into_any(), ().into_any())
    };
    view! {
        <section class="failure" data-testid="failure" role="alert">
            <h2>"Stopped at “"{step}"”"{unanswered.then_some(": no answer")}</h2>
            {rule}
            <p class="remedy">{remedy}</p>
            {again}
        </section>
    }
}

/// What was expected and found, and the rule behind it.
#[component]
fn BrokenRule(walk: Walk, failure: Failure) -> impl IntoView {
    let (expected, found) = (failure.expected, failure.found);
    let revision = untrack(|| walk.revision());
    view! {
        <p>{failure.title}</p>
        <dl>
            <dt>"expected"</dt>
            <dd><code>{move || walk.visible(&expected)}</code></dd>
            <dt>"found"</dt>
            <dd><code>{move || walk.visible(&found)}</code></dd>
        </dl>
        {failure.clause.map(|clause| {
            view! { <p>{clause.rule_in(revision)}" "<OuterLink text=clause.source() url=clause.url_in(revision) /></p> }
        }).boxed()}
        {move || refusal(walk).map(|(party, says, clause)| {
            view! {
                <p data-testid="refusal">
                    "The "{party.name()}" says why: "{says}" "
                    <OuterLink text=clause.source() url=clause.url_in(revision) />
                </p>
            }
        }).boxed()}
    }
}

/// The same request once more, and what the browser says of the first.
#[component]
fn Again(walk: Walk, edited: bool, found: String) -> impl IntoView {
    view! {
        <button class="main" data-testid="try-again" on:click=click(move |_| walk.try_again())>
            {if edited { "Undo the change and send it" } else { "Try again" }}
        </button>
        <p class="told"><code>{found}</code></p>
    }
}

/// The refusal that the other side reported of the last message: its own rule, not the client's.
fn refusal(walk: Walk) -> Option<(Party, String, Clause)> {
    walk.hops.with(|hops| {
        let seen =
            hops.iter().rev().filter(|hop| hop.from == Party::Client).find_map(|hop| hop.seen.as_ref())?;
        seen.findings.iter().rev().find_map(|finding| match finding {
            Finding::Refused { says, clause, .. } => Some((seen.party, says.clone(), *clause)),
            _ => None,
        })
    })
}

/// What to do where nobody answered this.
fn remedy_of_silence(entry: &Entry) -> &'static str {
    match &entry.event {
        _ if !entry.edited => {
            "If the lab has ended, start it again with “just demo”. Then try again: the run goes on from here."
        }
        Event::Exchange { request, .. } if !is_on_this_machine(&request.url) => {
            "This page talks to this machine only, so the browser kept the request here. Undo the change: the client’s \
             own request is still to be sent."
        }
        _ => {
            "Nobody listens there, or whoever does lets no page send such a request: undo the change. The client’s own \
             request is still to be sent."
        }
    }
}

/// What to do now.
fn remedy(failure: &Failure) -> &'static str {
    match failure.clause {
        Some(Clause::AccessDenied) => {
            "You said no, and the client was told so: a real outcome. Start over to be asked again."
        }
        Some(Clause::TokenValidity) => "Tokens of the lab live for ten minutes. Start over to get a new one.",
        _ => "The client did right to stop. Start over to try again.",
    }
}
