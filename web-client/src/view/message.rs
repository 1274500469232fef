//! A message as text: start line, headers, body. Forms are written line by line, JSON is indented.

use flow::http::Request;
use flow::trace::{Answer, Event};
use leptos::prelude::*;
use protocol::query::Parameters;
use record::Hop;

use super::boxed::{Boxed as _, CollectBoxed as _};
use super::text::Text;
use crate::walk::Walk;

/// A message, whoever saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// The request line, or the status.
    pub(crate) start: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// Whose account it is, where the client has none of its own.
    pub(crate) told_by: Option<&'static str>,
}

const FORM: &str = "application/x-www-form-urlencoded";

impl Message {
    /// A request of the client.
    pub(crate) fn of_request(request: &Request) -> Self {
        let body = request.body.as_deref().unwrap_or_default();
        Self::request_of(request.method.as_str(), &request.url, &request.headers, body)
    }

    fn request_of(method: &str, url: &str, headers: &[(String, String)], body: &str) -> Self {
        let body = pretty(content_type(headers), body);
        Self { start: [method, " ", url].concat(), headers: headers.to_vec(), body, told_by: None }
    }

    /// An address to which the browser went, its parameters line by line.
    fn of_url(url: &str) -> Self {
        let (address, query) = url.split_once('?').unwrap_or((url, ""));
        let body = pretty(FORM, query);
        Self { start: String::from("GET ") + address, headers: Vec::new(), body, told_by: None }
    }

    /// The request of a hop: as the client wrote it down, else as the server saw it.
    pub(crate) fn request(hop: &Hop) -> Option<Self> {
        let sent = hop.sent()?;
        if let Some(Event::Navigation { .. } | Event::Callback { .. }) = hop.event {
            return Some(Self::of_url(sent.url));
        }
        let body = sent.body.unwrap_or_default();
        let told_by = if hop.event.is_none() { teller(hop) } else { None };
        Some(Self { told_by, ..Self::request_of(sent.method, sent.url, sent.headers, body) })
    }

    /// The answer of a hop: as the client wrote it down, else as the server gave it.
    pub(crate) fn response(hop: &Hop) -> Option<Self> {
        let is_own = matches!(hop.event, Some(Event::Exchange { .. }));
        if let Some(Event::Exchange { answer: Answer::Unreachable(reason), .. }) = &hop.event {
            let start = "no answer".to_owned();
            return Some(Self { start, headers: Vec::new(), body: reason.clone(), told_by: None });
        }
        let got = hop.got()?;
        Some(Self {
            start: format!("{} · {}", got.status, milliseconds(got.elapsed_us)),
            headers: got.headers.to_vec(),
            body: pretty(content_type(got.headers), got.body.unwrap_or_default()),
            told_by: if is_own { None } else { teller(hop) },
        })
    }
}

fn teller(hop: &Hop) -> Option<&'static str> {
    hop.seen.as_ref().map(|seen| seen.party.name())
}

/// A duration to look at: `1.5 ms`. Without floating point, whose writing is big.
fn milliseconds(elapsed_us: u64) -> String {
    let tenths = elapsed_us.saturating_add(50) / 100;
    format!("{}.{} ms", tenths / 10, tenths % 10)
}

fn content_type(headers: &[(String, String)]) -> &str {
    headers.iter().find(|(name, _)| name == "content-type").map_or("", |(_, value)| value.as_str())
}

/// The message.
#[component]
pub(crate) fn MessageView(walk: Walk, message: Message) -> impl IntoView {
    let Message { start, headers, body, told_by } = message;
    let headers = headers.into_iter().map(move |(name, value)| {
        view! { <span class="name">{name}</span>" "<Text walk=walk text=value />"\n" }
    });
    let has_body = !body.is_empty();
    view! {
        {told_by.map(|who| view! { <p class="told">"As the "{who}" reports it; secrets were masked there."</p> }).boxed()}
        <pre tabindex="0" data-testid="message">
            <b><Text walk=walk text=start /></b>"\n"{headers.collect_boxed()}
            {has_body.then_some("\n")}<Text walk=walk text=body />
        </pre>
    }
}

/// The same content, easier to read.
fn pretty(content_type: &str, body: &str) -> String {
    if content_type.starts_with(FORM) {
        let mut text = String::new();
        for (name, value) in Parameters::parse(body).iter() {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(name);
            text.push('=');
            text.push_str(value);
        }
        return text;
    }
    match serde_json::from_str::<serde_json::Value>(body) {
        Ok(value) => format!("{value:#}"),
        Err(_) => body.to_owned(),
    }
}
