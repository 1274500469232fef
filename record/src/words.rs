//! A few words for the arrows that the client did not draw: what a browser did at the authorization server, and what servers
//! asked each other.

use protocol::observation::{MASK, Observation, correlation};
use url::form_urlencoded;

/// What a browser did.
pub(crate) fn title(of: &Observation) -> String {
    let path = path(&of.request.url);
    let form = of.request.body.as_deref().unwrap_or_default();
    match (of.request.method.as_str(), path) {
        ("POST", "/sign-in") => match values(form, "person").or_else(|| values(form, "name")) {
            Some(person) if person != MASK => format!("signs in as {person}"),
            _ => "signs in".into(),
        },
        ("POST", "/consent") => match values(form, "decision").as_deref() {
            Some("allow") => {
                format!("allows {}", values(form, "scope").unwrap_or_default()).trim_end().into()
            }
            Some("deny") => "denies".into(),
            _ => "decides".into(),
        },
        ("POST", "/sign-out") => "signs out".into(),
        (method, path) => format!("{method} {path}"),
    }
}

/// What a browser got, or another server.
pub(crate) fn answer(of: &Observation) -> String {
    let status = of.response.status;
    let location = of.response.headers.iter().find(|(name, _)| name == "location");
    match (status, location) {
        (300..=399, Some((_, location))) => format!("{status} · {}", destination(location)),
        (200, _) => match path(&of.request.url) {
            "/sign-in" => "sign-in page".into(),
            "/consent" => "consent page".into(),
            _ => status.to_string(),
        },
        _ => status.to_string(),
    }
}

/// Where a redirect leads: to a page, or back to the client with an answer, whose parts are named.
fn destination(location: &str) -> String {
    let query = location.split_once('?').map_or("", |(_, query)| query);
    if let Some(error) = values(query, "error") {
        return error;
    }
    let names: Vec<_> = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name).collect();
    if names.iter().any(|name| name == "code") {
        return names.join(", ");
    }
    match path(location) {
        "/sign-in" => "to the sign-in page".into(),
        "/consent" => "to the consent page".into(),
        path => format!("to {path}"),
    }
}

/// What a server asked another one. Documents are read; whatever else is asked is posted.
pub(crate) fn question(asked: &str, url: &str) -> String {
    let method = if correlation("GET", url, None, b"") == asked { "GET" } else { "POST" };
    format!("{method} {}", path(url))
}

/// What became of it.
pub(crate) fn outcome(outcome: &Result<u16, String>) -> String {
    match outcome {
        Ok(status) => status.to_string(),
        Err(reason) => reason.clone(),
    }
}

/// The path of a URL, or of a reference to the same server.
pub(crate) fn path(url: &str) -> &str {
    let behind = url.split_once("://").map_or(url, |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
    behind.split(['?', '#']).next().unwrap_or_default()
}

/// All values of a name, as a list; `None` if there is none.
fn values(form: &str, name: &str) -> Option<String> {
    let pairs = form_urlencoded::parse(form.as_bytes());
    pairs
        .filter(|(known, value)| known == name && !value.is_empty())
        .map(|(_, value)| value.into_owned())
        .reduce(|list, value| format!("{list} {value}"))
}
