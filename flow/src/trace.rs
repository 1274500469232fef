//! The account of a run: each message as it was, each check with what was expected and what was found.

use std::borrow::Cow;

pub use protocol::party::Party;
use protocol::secret::Secret;
use protocol::strict_json;
use serde::{Deserialize, Serialize};

pub use crate::check::{Check, Outcome};
use crate::http::{Request, Response};
use crate::lessons::steps::Step;
use crate::secrecy::{self, spellings};
use crate::turn::Outgoing;

/// A part of a message, taken apart for the reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decoded {
    /// What was taken apart.
    pub title: String,
    /// Its parts: name, value, and what the value means (may be empty).
    pub rows: Vec<(String, String, String)>,
}

impl Decoded {
    pub(crate) fn new<N: Into<String>, V: Into<String>, M: Into<String>>(
        title: &str,
        rows: impl IntoIterator<Item = (N, V, M)>,
    ) -> Self {
        let rows = rows.into_iter().map(|(name, value, meaning)| (name.into(), value.into(), meaning.into()));
        Self { title: title.to_owned(), rows: rows.collect() }
    }
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// A response.
    Response(Response),
    /// None: nobody listens there, or the browser hides the answer because CORS does not allow it.
    Unreachable(String),
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The client sent a request and got an answer.
    Exchange {
        /// As it was sent.
        request: Request,
        /// What came back.
        answer: Answer,
        /// What the answer says, in a few words, for the arrow back.
        summary: String,
    },
    /// The client worked something out by itself; no message.
    Local,
    /// The client sent the browser to this URL.
    Navigation {
        /// Where to.
        url: String,
    },
    /// The browser came back with this URL.
    Callback {
        /// Where it landed.
        url: String,
    },
}

/// One entry of the trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Which step of the journey it belongs to.
    pub step: Step,
    /// Who acted.
    pub from: Party,
    /// On whom; the same party for local work.
    pub to: Party,
    /// What, in a few words, for the arrow.
    pub title: String,
    /// When, in milliseconds since 1970-01-01T00:00:00Z.
    pub at_ms: u64,
    /// The messages.
    pub event: Event,
    /// What the client verified.
    pub checks: Vec<Check>,
    /// Parts worth reading.
    pub decoded: Vec<Decoded>,
    /// Whether the person changed what the client had put together before it went.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub edited: bool,
}

impl Entry {
    /// What happened, without what anybody made of it.
    pub(crate) fn new(
        step: Step,
        (from, to): (Party, Party),
        title: impl Into<String>,
        at_ms: u64,
        event: Event,
    ) -> Self {
        let title = title.into();
        Self { step, from, to, title, at_ms, event, checks: Vec::new(), decoded: Vec::new(), edited: false }
    }

    /// A request with what came back.
    pub(crate) fn exchange(outgoing: Outgoing, at_ms: u64, answer: Answer, summary: &str) -> Self {
        let Outgoing { step, to, title, request, edited, .. } = outgoing;
        let event = Event::Exchange { request, answer, summary: summary.to_owned() };
        Self { edited, ..Self::new(step, (Party::Client, to), title, at_ms, event) }
    }
}

impl Event {
    /// Whether the answer refuses, or there was none.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        match self {
            Self::Exchange { answer: Answer::Response(response), .. } => response.status >= 400,
            Self::Exchange { answer: Answer::Unreachable(_), .. } => true,
            Self::Local | Self::Navigation { .. } | Self::Callback { .. } => false,
        }
    }
}

/// All entries of a run, and which texts in them are secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    entries: Vec<Entry>,
    secrets: Vec<Secret>,
}

pub use protocol::observation::MASK;

impl Trace {
    /// What was sent beside a flow, or to be masked once more: the tokens in what came back are secret. So is the signature
    /// of a token by itself: the rest of it may have been changed since, and can be changed back.
    #[must_use]
    pub fn of(entries: Vec<Entry>) -> Self {
        let mut trace = Self::default();
        for entry in &entries {
            let Event::Exchange { answer: Answer::Response(response), .. } = &entry.event else { continue };
            if !strict_json::parse_object(response.body.as_bytes())
                .is_ok_and(|it| it.contains_key("token_type"))
            {
                continue;
            }
            for secret in secrecy::in_answer(&response.body) {
                trace.conceal(&secret);
                if let Some((_, signature)) = secret.reveal().rsplit_once('.') {
                    trace.conceal(&Secret::new(signature));
                }
            }
        }
        trace.entries = entries;
        trace
    }

