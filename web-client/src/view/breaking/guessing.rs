//! The guess: who will refuse, and with what.

use flow::lessons::attacks::Attack;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use protocol::party::Party;

use super::Breaking;
use crate::guess::{self, CULPRITS, Guess};
use crate::view::boxed::{CollectBoxed as _, click};
use crate::view::party;

/// Two questions, and the button that finds out.
#[component]
pub(super) fn Guessing(breaking: Breaking, attack: &'static Attack) -> impl IntoView {
    let by = RwSignal::new(None::<Option<Party>>);
    let with = RwSignal::new(None::<String>);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(by) = by.get_untracked() else { return };
        let with = with.get_untracked().filter(|_| by.is_some());
        breaking.perform(attack, Some(&Guess { by, with }));
    };
    let nobody = move || by.get() == Some(None);
    let culprits = CULPRITS.map(|culprit| {
        view! {
            <label>
                <input
                    type="radio"
                    name="guess-by"
                    required
                    data-testid=["by-", culprit.map_or("nobody", party::class)].concat()
                    on:change=move |_| by.set(Some(culprit))
                />
                <span>{guess::culprit(culprit)}</span>
            </label>
        }
    });
    let answers = guess::answers(attack).into_iter().map(|answer| {
        let chosen = answer.clone();
        view! {
            <label>
                <input
                    type="radio"
                    name="guess-with"
                    required
                    on:change=move |_| with.set(Some(chosen.clone()))
                />
                <span>{answer}</span>
            </label>
        }
    });
    view! {
        <form class="guess" data-testid="guess" on:submit=submit>
            <fieldset>
                <legend>"Who will refuse?"</legend>
                {culprits}
            </fieldset>
            <fieldset disabled=nobody>
                <legend>"With what?"</legend>
                {answers.collect_boxed()}
            </fieldset>
            <p class="buttons">
                <button
                    class="strong"
                    data-testid="do-it"
                    aria-disabled=move || breaking.is_performing().then_some("true")
                >
                    "Do it"
                </button>
                <button
                    class="quiet"
                    type="button"
                    data-testid="do-it-without-guess"
                    aria-disabled=move || breaking.is_performing().then_some("true")
                    on:click=click(move |_| breaking.perform(attack, None))
                >
                    "Do it without a guess"
                </button>
            </p>
        </form>
    }
}
