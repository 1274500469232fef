//! A message as text: start line, headers, body. Forms are written line by line, JSON is indented.

use flow::http::{Request, Response};
use leptos::prelude::*;
use protocol::query::Parameters;

use crate::walk::Walk;

/// A request.
#[component]
pub(crate) fn RequestView(walk: Walk, request: Request) -> impl IntoView {
    let start = format!("{} {}", request.method.as_str(), request.url);
    let content_type =
        request.headers.iter().find(|(name, _)| name == "content-type").map(|(_, value)| value.clone());
    let body = pretty(&content_type.unwrap_or_default(), request.body.as_deref().unwrap_or_default());
    view! { <Message walk=walk start=start headers=request.headers body=body /> }
}

/// A response.
#[component]
pub(crate) fn ResponseView(walk: Walk, response: Response) -> impl IntoView {
    let start = format!("{} · {} ms", response.status, response.elapsed_ms);
    let body = pretty(response.content_type(), &response.body);
    view! { <Message walk=walk start=start headers=response.headers body=body /> }
}

/// A URL with its parameters line by line.
#[component]
pub(crate) fn UrlView(walk: Walk, url: String) -> impl IntoView {
    let (address, query) =
        url.split_once('?').map_or((url.as_str(), ""), |(address, query)| (address, query));
    let body = pretty("application/x-www-form-urlencoded", query);
    view! { <Message walk=walk start=format!("GET {address}") headers=Vec::new() body=body /> }
}

#[component]
fn Message(walk: Walk, start: String, headers: Vec<(String, String)>, body: String) -> impl IntoView {
    let headers = headers.into_iter().map(move |(name, value)| {
        view! { <span class="name">{name}</span>" "{move || walk.visible(&value)}"\n" }
    });
    let has_body = !body.is_empty();
    view! {
        <pre tabindex="0">
            <b>{move || walk.visible(&start)}</b>"\n"{headers.collect_view()}
            {has_body.then_some("\n")}{move || walk.visible(&body)}
        </pre>
    }
}

/// The same content, easier to read.
fn pretty(content_type: &str, body: &str) -> String {
    if content_type.starts_with("application/x-www-form-urlencoded") {
        let parameters = Parameters::parse(body);
        return parameters
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join("\n");
    }
    match serde_json::from_str::<serde_json::Value>(body) {
        Ok(value) => format!("{value:#}"),
        Err(_) => body.to_owned(),
    }
}
