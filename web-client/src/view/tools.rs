//! The buttons of what stands beside the walk. Each tool is fetched when it is wanted.

use leptos::prelude::*;

use super::boxed::CollectBoxed as _;
use crate::walk::{Tool, Walk};

/// Each tool with its name in the page, what its button says, and its key.
const TOOLS: [(Tool, &str, &str, &str); 6] = [
    (Tool::Break, "open-break", "Break it", "b"),
    (Tool::Compare, "open-compare", "Compare", "m"),
    (Tool::Document, "open-document", "Document", "d"),
    (Tool::Export, "open-export", "Export", "x"),
    (Tool::Present, "open-presenter", "Present", "v"),
    (Tool::Keys, "open-keys", "Keys", "?"),
];

/// The buttons that open them, and the switch for secrets.
#[component]
pub(crate) fn ToolButtons(walk: Walk) -> impl IntoView {
    walk.keep_presenting();
    let buttons = TOOLS.into_iter().map(|(tool, id, text, key)| {
        let is_awaited = move || walk.workbench.opening.get() == Some(tool);
        view! {
            <button
                class="quiet"
                data-testid=id
                aria-busy=move || is_awaited().then_some("true")
                on:click=move |_| walk.open_tool(tool)
            >
                {move || if is_awaited() { "Opening …" } else { text }}<kbd>{key}</kbd>
            </button>
        }
    });
    view! {
        <nav class="tools" aria-label="Tools">
            {buttons.collect_boxed()}
            <label class="toggle">
                <input
                    type="checkbox"
                    data-testid="show-secrets"
                    prop:checked=move || walk.show_secrets.get()
                    on:change=move |event| walk.show_secrets.set(event_target_checked(&event))
                />
                "Secrets"
            </label>
        </nav>
    }
}
