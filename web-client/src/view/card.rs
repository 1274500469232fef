//! The chosen message: what happens, and behind tabs the request, the answer, its parts, and the checks.

use flow::lessons::steps::Step;
use flow::trace::{Answer, Decoded, Entry, Event, Party};
use flow::{Action, Flow, Outgoing};
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use super::checks::Checks;
use super::ending::Ending;
use super::message::{RequestView, ResponseView, UrlView};
use super::party;
use crate::walk::Walk;

/// What a tab shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tab {
    Request,
    Response,
    Decoded,
    Checks,
}

impl Tab {
    fn id(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
            Self::Decoded => "decoded",
            Self::Checks => "checks",
        }
    }

    fn title(self, entry: &Entry) -> String {
        match self {
            Self::Request => "Request".into(),
            Self::Response => "Response".into(),
            Self::Decoded => "Decoded".into(),
            Self::Checks => format!("Checks {}", entry.checks.len()),
        }
    }
}

/// The card of the entry that is looked at, or of what comes next.
#[component]
pub(crate) fn Card(walk: Walk) -> impl IntoView {
    let tab = RwSignal::new(Tab::Request);
    let entry = Memo::new(move |_| walk.entry());
    view! {
        <article class="card" id="card" tabindex="-1" data-testid="card" aria-label="The chosen message">
            <Ending walk=walk />
            {move || match entry.get() {
                Some(entry) => view! { <EntryCard walk=walk entry=entry tab=tab /> }.into_any(),
                None => view! { <PendingCard walk=walk /> }.into_any(),
            }}
        </article>
    }
}

#[component]
fn Who(from: Party, to: Party) -> impl IntoView {
    view! {
        <p class="who">
            <b class=party::class(from)>{from.name()}</b>
            {(from != to).then(|| view! { " → "<b class=party::class(to)>{to.name()}</b> })}
        </p>
    }
}

#[component]
fn About(walk: Walk, step: Step) -> impl IntoView {
    let revision = walk.flow.with_untracked(Flow::revision);
    view! {
        <p class="what">{step.what(revision)}</p>
        {step.deviation().map(|text| view! { <p class="deviation"><b>"Different here. "</b>{text}</p> })}
    }
}

/// What will be sent when the main button is pressed.
#[component]
fn PendingCard(walk: Walk) -> impl IntoView {
    let outgoing: Option<Outgoing> = walk.flow.with_untracked(|flow| match flow.poll() {
        Action::Send(outgoing) => Some(outgoing.clone()),
        _ => None,
    });
    outgoing.map(|outgoing| {
        view! {
            <Who from=Party::Client to=outgoing.to />
            <h2>{outgoing.step.title()}</h2>
            <About walk=walk step=outgoing.step />
            <p class="section">"Will be sent"</p>
            <RequestView walk=walk request=outgoing.request />
        }
    })
}

#[component]
fn EntryCard(walk: Walk, entry: Entry, tab: RwSignal<Tab>) -> impl IntoView {
    let tabs = tabs_of(&entry);
    let shown = {
        let tabs = tabs.clone();
        Memo::new(move |_| {
            let wanted = tab.get();
            if tabs.contains(&wanted) { wanted } else { tabs.first().copied().unwrap_or(Tab::Checks) }
        })
    };
    let buttons = tabs.iter().map(|&this| {
        let title = this.title(&entry);
        let selected = move || shown.get() == this;
        view! {
            <button
                role="tab"
                id=format!("tab-{}", this.id())
                aria-controls="panel"
                aria-selected=move || selected().to_string()
                tabindex=move || if selected() { "0" } else { "-1" }
                on:click=move |_| tab.set(this)
            >
                {title}
            </button>
        }
    });
    let buttons = buttons.collect_view();
    let on_key = {
        let tabs = tabs.clone();
        move |event: KeyboardEvent| move_between_tabs(&event, &tabs, shown.get_untracked(), tab)
    };
    let (from, to, step) = (entry.from, entry.to, entry.step);
    let title = entry.title.clone();
    let panel_entry = StoredValue::new(entry);
    view! {
        <Who from=from to=to />
        <h2>{step.title()}</h2>
        <p class="subtitle">{move || walk.visible(&title)}</p>
        <About walk=walk step=step />
        <div class="tabs" role="tablist" aria-label="Parts of the message" on:keydown=on_key>{buttons}</div>
        <div role="tabpanel" id="panel" aria-labelledby=move || format!("tab-{}", shown.get().id())>
            {move || panel(walk, panel_entry.get_value(), shown.get())}
        </div>
    }
}

/// The tabs that have something to show.
fn tabs_of(entry: &Entry) -> Vec<Tab> {
    let mut tabs = match entry.event {
        Event::Exchange { .. } => vec![Tab::Request, Tab::Response],
        Event::Navigation { .. } | Event::Callback { .. } => vec![Tab::Request],
        Event::Local => Vec::new(),
    };
    if !entry.decoded.is_empty() {
        tabs.push(Tab::Decoded);
    }
    if !entry.checks.is_empty() {
        tabs.push(Tab::Checks);
    }
    tabs
}

fn panel(walk: Walk, entry: Entry, tab: Tab) -> AnyView {
    match (tab, entry.event) {
        (Tab::Request, Event::Exchange { request, .. }) => {
            view! { <RequestView walk=walk request=request /> }.into_any()
        }
        (Tab::Request, Event::Navigation { url } | Event::Callback { url }) => {
            view! { <UrlView walk=walk url=url /> }.into_any()
        }
        (Tab::Response, Event::Exchange { answer: Answer::Response(response), .. }) => {
            view! { <ResponseView walk=walk response=response /> }.into_any()
        }
        (Tab::Response, Event::Exchange { answer: Answer::Unreachable(reason), .. }) => {
            view! { <p class="unreachable">{reason}</p> }.into_any()
        }
        (Tab::Decoded, _) => entry
            .decoded
            .into_iter()
            .map(|decoded| view! { <DecodedView walk=walk decoded=decoded /> })
            .collect_view()
            .into_any(),
        _ => view! { <Checks walk=walk checks=entry.checks /> }.into_any(),
    }
}

#[component]
fn DecodedView(walk: Walk, decoded: Decoded) -> impl IntoView {
    let rows = decoded.rows.into_iter().map(|(name, value, meaning)| {
        view! {
            <dt>{name}</dt>
            <dd><code>{move || walk.visible(&value)}</code>{(!meaning.is_empty()).then(|| view! { <span class="meaning">{meaning}</span> })}</dd>
        }
    });
    view! {
        <p class="section">{decoded.title}</p>
        <dl class="decoded">{rows.collect_view()}</dl>
    }
}

/// Arrow keys move between tabs, and only there.
fn move_between_tabs(event: &KeyboardEvent, tabs: &[Tab], shown: Tab, tab: RwSignal<Tab>) {
    let here = tabs.iter().position(|this| *this == shown).unwrap_or_default();
    let there = match event.key().as_str() {
        "ArrowRight" => (here + 1) % tabs.len(),
        "ArrowLeft" => (here + tabs.len() - 1) % tabs.len(),
        "Home" => 0,
        "End" => tabs.len() - 1,
        _ => return,
    };
    event.prevent_default();
    event.stop_propagation();
    tab.set(tabs[there]);
    let document = web_sys::window().and_then(|window| window.document());
    let button =
        document.and_then(|document| document.get_element_by_id(&format!("tab-{}", tabs[there].id())));
    if let Some(button) = button.and_then(|button| button.dyn_into::<web_sys::HtmlElement>().ok()) {
        // A tab that cannot take the focus is chosen all the same.
        let _ = button.focus();
    }
}
