//! Edits of answers and of callbacks.

use ::flow::http::{MAX_ANSWER_BYTES, Response};
use serde_json::Value;

use super::script::Edit;

/// The longest body, in bytes: more than a client reads, and not more than a machine holds.
const LONGEST: usize = 2 * MAX_ANSWER_BYTES;

/// Changes an answer. What does not fit it changes nothing.
pub(crate) fn answer(response: &mut Response, edit: &Edit, mut fill: impl FnMut(&str) -> String) {
    match edit {
        Edit::Status(status) => response.status = *status,
        Edit::Header(name, value) => {
            response.headers.retain(|(known, _)| known != name);
            response.headers.push((name.clone(), fill(value)));
        }
        Edit::Also(name, value) => response.headers.push((name.clone(), fill(value))),
        Edit::Drop(name) => response.headers.retain(|(known, _)| known != name),
        Edit::Set(pointer, value) => in_json(response, |json| set(json, pointer, filled(value, &mut fill))),
        Edit::Remove(pointer) => in_json(response, |json| remove(json, pointer)),
        Edit::Body(body) => response.body = fill(body),
        Edit::Replace(from, to) => response.body = response.body.replace(from, &fill(to)),
        Edit::Cut(length) => cut(&mut response.body, *length),
        Edit::Pad(length) => response.body.push_str(&" ".repeat(*length)),
        Edit::Stream => as_stream(response),
        Edit::Unreachable | Edit::Later(_) | Edit::Cancel => {}
    }
    cut(&mut response.body, LONGEST);
}

/// The body is the data of the second event of a stream.
pub(crate) fn as_stream(response: &mut Response) {
    response.body = format!("id: 1\ndata:\n\nevent: message\ndata: {}\n\n", response.body);
    response.headers.retain(|(known, _)| known != "content-type");
    response.headers.push(("content-type".into(), "text/event-stream".into()));
}

/// Changes the URL with which the browser comes back.
pub(crate) fn callback(url: &mut String, edit: &Edit, mut fill: impl FnMut(&str) -> String) {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let mut pairs: Vec<_> = query.split('&').filter(|pair| !pair.is_empty()).collect();
    let is_named = |pair: &str, name: &str| pair.split('=').next() == Some(name);
    let said;
    match edit {
        Edit::Header(name, value) | Edit::Also(name, value) => {
            if matches!(edit, Edit::Header(..)) {
                pairs.retain(|pair| !is_named(pair, name));
            }
            said = format!("{name}={}", fill(value));
            pairs.push(&said);
        }
        Edit::Drop(name) => pairs.retain(|pair| !is_named(pair, name)),
        Edit::Body(query) => {
            said = fill(query);
            pairs = vec![&said];
        }
        Edit::Replace(from, to) => {
            *url = url.replace(from, &fill(to));
            return;
        }
        Edit::Cut(length) => {
            cut(url, *length);
            return;
        }
        _ => return,
    }
    *url = format!("{address}?{}", pairs.join("&"));
}

fn cut(text: &mut String, length: usize) {
    let end = (0..=length.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.truncate(end.unwrap_or(0));
}

fn in_json(response: &mut Response, change: impl FnOnce(&mut Value)) {
    if let Ok(mut json) = serde_json::from_str(&response.body) {
        change(&mut json);
        response.body = json.to_string();
    }
}

fn filled(value: &Value, fill: &mut impl FnMut(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(fill(text)),
        other => other.clone(),
    }
}

fn set(json: &mut Value, pointer: &str, value: Value) {
    if let Some(place) = json.pointer_mut(pointer) {
        *place = value;
        return;
    }
    let Some((parent, name)) = pointer.rsplit_once('/') else { return };
    match json.pointer_mut(parent) {
        Some(Value::Object(members)) => drop(members.insert(name.to_owned(), value)),
        Some(Value::Array(items)) => items.push(value),
        _ => {}
    }
}

fn remove(json: &mut Value, pointer: &str) {
    let Some((parent, name)) = pointer.rsplit_once('/') else { return };
    match json.pointer_mut(parent) {
        Some(Value::Object(members)) => drop(members.shift_remove(name)),
        Some(Value::Array(items)) => {
            if let Some(index) = name.parse().ok().filter(|index| *index < items.len()) {
                items.remove(index);
            }
        }
        _ => {}
    }
}
