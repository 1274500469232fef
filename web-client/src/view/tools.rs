//! What stands beside the walk: the tools that are fetched when they are wanted, presenting, the keys.

use leptos::prelude::*;

use super::keys::KeysDialog;
use super::presenter::Presenter;
use super::slide;
use crate::walk::{Tool, Walk};

/// Which of those that are here already is open.
#[derive(Clone, Copy)]
pub(crate) struct Tools {
    pub(crate) presenter: RwSignal<bool>,
    pub(crate) keys: RwSignal<bool>,
}

impl Tools {
    pub(crate) fn new(walk: Walk) -> Self {
        Self { presenter: walk.presents, keys: RwSignal::new(false) }
    }
}

/// The buttons that open them.
#[component]
pub(crate) fn ToolButtons(walk: Walk, tools: Tools) -> impl IntoView {
    let button = |id: &'static str, text: &'static str, key: &'static str, open: RwSignal<bool>| {
        view! {
            <button class="quiet" data-testid=String::from("open-") + id on:click=move |_| open.set(true)>
                {text}<kbd>{key}</kbd>
            </button>
        }
    };
    let fetched = |id: &'static str, text: &'static str, key: &'static str, tool: Tool| {
        let is_awaited = move || walk.workbench.opening.get() == Some(tool);
        view! {
            <button
                class="quiet"
                data-testid=String::from("open-") + id
                aria-busy=move || is_awaited().then_some("true")
                on:click=move |_| walk.open_tool(tool)
            >
                {move || if is_awaited() { "Opening …" } else { text }}<kbd>{key}</kbd>
            </button>
        }
    };
    view! {
        <nav class="tools" aria-label="Tools">
            {fetched("break", "Break it", "b", Tool::Break)}
            {fetched("compare", "Compare", "m", Tool::Compare)}
            {fetched("document", "Document", "d", Tool::Document)}
            {fetched("export", "Export", "x", Tool::Export)}
            {button("presenter", "Present", "v", tools.presenter)}
            {button("keys", "Keys", "?", tools.keys)}
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

/// The dialogs of those that are here already.
#[component]
pub(crate) fn ToolDialogs(walk: Walk, tools: Tools) -> impl IntoView {
    view! {
        <Presenting walk=walk open=tools.presenter />
        <KeysDialog open=tools.keys />
    }
}

#[component]
fn Presenting(walk: Walk, open: RwSignal<bool>) -> impl IntoView {
    let next = Signal::derive(move || slide::next(walk));
    view! {
        <Presenter
            open=open
            slide=Signal::derive(move || slide::of(walk))
            next=next
            on_next=Callback::new(move |()| walk.step())
            on_back=Callback::new(move |()| walk.back())
        />
    }
}
