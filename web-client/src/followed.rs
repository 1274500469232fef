//! Which values are worth following across a run: found in what the client took apart, and in the token responses.

use flow::http::Response;
use flow::spellings;
use flow::trace::{Answer, Event};
use record::Hop;
use serde_json::Value as Json;

use crate::view::highlight::Value;

/// Names under which the client takes such values apart, and whether they are secret.
const TAKEN_APART: [(&str, bool); 10] = [
    ("state", false),
    ("code", true),
    ("code_verifier", true),
    ("code_challenge", false),
    ("resource", false),
    ("client_id", false),
    ("issuer", false),
    ("kid", false),
    ("jti", false),
    ("scope", false),
];

/// How the values of a name are written in messages.
pub(crate) fn spelled(values: &[Value], name: &str) -> Vec<String> {
    values.iter().filter(|value| value.name == name).flat_map(|value| spellings(&value.text)).collect()
}

/// Members of a token response.
const TOKENS: [&str; 2] = ["access_token", "refresh_token"];

/// The latest value of a name that was taken apart in these hops.
pub(crate) fn latest(hops: &[Hop], name: &str) -> Option<String> {
    let mut rows = hops.iter().rev().flat_map(|hop| &hop.decoded).flat_map(|decoded| &decoded.rows);
    rows.find(|(known, _, _)| known == name).map(|(_, value, _)| value.clone())
}

/// The values of a run, each once.
pub(crate) fn followed(hops: &[Hop]) -> Vec<Value> {
    let mut values = Vec::new();
    let mut follow = |name, text: &str, secret| {
        let value = Value { name, text: text.to_owned(), secret };
        if !text.is_empty() && !values.contains(&value) {
            values.push(value);
        }
    };
    for hop in hops {
        let rows = hop.decoded.iter().flat_map(|decoded| &decoded.rows);
        for (found, text, _) in rows {
            let Some((name, secret)) = TAKEN_APART.iter().find(|(name, _)| name == found) else { continue };
            if *name == "scope" {
                text.split(' ').for_each(|scope| follow(name, scope, false));
            } else {
                follow(name, text, *secret);
            }
        }
        if let Some(Event::Exchange { answer: Answer::Response(response), .. }) = &hop.event {
            for (name, token) in tokens(response) {
                follow(name, &token, true);
            }
        }
    }
    values
}

fn tokens(response: &Response) -> Vec<(&'static str, String)> {
    // Most answers are none of a token endpoint: they need not be read.
    if !response.body.contains(TOKENS[0]) {
        return Vec::new();
    }
    let Ok(Json::Object(members)) = serde_json::from_str(&response.body) else { return Vec::new() };
    let of = |name: &'static str| Some((name, members.get(name)?.as_str()?.to_owned()));
    TOKENS.into_iter().filter_map(of).collect()
}

/// The access token that a token response brought.
pub(crate) fn access_token(hop: &Hop) -> Option<String> {
    let Some(Event::Exchange { answer: Answer::Response(response), .. }) = &hop.event else { return None };
    tokens(response).into_iter().find(|(name, _)| *name == TOKENS[0]).map(|(_, token)| token)
}
