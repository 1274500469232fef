//! Secret members of a JSON text, masked where they stand. Everything else stays as it was sent: order, spaces, and members
//! that occur twice, which no parser would hand on.

use protocol::observation::MASK;
use serde_json::Value;

/// The text with the values of secret members masked, and these values. `None` if it is no JSON.
pub(super) fn masked(text: &str, is_secret: impl Fn(&str) -> bool) -> Option<(String, Vec<String>)> {
    serde_json::from_str::<Value>(text).ok()?;
    let (mut written, mut secrets, mut rest) = (String::with_capacity(text.len()), Vec::new(), text);
    while let Some(quote) = rest.find('"') {
        let (before, literal_on) = rest.split_at(quote);
        let (literal, after) = split_literal(literal_on);
        written.extend([before, literal]);
        rest = after;
        if let Some(value_on) = after.trim_start().strip_prefix(':').map(str::trim_start)
            && serde_json::from_str::<String>(literal).is_ok_and(|name| is_secret(&name))
        {
            let (value, after_value) = split_value(value_on);
            written.push_str(&after[..after.len() - value_on.len()]);
            if value == "null" {
                written.push_str(value);
            } else {
                written.extend(["\"", MASK, "\""]);
                collect(&serde_json::from_str(value).ok()?, &mut secrets);
            }
            rest = after_value;
        }
    }
    written.push_str(rest);
    Some((written, secrets))
}

/// The string literal that the text begins with, quotes and all, and what follows.
fn split_literal(text: &str) -> (&str, &str) {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return text.split_at(at + 1),
            _ => {}
        }
    }
    (text, "")
}

/// The value of a member that the text begins with, and what follows.
fn split_value(text: &str) -> (&str, &str) {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(byte) = text.as_bytes().get(at) {
        match byte {
            b'"' => at += split_literal(&text[at..]).0.len() - 1,
            b'[' | b'{' => depth += 1,
            b',' | b']' | b'}' if depth == 0 => break,
            b']' | b'}' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    text.split_at(text[..at].trim_end().len())
}

fn collect(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        Value::Object(members) => members.values().for_each(|member| collect(member, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<(String, Vec<String>)> {
        masked(text, |name| name == "token")
    }

    #[test]
    fn secret_members_are_masked_where_they_stand() {
        for (text, expected, secrets) in [
            (r#"{"token":"a","scope":"b"}"#, r#"{"token":"•••••","scope":"b"}"#, vec!["a"]),
            ("{ \"token\" :\n\"a\" , \"x\":1 }", "{ \"token\" :\n\"•••••\" , \"x\":1 }", vec!["a"]),
            (r#"{"token":"a","token":"b"}"#, r#"{"token":"•••••","token":"•••••"}"#, vec!["a", "b"]),
            (r#"{"t\u006fken":"a\"}"}"#, r#"{"t\u006fken":"•••••"}"#, vec![r#"a"}"#]),
            (
                r#"[{"x":{"token":["a",{"y":"b}]"}]},"z":"ü"}]"#,
                r#"[{"x":{"token":"•••••"},"z":"ü"}]"#,
                vec!["a", "b}]"],
            ),
            (r#"{"token":-1.5e3}"#, r#"{"token":"•••••"}"#, vec![]),
            (r#"{"token":null}"#, r#"{"token":null}"#, vec![]),
            (r#"{"x":"token","y":["token"]}"#, r#"{"x":"token","y":["token"]}"#, vec![]),
            (r#""token""#, r#""token""#, vec![]),
        ] {
            let secrets = secrets.into_iter().map(str::to_owned).collect();
            assert_eq!(of(text), Some((expected.to_owned(), secrets)), "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_not_shown() {
        for text in [r#"{"token":"a"#, r"{'token':'a'}", r#"{"token":"a"} {"#, "", "token=a"] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
