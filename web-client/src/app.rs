//! The page's beginning.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::browser;
use crate::view::page::WalkPage;
use crate::walk::{Start, Walk, begin};

/// Asks the lab where its servers are, then shows the walk.
#[component]
pub(crate) fn App() -> impl IntoView {
    let start: RwSignal<Option<Result<Start, String>>> = RwSignal::new(None);
    spawn_local(async move {
        let begun = begin().await;
        browser::remove_shell();
        start.set(Some(begun));
    });
    move || match start.get() {
        // What the document says by itself stays until then.
        None => ().into_any(),
        Some(Ok(start)) => view! { <WalkPage walk=Walk::new(start) /> }.into_any(),
        Some(Err(reason)) => view! { <Lost reason=reason /> }.into_any(),
    }
}

/// There is no lab, and what to do about it.
#[component]
fn Lost(reason: String) -> impl IntoView {
    view! {
        <main class="lost" data-testid="lost">
            <h1>"MCP Auth Lab"</h1>
            <p role="alert">{reason}</p>
            <p>"Start the lab with "<code>"just demo"</code>" (or "<code>"./just demo"</code>") in the project's folder, then "</p>
            <button class="main" on:click=|_| { let _reloading = window().location().reload(); }>"Try again"</button>
        </main>
    }
}
