//! An attack: its story, the guess, and what comes of it.

use std::sync::Arc;

use attack::Outcome;
use flow::lessons::attacks::Attack;
use leptos::prelude::*;
use protocol::revision::Revision;

use super::guessing::Guessing;
use super::mark::{Mark, sentence};
use super::outcome::{Lessons, OutcomeView, happened};
use super::{Breaking, Stage, focus_soon};
use crate::view::boxed::{changing, click};
use crate::view::elapsed::elapsed_seconds;

const TITLE: &str = "attack-title";
const VERDICT: &str = "verdict";

/// The attack that is opened.
#[component]
pub(super) fn Opened(
    breaking: Breaking,
    attack: &'static Attack,
    on_look: Callback<Arc<Outcome>>,
) -> impl IntoView {
    focus_soon(TITLE);
    let outcome = Signal::derive(move || breaking.outcome(attack));
    // Only what has just happened takes the focus, not what is found when the attack is opened again.
    Effect::new(move |before: Option<bool>| {
        let is_there = outcome.with(Option::is_some);
        if is_there && before == Some(false) {
            focus_soon(VERDICT);
        }
        is_there
    });
    let attempt = move || breaking.attempts.with(|attempts| attempts.of(attack.id));
    let address = ["#break=", attack.id].concat();
    view! {
        <p class="buttons">
            <button class="quiet" data-testid="to-catalogue" on:click=click(move |_| breaking.opened.set(None))>
                "◂ All attacks"
            </button>
            <a href=address>"Link to this attack"</a>
            {changing(move || view! { <Mark verdict=attempt().map(|attempt| attempt.verdict) /> })}
        </p>
        <h3 id=TITLE tabindex="-1">{attack.title}</h3>
        <p class="hint">
            {attack.kind().title()}" · "{attack.step.title()}" · "
            {attack.revisions.iter().map(|revision| revision.as_str()).collect::<Vec<_>>().join(" and ")}
        </p>
        <p data-testid="story">{attack.story}</p>
        <p data-testid="change"><b>"What is changed: "</b>{attack.change}</p>
        <p class="fork">{changing(move || fork(attack, breaking.revision_of(attack)))}</p>
        {changing(move || match attempt() {
            None => view! { <Guessing breaking=breaking attack=attack /> }.into_any(),
            Some(_) => view! { <Again breaking=breaking attack=attack /> }.into_any(),
        })}
        <Waiting breaking=breaking attack=attack />
        <p class="visually-hidden" role="status" aria-live="polite" data-testid="told">
            {changing(move || {
                outcome.get().map(|outcome| [sentence(outcome.verdict), " ", &happened(&outcome)].concat())
            })}
        </p>
        {changing(move || match (outcome.get(), attempt()) {
            (Some(outcome), attempt) => {
                let judged = attempt.and_then(|attempt| attempt.guess);
                view! { <OutcomeView heading=VERDICT attack=attack outcome=outcome judged=judged on_look=on_look /> }.into_any()
            }
            (None, Some(_)) if !breaking.is_performing() => {
                view! { <Lessons attack=attack revision=breaking.revision_of(attack) /> }.into_any()
            }
            (None, _) => ().into_any(),
        })}
    }
}

/// Why the reader's own run is not at stake.
fn fork(attack: &Attack, revision: Revision) -> String {
    let mut text = String::from("The lab walks a run of its own in ");
    text.push_str(revision.as_str());
    text.push_str(" to “");
    text.push_str(attack.step.title());
    text.push_str("” and breaks it there; your run stays as it is.");
    text
}

/// The attack was tried before: nobody guesses any more.
#[component]
fn Again(breaking: Breaking, attack: &'static Attack) -> impl IntoView {
    view! {
        <p class="buttons">
            <button
                data-testid="do-it"
                aria-disabled=move || breaking.is_performing().then_some("true")
                on:click=click(move |_| breaking.perform(attack, None))
            >
                "Do it again"
            </button>
        </p>
    }
}

/// What is waited for, and for how long; or why it was in vain.
#[component]
fn Waiting(breaking: Breaking, attack: &'static Attack) -> impl IntoView {
    let seconds = elapsed_seconds(move || match breaking.stage.get() {
        Stage::Performing(_, since) => Some(since),
        Stage::Idle | Stage::Came(_) | Stage::Lost(..) => None,
    });
    view! {
        <div data-testid="waiting">
            <p role="status" class="hint">
                {changing(move || match breaking.stage.get() {
                    Stage::Performing(id, _) if id == attack.id => {
                        Some("A run goes to where the attack begins, the attack is done, and the servers are asked what they saw … ")
                    }
                    Stage::Performing(..) => Some("Another attack is still being performed … "),
                    Stage::Idle | Stage::Came(_) | Stage::Lost(..) => None,
                })}
                <span aria-hidden="true">
                    {changing(move || (breaking.is_performing() && seconds.get() > 0).then(|| format!("{} s", seconds.get())))}
                </span>
            </p>
            <div role="alert">
                {changing(move || match breaking.stage.get() {
                    Stage::Lost(id, reason) if id == attack.id => Some(view! { <p class="error-note">{reason}</p> }),
                    _ => None,
                })}
            </div>
        </div>
    }
}
