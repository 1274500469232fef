//! The keyboard: one key per move, never in the way of a control that has the focus.

use flow::lessons::glossary::TERMS;
use leptos::ev::{self, KeyboardEvent};
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use super::dialog::{Modal, is_any_open};
use crate::walk::{Tool, Until, Walk};

/// Listens for the keys of the page.
pub(crate) fn listen(walk: Walk) {
    let handle = window_event_listener(ev::keydown, move |event| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() || event.is_composing() || is_any_open() {
            return;
        }
        let key = event.key();
        if matches!(key.as_str(), " " | "Enter") && is_on_control(&event) {
            return;
        }
        match key.as_str() {
            " " | "ArrowRight" if event.shift_key() => walk.step_exchange(),
            " " | "ArrowRight" => walk.step(),
            "ArrowLeft" => walk.back(),
            "e" | "E" if walk.running.get_untracked().is_some() => walk.pause(),
            "e" | "E" => walk.run(Until::End),
            "c" | "C" => walk.run(Until::Consent),
            "p" | "P" => walk.set_pauses(!walk.pauses.get_untracked()),
            "s" | "S" => walk.show_secrets.update(|shown| *shown = !*shown),
            "r" | "R" => walk.start_over(),
            "m" | "M" => walk.open_tool(Tool::Compare),
            "d" | "D" => walk.open_tool(Tool::Document),
            "x" | "X" => walk.open_tool(Tool::Export),
            "b" | "B" => walk.open_tool(Tool::Break),
            "v" | "V" => walk.open_tool(Tool::Present),
            "?" => walk.open_tool(Tool::Keys),
            _ => return,
        }
        event.prevent_default();
    });
    on_cleanup(move || handle.remove());
}

/// Whether the focus is on something that Space or Enter belongs to.
fn is_on_control(event: &KeyboardEvent) -> bool {
    let element = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    element.is_some_and(|element| {
        matches!(element.tag_name().as_str(), "BUTTON" | "A" | "INPUT" | "SELECT" | "TEXTAREA")
    })
}

const KEYS: [(&str, &str); 15] = [
    ("space or →", "next"),
    ("shift with them", "a whole exchange at once"),
    ("←", "back in time; nothing is sent"),
    ("c", "run to the consent"),
    ("e", "run to the end, or pause"),
    ("p", "pause before sending, or not"),
    ("s", "show secrets, or mask them"),
    ("r", "start over"),
    ("b", "break it: the catalogue of attacks"),
    ("m", "compare the two revisions"),
    ("d", "a metadata document of your own"),
    ("x", "export and import"),
    ("v", "present to a room"),
    ("Tab", "from control to control; → and ← between the tabs of a message"),
    ("?", "this list"),
];

/// The list of keys, and the words that a newcomer meets.
#[component]
pub(crate) fn KeysDialog(open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Modal open=open id="keys" title="Keys and words">
            <dl>{KEYS.map(|(key, what)| view! { <dt><kbd>{key}</kbd></dt><dd>{what}</dd> })}</dl>
            <h3>"Words"</h3>
            <dl>{TERMS.map(|term| view! { <dt>{term.word}</dt><dd>{term.meaning}</dd> })}</dl>
        </Modal>
    }
}
