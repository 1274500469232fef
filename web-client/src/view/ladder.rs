//! The sequence of messages: five lanes, a row for each exchange. Solid rows were observed, ghosts are the plan.
//!
//! What a server asks of another one while it answers stands in the same row, where the lanes leave room. Each arrow is a
//! button with a text that says the same, so the diagram needs no second version for screen readers.

use flow::Action;
use flow::lessons::plan;
use flow::lessons::steps::Step;
use leptos::prelude::*;
use protocol::party::Party;
use record::Hop;

use super::boxed::{Boxed as _, CollectBoxed as _, click};
use super::party;
use crate::walk::{At, Walk};

/// One arrow, with its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Arrow {
    /// Where it leads; `None` where nothing has happened yet.
    at: Option<At>,
    from: Party,
    to: Party,
    title: String,
    answer: Option<String>,
    kind: Kind,
    /// Whether the reader changed the request.
    edited: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A message that was sent, or local work.
    Observed,
    /// A message whose answer refuses.
    Refused,
    /// The request that is about to be sent.
    Pending,
    /// What usually follows.
    Planned,
}

impl Kind {
    fn class(self) -> &'static str {
        match self {
            Self::Observed => "observed",
            Self::Refused => "observed refused",
            Self::Pending => "pending",
            Self::Planned => "planned",
        }
    }

    fn state(self) -> &'static str {
        match self {
            Self::Observed | Self::Refused => "observed",
            Self::Pending => "pending",
            Self::Planned => "planned",
        }
    }
}

impl Arrow {
    /// The lanes that it covers.
    fn lanes(&self) -> (usize, usize) {
        let (from, to) = (party::lane(self.from), party::lane(self.to));
        (from.min(to), from.max(to))
    }

    fn spoken(&self) -> String {
        let mut text = String::from(self.from.name());
        text.push_str(if self.from == self.to { " works out" } else { " to " });
        if self.from != self.to {
            text.push_str(self.to.name());
        }
        text.push_str(": ");
        text.push_str(&self.title);
        if let Some(answer) = &self.answer {
            text.push_str("; answer: ");
            text.push_str(answer);
        }
        if self.edited {
            text.push_str("; you changed this request");
        }
        text
    }
}

fn observed(walk: Walk, hop: &Hop) -> Arrow {
    Arrow {
        at: Some(At::Hop(hop.id)),
        from: hop.from,
        to: hop.to,
        title: walk.visible(&hop.title),
        answer: hop.answer.as_deref().map(|answer| walk.visible(answer)),
        kind: if hop.is_refused() { Kind::Refused } else { Kind::Observed },
        edited: hop.edited,
    }
}

/// Everything that has happened, what comes next, and the road ahead.
fn arrows(walk: Walk) -> Vec<Arrow> {
    let mut arrows: Vec<_> = walk.hops.with(|hops| hops.iter().map(|hop| observed(walk, hop)).collect());
    if walk.imported.with(Option::is_some) {
        return arrows;
    }
    let reached: Option<Step> = walk.hops.with(|hops| hops.last().map(|hop| hop.step));
    let reached = walk.flow.with(|flow| match flow.poll() {
        Action::Failed(_) | Action::Rest | Action::Finished => None,
        Action::Send(outgoing) => {
            arrows.push(Arrow {
                at: Some(At::Pending),
                from: Party::Client,
                to: outgoing.to,
                title: outgoing.title.clone(),
                answer: None,
                kind: Kind::Pending,
                edited: false,
            });
            Some(Some(outgoing.step))
        }
        _ => Some(reached),
    });
    // Who has been through the whole journey goes ways that no plan knows.
    let walked = walk.hops.with(|hops| hops.iter().any(|hop| hop.step == Step::Retry));
    let Some(reached) = reached.filter(|_| !walked) else { return arrows };
    let (revision, way) = walk.choice.with(|choice| (choice.revision, choice.way.origin()));
    arrows.extend(plan::after(revision, way, reached).map(|planned| Arrow {
        at: None,
        from: planned.from,
        to: planned.to,
        title: planned.title.to_owned(),
        answer: planned.answer.map(str::to_owned),
        kind: Kind::Planned,
        edited: false,
    }));
    arrows
}

