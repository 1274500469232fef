//! A link leads to a step that has not happened yet.

use leptos::prelude::*;

use super::boxed::{Boxed as _, changing, click};
use crate::walk::{Until, Walk};

/// Offers to go there.
#[component]
pub(crate) fn Wanted(walk: Walk) -> impl IntoView {
    let offered = move || {
        let step = walk.wanted.get()?;
        let happened = walk.hops.with(|hops| hops.iter().any(|hop| hop.step == step));
        (!happened && walk.running.get().is_none()).then_some(step)
    };
    changing(move || {
        offered().map(|step| {
            view! {
                <p class="notice" role="status" data-testid="wanted">
                    "The link leads to “"{step.title()}"”, which has not happened yet. "
                    <button class="quiet" on:click=click(move |_| walk.run(Until::Step(step)))>"Run there"</button>
                    <button class="quiet" on:click=click(move |_| walk.wanted.set(None))>"Stay here"</button>
                </p>
            }
        }).boxed()
    })
}
