//! The benches: parts of a message in the page's card that can be worked on.

use std::any::Any;

use flow::opened_token::Expected;
use gloo_net::http::Request;
use leptos::mount::mount_to;
use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::ids::UnixTime;
use record::code;
use wasm_bindgen::JsCast as _;
use web_sys::HtmlElement;

use crate::bridge::{BENCH_PLACE, Bench};
use crate::env;
use crate::view::code_block::CodeBlock;
use crate::view::pkce_bench::PkceBench;
use crate::view::token::TokenView;

/// The bench that is in the card. All of it is signals, so copies are the same.
#[derive(Clone, Copy)]
pub(super) struct Benches {
    shown: StoredValue<Option<Shown>, LocalStorage>,
    shows_secrets: RwSignal<bool>,
    clock_ahead: RwSignal<u64>,
    /// The language in which code is shown.
    language: RwSignal<&'static str>,
}

/// A bench in its place, until it is dropped.
struct Shown {
    bench: Bench,
    place: HtmlElement,
    _mounted: Box<dyn Any>,
}

impl Benches {
    /// None yet.
    pub(super) fn new() -> Self {
        Self {
            shown: StoredValue::new_local(None),
            shows_secrets: RwSignal::new(false),
            clock_ahead: RwSignal::new(0),
            language: RwSignal::new("curl"),
        }
    }

    /// Shows a bench in its place in the card. By the time the order is read, that may be gone.
    pub(super) fn show(self, bench: Bench, shows_secrets: bool, clock_ahead: u64) {
        self.shows_secrets.set(shows_secrets);
        self.clock_ahead.set(clock_ahead);
        let Some(place) = document().get_element_by_id(BENCH_PLACE) else { return };
        let place: HtmlElement = place.unchecked_into();
        let is_there = |shown: &Shown| shown.bench == bench && shown.place == place;
        if self.shown.with_value(|shown| shown.as_ref().is_some_and(is_there)) {
            return;
        }
        // What was there before leaves first.
        self.shown.set_value(None);
        let this = bench.clone();
        let mounted = mount_to(place.clone(), move || self.view(this));
        self.shown.set_value(Some(Shown { bench, place, _mounted: Box::new(mounted) }));
    }

    fn view(self, bench: Bench) -> AnyView {
        match bench {
            Bench::Token { token, issuer, resource, client_id, jwks_uri, observed } => {
                let expected = Expected { issuer, resource, client_id };
                let now = Signal::derive(move || UnixTime(env::now_ms() / 1000 + self.clock_ahead.get()));
                let key_set = RwSignal::new(None);
                let fetch = Callback::new(move |()| {
                    let address = jwks_uri.clone();
                    spawn_local(async move {
                        let keys = fetch_text(&address).await;
                        // By then another bench may be there.
                        let _ = key_set.try_set(Some(keys));
                    });
                });
                let masked = Signal::derive(move || !self.shows_secrets.get());
                view! {
                    <TokenView
                        token=token
                        expected=expected
                        observed=observed
                        now=now
                        key_set=key_set
                        on_fetch=fetch
                        masked=masked
                    />
                }
                .into_any()
            }
            Bench::Pkce { challenge, verifier } => {
                let masked = Signal::derive(move || !self.shows_secrets.get());
                view! { <PkceBench challenge=challenge verifier=verifier masked=masked /> }.into_any()
            }
            Bench::Code(request) => {
                let snippets = vec![
                    ("curl", code::curl(&request)),
                    ("JavaScript", code::javascript(&request)),
                    ("Rust", code::rust(&request)),
                ];
                view! { <CodeBlock snippets=snippets chosen=self.language /> }.into_any()
            }
        }
    }
}

/// A document as it is. The error is for people.
async fn fetch_text(address: &str) -> Result<String, String> {
    let response = Request::get(address).send().await.map_err(|error| error.to_string())?;
    response.text().await.map_err(|error| error.to_string())
}