/// Arrows that stand in one row: an exchange, and what was asked behind it.
fn rows(arrows: Vec<Arrow>) -> Vec<Vec<Arrow>> {
    let mut rows: Vec<Vec<Arrow>> = Vec::new();
    for arrow in arrows {
        let behind = matches!(arrow.from, Party::McpServer | Party::AuthorizationServer);
        match rows.last_mut() {
            Some(row)
                if behind
                    && row.last().is_some_and(|last| {
                        let same_time = (last.kind == Kind::Planned) == (arrow.kind == Kind::Planned);
                        same_time && last.to == arrow.from && last.lanes().1 <= arrow.lanes().0
                    }) =>
            {
                row.push(arrow);
            }
            _ => rows.push(vec![arrow]),
        }
    }
    rows
}

/// The rows, as they are now.
#[component]
pub(crate) fn Ladder(walk: Walk) -> impl IntoView {
    let rows = Memo::new(move |_| rows(arrows(walk)));
    view! {
        <ol class="rows" data-testid="ladder">
            {move || rows.get().into_iter().map(|row| view! { <Row walk=walk row=row /> }).collect_boxed()}
        </ol>
    }
}

#[component]
fn Row(walk: Walk, row: Vec<Arrow>) -> impl IntoView {
    let places: Vec<_> = row.iter().map(|arrow| arrow.at).collect();
    let current = Memo::new(move |_| places.contains(&Some(walk.at.get())));
    let item = NodeRef::<leptos::html::Li>::new();
    Effect::new(move || {
        if let (true, Some(item)) = (current.get(), item.get()) {
            show_in_its_list(&item);
        }
    });
    let crowded = row.len() > 1;
    let arrows = row.into_iter().enumerate().map(|(i, arrow)| {
        view! { <ArrowButton walk=walk arrow=arrow behind=i != 0 crowded=crowded /> }
    });
    view! { <li node_ref=item class:current=move || current.get()>{arrows.collect_boxed()}</li> }
}

#[component]
fn ArrowButton(walk: Walk, arrow: Arrow, behind: bool, crowded: bool) -> impl IntoView {
    let spoken = arrow.spoken();
    let (from, to) = (party::lane(arrow.from), party::lane(arrow.to));
    let direction = match from.cmp(&to) {
        std::cmp::Ordering::Less => "right",
        std::cmp::Ordering::Equal => "self",
        std::cmp::Ordering::Greater => "left",
    };
    let mut class =
        format!("at-{} span-{} {direction} {} ", from.min(to), from.abs_diff(to), arrow.kind.class());
    class.push_str(party::class(arrow.from));
    class.push_str(match (behind, crowded) {
        (true, _) => " behind",
        (false, true) => " before",
        (false, false) => "",
    });
    let at = arrow.at;
    let current = Memo::new(move |_| at == Some(walk.at.get()));
    let mentions = Memo::new(move |_| match at {
        Some(At::Hop(id)) => walk.lit_hops.with(|hops| hops.contains(&id)),
        Some(At::Pending) | None => false,
    });
    let answered = arrow.answer.is_some();
    view! {
        <button
            class=class
            class:current=move || current.get()
            class:mentions=move || mentions.get()
            data-testid="ladder-row"
            data-state=arrow.kind.state()
            disabled=at.is_none()
            aria-current=move || current.get().then_some("true")
            aria-label=spoken
            on:click=click(move |_| {
                if let Some(at) = at {
                    walk.look_at(at);
                }
            })
        >
            <span class="who" aria-hidden="true">
                {arrow.from.name()}
                {(from != to).then(|| String::from(" → ") + arrow.to.name())}
            </span>
            <span class="text" aria-hidden="true">
                <span class="title">{arrow.edited.then_some("✎ ")}{arrow.title}</span>
                {arrow.answer.map(|answer| view! { <span class=String::from("answer ") + party::class(arrow.to)>{answer}</span> }).boxed()}
            </span>
            <span class="arrow" aria-hidden="true"></span>
            {answered.then(|| view! { <span class=String::from("back ") + party::class(arrow.to) aria-hidden="true"></span> }).boxed()}
        </button>
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
