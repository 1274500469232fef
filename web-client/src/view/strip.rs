//! The values that matter, as they become known up to the hop that is looked at. Pointing at one lights it up wherever it
//! occurs.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use super::boxed::{Boxed as _, changing, click};
use super::scopes::Scopes;
use crate::walk::Walk;

/// The strip below the header.
#[component]
pub(crate) fn Strip(walk: Walk) -> impl IntoView {
    let value = move |name: &'static str| Signal::derive(move || walk.value(name));
    let resource = Signal::derive(move || {
        let known = || walk.flow.with(|flow| flow.config().server.to_string());
        // What this page talks to is not what a run from elsewhere was about.
        if walk.imported.with(Option::is_some) { walk.value("resource") } else { Some(known()) }
    });
    view! {
        <section class="strip" aria-label="The values that matter">
            <Value walk=walk label="resource" name="resource" value=resource />
            <Value walk=walk label="issuer" name="issuer" value=value("issuer") />
            <Value walk=walk label="client_id" name="client_id" value=value("client_id") />
            <Value walk=walk label="state" name="state" value=value("state") />
            <Value walk=walk label="verifier" name="code_verifier" value=value("code_verifier") />
            <Value walk=walk label="→ challenge" name="code_challenge" value=value("code_challenge") />
            <Value walk=walk label="kid" name="kid" value=value("kid") />
            <ScopesSoFar walk=walk />
        </section>
    }
}

#[component]
fn Value(
    walk: Walk,
    label: &'static str,
    name: &'static str,
    value: Signal<Option<String>>,
) -> impl IntoView {
    let is_lit = move || walk.lit.get() == Some(name);
    let point = move |on: bool| walk.lit.set(if on { Some(name) } else { walk.picked.get_untracked() });
    changing(move || {
        value.get().map(|text| {
            let whole = walk.visible(&text);
            view! {
                <button
                    class="value"
                    class:lit=is_lit
                    data-testid=String::from("value-") + name
                    aria-pressed=move || if walk.picked.get() == Some(name) { "true" } else { "false" }
                    title=whole.clone()
                    on:pointerenter=move |_| point(true)
                    on:pointerleave=move |_| point(false)
                    on:focus=move |_| point(true)
                    on:blur=move |_| point(false)
                    on:click=click(move |_| walk.pick(name))
                    on:keydown=move |event: KeyboardEvent| if event.key() == "Escape" { walk.picked.set(None) }
                >
                    <span class="label">{label}</span>
                    <code>{shorten(&whole)}</code>
                </button>
            }
        }).boxed()
    })
}

/// The scopes that are asked for and those that the token has.
#[component]
fn ScopesSoFar(walk: Walk) -> impl IntoView {
    let list =
        |text: &str| text.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    changing(move || {
        // Of a run from elsewhere nobody here holds the token.
        let granted = if walk.imported.with(Option::is_some) {
            None
        } else {
            walk.flow.with(|flow| flow.granted().map(ToString::to_string))
        };
        let (granted, asked) =
            (list(&granted.unwrap_or_default()), list(&walk.value("scope").unwrap_or_default()));
        (!granted.is_empty() || !asked.is_empty())
            .then(|| view! { <Scopes granted=granted asked=asked /> })
            .boxed()
    })
}

/// Random values are recognized by their ends; on this machine, addresses by what differs.
fn shorten(text: &str) -> String {
    if let Some(local) = text.strip_prefix("http://") {
        let document = local.rsplit_once('/').filter(|(before, _)| before.len() > 10 && local.len() > 22);
        return document.map_or_else(|| local.to_owned(), |(_, name)| ["…/", name].concat());
    }
    match (text.get(..4), text.len().checked_sub(3).and_then(|end| text.get(end..))) {
        (Some(head), Some(tail)) if text.len() > 14 => [head, "…", tail].concat(),
        _ => text.to_owned(),
    }
}
