//! A run as HTTP Archive 1.2, for the network tools of browsers and proxies.
//!
//! Messages of servers among themselves and of the person's browser are entries too; `_from`, `_to` and `_seenBy` say whose
//! they are. What somebody worked out alone is no message and is left out.
//!
//! Spec: HAR 1.2.

use flow::trace::{Answer, Event};
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::date::iso_8601;
use crate::hop::Hop;
use crate::message::{Got, Sent, header};
use crate::run::Record;

impl Record {
    /// The run as HAR. Each chapter of the journey is a page.
    #[must_use]
    pub fn to_har(&self) -> String {
        let mut pages: Vec<Value> = Vec::new();
        let mut entries = Vec::new();
        for hop in &self.hops {
            let Some(sent) = hop.sent() else { continue };
            let title = hop.step.chapter().title();
            if pages.iter().all(|page| page["id"] != title) {
                pages.push(json!({
                    "startedDateTime": iso_8601(hop.at_ms),
                    "id": title,
                    "title": title,
                    "pageTimings": {},
                }));
            }
            entries.push(entry(hop, &sent));
        }
        let creator = json!({ "name": "MCP Auth Lab", "version": env!("CARGO_PKG_VERSION") });
        let comment =
            format!("MCP Authorization {}, registration: {}", self.revision.as_str(), self.registration);
        let log = json!({
            "version": "1.2",
            "creator": creator,
            "pages": pages,
            "entries": entries,
            "comment": comment,
        });
        json!({ "log": log }).to_string()
    }
}

fn entry(hop: &Hop, sent: &Sent<'_>) -> Value {
    let got = hop.got();
    let elapsed_us = got.map_or(0, |got| got.elapsed_us);
    let time = f64::from(u32::try_from(elapsed_us).unwrap_or(u32::MAX)) / 1000.0;
    let mut entry = json!({
        "pageref": hop.step.chapter().title(),
        "startedDateTime": iso_8601(hop.at_ms),
        "time": time,
        "request": request(sent),
        "response": got.map_or_else(|| no_response(hop), |got| response(&got)),
        "cache": {},
        "timings": { "send": 0, "wait": time, "receive": 0 },
        "comment": hop.title,
        "_step": hop.step.id(),
        "_from": hop.from.name(),
        "_to": hop.to.name(),
    });
    if let Some(seen) = &hop.seen {
        entry["_seenBy"] = seen.party.name().into();
    }
    entry
}

fn request(sent: &Sent<'_>) -> Value {
    let query = sent.url.split_once('?').map_or("", |(_, query)| query);
    let query = query.split('#').next().unwrap_or_default();
    let mut request = json!({
        "method": sent.method,
        "url": sent.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": headers(sent.headers),
        "queryString": parameters(query),
        "headersSize": -1,
        "bodySize": sent.body.map_or(0, str::len),
    });
    if let Some(body) = sent.body {
        let media_type = header(sent.headers, "content-type").unwrap_or_default();
        let is_form = media_type.starts_with("application/x-www-form-urlencoded");
        let params = if is_form { parameters(body) } else { json!([]) };
        request["postData"] = json!({ "mimeType": media_type, "params": params, "text": body });
    }
    request
}

fn response(got: &Got<'_>) -> Value {
    let mut content = json!({
        "size": got.body.map_or(0, str::len),
        "mimeType": header(got.headers, "content-type").unwrap_or("x-unknown"),
    });
    if let Some(body) = got.body {
        content["text"] = body.into();
    }
    json!({
        "status": got.status,
        "statusText": reason(got.status),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": headers(got.headers),
        "content": content,
        "redirectURL": header(got.headers, "location").unwrap_or_default(),
        "headersSize": -1,
        "bodySize": got.body.map_or(-1, |body| i64::try_from(body.len()).unwrap_or(-1)),
    })
}

/// Status 0 is what browsers write where they got none.
fn no_response(hop: &Hop) -> Value {
    let mut none = response(&Got { status: 0, headers: &[], body: None, elapsed_us: 0 });
    if let Some(Event::Exchange { answer: Answer::Unreachable(reason), .. }) = &hop.event {
        none["_error"] = reason.as_str().into();
    }
    none
}

