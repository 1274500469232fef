//! A row of tabs with its panel: one has the focus, arrow keys move between them.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use super::boxed::{CollectBoxed as _, click};

/// Tabs. The chosen one stays chosen as long as it is among those that are there.
#[component]
pub(crate) fn Tabs(
    /// What they divide.
    label: &'static str,
    /// The id and the title of each.
    tabs: Vec<(&'static str, String)>,
    /// The id of the one that the reader wants to see.
    wanted: RwSignal<&'static str>,
    /// The panel of an id.
    panel: impl Fn(&'static str) -> AnyView + Send + Sync + 'static,
) -> impl IntoView {
    let ids: Vec<_> = tabs.iter().map(|(id, _)| *id).collect();
    let shown = {
        let ids = ids.clone();
        Memo::new(move |_| {
            let wanted = wanted.get();
            if ids.contains(&wanted) { wanted } else { ids.first().copied().unwrap_or_default() }
        })
    };
    let buttons = tabs.into_iter().map(|(id, title)| {
        let selected = move || shown.get() == id;
        view! {
            <button
                role="tab"
                id=String::from("tab-") + id
                data-testid=String::from("tab-") + id
                aria-controls="panel"
                aria-selected=move || if selected() { "true" } else { "false" }
                tabindex=move || if selected() { "0" } else { "-1" }
                on:click=click(move |_| wanted.set(id))
            >
                {title}
            </button>
        }
    });
    let buttons = buttons.collect_boxed();
    view! {
        <div
            class="tabs"
            role="tablist"
            aria-label=label
            on:keydown=move |event| move_between(&event, &ids, shown.get_untracked(), wanted)
        >
            {buttons}
        </div>
        <div role="tabpanel" id="panel" data-testid="panel" aria-labelledby=move || String::from("tab-") + shown.get()>
            {move || panel(shown.get())}
        </div>
    }
}

/// Arrow keys move between tabs, and only there.
fn move_between(
    event: &KeyboardEvent,
    ids: &[&'static str],
    shown: &'static str,
    wanted: RwSignal<&'static str>,
) {
    let here = ids.iter().position(|id| *id == shown).unwrap_or_default();
    let there = match event.key().as_str() {
        "ArrowRight" => (here + 1) % ids.len(),
        "ArrowLeft" => (here + ids.len() - 1) % ids.len(),
        "Home" => 0,
        "End" => ids.len() - 1,
        _ => return,
    };
    event.prevent_default();
    event.stop_propagation();
    wanted.set(ids[there]);
    let button = document().get_element_by_id(&(String::from("tab-") + ids[there]));
    if let Some(button) = button.and_then(|button| button.dyn_into::<web_sys::HtmlElement>().ok()) {
        // A tab that cannot take the focus is chosen all the same.
        let _ = button.focus();
    }
}
