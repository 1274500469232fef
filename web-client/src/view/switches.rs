//! The two switches: which revision, and how the client is known.

use leptos::prelude::*;
use protocol::revision::Revision;

use super::boxed::{CollectBoxed as _, click};
use crate::choice::{Choice, Way};
use crate::walk::Walk;

/// One of a few, as buttons side by side.
#[component]
pub(crate) fn Segments(
    /// What is chosen by them.
    label: &'static str,
    /// The id for tests, the text, and what it explains, of each.
    options: Vec<(&'static str, &'static str, &'static str)>,
    /// The id of the one that is chosen.
    chosen: Signal<&'static str>,
    /// Called with the id of the one that was pressed.
    on_choose: Callback<&'static str>,
) -> impl IntoView {
    let buttons = options.into_iter().map(|(id, text, explanation)| {
        let pressed = move || chosen.get() == id;
        view! {
            <button
                data-testid=String::from("choose-") + id
                aria-pressed=move || if pressed() { "true" } else { "false" }
                title=explanation
                on:click=click(move |_| if chosen.get_untracked() != id { on_choose.run(id) })
            >
                {text}
            </button>
        }
    });
    view! { <div class="segments" role="group" aria-label=label>{buttons.collect_boxed()}</div> }
}

/// The revision of the specification. Another one begins another run.
#[component]
pub(crate) fn RevisionSwitch(walk: Walk) -> impl IntoView {
    let about = |revision| match revision {
        Revision::V2025_11_25 => "The revision that is in use: initialize, sessions",
        Revision::V2026_07_28 => "The next one: every request stands alone",
    };
    let options = Revision::ALL.map(|revision| (revision.as_str(), revision.as_str(), about(revision)));
    let chosen = Signal::derive(move || walk.revision().as_str());
    let on_choose = Callback::new(move |id: &'static str| {
        let choice = walk.choice.get_untracked();
        walk.start(Choice { revision: Revision::parse(id).unwrap_or(choice.revision), ..choice });
    });
    view! { <Segments label="Revision" options=options.to_vec() chosen=chosen on_choose=on_choose /> }
}

/// How the client is known. Another way begins another run.
#[component]
pub(crate) fn WaySwitch(walk: Walk) -> impl IntoView {
    let about = |way| match way {
        Way::Cimd => "The client's id is the address of a document that says who it is",
        Way::Preregistered => "The server knows the client from its configuration",
        Way::Dcr => "The client registers itself first",
    };
    let options = Way::ALL.map(|way| (way.id(), way.title(), about(way)));
    let chosen = Signal::derive(move || walk.choice.with(|choice| choice.way.id()));
    let on_choose = Callback::new(move |id: &'static str| {
        let choice = walk.choice.get_untracked();
        let way = Way::ALL.into_iter().find(|way| way.id() == id).unwrap_or(choice.way);
        walk.start(Choice { way, document: None, ..choice });
    });
    view! { <Segments label="Registration" options=options.to_vec() chosen=chosen on_choose=on_choose /> }
}