fn headers(headers: &[(String, String)]) -> Value {
    headers.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

fn parameters(encoded: &str) -> Value {
    let pairs = form_urlencoded::parse(encoded.as_bytes());
    pairs.map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

/// The words that go with a status. HTTP/1.1 does without them, too.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        303 => "See Other",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use protocol::revision::Revision;

    use super::*;
    use crate::{merge, samples};

    fn har(hops: Vec<Hop>) -> Value {
        serde_json::from_str(&Record::new(Revision::V2025_11_25, "cimd", hops).to_har()).unwrap()
    }

    type IsRight = fn(&Value) -> bool;

    /// Demands the members that HAR 1.2 demands, with the types that it gives them.
    fn has(object: &Value, members: &[(&str, IsRight)]) {
        for (name, is_right) in members {
            assert!(object.get(name).is_some_and(is_right), "{name} in {object}");
        }
    }

    #[test]
    fn every_entry_has_what_the_format_demands() {
        let (entries, observations) = samples::run();
        let mut hops = merge(&entries, &observations);
        hops.extend(merge(&[samples::unreachable(&samples::document("http://localhost:9/"), 7)], &[]));
        let har = har(hops);
        let log = &har["log"];
        has(
            log,
            &[("version", Value::is_string), ("creator", Value::is_object), ("entries", Value::is_array)],
        );
        let ids: Vec<_> = log["pages"].as_array().unwrap().iter().map(|page| &page["id"]).collect();
        for page in log["pages"].as_array().unwrap() {
            has(
                page,
                &[
                    ("startedDateTime", Value::is_string),
                    ("title", Value::is_string),
                    ("pageTimings", Value::is_object),
                ],
            );
        }
        let all = log["entries"].as_array().unwrap();
        assert_eq!(all.len(), 13, "without local work, and without what nobody saw");
        for entry in all {
            assert!(ids.contains(&&entry["pageref"]));
            has(
                entry,
                &[
                    ("startedDateTime", Value::is_string),
                    ("time", Value::is_number),
                    ("cache", Value::is_object),
                ],
            );
            has(
                &entry["request"],
                &[
                    ("method", Value::is_string),
                    ("url", Value::is_string),
                    ("httpVersion", Value::is_string),
                    ("cookies", Value::is_array),
                    ("headers", Value::is_array),
                    ("queryString", Value::is_array),
                    ("headersSize", Value::is_i64),
                    ("bodySize", Value::is_i64),
                ],
            );
            has(
                &entry["response"],
                &[
                    ("status", Value::is_u64),
                    ("statusText", Value::is_string),
                    ("httpVersion", Value::is_string),
                    ("cookies", Value::is_array),
                    ("headers", Value::is_array),
                    ("content", Value::is_object),
                    ("redirectURL", Value::is_string),
                    ("headersSize", Value::is_i64),
                    ("bodySize", Value::is_i64),
                ],
            );
            let content = &entry["response"]["content"];
            has(content, &[("size", Value::is_u64), ("mimeType", Value::is_string)]);
            let timings = &entry["timings"];
            has(
                timings,
                &[("send", Value::is_number), ("wait", Value::is_number), ("receive", Value::is_number)],
            );
        }
    }

    #[test]
    fn messages_are_as_they_were_and_say_whose_they_are() {
        let (entries, observations) = samples::run();
        let har = har(merge(&entries, &observations));
        let entries = har["log"]["entries"].as_array().unwrap();
        let knock = &entries[0];
        assert_eq!(knock["startedDateTime"], "1970-01-01T00:00:01.000Z");
        assert_eq!(knock["time"], 10.0);
        assert_eq!(knock["response"]["status"], 401);
        assert_eq!(knock["_seenBy"], "MCP server");
        let fetched = &entries[3];
        assert_eq!(fetched["request"]["url"], "http://localhost:3000/client.json");
        assert_eq!(
            (&fetched["_from"], &fetched["_to"]),
            (&json!("Authorization server"), &json!("Metadata host"))
        );
        let departure = &entries[2];
        assert_eq!(
            departure["request"]["queryString"][1],
            json!({ "name": "scope", "value": "mcp:connect weather:read" })
        );
        assert_eq!(departure["response"]["redirectURL"], "/sign-in?request=r1");
        assert_eq!(departure["time"], 5.0, "as the server measured it");
        let redeemed = &entries[9]["request"];
        assert_eq!(redeemed["postData"]["params"], json!([{ "name": "code", "value": "c0de" }]));
        assert_eq!(redeemed["postData"]["text"], "code=c0de");
        let callback = &entries[8];
        assert_eq!(callback["response"]["status"], 0, "nobody says what the page answered");
    }
}
