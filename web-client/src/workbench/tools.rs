//! The tools, each in its dialog.

use std::sync::Arc;

use attack::Outcome;
use leptos::prelude::*;
use protocol::clause::Clause;
use protocol::observation::Finding;
use protocol::revision::Revision;
use record::Record;

use super::Desk;
use crate::bridge::{Moment, Order, Told};
use crate::observatory::{Observatory, Place};
use crate::trial::Places;
use crate::view::breaking::Break;
use crate::view::checks::{Findings, Manner};
use crate::view::compare::Compare;
use crate::view::dialog::Modal;
use crate::view::document_editor::DocumentEditor;
use crate::view::export::{Export, Format, Import};
use crate::view::keys::KeysDialog;
use crate::view::presenter::Presenter;
use crate::view::slide;
use crate::{comparing, storage};

/// What the order names, until it is closed.
#[component]
pub(super) fn Tool(desk: Desk, order: Order) -> impl IntoView {
    let open = RwSignal::new(true);
    Effect::new(move || {
        if !open.get() {
            desk.close_with(&Told::Left);
        }
    });
    match order {
        Order::Compare => view! {
            <Modal open=open id="compare" title="Two revisions, side by side">
                <Comparison desk=desk />
            </Modal>
        }
        .into_any(),
        Order::Document { places, revision, since } => view! {
            <Modal open=open id="document" title="A metadata document of your own">
                <Document desk=desk places=places.clone() revision=revision since=since.clone() />
            </Modal>
        }
        .into_any(),
        Order::Export { name, masked, with_secrets, imported } => view! {
            <Modal open=open id="export" title="Export and import">
                <Exports desk=desk name=name.clone() masked=masked.clone() with_secrets=with_secrets.clone() imported=imported />
            </Modal>
        }
        .into_any(),
        Order::Break { revision, attack } => view! {
            <Modal open=open id="break" title="Break it">
                <Breaks desk=desk revision=revision attack=attack.clone() />
            </Modal>
        }
        .into_any(),
        Order::Present(first) => view! { <Presenting desk=desk open=open first=first.clone() /> }.into_any(),
        Order::Keys => view! { <KeysDialog open=open /> }.into_any(),
        // It has no dialog.
        Order::Bench { .. } => ().into_any(),
    }
}

#[component]
fn Presenting(desk: Desk, open: RwSignal<bool>, first: Moment) -> impl IntoView {
    let moment = Memo::new(move |_| desk.moment.get().unwrap_or_else(|| first.clone()));
    view! {
        <Presenter
            open=open
            slide=Signal::derive(move || moment.with(slide::of))
            next=Signal::derive(move || moment.with(|moment| moment.next.clone()))
            on_next=Callback::new(move |()| desk.tell(&Told::Next))
            on_back=Callback::new(move |()| desk.tell(&Told::Back))
        />
    }
}

#[component]
fn Comparison(desk: Desk) -> impl IntoView {
    let runs = Revision::ALL.map(|revision| (revision, storage::finished_run(revision)));
    let missing: Vec<_> =
        runs.iter().filter_map(|(revision, run)| run.is_none().then_some(*revision)).collect();
    let rows = match runs {
        [(_, Some(left)), (_, Some(right))] => comparing::rows(&left, &right),
        _ => Vec::new(),
    };
    let on_run = Callback::new(move |revision| desk.close_with(&Told::Run(revision)));
    view! { <Compare rows=Signal::stored(rows) missing=Signal::stored(missing) on_run=on_run /> }
}

#[component]
fn Document(desk: Desk, places: Places, revision: Revision, since: Option<Place>) -> impl IntoView {
    let seen = Observatory::open(since).seen;
    // What servers report is masked by them.
    let text = Callback::new(|text: String| text.into_any());
    let rule = Callback::new(move |clause: Clause| clause.rule_in(revision).to_owned());
    let url = Callback::new(move |clause: Clause| Some(clause.url_in(revision).to_owned()));
    let show = Callback::new(move |findings: Vec<Finding>| {
        view! { <Findings manner=Manner { text, rule, url } findings=findings /> }.into_any()
    });
    let on_use = Callback::new(move |url| desk.close_with(&Told::StartWithDocument(url)));
    let trial = desk.trial(&places);
    view! { <DocumentEditor trial=trial places=places seen=seen.into() show=show on_use=on_use /> }
}

#[component]
fn Breaks(desk: Desk, revision: Revision, attack: Option<String>) -> impl IntoView {
    let breaking = desk.breaking();
    breaking.show(revision, attack.as_deref());
    let on_look = Callback::new(move |outcome: Arc<Outcome>| {
        desk.close_with(&Told::LookAt(Box::new(outcome.run.clone())));
        desk.tell(&Told::OfAttack(outcome.id.clone()));
        if let Some(row) = outcome.at {
            desk.tell(&Told::LookAtRow(row));
        }
    });
    view! { <Break breaking=breaking on_look=on_look /> }
}

#[component]
fn Exports(desk: Desk, name: String, masked: Record, with_secrets: Record, imported: bool) -> impl IntoView {
    let make = Callback::new(move |(format, secrets): (Format, bool)| {
        let record = if secrets { &with_secrets } else { &masked };
        match format {
            Format::Har => record.to_har(),
            Format::Mermaid => record.to_mermaid(),
            Format::Curl => record.to_shell_script(),
            Format::Markdown => record.to_markdown(),
            Format::Json => record.to_json(),
        }
    });
    let error = RwSignal::new(None::<String>);
    let on_text = Callback::new(move |text: String| match Record::parse(&text) {
        Ok(record) => desk.close_with(&Told::LookAt(Box::new(record))),
        Err(reason) => error.set(Some(reason.to_string())),
    });
    view! {
        <Export name=Signal::stored(name) make=make imported=imported />
        <Import error=error.into() on_text=on_text />
    }
}