    /// The entries in their order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// A text with every secret of this run replaced by [`MASK`].
    ///
    /// Secrets are remembered when they are made or received, so they are found wherever they occur.
    #[must_use]
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.mask_escaped(text) {
            Some(masked) => Cow::Owned(self.mask_plain(&masked).into_owned()),
            None => self.mask_plain(text),
        }
    }

    fn mask_plain<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut masked = Cow::Borrowed(text);
        for secret in &self.secrets {
            if masked.contains(secret.reveal()) {
                masked = Cow::Owned(masked.replace(secret.reveal(), MASK));
            }
        }
        masked
    }

    /// Masks secrets that JSON writes in other characters than it means: `\/` for a slash, `\u002B` for a plus. `None` if
    /// there are none. A string may hold JSON itself; each layer has fewer backslashes than the one around it.
    fn mask_escaped(&self, text: &str) -> Option<String> {
        let (mut masked, mut rest, mut found) = (String::new(), text, false);
        while let Some((before, literal, after)) = next_escaped_literal(rest) {
            masked.push_str(before);
            let meant: Option<String> = serde_json::from_str(literal).ok();
            match meant.as_deref().map(|meant| self.mask(meant)) {
                Some(Cow::Owned(meant)) => {
                    found = true;
                    masked.push_str(&serde_json::Value::String(meant).to_string());
                }
                Some(Cow::Borrowed(_)) | None => masked.push_str(literal),
            }
            rest = after;
        }
        masked.push_str(rest);
        found.then_some(masked)
    }

    /// The latest value of a name that was taken apart in the first `count` entries: `issuer`, `state`, `code_challenge` …
    #[must_use]
    pub fn value(&self, name: &str, count: usize) -> Option<&str> {
        let entries = self.entries.iter().take(count).rev();
        let mut rows = entries.flat_map(|entry| &entry.decoded).flat_map(|decoded| &decoded.rows);
        rows.find(|(known, _, _)| known == name).map(|(_, value, _)| value.as_str())
    }

    /// The entries as JSON, secrets masked.
    #[must_use]
    pub fn to_masked_json(&self) -> serde_json::Value {
        self.masked(serde_json::to_value(&self.entries).unwrap_or_default())
    }

    /// The same JSON, with every secret of this run masked in its texts.
    #[must_use]
    pub fn masked(&self, mut value: serde_json::Value) -> serde_json::Value {
        self.mask_value(&mut value);
        value
    }

    fn mask_value(&self, value: &mut serde_json::Value) {
        match value {
            serde_json::Value::String(text) => {
                if let Cow::Owned(masked) = self.mask(text) {
                    *text = masked;
                }
            }
            serde_json::Value::Array(items) => items.iter_mut().for_each(|item| self.mask_value(item)),
            serde_json::Value::Object(members) => {
                let masked = std::mem::take(members).into_iter().map(|(name, mut member)| {
                    self.mask_value(&mut member);
                    (self.mask(&name).into_owned(), member)
                });
                *members = masked.collect();
            }
            _ => {}
        }
    }

    /// The bodies of the requests to this URL that succeeded, the latest first.
    pub(crate) fn succeeded_at(&self, url: &str) -> impl Iterator<Item = &str> {
        self.entries.iter().rev().filter_map(move |entry| match &entry.event {
            Event::Exchange { request, answer: Answer::Response(response), .. }
                if request.url == url && response.status == 200 =>
            {
                request.body.as_deref()
            }
            _ => None,
        })
    }

    pub(crate) fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// Remembers that a text is secret, in whichever way it is written.
    pub(crate) fn conceal(&mut self, secret: &Secret) {
        for spelling in spellings(secret.reveal()) {
            self.conceal_text(Secret::new(spelling));
        }
    }

    /// Remembers what a request carries in `Authorization: Basic`, where a secret is hidden from a search for it.
    pub(crate) fn conceal_basic(&mut self, outgoing: &Outgoing) {
        let values = outgoing.request.headers.iter().filter(|(name, _)| name == "authorization");
        for credentials in values.filter_map(|(_, value)| value.strip_prefix("Basic ")) {
            self.conceal_text(Secret::new(credentials));
        }
    }

    /// Empty texts are not secret: replacing them would mask everything.
    fn conceal_text(&mut self, secret: Secret) {
        if secret.reveal().is_empty() || self.secrets.contains(&secret) {
            return;
        }
        // Longest first: where one secret is a part of another, masking the part would leave the rest in the open.
        let place = self.secrets.partition_point(|known| known.reveal().len() >= secret.reveal().len());
        self.secrets.insert(place, secret);
    }
}

