//! What is looked at is not the reader's own run.

use leptos::prelude::*;

use super::boxed::{changing, click};
use crate::walk::Walk;

/// Whose run it is, and the way back to the own one.
#[component]
pub(crate) fn Guest(walk: Walk) -> impl IntoView {
    changing(move || {
        let attack = walk.guest.get();
        walk.imported.with(Option::is_some).then(|| {
            let text = match attack {
                Some(_) => "This is the run of the attack, masked; nothing of it is sent. Your own run is as you left it. ",
                None => "This run was imported: nothing of it is sent, and what the servers say is what the file says. ",
            };
            let back = attack.map(|attack| {
                view! {
                    <button class="quiet" data-testid="back-to-attack" on:click=click(move |_| walk.break_it(attack.clone()))>
                        "Back to the attack"
                    </button>
                }
                .into_any()
            });
            view! {
                <p class="notice" role="status" data-testid="imported">
                    {text}
                    <button class="quiet" data-testid="back-to-own" on:click=click(move |_| walk.back_to_own())>"Back to my run"</button>
                    {back}
                </p>
            }
            .into_any()
        })
    })
}
