//! What in a message is secret, and how it may be written there. What the client refuses counts too: the code of a callback
//! that came from elsewhere is good where it was issued, and so is the token in an answer that cannot be read.

use std::fmt::Write as _;

use protocol::secret::Secret;
use protocol::strict_json;
use serde_json::{Map, Value};

/// Members of the answers of an authorization server that nobody else may see. An ID token comes from servers that speak
/// OpenID Connect, asked for or not; with a registration access token a registration can be changed (RFC 7592).
const MEMBERS: [&str; 5] =
    ["access_token", "refresh_token", "id_token", "client_secret", "registration_access_token"];
/// What is longer is looked for as it is, and in no other spelling.
const MAX_SPELLED_BYTES: usize = 8 * 1024;

/// The secrets of a token response or a registration. Where it cannot be told what is one, all of it is.
pub(crate) fn in_answer(body: &str) -> Vec<Secret> {
    let mut found = Vec::new();
    let read = strict_json::parse_object(body.as_bytes());
    if !read.is_ok_and(|object| in_object(&object, &mut found)) {
        found.push(Secret::new(body));
    }
    found
}

/// Finds the secrets of an object and of all in it. Whether each that is called one is a text, or nothing.
fn in_object(object: &Map<String, Value>, found: &mut Vec<Secret>) -> bool {
    let mut understood = true;
    for (name, value) in object {
        understood &= match value {
            Value::String(text) if MEMBERS.contains(&name.as_str()) => {
                found.push(Secret::new(text));
                true
            }
            Value::Null => true,
            _ if MEMBERS.contains(&name.as_str()) => false,
            value => in_value(value, found),
        };
    }
    understood
}

fn in_value(value: &Value, found: &mut Vec<Secret>) -> bool {
    match value {
        Value::Object(object) => in_object(object, found),
        // Each of them is looked at, whatever the others are.
        Value::Array(items) => items.iter().filter(|item| !in_value(item, found)).count() == 0,
        _ => true,
    }
}

/// The codes of a callback, wherever in the URL they stand, and however often.
pub(crate) fn in_callback(url: &str) -> Vec<Secret> {
    let behind_address = url.split_once(['?', '#']).map_or("", |(_, rest)| rest);
    let pairs = behind_address.split(['?', '#', '&']).filter_map(|pair| {
        let (name, value) = url::form_urlencoded::parse(pair.as_bytes()).next()?;
        // As it means, and as it was written.
        (name == "code")
            .then(|| [value.into_owned(), pair.split_once('=').map_or("", |(_, text)| text).to_owned()])
    });
    pairs.flatten().map(Secret::new).collect()
}

/// A secret as it is, in a form, in a URL, and in JSON, each once: servers write what they send in more than one legal way.
/// Letters and digits are left alone; no server has a reason to write those otherwise.
#[must_use]
pub fn spellings(secret: &str) -> Vec<String> {
    if secret.len() > MAX_SPELLED_BYTES {
        return vec![secret.to_owned()];
    }
    let json = Value::from(secret).to_string();
    let json = &json[1..json.len() - 1];
    let form = protocol::query::encode([("", secret)]).split_off(1);
    let url = percent_encoded(secret);
    let slashes = json.replace('/', "\\/");
    let mut spellings = vec![secret.to_owned()];
    for written in [json.to_owned(), slashes, lower_hex(&form), form, lower_hex(&url), url] {
        if !spellings.contains(&written) {
            spellings.push(written);
        }
    }
    spellings
}

/// With `%20` for a space, as in URLs, where a form has `+`.
fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, b| {
        match b {
            b'-' | b'.' | b'_' | b'~' => encoded.push(b.into()),
            b if b.is_ascii_alphanumeric() => encoded.push(b.into()),
            // Writing to a text never fails.
            b => drop(write!(encoded, "%{b:02X}")),
        }
        encoded
    })
}

/// `%2f` for `%2F`.
fn lower_hex(encoded: &str) -> String {
    let mut parts = encoded.split('%');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut text, part| {
        let (hex, rest) = part.split_at(2.min(part.len()));
        text.extend(["%", &hex.to_ascii_lowercase(), rest]);
        text
    })
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn texts(secrets: &[Secret]) -> Vec<&str> {
        secrets.iter().map(Secret::reveal).collect()
    }

    /// Req: ALL-11
    #[test]
    fn an_answer_that_cannot_be_read_is_a_secret_as_a_whole() {
        let readable =
            r#"{"access_token":"a","refresh_token":null,"more":[{"client_secret":"b"}],"scope":"c"}"#;
        assert_eq!(texts(&in_answer(readable)), ["a", "b"]);
        for body in [
            r#"{"access_token":"a","expires"#,
            r#"{"access_token":"a","access_token":"b"}"#,
            r#"{"access_token":["a"]}"#,
            "access_token=a",
        ] {
            assert_eq!(texts(&in_answer(body)), [body]);
        }
        let partly = r#"{"client_secret":[],"access_token":"a"}"#;
        assert_eq!(texts(&in_answer(partly)), ["a", partly]);
    }

    /// Req: ALL-11
    #[test]
    fn every_code_of_a_callback_is_a_secret_whoever_sent_it() {
        assert_eq!(
            texts(&in_callback("http://localhost/cb?code=a%2fb&state=s&code=c")),
            ["a/b", "a%2fb", "c", "c"]
        );
        assert_eq!(texts(&in_callback("http://evil.example/#c%6fde=a")), ["a", "a"]);
        assert!(in_callback("http://localhost/cb?error=access_denied&encode=x").is_empty());
    }

    /// Req: ALL-11
    #[test]
    fn a_secret_is_known_in_every_spelling() {
        let all = spellings("a/b \"é");
        for spelling in [
            "a/b \"é",
            "a/b \\\"é",
            "a\\/b \\\"é",
            "a%2Fb+%22%C3%A9",
            "a%2fb+%22%c3%a9",
            "a%2Fb%20%22%C3%A9",
            "a%2fb%20%22%c3%a9",
        ] {
            assert!(all.iter().any(|known| known == spelling), "{spelling}");
        }
        assert_eq!(spellings("plain").len(), 1);
    }
}
