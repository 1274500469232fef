//! A message whose change is marked: line by line, what was there struck out, what is there instead below it.

use flow::tamper::{Changed, Part};

use crate::view::message::Message;

/// What is shown of a value at either side of the place where it was changed.
const AROUND: usize = 6;
/// What is shown of a new value at most.
const MAX: usize = 80;

/// A line of the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// As it would have been anyway.
    Same(String),
    /// Would have been there.
    Was(String),
    /// Is there instead.
    Is(String),
}

/// The lines of a message in which this was changed.
pub(crate) fn lines(message: &Message, changes: &[Changed]) -> Vec<Line> {
    let mut start = vec![Line::Same(message.start.clone())];
    let header = |(name, value): &(String, String)| Line::Same([name, ": ", value].concat());
    let mut headers: Vec<_> = message.headers.iter().map(header).collect();
    let mut body: Vec<_> = message.body.lines().map(|line| Line::Same(line.to_owned())).collect();
    for change in changes {
        let name = change.name.as_str();
        match change.part {
            Part::Header => mark(&mut headers, change, &[name, ": "].concat()),
            Part::Form => mark(&mut body, change, &[name, "="].concat()),
            // Of an address to which a browser goes, each parameter has its line.
            Part::Query if message.headers.is_empty() => mark(&mut body, change, &[name, "="].concat()),
            Part::Query => mark(&mut start, change, &["?", name, "="].concat()),
            Part::Json => {
                let member = name.rsplit('/').next().unwrap_or_default();
                mark(&mut body, change, &["\"", member, "\": "].concat());
            }
            Part::Url => mark(&mut start, change, ""),
        }
    }
    if !headers.is_empty() && !body.is_empty() {
        headers.push(Line::Same(String::new()));
    }
    [start, headers, body].concat()
}

/// Marks the line that begins like this; where there is none, or another one of that name was put behind it, at the end.
fn mark(lines: &mut Vec<Line>, change: &Changed, beginning: &str) {
    let (was, is) = shortened(change);
    let with = |value: String| {
        let indent = if change.part == Part::Json { "  " } else { "" };
        [indent, beginning, &value].concat()
    };
    let place = lines.iter().position(
        |line| matches!(line, Line::Same(text) if change.is.is_some() && text.trim_start().starts_with(beginning)),
    );
    if let Some(place) = place {
        lines.remove(place);
    }
    let marked = was.map(|was| Line::Was(with(was))).into_iter().chain(is.map(|is| Line::Is(with(is))));
    let place = place.unwrap_or(lines.len());
    lines.splice(place..place, marked);
}

/// Before and after, cut down to where they differ.
pub(crate) fn shortened(change: &Changed) -> (Option<String>, Option<String>) {
    let (Some(was), Some(is)) = (&change.was, &change.is) else {
        let cut = |value: &Option<String>| value.as_deref().map(|value| cut(value, 0, 0));
        return (cut(&change.was), cut(&change.is));
    };
    if was == is {
        // Secrets, which look the same once they are masked.
        return (Some(was.clone()), Some([is, " (another one)"].concat()));
    }
    let (was, is): (Vec<char>, Vec<char>) = (was.chars().collect(), is.chars().collect());
    let before = was.iter().zip(&is).take_while(|(was, is)| was == is).count();
    let behind = was[before..].iter().rev().zip(is[before..].iter().rev()).take_while(|(was, is)| was == is);
    let behind = behind.count();
    let text = |chars: &[char]| chars.iter().collect::<String>();
    (Some(cut(&text(&was), before, behind)), Some(cut(&text(&is), before, behind)))
}

/// A value of which so much at its beginning and end is not what matters.
fn cut(value: &str, before: usize, behind: usize) -> String {
    let chars: Vec<char> = value.chars().collect();
    if chars.len() <= MAX {
        return value.to_owned();
    }
    let from = before.saturating_sub(AROUND);
    let to = (chars.len() - behind + AROUND).min(chars.len()).min(from + MAX + 2 * AROUND);
    let mut text = String::new();
    if from > 0 {
        text.push('…');
    }
    text.extend(&chars[from..to]);
    if to < chars.len() {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::Line::{Is, Same, Was};
    use super::*;

    fn changed(part: Part, name: &str, was: Option<&str>, is: Option<&str>) -> Changed {
        Changed { part, name: name.into(), was: was.map(Into::into), is: is.map(Into::into) }
    }

    fn message(headers: &[(&str, &str)], body: &str) -> Message {
        let headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Message { start: "POST /token".into(), headers, body: body.into(), told_by: None }
    }

    #[test]
    fn the_changed_line_is_struck_out_and_written_anew() {
        let form = message(&[("accept", "a")], "code=•••••\nredirect_uri=http://b");
        let change = changed(Part::Form, "redirect_uri", Some("http://a"), Some("http://b"));
        assert_eq!(
            lines(&form, &[change]),
            [
                Same("POST /token".into()),
                Same("accept: a".into()),
                Same(String::new()),
                Same("code=•••••".into()),
                Was("redirect_uri=http://a".into()),
                Is("redirect_uri=http://b".into()),
            ]
        );
    }

    #[test]
    fn what_is_left_out_and_what_comes_on_top_stands_at_the_end() {
        let gone = changed(Part::Query, "code_challenge", Some("abc"), None);
        let url = message(&[], "client_id=c\nresource=r");
        let marked = lines(&url, &[gone, changed(Part::Query, "resource", Some("r"), Some("s"))]);
        assert_eq!(
            marked[1..],
            [
                Same("client_id=c".into()),
                Was("resource=r".into()),
                Is("resource=s".into()),
                Was("code_challenge=abc".into())
            ]
        );
        let headers = message(&[("accept", "a"), ("origin", "http://evil.example")], "");
        let marked = lines(&headers, &[changed(Part::Header, "origin", None, Some("http://evil.example"))]);
        assert_eq!(marked[2..], [Is("origin: http://evil.example".into())]);
    }

    #[test]
    fn members_and_addresses_are_found_too() {
        let json = message(&[("accept", "a")], "{\n  \"id\": 1,\n  \"name\": \"b\"\n}");
        let marked = lines(&json, &[changed(Part::Json, "/params/name", Some("a"), Some("b"))]);
        assert_eq!(marked[5..7], [Was("  \"name\": a".into()), Is("  \"name\": b".into())]);
        let marked = lines(&json, &[changed(Part::Url, "", Some("http://a/"), Some("http://b/"))]);
        assert_eq!(marked[..2], [Was("http://a/".into()), Is("http://b/".into())]);
    }

    #[test]
    fn a_long_value_is_cut_down_to_where_it_differs() {
        let long = "0123456789".repeat(10);
        let other = [&long[..50], "X", &long[51..]].concat();
        let (was, is) = shortened(&changed(Part::Form, "a", Some(&long), Some(&other)));
        assert_eq!((was.as_deref(), is.as_deref()), (Some("…4567890123456…"), Some("…456789X123456…")));
        let (was, is) = shortened(&changed(Part::Form, "a", Some(&long), None));
        assert_eq!((was.map(|was| was.chars().count()), is), (Some(MAX + 2 * AROUND + 1), None));
    }

    #[test]
    fn of_masked_secrets_it_is_said_that_they_differ() {
        let (was, is) = shortened(&changed(Part::Form, "code", Some("•••••"), Some("•••••")));
        assert_eq!((was.as_deref(), is.as_deref()), (Some("•••••"), Some("••••• (another one)")));
    }
}
