//! A hop taken apart, so that two can be compared part by part.

use flow::lessons::steps::Step;
use protocol::observation::MASK;
use serde_json::Value;
use url::form_urlencoded;

use super::{Part, explanation};
use crate::hop::Hop;
use crate::message::header;
use crate::words::path;

/// Where in a hop a part stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A parameter of the query.
    Query,
    /// A header of the request.
    RequestHeader,
    /// A parameter or member of the request's body.
    RequestBody,
    /// The status of the response.
    Status,
    /// A header of the response.
    ResponseHeader,
    /// A member of the response's body.
    ResponseBody,
    /// What somebody worked out alone.
    Local,
    /// What the client verified.
    Check,
}

impl Place {
    /// For people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::RequestHeader => "request header",
            Self::RequestBody => "request body",
            Self::Status => "status",
            Self::ResponseHeader => "response header",
            Self::ResponseBody => "response body",
            Self::Local => "worked out",
            Self::Check => "check",
        }
    }
}

/// Names whose values differ in every run: only whether they are there is compared. Of a path, the last name counts.
const FRESH: [&str; 29] = [
    "access_token",
    "age",
    "authorization",
    "client_assertion",
    "client_id_issued_at",
    "client_secret",
    "code",
    "code_challenge",
    "code_verifier",
    "csrf",
    "date",
    "exp",
    "expires",
    "expires_at",
    "expires_in",
    "iat",
    "id",
    "id_token",
    "issued_at",
    "jti",
    "kid",
    "last-event-id",
    "mcp-session-id",
    "nonce",
    "refresh_token",
    "registration_access_token",
    "request",
    "state",
    "token",
];
/// Headers of answers that say something about authorization or MCP. The others are the business of transport.
const TELLING: [&str; 5] =
    ["www-authenticate", "mcp-session-id", "mcp-protocol-version", "allow", "location"];
/// More parts than any message of the journey has.
const MAX_PARTS: usize = 1_000;
/// More than any run has.
const MAX_REGISTRATIONS: usize = 4;

/// A hop, and the ids that its run's client got.
type Side<'a> = (&'a Hop, &'a [String]);
type Parts = Vec<(Place, String, String)>;

/// The parts in which two hops differ.
pub(super) fn differing((left, left_ids): Side<'_>, (right, right_ids): Side<'_>) -> Vec<Part> {
    let (left_parts, mut right_parts) = (parts(left), parts(right));
    let mut found = Vec::new();
    for (place, name, value) in left_parts {
        let counterpart = right_parts.iter().position(|(p, n, _)| *p == place && *n == name);
        let other = counterpart.map(|at| right_parts.remove(at).2);
        let same = |other: &str| {
            is_fresh(&name, &value, other) || settled(&value, left_ids) == settled(other, right_ids)
        };
        if !other.as_deref().is_some_and(same) {
            found.push(Part { place, name, left: Some(value), right: other, why: None });
        }
    }
    let only_right = right_parts.into_iter();
    found.extend(only_right.map(|(place, name, value)| Part {
        place,
        name,
        left: None,
        right: Some(value),
        why: None,
    }));
    for part in &mut found {
        part.why = explanation::of_part(left, right, part);
    }
    found
}

/// Whether only its being there says something.
fn is_fresh(name: &str, left: &str, right: &str) -> bool {
    let last = name.rsplit(['.', ' ']).next().unwrap_or_default();
    // Another server has other keys.
    FRESH.contains(&last) || name.starts_with("keys.") || left.contains(MASK) || right.contains(MASK)
}

/// The ids that a run's client got when it registered itself: another server gives other ones.
pub(super) fn issued_ids(hops: &[Hop]) -> Vec<String> {
    let mut ids = Vec::new();
    let registrations = hops.iter().filter(|hop| hop.step == Step::Registration).filter_map(Hop::got);
    for got in registrations.take(MAX_REGISTRATIONS) {
        let said: Value = got.body.and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
        ids.extend(said["client_id"].as_str().filter(|id| !id.is_empty()).map(str::to_owned));
    }
    ids
}

