//! The sequence of messages: five lanes, a row for each message. Solid rows were observed, ghosts are the plan.
//!
//! Each row is a button with a text that says the same, so the diagram needs no second version for screen readers.

use flow::lessons::plan;
use flow::lessons::steps::Step;
use flow::trace::{Event, Party, Trace};
use flow::{Action, Flow};
use leptos::prelude::*;

use super::party;
use crate::walk::Walk;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    /// The entry it belongs to; for what comes next, the number of entries.
    entry: Option<usize>,
    from: Party,
    to: Party,
    title: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A message that was sent, or local work.
    Observed,
    /// An answer.
    Answer,
    /// The request that is about to be sent.
    Pending,
    /// What usually follows.
    Planned,
}

fn observed(trace: &Trace) -> Vec<Row> {
    let mut rows = Vec::new();
    for (i, entry) in trace.entries().iter().enumerate() {
        let row = |from, to, title: &str, kind| Row {
            entry: Some(i),
            from,
            to,
            title: trace.mask(title).into_owned(),
            kind,
        };
        rows.push(row(entry.from, entry.to, &entry.title, Kind::Observed));
        if let Event::Exchange { summary, .. } = &entry.event {
            rows.push(row(entry.to, entry.from, summary, Kind::Answer));
        }
    }
    rows
}

fn rows(flow: &Flow) -> Vec<Row> {
    let trace = flow.trace();
    let mut rows = observed(trace);
    let count = trace.entries().len();
    let mut reached: Option<Step> = trace.entries().last().map(|entry| entry.step);
    match flow.poll() {
        Action::Failed(_) | Action::Rest | Action::Finished => return rows,
        Action::Send(outgoing) => {
            let title = outgoing.title.clone();
            rows.push(Row {
                entry: Some(count),
                from: Party::Client,
                to: outgoing.to,
                title,
                kind: Kind::Pending,
            });
            reached = Some(outgoing.step);
        }
        Action::Navigate | Action::AwaitCallback | Action::Sign(_) | Action::AskCredentials(_) => {}
    }
    rows.extend(plan::after(reached).map(|planned| Row {
        entry: None,
        from: planned.from,
        to: planned.to,
        title: planned.title.to_owned(),
        kind: Kind::Planned,
    }));
    rows
}

/// The rows, as they are now.
#[component]
pub(crate) fn Ladder(walk: Walk) -> impl IntoView {
    let rows = Memo::new(move |_| walk.flow.with(rows));
    view! {
        <ol class="rows">
            {move || rows.get().into_iter().map(|row| view! { <LadderRow walk=walk row=row /> }).collect_view()}
        </ol>
    }
}

#[component]
fn LadderRow(walk: Walk, row: Row) -> impl IntoView {
    let (from, to) = (party::lane(row.from), party::lane(row.to));
    let direction = match from.cmp(&to) {
        std::cmp::Ordering::Less => "right",
        std::cmp::Ordering::Equal => "self",
        std::cmp::Ordering::Greater => "left",
    };
    let geometry = format!("at-{} span-{} {direction}", from.min(to), from.abs_diff(to));
    let kind = match row.kind {
        Kind::Observed => "observed",
        Kind::Answer => "observed answer",
        Kind::Pending => "pending",
        Kind::Planned => "planned",
    };
    let state = kind.split(' ').next().unwrap_or_default();
    let spoken = if row.from == row.to {
        format!("{} works out: {}", row.from.name(), row.title)
    } else {
        format!("{} to {}: {}", row.from.name(), row.to.name(), row.title)
    };
    let entry = row.entry;
    let current = Memo::new(move |_| entry == Some(walk.at.get()));
    let item = NodeRef::<leptos::html::Li>::new();
    Effect::new(move || {
        if let (true, Some(item)) = (current.get(), item.get()) {
            show_in_its_list(&item);
        }
    });
    view! {
        <li node_ref=item class=format!("{kind} {}", party::class(row.from)) class:current=move || current.get()>
            <button
                class=geometry
                data-testid="ladder-row"
                data-state=state
                disabled=entry.is_none()
                aria-current=move || current.get().then_some("true")
                aria-label=spoken
                on:click=move |_| {
                    if let Some(entry) = entry {
                        walk.look_at(entry);
                    }
                }
            >
                <span class="who" aria-hidden="true">
                    {row.from.name()}
                    {(row.from != row.to).then(|| format!(" → {}", row.to.name()))}
                </span>
                <span class="title" aria-hidden="true">{row.title}</span>
                <span class="arrow" aria-hidden="true"></span>
            </button>
        </li>
    }
}

/// Scrolls the list, never the page: on a narrow screen the list is part of the page, and the card has to stay in sight.
fn show_in_its_list(item: &web_sys::HtmlElement) {
    let Some(list) = item.parent_element() else { return };
    if list.scroll_height() <= list.client_height() {
        return;
    }
    let (item, window) = (item.get_bounding_client_rect(), list.get_bounding_client_rect());
    let beyond = (item.bottom() - window.bottom()).max(0.0) + (item.top() - window.top()).min(0.0);
    #[expect(clippy::cast_possible_truncation, reason = "a distance on the screen, in pixels")]
    list.set_scroll_top(list.scroll_top() + beyond.round() as i32);
}
