//! What stands beside the walk: a document of one's own, export and import, presenting, the keys.

use leptos::prelude::*;
use protocol::revision::Revision;

use super::compare::Compare;
use super::dialog::Modal;
use super::document_editor::{DocumentEditor, Trial};
use super::export::{Export, Format, Import};
use super::keys::KeysDialog;
use super::presenter::Presenter;
use super::{checks, slide};
use crate::choice::{Choice, Way};
use crate::comparing;
use crate::trial::Places;
use crate::walk::{Until, Walk};

/// Which of them is open.
#[derive(Clone, Copy)]
pub(crate) struct Tools {
    pub(crate) compare: RwSignal<bool>,
    pub(crate) document: RwSignal<bool>,
    pub(crate) export: RwSignal<bool>,
    pub(crate) presenter: RwSignal<bool>,
    pub(crate) keys: RwSignal<bool>,
}

impl Tools {
    pub(crate) fn new() -> Self {
        let closed = || RwSignal::new(false);
        Self { compare: closed(), document: closed(), export: closed(), presenter: closed(), keys: closed() }
    }
}

/// The buttons that open them.
#[component]
pub(crate) fn ToolButtons(walk: Walk, tools: Tools) -> impl IntoView {
    let button = |id: &'static str, text: &'static str, key: &'static str, open: RwSignal<bool>| {
        view! {
            <button class="quiet" data-testid=String::from("open-") + id on:click=move |_| open.set(true)>
                {text}<kbd>{key}</kbd>
            </button>
        }
    };
    view! {
        <nav class="tools" aria-label="Tools">
            {button("compare", "Compare", "m", tools.compare)}
            {button("document", "Document", "d", tools.document)}
            {button("export", "Export", "x", tools.export)}
            {button("presenter", "Present", "v", tools.presenter)}
            {button("keys", "Keys", "?", tools.keys)}
            <label class="toggle">
                <input
                    type="checkbox"
                    data-testid="show-secrets"
                    prop:checked=move || walk.show_secrets.get()
                    on:change=move |event| walk.show_secrets.set(event_target_checked(&event))
                />
                "Secrets"
            </label>
        </nav>
    }
}

/// The dialogs.
#[component]
pub(crate) fn ToolDialogs(walk: Walk, tools: Tools) -> impl IntoView {
    view! {
        <Modal open=tools.compare id="compare" title="Two revisions, side by side">
            <Comparison walk=walk open=tools.compare />
        </Modal>
        <Modal open=tools.document id="document" title="A metadata document of your own">
            <Documents walk=walk open=tools.document />
        </Modal>
        <Modal open=tools.export id="export" title="Export and import">
            <Exports walk=walk open=tools.export />
        </Modal>
        <Presenting walk=walk open=tools.presenter />
        <KeysDialog open=tools.keys />
    }
}

#[component]
fn Comparison(walk: Walk, open: RwSignal<bool>) -> impl IntoView {
    let runs = Memo::new(move |_| walk.finished_runs());
    let rows = Signal::derive(move || {
        let of = |revision| runs.with(|runs| runs.iter().find(|run| run.revision == revision).cloned());
        match Revision::ALL.map(of) {
            [Some(left), Some(right)] => comparing::rows(&left, &right),
            _ => Vec::new(),
        }
    });
    let missing = Signal::derive(move || {
        let there = |revision| runs.with(|runs| runs.iter().any(|run| run.revision == revision));
        Revision::ALL.into_iter().filter(|revision| !there(*revision)).collect()
    });
    let on_run = Callback::new(move |revision| {
        open.set(false);
        let choice = walk.choice.get_untracked();
        walk.start(Choice { revision, ..choice });
        walk.run(Until::End);
    });
    view! { <Compare rows=rows missing=missing on_run=on_run /> }
}

#[component]
fn Documents(walk: Walk, open: RwSignal<bool>) -> impl IntoView {
    let places = walk.lab.with_value(|lab| Places {
        origin: window().location().origin().unwrap_or_default(),
        authorization_endpoint: [&lab.authorization_server, "/authorize"].concat(),
        resource: lab.mcp_server.clone(),
    });
    let trial = Trial::new(&places);
    let show = Callback::new(move |findings: Vec<_>| {
        view! { <checks::Findings walk=walk findings=findings /> }.into_any()
    });
    let on_use = Callback::new(move |url: String| {
        open.set(false);
        let choice = walk.choice.get_untracked();
        walk.start(Choice { way: Way::Cimd, document: Some(url), ..choice });
    });
    view! { <DocumentEditor trial=trial places=places seen=walk.observatory.seen.into() show=show on_use=on_use /> }
}

#[component]
fn Exports(walk: Walk, open: RwSignal<bool>) -> impl IntoView {
    let name = Signal::derive(move || {
        walk.choice.with(|choice| ["mcp-auth-", choice.revision.as_str(), "-", choice.way.id()].concat())
    });
    let make = Callback::new(move |(format, with_secrets): (Format, bool)| {
        let record = walk.record(with_secrets);
        match format {
            Format::Har => record.to_har(),
            Format::Mermaid => record.to_mermaid(),
            Format::Curl => record.to_shell_script(),
            Format::Markdown => record.to_markdown(),
            Format::Json => record.to_json(),
        }
    });
    let error = RwSignal::new(None::<String>);
    let on_text = Callback::new(move |text: String| match record::Record::parse(&text) {
        Ok(record) => {
            open.set(false);
            walk.look_at_record(record);
        }
        Err(reason) => error.set(Some(reason.to_string())),
    });
    view! {
        <Export name=name make=make />
        <Import error=error.into() on_text=on_text />
    }
}

#[component]
fn Presenting(walk: Walk, open: RwSignal<bool>) -> impl IntoView {
    let next = Signal::derive(move || slide::next(walk));
    view! {
        <Presenter
            open=open
            slide=Signal::derive(move || slide::of(walk))
            next=next
            on_next=Callback::new(move |()| walk.step())
            on_back=Callback::new(move |()| walk.back())
        />
    }
}