/// A value without what another lab has otherwise.
fn settled(text: &str, ids: &[String]) -> String {
    ids.iter().fold(without_ports(text), |text, id| text.replace(id.as_str(), "issued"))
}

/// Two labs have other ports.
fn without_ports(text: &str) -> String {
    let mut parts = text.split("localhost:");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str("localhost");
        plain.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    plain
}

fn parts(hop: &Hop) -> Parts {
    let mut parts = Parts::new();
    if let Some(sent) = hop.sent() {
        let query = sent.url.split_once('?').map_or("", |(_, query)| query);
        form(Place::Query, query, &mut parts);
        // What a browser adds by itself is not the client's.
        for (name, value) in sent.headers.iter().filter(|_| hop.event.is_some()) {
            parts.push((Place::RequestHeader, name.clone(), value.clone()));
        }
        if let Some(body) = sent.body {
            let media_type = header(sent.headers, "content-type").unwrap_or_default();
            content(Place::RequestBody, media_type, body, &mut parts);
        }
    } else {
        for (name, value, _) in hop.decoded.iter().flat_map(|decoded| &decoded.rows) {
            parts.push((Place::Local, name.clone(), value.clone()));
        }
    }
    if let Some(got) = hop.got() {
        parts.push((Place::Status, "status".into(), got.status.to_string()));
        for (name, value) in got.headers.iter().filter(|(name, _)| TELLING.contains(&name.as_str())) {
            let value = if name == "location" { destination(value) } else { value.clone() };
            parts.push((Place::ResponseHeader, name.clone(), value));
        }
        if let Some(body) = got.body {
            let media_type = header(got.headers, "content-type").unwrap_or_default();
            content(Place::ResponseBody, media_type, body, &mut parts);
        }
    }
    for check in &hop.checks {
        parts.push((Place::Check, check.title.to_string(), check.clause.source().to_owned()));
    }
    parts.truncate(MAX_PARTS);
    parts
}

/// A body, if it is a form, JSON, or a stream of JSON messages; of these the last one counts, which is the answer.
fn content(place: Place, media_type: &str, body: &str, parts: &mut Parts) {
    if media_type.starts_with("application/x-www-form-urlencoded") {
        return form(place, body, parts);
    }
    let json = if media_type.starts_with("text/event-stream") {
        body.lines().filter_map(|line| line.strip_prefix("data:")).next_back().unwrap_or_default()
    } else {
        body
    };
    if let Ok(value) = serde_json::from_str(json) {
        members(place, String::new(), &value, parts);
    }
}

fn form(place: Place, encoded: &str, parts: &mut Parts) {
    let pairs = form_urlencoded::parse(encoded.as_bytes());
    parts.extend(pairs.map(|(name, value)| (place, name.into_owned(), value.into_owned())));
}

/// Every value of a JSON text by its path: `params._meta.x`.
fn members(place: Place, at: String, value: &Value, parts: &mut Parts) {
    if parts.len() >= MAX_PARTS {
        return;
    }
    let below = |name: &str| if at.is_empty() { name.to_owned() } else { [&at, ".", name].concat() };
    match value {
        Value::Object(object) if !object.is_empty() => {
            for (name, value) in object {
                members(place, below(name), value, parts);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, value) in items.iter().enumerate() {
                members(place, below(&index.to_string()), value, parts);
            }
        }
        Value::String(text) => parts.push((place, at, text.clone())),
        other => parts.push((place, at, other.to_string())),
    }
}

/// Where a redirect leads, and the names of what it carries.
fn destination(location: &str) -> String {
    let query = location.split_once('?').map_or("", |(_, query)| query);
    let names: Vec<_> = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name).collect();
    [path(location), "?", &names.join("&")].concat()
}
