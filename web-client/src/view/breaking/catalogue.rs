//! All attacks, by who misbehaves.

use flow::lessons::attacks::{self, Attack, Kind};
use flow::lessons::steps::Step;
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use protocol::party::Party;
use wasm_bindgen::JsCast as _;
use web_sys::HtmlElement;

use super::mark::Mark;
use super::{Breaking, focus_soon};
use crate::attempts::Attempts;
use crate::view::boxed::{CollectBoxed as _, changing, click};

/// The score, the filter, and the list.
#[component]
pub(super) fn Catalogue(breaking: Breaking) -> impl IntoView {
    give_focus_back(breaking);
    view! {
        <p class="what">
            "A rule is understood when breaking it fails. Choose a mistake or an attack, guess who will refuse it, and have it \
             done: by real servers, with real messages."
        </p>
        <Score breaking=breaking />
        <Filter breaking=breaking />
        {Kind::ALL.map(|kind| view! { <Part breaking=breaking kind=kind /> })}
        {changing(move || {
            let is_empty = !attacks::all().any(|attack| is_wanted(breaking, attack));
            is_empty.then(|| view! { <p class="hint" role="status">"No attack of the catalogue belongs to this step and happens there."</p> })
        })}
    }
}

/// How much has been tried, and guessed right.
#[component]
fn Score(breaking: Breaking) -> impl IntoView {
    let forget = move |_| {
        breaking.attempts.set(Attempts::default());
        breaking.attempts.with_untracked(Attempts::save);
    };
    let ids = || attacks::all().map(|attack| attack.id);
    view! {
        <p class="score">
            <span data-testid="score">
                {move || breaking.attempts.with(|attempts| {
                    format!("Tried {} of {}; guessed right {}.", attempts.tried(ids()), ids().count(), attempts.guessed(ids()))
                })}
            </span>
            {changing(move || {
                (breaking.attempts.with(|attempts| *attempts != Attempts::default())).then(|| view! {
                    <button class="quiet" data-testid="forget-attempts" on:click=click(forget)>"Forget all"</button>
                })
            })}
        </p>
    }
}

/// Which step, and at whom.
#[component]
fn Filter(breaking: Breaking) -> impl IntoView {
    let steps = Step::ALL.into_iter().filter(|step| attacks::all().any(|attack| attack.step == *step));
    let steps = steps.map(|step| {
        view! { <option value=step.id() prop:selected=move || breaking.step.get() == Some(step)>{step.title()}</option> }
    });
    let parties = Party::ALL.into_iter().filter(|party| attacks::all().any(|attack| place(attack) == *party));
    let parties = parties.map(|party| {
        view! { <option value=party.name() prop:selected=move || breaking.place.get() == Some(party)>{party.name()}</option> }
    });
    view! {
        <div class="filter">
            <label>
                <span>"Step"</span>
                <select
                    data-testid="filter-step"
                    on:change=move |event| breaking.step.set(Step::parse(&event_target_value(&event)))
                >
                    <option value="" prop:selected=move || breaking.step.with(Option::is_none)>"every step"</option>
                    {steps.collect_boxed()}
                </select>
            </label>
            <label>
                <span>"Happens at"</span>
                <select
                    data-testid="filter-party"
                    on:change=move |event| {
                        let name = event_target_value(&event);
                        breaking.place.set(Party::ALL.into_iter().find(|party| party.name() == name));
                    }
                >
                    <option value="" prop:selected=move || breaking.place.with(Option::is_none)>"anywhere"</option>
                    {parties.collect_boxed()}
                </select>
            </label>
        </div>
    }
}

/// The attacks of a kind.
#[component]
fn Part(breaking: Breaking, kind: Kind) -> impl IntoView {
    changing(move || {
        let wanted = attacks::all().filter(|attack| attack.kind() == kind && is_wanted(breaking, attack));
        let entries =
            wanted.map(|attack| view! { <Entry breaking=breaking attack=attack /> }).collect_boxed();
        (!entries.is_empty()).then(|| {
            view! {
                <section>
                    <h3>{kind.title()}</h3>
                    <p class="hint">{about(kind)}</p>
                    <ul class="entries" on:keydown=move_along>{entries}</ul>
                </section>
            }
        })
    })
}

#[component]
fn Entry(breaking: Breaking, attack: &'static Attack) -> impl IntoView {
    view! {
        <li>
            <button
                id=entry_id(attack)
                data-testid=["attack-", attack.id].concat()
                on:click=click(move |_| breaking.open(attack))
            >
                <b>{attack.title}</b>
                <span class="step">{attack.step.title()}</span>
                {changing(move || {
                    let attempt = breaking.attempts.with(|attempts| attempts.of(attack.id));
                    view! { <Mark verdict=attempt.map(|attempt| attempt.verdict) /> }
                })}
            </button>
        </li>
    }
}

/// Who misbehaves, and who is put to the test.
fn about(kind: Kind) -> &'static str {
    match kind {
        Kind::Client => "A client does something that it should not: the lab’s servers are put to the test.",
        Kind::Server => "A rogue server of the lab misbehaves: the client is put to the test.",
        Kind::Document => {
            "A client’s metadata document, or its host, is not as it should be: the authorization server is put to the test."
        }
    }
}

fn is_wanted(breaking: Breaking, attack: &Attack) -> bool {
    let fits = |step: &Option<Step>| step.is_none_or(|step| step == attack.step);
    let is_there = |party: &Option<Party>| party.is_none_or(|party| party == place(attack));
    breaking.step.with(fits) && breaking.place.with(is_there)
}

/// Who is talked to at the step of an attack. It need not be the one who refuses.
fn place(attack: &Attack) -> Party {
    match attack.step {
        Step::Challenge
        | Step::ResourceMetadata
        | Step::Handshake
        | Step::Tools
        | Step::Call
        | Step::InsufficientScope
        | Step::Retry
        | Step::Ending => Party::McpServer,
        Step::ClientDocument => Party::ClientHost,
        Step::ServerMetadata
        | Step::Registration
        | Step::Pkce
        | Step::AuthorizationRequest
        | Step::Consent
        | Step::CodeExchange
        | Step::StepUpRequest
        | Step::StepUpConsent
        | Step::StepUpToken
        | Step::Refresh
        | Step::RefreshReuse
        | Step::Revocation => Party::AuthorizationServer,
        Step::Callback | Step::TokenOpened | Step::StepUpScopes => Party::Client,
    }
}

fn entry_id(attack: &Attack) -> String {
    ["attack-", attack.id].concat()
}

/// Whoever comes back from an attack stands where it is in the list.
fn give_focus_back(breaking: Breaking) {
    let Some(last) = breaking.last.get_value() else { return };
    breaking.last.set_value(None);
    focus_soon(entry_id(last));
}

/// Up and down in the list, from part to part.
fn move_along(event: KeyboardEvent) {
    let by: isize = match event.key().as_str() {
        "ArrowDown" => 1,
        "ArrowUp" => -1,
        _ => return,
    };
    let Ok(entries) = document().query_selector_all(".entries button") else { return };
    let entries: Vec<HtmlElement> = (0..entries.length())
        .filter_map(|index| entries.item(index)?.dyn_into::<HtmlElement>().ok())
        .collect();
    let focused = document().active_element();
    let here = entries.iter().position(|entry| focused.as_ref().is_some_and(|focused| **entry == *focused));
    let there = here.and_then(|here| here.checked_add_signed(by)).and_then(|there| entries.get(there));
    if let Some(there) = there {
        // What stands in the document can have the focus.
        let _ = there.focus();
        event.prevent_default();
    }
}