/// The next JSON string with a backslash in it, with what stands before and behind it.
fn next_escaped_literal(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let start = from + text[from..].find('"')?;
        let (mut end, mut escaped) = (start + 1, false);
        loop {
            end += text[end..].find(['"', '\\'])?;
            if text[end..].starts_with('"') {
                break;
            }
            escaped = true;
            // The backslash, and whatever it is in front of.
            end += 1 + text[end + 1..].chars().next()?.len_utf8();
        }
        if escaped {
            return Some((&text[..start], &text[start..=end], &text[end + 1..]));
        }
        from = end + 1;
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    /// Req: ALL-11
    #[test]
    fn secrets_are_masked_wherever_they_occur() {
        let mut trace = Trace::default();
        trace.conceal(&Secret::new("s3cret"));
        trace.conceal(&Secret::new("long-s3cret-long"));
        trace.conceal(&Secret::new(""));
        assert_eq!(trace.mask("Bearer s3cret, s3cret"), "Bearer •••••, •••••");
        assert_eq!(trace.mask("a long-s3cret-long b"), "a ••••• b");
        assert_eq!(trace.mask("nothing"), "nothing");
    }

    /// Req: ALL-11
    #[test]
    fn tokens_that_no_flow_has_seen_are_masked_and_their_signatures_also_where_the_rest_was_changed() {
        let entry = |body: &str| {
            let response = Response { status: 200, headers: Vec::new(), body: body.into(), elapsed_ms: 1 };
            let (request, answer) = (Request::get_json("https://as.example"), Answer::Response(response));
            let event = Event::Exchange { request, answer, summary: String::new() };
            Entry::new(Step::CodeExchange, (Party::Client, Party::AuthorizationServer), "", 0, event)
        };
        let answer =
            r#"{"token_type":"Bearer","access_token":"head.claims.s1gn4ture","refresh_token":"r3fresh"}"#;
        let trace = Trace::of(vec![entry("<p>page</p>"), entry(answer), entry(r#"{"token":"no"}"#)]);
        assert_eq!(trace.mask("head.claims.s1gn4ture r3fresh"), "••••• •••••");
        assert_eq!(trace.mask("head.others.s1gn4ture <p>page</p> no"), "head.others.••••• <p>page</p> no");
    }

    /// Req: ALL-11
    #[test]
    fn a_secret_is_masked_however_json_writes_it() {
        let mut trace = Trace::default();
        trace.conceal(&Secret::new("ab/c+d=="));
        for body in [
            r#"{"t":"ab/c+d==","x":"\n"}"#,
            r#"{"t":"ab\/c+d==","x":"\n"}"#,
            r#"{"x":"\\","t":"ab/c\u002Bd\u003d\u003D","x":"\n"}"#,
            r#"{"t":"{\"t\":\"ab\\/c+d==\"}","x":"\n"}"#,
        ] {
            let masked = trace.mask(body);
            assert!(masked.contains(MASK) && !masked.contains("ab"), "{masked}");
            assert!(masked.ends_with(r#","x":"\n"}"#), "{masked}");
        }
        for other in [r#"{"x":"\/\u002B"}"#, r#"""#, r"\", r#""\"#, r#""\é"#, r#""a" "\"#] {
            assert_eq!(trace.mask(other), other);
        }
        let masked = trace.masked(serde_json::json!({ "ab/c+d==": { "ab/c+d==": 1 } }));
        assert_eq!(masked, serde_json::json!({ MASK: { MASK: 1 } }), "names too");
    }
}
