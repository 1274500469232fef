//! What will be sent when the main button is pressed. Until then each field of it can be changed.

use flow::Action;
use flow::lessons::steps::Step;
use leptos::prelude::*;
use protocol::party::Party;

use super::about::{About, Awaited};
use super::fields::Fields;
use crate::draft::{Draft, is_on_this_machine};
use crate::view::boxed::{Boxed as _, changing, click};
use crate::view::message::{Message, MessageView};
use crate::view::party::Who;
use crate::walk::Walk;

/// The request that is about to go.
#[component]
pub(crate) fn PendingCard(walk: Walk) -> impl IntoView {
    let pending: Option<(Party, Party, Step, Draft)> = walk.flow.with_untracked(|flow| match flow.poll() {
        Action::Send(outgoing) => {
            Some((Party::Client, outgoing.to, outgoing.step, Draft::of(&outgoing.request)))
        }
        Action::Navigate | Action::AwaitCallback => {
            let step = if flow.granted().is_some() { Step::StepUpConsent } else { Step::Consent };
            Some((Party::You, Party::AuthorizationServer, step, Draft::of_url(&flow.destination()?)))
        }
        _ => None,
    });
    let revision = untrack(|| walk.revision());
    pending.map(|(from, to, step, original)| {
        let original = StoredValue::new(original);
        let edit = move |_| walk.draft.set(Some(original.get_value()));
        view! {
            <Who from=from to=to />
            <h2>{step.title()}</h2>
            <About lessons=walk.lessons step=step revision=revision />
            <Awaited lessons=walk.lessons step=step revision=revision />
            {move || match walk.draft.get() {
                None => view! {
                    <p class="section">"Will be sent"</p>
                    <MessageView walk=walk message=Message::of_request(&original.get_value().request()) />
                    <button class="quiet" data-testid="edit-request" on:click=edit>"Change it before it goes"</button>
                }
                .into_any(),
                Some(_) => view! {
                    <p class="section">"Will be sent, as you change it"</p>
                    {changing(move || hint(walk, from).map(|hint| view! { <p class="hint" role="status" data-testid="edit-hint">{hint}</p> }))}
                    <Fields draft=walk.draft />
                    <button class="quiet" data-testid="undo-edit" on:click=click(move |_| walk.draft.set(None))>"As the client would send it"</button>
                }
                .into_any(),
            }}
        }
    }).boxed()
}

/// What to know about a changed request before it goes.
fn hint(walk: Walk, from: Party) -> Option<&'static str> {
    if from == Party::You {
        return Some(
            "If the authorization server shows an error page then, there is no way on from there: the browser’s Back brings you here again.",
        );
    }
    let elsewhere =
        walk.draft.with(|draft| draft.as_ref().is_some_and(|draft| !is_on_this_machine(&draft.address)));
    elsewhere.then_some("This page talks to this machine only: the browser will not send it there.")
}
