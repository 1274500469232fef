//! The parts of a message, and where there is one to it, the bench: a token that is opened, a PKCE pair that can be tried.

use flow::lessons::steps::Step;
use flow::opened_token::Expected;
use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::ids::UnixTime;
use record::{Hop, HopId};

use super::decoded::DecodedView;
use crate::view::boxed::CollectBoxed as _;
use crate::view::pkce_bench::PkceBench;
use crate::view::token::TokenView;
use crate::walk::Walk;
use crate::{env, followed};

/// Everything that was taken apart.
#[component]
pub(crate) fn Opened(walk: Walk, hop: Hop) -> impl IntoView {
    let bench = match hop.step {
        Step::TokenOpened | Step::StepUpToken => {
            token_of(walk, &hop).map(|token| view! { <OpenedToken walk=walk token=token /> }.into_any())
        }
        _ => None,
    };
    if let Some(token) = bench {
        return token;
    }
    let pair = |name: &str| {
        let rows = hop.decoded.iter().flat_map(|decoded| &decoded.rows);
        rows.clone().find(|(known, _, _)| known == name).map(|(_, value, _)| value.clone())
    };
    let (challenge, verifier) = (pair("code_challenge"), pair("code_verifier"));
    let is_pair = verifier.is_some();
    let parts = hop.decoded.into_iter().map(|decoded| view! { <DecodedView walk=walk decoded=decoded /> });
    let parts = parts.collect_boxed();
    view! {
        {parts}
        {is_pair.then(|| move || {
            let seen = walk.show_secrets.get().then(|| verifier.clone()).flatten();
            view! { <PkceBench challenge=challenge.clone() verifier=seen /> }
        })}
    }
    .into_any()
}

/// The token that a hop opens: the last one that came before.
fn token_of(walk: Walk, hop: &Hop) -> Option<String> {
    let HopId::Entry(index) = hop.id else { return None };
    // The exchange itself shows what came; opening the token is the work behind it.
    hop.event.as_ref().filter(|event| matches!(event, flow::trace::Event::Local))?;
    walk.flow.with_untracked(|flow| {
        flow.trace().entries().get(..index)?.iter().rev().find_map(followed::access_token)
    })
}

#[component]
fn OpenedToken(walk: Walk, token: String) -> impl IntoView {
    let value = move |name: &str| {
        walk.flow
            .with_untracked(|flow| flow.trace().value(name, usize::MAX).map(str::to_owned))
            .unwrap_or_default()
    };
    let expected = Expected {
        issuer: value("issuer"),
        resource: walk.flow.with_untracked(|flow| flow.config().server.to_string()),
        client_id: value("client_id"),
    };
    let now = Signal::derive(move || UnixTime(env::now_ms() / 1000 + walk.clock_ahead.get()));
    let fetch = Callback::new(move |()| {
        let address = value("jwks_uri");
        spawn_local(async move { walk.key_set.set(Some(fetch_text(&address).await)) });
    });
    let masked = Signal::derive(move || !walk.show_secrets.get());
    view! { <TokenView token=token expected=expected now=now key_set=walk.key_set on_fetch=fetch masked=masked /> }
}

/// A document as it is. The error is for people.
async fn fetch_text(address: &str) -> Result<String, String> {
    let response = gloo_net::http::Request::get(address).send().await.map_err(|error| error.to_string())?;
    response.text().await.map_err(|error| error.to_string())
}
