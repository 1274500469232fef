//! What a hostile world does, as text: one rule a line, so that an input can be read, written by hand, and cut in pieces
//! by a fuzzer without losing its meaning. What is no rule is passed over.
//!
//! ```text
//! config era 2026-07-28
//! resource-metadata 1 set /resource "http://localhost:8002/mcp"
//! tools/call 2 status 403
//! callback * also iss https://evil.example
//! then call get_weather
//! ```
//!
//! A rule names a place, which time there (`*`: each time), and an edit of the right answer. Places are the methods of
//! JSON-RPC, `resource-metadata`, `server-metadata`, `document`, `register`, `token`, `revoke`, `resume`, `end` and `callback`.
//! `config` says how the client begins, `then` what the person wants once the client rests.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::Value;

use super::secrets::MARK;

/// The most rules that are read.
const MAX_RULES: usize = 100;

/// A hostile world.
#[derive(Debug, Default)]
pub(crate) struct Script {
    /// Another number for another text.
    pub(crate) hash: u64,
    /// What happens to answers, in order.
    pub(crate) rules: Vec<Rule>,
    /// How the client begins: names and values.
    pub(crate) config: Vec<(String, String)>,
    /// What the person wants once the client rests.
    pub(crate) then: Vec<Wish>,
}

/// What happens to one answer, or to all at one place.
#[derive(Debug)]
pub(crate) struct Rule {
    place: String,
    /// Counted from 1; `None` is each time.
    time: Option<u32>,
    /// What is changed.
    pub(crate) edit: Edit,
}

/// What the person wants of a client at rest.
#[derive(Debug)]
pub(crate) enum Wish {
    /// One more tool is called.
    Call(String),
    /// The token is renewed.
    Refresh,
    /// The session is ended.
    Finish,
    /// The session is ended, and the tokens are given back.
    Revoke,
}

/// A change of the right answer.
#[derive(Debug)]
pub(crate) enum Edit {
    /// Another status.
    Status(u16),
    /// A header, or a parameter of the callback, has this value, whatever it had.
    Header(String, String),
    /// It stands there once more.
    Also(String, String),
    /// It is gone.
    Drop(String),
    /// A member of the JSON body has this value; the place is a JSON pointer.
    Set(String, Value),
    /// A member of the JSON body is gone.
    Remove(String),
    /// The body, or the query of the callback, is this.
    Body(String),
    /// A text in the body, or in the URL of the callback, is another one.
    Replace(String, String),
    /// The body ends here.
    Cut(usize),
    /// The body has so many spaces more.
    Pad(usize),
    /// The body is the data of an event in a stream.
    Stream,
    /// There is no answer.
    Unreachable,
    /// The answer takes so many seconds.
    Later(u64),
    /// The person calls the request off.
    Cancel,
}

impl Script {
    /// Reads what is a rule, and passes over what is none.
    pub(crate) fn read(text: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let mut script = Self { hash: hasher.finish(), ..Self::default() };
        let text = text.replace(MARK, "");
        for line in text.lines().take(MAX_RULES) {
            let (place, rest) = word(line);
            match place {
                "config" => {
                    let (name, value) = word(rest);
                    script.config.push((name.to_owned(), value.to_owned()));
                }
                "then" => script.then.extend(Wish::read(rest)),
                _ => script.rules.extend(Rule::read(place, rest)),
            }
        }
        script
    }

    /// What happens to the answer at this place, the first time there or a later one.
    pub(crate) fn edits(&self, place: &str, time: u32) -> Vec<&Edit> {
        let applies = |rule: &&Rule| rule.place == place && rule.time.is_none_or(|at| at == time);
        self.rules.iter().filter(applies).map(|rule| &rule.edit).collect()
    }

    /// What the client was told under a name, the last time.
    pub(crate) fn told(&self, name: &str) -> Option<&str> {
        self.config.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl Wish {
    fn read(text: &str) -> Option<Self> {
        Some(match word(text) {
            ("call", tool) => Self::Call(tool.to_owned()),
            ("refresh", _) => Self::Refresh,
            ("finish", _) => Self::Finish,
            ("revoke", _) => Self::Revoke,
            _ => return None,
        })
    }
}

impl Rule {
    fn read(place: &str, rest: &str) -> Option<Self> {
        let (time, edit) = word(rest);
        let time = if time == "*" { None } else { Some(time.parse().ok()?) };
        Some(Self { place: place.to_owned(), time, edit: Edit::read(edit)? })
    }
}

impl Edit {
    fn read(text: &str) -> Option<Self> {
        let (verb, rest) = word(text);
        let (first, second) = word(rest);
        let pair = || (first.to_owned(), second.to_owned());
        Some(match verb {
            "status" => Self::Status(first.parse().ok().filter(|status| (100..1000).contains(status))?),
            "header" => Self::Header(pair().0, pair().1),
            "also" => Self::Also(pair().0, pair().1),
            "drop" => Self::Drop(first.to_owned()),
            "set" => Self::Set(
                first.to_owned(),
                serde_json::from_str(second).unwrap_or_else(|_| Value::String(second.to_owned())),
            ),
            "remove" => Self::Remove(first.to_owned()),
            "body" => Self::Body(rest.replace("\\n", "\n").replace("\\r", "\r")),
            "replace" if !first.is_empty() => Self::Replace(pair().0, pair().1),
            "cut" => Self::Cut(first.parse().ok()?),
            "pad" => Self::Pad(first.parse::<usize>().ok()?.min(300_000)),
            "stream" => Self::Stream,
            "unreachable" => Self::Unreachable,
            "later" => Self::Later(first.parse().ok()?),
            "cancel" => Self::Cancel,
            _ => return None,
        })
    }
}

/// The first word, and what is behind it.
fn word(text: &str) -> (&str, &str) {
    text.split_once(' ').unwrap_or((text, ""))
}
