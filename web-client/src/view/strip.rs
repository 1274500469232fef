//! The values that matter, as they become known up to the entry that is looked at.

use leptos::prelude::*;

use crate::walk::Walk;

/// The strip below the header.
#[component]
pub(crate) fn Strip(walk: Walk) -> impl IntoView {
    let value = move |name: &'static str| {
        let count = walk.entries_so_far();
        walk.flow.with(|flow| flow.trace().value(name, count).map(str::to_owned))
    };
    let config = move || walk.flow.with(|flow| flow.config().clone());
    view! {
        <section class="strip" aria-label="The values that matter">
            <Value name="resource" value=Signal::derive(move || Some(config().server.to_string())) />
            <Value name="issuer" value=Signal::derive(move || value("issuer")) />
            <Value name="client_id" value=Signal::derive(move || value("client_id")) />
            <Value name="state" value=Signal::derive(move || value("state").map(|text| shorten(&text))) />
            <Value
                name="PKCE"
                value=Signal::derive(move || {
                    let challenge = shorten(&value("code_challenge")?);
                    let verifier = walk.visible(&value("code_verifier")?);
                    Some(format!("{} → {challenge}", shorten(&verifier)))
                })
            />
            <Scopes walk=walk />
        </section>
    }
}

#[component]
fn Value(name: &'static str, value: Signal<Option<String>>) -> impl IntoView {
    move || {
        value.get().map(
            |text| view! { <span class="value"><span class="label">{name}</span><code>{text}</code></span> },
        )
    }
}

/// The scopes that are asked for and those that the token has.
#[component]
fn Scopes(walk: Walk) -> impl IntoView {
    let marks = move || {
        let count = walk.entries_so_far();
        walk.flow.with(|flow| {
            let granted = flow.granted().map(ToString::to_string).unwrap_or_default();
            let asked = flow.trace().value("scope", count).unwrap_or_default().to_owned();
            let mut scopes: Vec<String> = granted
                .split(' ')
                .chain(asked.split(' '))
                .filter(|s| !s.is_empty())
                .map(str::to_owned)
                .collect();
            scopes.sort();
            scopes.dedup();
            let mark = |scope: &String| match (granted.split(' ').any(|g| g == scope), granted.is_empty()) {
                (true, _) => "granted",
                (false, true) => "asked",
                (false, false) => "new",
            };
            scopes.into_iter().map(|scope| (mark(&scope), scope)).collect::<Vec<_>>()
        })
    };
    view! {
        <Show when=move || !marks().is_empty()>
            <span class="value">
                <span class="label">"scope"</span>
                {move || {
                    marks().into_iter().map(|(mark, scope)| view! { <span class=format!("tag {mark}")>{scope}" "{mark}</span> }).collect_view()
                }}
            </span>
        </Show>
    }
}

/// Random values are recognized by their ends.
fn shorten(text: &str) -> String {
    match (text.get(..4), text.len().checked_sub(3).and_then(|end| text.get(end..))) {
        (Some(head), Some(tail)) if text.len() > 14 => format!("{head}…{tail}"),
        _ => text.to_owned(),
    }
}
