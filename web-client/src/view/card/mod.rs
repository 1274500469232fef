//! The chosen message: what happens, and behind tabs the request, the answer, its parts, the checks, the code, the rules.

mod about;
mod code;
mod decoded;
mod fields;
mod opened;
mod pending;
mod rules;

use flow::Action;
use flow::lessons::observed::Observed;
use leptos::html::Article;
use leptos::prelude::*;
use protocol::party::Party;
use record::Hop;

use self::about::{About, Awaited, Breaks};
use self::code::Code;
use self::opened::Opened;
use self::pending::PendingCard;
use self::rules::rules_of;
use super::boxed::{Boxed as _, changing};
use super::checks::{ClientChecks, ServerFindings};
use super::ending::Ending;
use super::message::{Message, MessageView};
use super::party::Who;
use super::rule::{Rules, Sources};
use super::tabs::Tabs;
use crate::walk::Walk;

/// The card of the hop that is looked at, or of what comes next.
#[component]
pub(crate) fn Card(walk: Walk) -> impl IntoView {
    let tab = RwSignal::new("request");
    let hop = Memo::new(move |_| walk.hop());
    let place = NodeRef::<Article>::new();
    let failed = Memo::new(move |_| walk.flow.with(|flow| matches!(flow.poll(), Action::Failed(_))));
    // Another message, or why it went no further, is read from the beginning.
    Effect::new(move || {
        walk.at.track();
        failed.track();
        if let Some(card) = place.get() {
            card.set_scroll_top(0);
            // On a narrow screen it is the page that is scrolled.
            if card.get_bounding_client_rect().top() < 0.0 {
                card.scroll_into_view();
            }
        }
    });
    view! {
        <article node_ref=place class="card" id="card" tabindex="-1" data-testid="card" aria-label="The chosen message">
            <Ending walk=walk />
            {move || match hop.get() {
                Some(hop) => view! { <HopCard walk=walk hop=hop tab=tab /> }.into_any(),
                None => view! { <PendingCard walk=walk /> }.into_any(),
            }}
        </article>
    }
}

#[component]
fn HopCard(walk: Walk, hop: Hop, tab: RwSignal<&'static str>) -> impl IntoView {
    let tabs = tabs_of(&hop);
    let (from, to, step) = (hop.from, hop.to, hop.step);
    let revision = untrack(|| walk.revision());
    let title = hop.title.clone();
    // The step's words are about what the client did; what servers asked each other for it is another matter.
    let is_own = hop.event.is_some();
    let edited = hop.edited;
    let observed = hop.event.is_none().then(|| hop.seen.as_ref().and_then(Observed::of)).flatten();
    let hop = StoredValue::new(hop);
    view! {
        <Who from=from to=to />
        <h2>{step.title()}</h2>
        <p class="subtitle">{move || walk.visible(&title)}</p>
        {edited.then(|| view! { <p class="edited" data-testid="edited">{changed_by(walk)}</p> }).boxed()}
        {match observed {
            Some(observed) => view! { <p class="what">{observed.what()}</p> }.into_any(),
            None => view! { <About lessons=walk.lessons step=step revision=revision /> }.into_any(),
        }}
        <Awaited lessons=walk.lessons step=step revision=revision />
        <Tabs label="Parts of the message" tabs=tabs wanted=tab panel=move |id| panel(walk, hop.get_value(), id) />
        {is_own.then(|| view! { <Breaks lessons=walk.lessons step=step revision=revision on_try=Callback::new(move |id| walk.break_it(id)) /> }).boxed()}
    }
}

/// Whoever changed a request before it went.
fn changed_by(walk: Walk) -> &'static str {
    if untrack(|| walk.imported.with(Option::is_some) && walk.guest.with(Option::is_some)) {
        "The attack changed this request before it went."
    } else {
        "You changed this request before it went."
    }
}

/// The tabs that have something to show.
fn tabs_of(hop: &Hop) -> Vec<(&'static str, String)> {
    let mut tabs = Vec::new();
    if Message::request(hop).is_some() {
        tabs.push(("request", "Request".to_owned()));
    }
    if Message::response(hop).is_some() {
        tabs.push(("response", "Response".to_owned()));
    }
    if !hop.decoded.is_empty() {
        tabs.push(("decoded", "Decoded".to_owned()));
    }
    let findings = hop.seen.as_ref().map_or(0, |seen| seen.findings.len());
    tabs.push(("checks", format!("Checks {}", hop.checks.len() + findings)));
    if hop.request().is_some() {
        tabs.push(("code", "Code".to_owned()));
    }
    tabs.push(("rule", "Rule".to_owned()));
    tabs
}

fn panel(walk: Walk, hop: Hop, tab: &'static str) -> AnyView {
    let is_message = hop.from != hop.to && hop.to != Party::Client;
    match tab {
        "request" => {
            Message::request(&hop).map(|message| view! { <MessageView walk=walk message=message /> }).into_any()
        }
        "response" => {
            Message::response(&hop).map(|message| view! { <MessageView walk=walk message=message /> }).into_any()
        }
        "decoded" => view! { <Opened walk=walk hop=hop /> }.into_any(),
        "code" => view! { <Code walk=walk hop=hop /> }.into_any(),
        "rule" => {
            let revision = untrack(|| walk.revision());
            changing(move || {
                let sheet = walk.lessons.sheet(hop.step, revision);
                let rules = rules_of(walk.lessons, &hop, revision);
                view! { <Rules rules=rules /><Sources sources=sheet.map(|sheet| sheet.sources).unwrap_or_default() /> }.into_any()
            })
        }
        _ => view! {
            <ClientChecks manner=walk checks=hop.checks />
            {match hop.seen {
                Some(seen) => view! { <ServerFindings manner=walk party=seen.party findings=seen.findings /> }.into_any(),
                None if is_message => {
                    view! { <p class="hint">"The "{hop.to.name()}" has told nothing of this message."</p> }.into_any()
                }
                None => ().into_any(),
            }}
        }
        .into_any(),
    }
}
