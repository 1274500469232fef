//! The parts of a message, and where there is one to it, the bench: a token that is opened, a PKCE pair that can be tried.

use flow::lessons::steps::Step;
use flow::trace::Event;
use leptos::html::Div;
use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::check::Check;
use protocol::observation::{Finding, MASK};
use record::Hop;

use super::decoded::DecodedView;
use crate::bridge::{BENCH_PLACE, Bench, Order};
use crate::followed::{self, latest};
use crate::view::boxed::{Boxed as _, CollectBoxed as _};
use crate::walk::{LOST, Walk};

/// Everything that was taken apart.
#[component]
pub(crate) fn Opened(walk: Walk, hop: Hop) -> impl IntoView {
    let bench = match hop.step {
        Step::TokenOpened | Step::StepUpToken => opened_token(walk, &hop),
        _ => None,
    };
    if let Some(token) = bench {
        return view! { <BenchPlace walk=walk bench=Signal::stored(Some(token)) /> }.into_any();
    }
    let pair = |name: &str| {
        let rows = hop.decoded.iter().flat_map(|decoded| &decoded.rows);
        rows.clone().find(|(known, _, _)| known == name).map(|(_, value, _)| value.clone())
    };
    let (challenge, verifier) = (pair("code_challenge"), pair("code_verifier"));
    let pair = verifier.is_some().then_some(Bench::Pkce { challenge, verifier });
    let parts = hop.decoded.into_iter().map(|decoded| view! { <DecodedView walk=walk decoded=decoded /> });
    let parts = parts.collect_boxed();
    view! {
        {parts}
        {pair.map(|pair| view! { <BenchPlace walk=walk bench=Signal::stored(Some(pair)) /> }).boxed()}
    }
    .into_any()
}

/// The token that a hop opens, the last one that came before, with what is known of it from elsewhere.
fn opened_token(walk: Walk, hop: &Hop) -> Option<Bench> {
    // The exchange itself shows what came; opening the token is the work behind it.
    hop.event.as_ref().filter(|event| matches!(event, Event::Local))?;
    walk.hops.with_untracked(|hops| {
        let place = hops.iter().position(|other| other.id == hop.id)?;
        let token = hops[..place].iter().rev().find_map(followed::access_token)?;
        // A run from a file may be without its secrets.
        let token = Some(token).filter(|token| !token.contains(MASK))?;
        let value = |name: &str| latest(hops, name).unwrap_or_default();
        Some(Bench::Token {
            observed: observed(&hops[place..], &token),
            token,
            issuer: value("issuer"),
            resource: value("resource"),
            client_id: value("client_id"),
            jwks_uri: value("jwks_uri"),
        })
    })
}

/// What the MCP server checked when it got a token for the first time.
fn observed(hops: &[Hop], token: &str) -> Vec<Check> {
    let brings = |hop: &&Hop| {
        let headers = hop.request().into_iter().flat_map(|request| &request.headers);
        headers.clone().any(|(name, value)| name == "authorization" && value.ends_with(token))
    };
    let seen = hops.iter().find(brings).and_then(|hop| hop.seen.as_ref());
    let findings = seen.into_iter().flat_map(|seen| &seen.findings);
    let checks = findings.filter_map(|finding| match finding {
        Finding::Checked(check) => Some(check.clone()),
        _ => None,
    });
    checks.collect()
}

/// Where the workbench shows a bench, once it is there.
#[component]
pub(super) fn BenchPlace(walk: Walk, #[prop(into)] bench: Signal<Option<Bench>>) -> impl IntoView {
    let place = NodeRef::<Div>::new();
    let says = RwSignal::new(Some("Opening …"));
    Effect::new(move || {
        let (Some(_), Some(bench)) = (place.get(), bench.get()) else { return };
        let order = Order::Bench {
            bench,
            shows_secrets: walk.show_secrets.get(),
            clock_ahead: walk.clock_ahead.get(),
        };
        spawn_local(async move {
            let is_there = walk.workbench.open(move || order, |_nothing| ()).await;
            // By then another message may be looked at.
            let _ = says.try_set((!is_there).then_some(LOST));
        });
    });
    view! {
        <div id=BENCH_PLACE node_ref=place>
            {move || says.get().map(|text| view! { <p class="hint" role="status">{text}</p> }).boxed()}
        </div>
    }
}
