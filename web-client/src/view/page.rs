//! The whole page.

use flow::trace::Party;
use leptos::ev;
use leptos::prelude::*;

use super::card::Card;
use super::controls::Controls;
use super::keys::{KeysDialog, listen};
use super::ladder::Ladder;
use super::party;
use super::steps::Steps;
use super::strip::Strip;
use crate::walk::Walk;

/// Header, values, steps, ladder, card and controls.
#[component]
pub(crate) fn WalkPage(walk: Walk) -> impl IntoView {
    let keys_open = RwSignal::new(false);
    listen(walk, keys_open);
    Effect::new(move || show_step_in_address(walk));
    let shown_again = window_event_listener(ev::pageshow, move |event| {
        if event.persisted() {
            walk.resume();
        }
    });
    on_cleanup(move || shown_again.remove());
    let revision = walk.flow.with_untracked(|flow| flow.revision().as_str());
    let announcement = move || {
        let total = walk.count();
        match walk.entry() {
            Some(entry) => format!(
                "{} of {total}: {}, {} to {}",
                walk.at.get() + 1,
                entry.title,
                entry.from.name(),
                entry.to.name()
            ),
            None => "Nothing sent yet".to_owned(),
        }
    };
    view! {
        <a class="skip" href="#card">"Skip to the chosen message"</a>
        <header class="top">
            <h1>"MCP Auth Lab"</h1>
            <p class="facts">
                <span class="fact"><span class="label">"revision"</span>{revision}</span>
                <span class="fact"><span class="label">"registration"</span>"CIMD"</span>
            </p>
            <label class="toggle">
                <input
                    type="checkbox"
                    data-testid="show-secrets"
                    prop:checked=move || walk.show_secrets.get()
                    on:change=move |event| walk.show_secrets.set(event_target_checked(&event))
                />
                "Show secrets"
            </label>
            <button class="quiet" on:click=move |_| keys_open.set(true)>"Keys"<kbd>"?"</kbd></button>
        </header>
        <Strip walk=walk />
        {move || walk.notice.get().map(|notice| view! { <p class="notice" role="alert">{notice}</p> })}
        <main>
            <Steps walk=walk />
            <section class="ladder" aria-label="The messages, in order">
                <div class="lanes" aria-hidden="true">
                    {Party::ALL.map(|party| view! { <span class=party::class(party)>{party.name()}</span> })}
                </div>
                <Ladder walk=walk />
            </section>
            <Card walk=walk />
        </main>
        <Controls walk=walk />
        <p class="visually-hidden" role="status" aria-live="polite">{announcement}</p>
        <KeysDialog open=keys_open />
    }
}

/// Keeps the address such that it leads back to this step, without adding to the history.
fn show_step_in_address(walk: Walk) {
    let address = walk.entry().map_or_else(|| "/".to_owned(), |entry| format!("/#step={}", entry.step.id()));
    let history = web_sys::window().and_then(|window| window.history().ok());
    if let Some(history) = history {
        // An address bar that stays behind does no harm.
        let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&address));
    }
}
