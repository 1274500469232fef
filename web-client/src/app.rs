//! The page's beginning: where are the servers, is there a walk to resume, and did the browser just come back?

use flow::identity::{Identities, MetadataDocument};
use flow::{Action, Agenda, Config, Era, Flow, OnBehalf};
use gloo_net::http::Request;
use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::cimd::ClientIdUrl;
use protocol::ids::{RedirectUri, ResourceUri};
use protocol::loopback::LoopbackPolicy;
use protocol::revision::Revision;
use serde::Deserialize;

use crate::env;
use crate::storage::{self, Found, Saved};
use crate::view::page::WalkPage;
use crate::walk::{self, Walk};

/// What the lab says about itself at `/lab.json`.
#[derive(Deserialize)]
struct Lab {
    mcp_server: String,
}

/// Asks the lab where its servers are, then shows the walk.
#[component]
pub(crate) fn App() -> impl IntoView {
    let walk: RwSignal<Option<Result<Walk, String>>> = RwSignal::new(None);
    spawn_local(async move { walk.set(Some(begin().await)) });
    move || {
        match walk.get() {
        None => view! { <p class="waiting" role="status">"Asking the lab where its servers are …"</p> }.into_any(),
        Some(Ok(walk)) => view! { <WalkPage walk=walk /> }.into_any(),
        Some(Err(reason)) => view! {
            <main class="lost">
                <h1>"MCP Auth Lab"</h1>
                <p role="alert">{reason}</p>
                <p>"Start the lab with "<code>"just demo"</code>" (or "<code>"./just demo"</code>") and reload this page."</p>
            </main>
        }
        .into_any(),
    }
    }
}

async fn begin() -> Result<Walk, String> {
    let lab = ask_the_lab().await.map_err(|reason| format!("The lab does not answer: {reason}."))?;
    let config = config(&lab).ok_or("The lab names addresses that this page cannot use.")?;
    let (saved, notice) = match storage::load() {
        Found::Walk(saved) if *saved.flow.config() == config => (*saved, None),
        Found::Walk(_) => {
            storage::clear();
            (walk::fresh(config), Some("The lab has other addresses than before, so the walk begins anew."))
        }
        Found::Unreadable => (
            walk::fresh(config),
            Some("What this tab had put away could not be read, so the walk begins anew."),
        ),
        Found::Nothing => (walk::fresh(config), None),
    };
    Ok(come_back(saved, notice))
}

async fn ask_the_lab() -> Result<Lab, String> {
    let response = Request::get("/lab.json").send().await.map_err(|error| error.to_string())?;
    let text = response.text().await.map_err(|error| error.to_string())?;
    serde_json::from_str(&text).map_err(|error| error.to_string())
}

/// This page as a client: its document and its callback are at its own origin.
fn config(lab: &Lab) -> Option<Config> {
    let origin = web_sys::window()?.location().origin().ok()?;
    let loopback = LoopbackPolicy::AllowHttpOnLoopback;
    Some(Config {
        server: ResourceUri::parse(&lab.mcp_server, loopback).ok()?,
        era: Era::Only(Revision::default()),
        loopback,
        redirect_uri: RedirectUri::parse(&format!("{origin}/callback")).ok()?,
        identities: Identities {
            document: Some(MetadataDocument {
                url: ClientIdUrl::parse(&format!("{origin}/client.json"), loopback).ok()?,
                read_first: true,
            }),
            ..Identities::default()
        },
        on_behalf: OnBehalf::Person,
        agenda: Agenda::lab(),
    })
}

/// Takes the callback out of the address bar, if the browser came back with one, and hands it to the flow.
fn come_back(mut saved: Saved, notice: Option<&'static str>) -> Walk {
    let Some(url) = take_callback() else {
        let deep_link = step_in_hash(&saved.flow);
        saved.at = deep_link.unwrap_or(saved.at);
        // A reload is no wish to go on: only a callback resumes a run.
        saved.running = false;
        return Walk::new(saved, notice);
    };
    let resume = saved.running;
    saved.running = false;
    let Some(env) = env::fresh() else {
        return Walk::new(saved, Some("This browser has no randomness to offer."));
    };
    let first_new = saved.flow.trace().entries().len();
    if saved.flow.handle_callback(&env, &url).is_err() {
        return Walk::new(
            saved,
            Some(
                "The browser came back with an answer that this tab never asked for. It was thrown away unread.",
            ),
        );
    }
    saved.at = first_new;
    let goes_on = matches!(saved.flow.poll(), Action::Send(_));
    let walk = Walk::new(saved, notice);
    walk.look_at(first_new);
    if resume && goes_on {
        walk.run();
    }
    walk
}

/// The callback URL, if this is one. Code and state leave the address bar and the history at once.
fn take_callback() -> Option<String> {
    let window = web_sys::window()?;
    let location = window.location();
    if location.pathname().ok()? != "/callback" {
        return None;
    }
    let url = location.href().ok()?;
    let history = window.history().ok()?;
    history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some("/")).ok()?;
    Some(url)
}

/// The first entry of the step that a link names: `/#step=code-exchange`.
fn step_in_hash(flow: &Flow) -> Option<usize> {
    let hash = web_sys::window()?.location().hash().ok()?;
    let id = hash.trim_start_matches('#').split('&').find_map(|part| part.strip_prefix("step="))?;
    flow.trace().entries().iter().position(|entry| entry.step.id() == id)
}
