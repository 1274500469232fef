//! The whole page.

use leptos::ev;
use leptos::prelude::*;
use protocol::party::Party;

use super::boxed::Boxed as _;
use super::card::Card;
use super::controls::Controls;
use super::guest::Guest;
use super::keys::listen;
use super::ladder::Ladder;
use super::party;
use super::steps::Steps;
use super::strip::Strip;
use super::switches::{RevisionSwitch, WaySwitch};
use super::tools::ToolButtons;
use super::wanted::Wanted;
use crate::browser;
use crate::choice::Link;
use crate::walk::{At, Walk};

/// Header, values, steps, ladder, card and controls.
#[component]
pub(crate) fn WalkPage(walk: Walk) -> impl IntoView {
    listen(walk);
    keep_address(walk);
    let shown_again = window_event_listener(ev::pageshow, move |event| {
        if event.persisted() {
            walk.resume();
        }
    });
    on_cleanup(move || shown_again.remove());
    // What came back from the authorization server is kept at once: after a reload nobody would bring it again.
    walk.save();
    if let Some(until) = walk.running.get_untracked() {
        walk.run(until);
    }
    if let Some(attack) = Link::parse(&browser::hash()).attack {
        walk.break_it(attack);
    }
    view! {
        <a class="skip" href="#card">"Skip to the chosen message"</a>
        <header class="top">
            <h1>"MCP Auth Lab"</h1>
            <RevisionSwitch walk=walk />
            <WaySwitch walk=walk />
            <ToolButtons walk=walk />
        </header>
        <Strip walk=walk />
        <div class="notices">
            {move || walk.notice.get().map(|notice| view! { <p class="notice" role="alert">{notice}</p> }).boxed()}
            <Wanted walk=walk />
            <Guest walk=walk />
        </div>
        <main>
            <Steps walk=walk />
            <section class="ladder" aria-label="The messages, in order">
                <div class="lanes" aria-hidden="true">
                    {Party::ALL.map(|party| view! { <span class=party::class(party)>{party::lane_name(party)}</span> })}
                </div>
                <Ladder walk=walk />
            </section>
            <Card walk=walk />
        </main>
        <Controls walk=walk />
        <p class="visually-hidden" role="status" aria-live="polite">{move || announcement(walk)}</p>
    }
}

fn announcement(walk: Walk) -> String {
    let total = walk.hops.with(Vec::len);
    match (walk.place(), walk.hop()) {
        (Some(place), Some(hop)) => {
            let mut text = format!("{} of {total}: {}, ", place + 1, walk.visible(&hop.title));
            text.push_str(hop.from.name());
            if hop.from != hop.to {
                text.push_str(" to ");
                text.push_str(hop.to.name());
            }
            text
        }
        _ if total == 0 => "Nothing sent yet".to_owned(),
        _ => "What comes next".to_owned(),
    }
}

/// Keeps the address such that it leads back here, without adding to the history, and follows an address that is typed in.
fn keep_address(walk: Walk) {
    Effect::new(move || {
        if walk.imported.with(Option::is_none) {
            let step = walk.hop().map(|hop| hop.step.id());
            browser::show_address(&walk.choice.with(|choice| choice.address(step)));
        }
    });
    let typed = window_event_listener(ev::hashchange, move |_| {
        let link = Link::parse(&browser::hash());
        let choice = walk.choice.get_untracked();
        let wanted = choice.with(&link);
        if wanted != choice {
            walk.start(wanted);
        }
        if let Some(attack) = link.attack {
            walk.break_it(attack);
        }
        let Some(id) = link.step else { return };
        let hop =
            walk.hops.with_untracked(|hops| hops.iter().find(|hop| hop.step.id() == id).map(|hop| hop.id));
        if let Some(hop) = hop {
            walk.look_at(At::Hop(hop));
        }
    });
    on_cleanup(move || typed.remove());
}
