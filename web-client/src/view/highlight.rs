//! Values followed across the run: wherever one of them occurs in a text it is marked, and all marks of the same value light
//! up together.

use std::ops::Range;

use flow::spellings;
use leptos::ev;
use leptos::prelude::*;
use protocol::observation::MASK;
use wasm_bindgen::JsCast as _;

use super::boxed::{CollectBoxed as _, changing, click};

/// What is shorter is not looked for: it would be found everywhere, and mean nothing. Secrets are, however short.
const SHORTEST: usize = 3;

/// A value that is worth following.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Value {
    /// As the messages call it: `state`, `code_verifier`, `access_token`.
    pub(crate) name: &'static str,
    /// The value.
    pub(crate) text: String,
    /// Whether it is masked unless secrets are shown.
    pub(crate) secret: bool,
}

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment<'a> {
    /// As it stands in the text.
    pub(crate) text: &'a str,
    /// Which value it is, if it is one.
    pub(crate) name: Option<&'static str>,
    /// Whether that value is secret.
    pub(crate) secret: bool,
}

/// An occurrence of a value.
struct Mark<'a> {
    at: Range<usize>,
    value: &'a Value,
}

/// Takes a text apart such that each occurrence of a value is a segment of its own. The segments make up the text.
///
/// Secrets win over what is none, longer values over shorter ones. A value is found as it is and in the spellings of a URL, a
/// form and JSON; a mask, which a server may have written, is known by the parameter, the member or the scheme before it.
pub(crate) fn split<'a>(text: &'a str, values: &[Value]) -> Vec<Segment<'a>> {
    let mut segments = Vec::new();
    let mut rest = 0;
    let plain = |range: Range<usize>| Segment { text: &text[range], name: None, secret: false };
    for Mark { at, value } in marks(text, values) {
        if rest < at.start {
            segments.push(plain(rest..at.start));
        }
        rest = at.end;
        segments.push(Segment { text: &text[at], name: Some(value.name), secret: value.secret });
    }
    if rest < text.len() {
        segments.push(plain(rest..text.len()));
    }
    segments
}

/// The occurrences in their order; no two of them overlap.
fn marks<'a>(text: &str, values: &'a [Value]) -> Vec<Mark<'a>> {
    let mut marks: Vec<Mark> = Vec::new();
    let mut mark = |at: Range<usize>, value| {
        let place = marks.partition_point(|known| known.at.start < at.end);
        let is_free = place.checked_sub(1).is_none_or(|before| marks[before].at.end <= at.start);
        if is_free {
            marks.insert(place, Mark { at, value });
        }
    };
    for (spelling, value) in needles(values) {
        for (start, _) in text.match_indices(&spelling) {
            let at = start..start + spelling.len();
            if value.secret || stands_alone(text, &at) {
                mark(at, value);
            }
        }
    }
    for (start, _) in text.match_indices(MASK) {
        let name = name_before(&text[..start]);
        if let Some(value) = values.iter().find(|value| value.secret && value.name == name) {
            mark(start..start + MASK.len(), value);
        }
    }
    marks
}

/// What to look for, in the order of precedence.
fn needles(values: &[Value]) -> Vec<(String, &Value)> {
    let sought = values.iter().filter(|value| value.text.len() >= if value.secret { 1 } else { SHORTEST });
    let precedence = |(spelling, value): &(String, &Value)| (!value.secret, usize::MAX - spelling.len());
    let mut needles: Vec<(String, &Value)> = Vec::new();
    for value in sought {
        for needle in spellings(&value.text).into_iter().map(|spelling| (spelling, value)) {
            let place = needles.partition_point(|known| precedence(known) <= precedence(&needle));
            needles.insert(place, needle);
        }
    }
    needles
}

/// Whether an occurrence is no part of a longer word: `mcp` is none in `mcp-session-id`.
fn stands_alone(text: &str, at: &Range<usize>) -> bool {
    let is_word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let (bytes, before) = (text.as_bytes(), &text.as_bytes()[..at.start]);
    // The end of an escape is no letter of a word: `%3D` in a URL, `\n` in JSON.
    let is_escape = matches!(before, [.., b'%', a, b] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit())
        || matches!(before, [.., b'\\', _]);
    let begins = is_escape || !(is_word(bytes[at.start]) && before.last().is_some_and(|b| is_word(*b)));
    let ends = !(is_word(bytes[at.end - 1]) && bytes.get(at.end).is_some_and(|b| is_word(*b)));
    begins && ends
}

/// What the value behind this text is called: `code` in `…&code=`, `access_token` in `…"access_token": "` and behind `Bearer`.
fn name_before(text: &str) -> &str {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let text = text.trim_end_matches(['"', '\\', ' ', '=', ':']);
    let name = &text[text.trim_end_matches(is_name).len()..];
    if name.eq_ignore_ascii_case("bearer") { "access_token" } else { name }
}

/// A text with its values marked. Pointing at one, or moving the focus to it, reports its name, and so does leaving it, with
/// `None`; choosing it by click, Enter or Space picks it. Marks of the value that is lit stand out.
#[component]
pub(crate) fn Highlighted(
    /// The text, unmasked as far as it is known.
    #[prop(into)]
    text: Signal<String>,
    /// What is looked for.
    #[prop(into)]
    values: Signal<Vec<Value>>,
    /// Whether secrets are hidden.
    #[prop(into)]
    masked: Signal<bool>,
    /// The value that is lit, wherever it occurs.
    #[prop(into)]
    lit: Signal<Option<&'static str>>,
    /// Called with the value that is pointed at or has the focus, and with `None` afterwards.
    #[prop(into)]
    on_point: Callback<Option<&'static str>>,
    /// Called with the value that was chosen.
    #[prop(into)]
    on_pick: Callback<&'static str>,
) -> impl IntoView {
    let pieces = move || {
        let mut seen: Vec<&'static str> = Vec::new();
        let piece = |segment: Segment| {
            let hidden = segment.secret && masked.get();
            let shown = if hidden { MASK.to_owned() } else { segment.text.to_owned() };
            let Some(name) = segment.name else { return shown.into_any() };
            // One stop per value for the keyboard: the focus on one mark lights up the others.
            let is_first = !seen.contains(&name);
            seen.push(name);
            view! { <Marked name=name shown=shown hidden=hidden is_first=is_first lit=lit /> }.into_any()
        };
        text.with(|text| values.with(|values| split(text, values).into_iter().map(piece).collect_boxed()))
    };
    let named = move |event: &web_sys::Event| values.with_untracked(|values| name_of_target(event, values));
    let point = move |event: &web_sys::Event| {
        if let Some(name) = named(event) {
            on_point.run(Some(name));
        }
    };
    let leave = move |event: &web_sys::Event| {
        if named(event).is_some() {
            on_point.run(None);
        }
    };
    let on_key = move |event: ev::KeyboardEvent| {
        if let ("Enter" | " ", Some(name)) = (event.key().as_str(), named(&event)) {
            event.prevent_default();
            // Space is the page's key for the next step.
            event.stop_propagation();
            on_pick.run(name);
        }
    };
    view! {
        <span
            class="followed"
            on:mouseover=move |event| point(&event)
            on:mouseout=move |event| leave(&event)
            on:focusin=move |event| point(&event)
            on:focusout=move |event| leave(&event)
            on:keydown=on_key
            on:click=click(move |event| {
                if let Some(name) = named(&event) {
                    on_pick.run(name);
                }
            })
        >
            {changing(pieces)}
        </span>
    }
}

/// An occurrence. A mark and no button, so that the text around it can be selected and copied as one.
#[component]
fn Marked(
    name: &'static str,
    shown: String,
    hidden: bool,
    is_first: bool,
    lit: Signal<Option<&'static str>>,
) -> impl IntoView {
    view! {
        <mark
            data-value=name
            title=name
            role="button"
            tabindex=if is_first { "0" } else { "-1" }
            aria-label=hidden.then(|| format!("{name}, hidden"))
            class:lit=move || lit.get() == Some(name)
        >
            {shown}
        </mark>
    }
}

/// The value whose mark an event happened on.
fn name_of_target(event: &web_sys::Event, values: &[Value]) -> Option<&'static str> {
    let element = event.target()?.dyn_into::<web_sys::Element>().ok()?;
    let name = element.closest("[data-value]").ok()??.get_attribute("data-value")?;
    values.iter().find(|value| value.name == name).map(|value| value.name)
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::view::test_page::TestPage;

    const STATE: &str = "kT3vPq9wQ";
    const RESOURCE: &str = "http://localhost:8001/mcp";

    fn value(name: &'static str, text: &str) -> Value {
        Value { name, text: text.to_owned(), secret: false }
    }

    fn secret(name: &'static str, text: &str) -> Value {
        Value { secret: true, ..value(name, text) }
    }

    /// The text with each mark in brackets.
    fn marked(text: &str, values: &[Value]) -> String {
        let segments = split(text, values);
        assert_eq!(segments.iter().map(|segment| segment.text).collect::<String>(), text, "nothing is lost");
        let write = |segment: &Segment| match segment.name {
            Some(name) => format!("[{name} {}]", segment.text),
            None => segment.text.to_owned(),
        };
        segments.iter().map(write).collect()
    }

    #[test]
    fn a_value_is_marked_wherever_it_occurs() {
        let values = [value("state", STATE), value("scope", "mcp:connect"), value("scope", "weather:read")];
        assert_eq!(
            marked("state=kT3vPq9wQ&scope=mcp:connect weather:read", &values),
            "state=[state kT3vPq9wQ]&scope=[scope mcp:connect] [scope weather:read]"
        );
        assert_eq!(
            marked("kT3vPq9wQkT3vPq9wQ", &[secret("code", STATE)]),
            "[code kT3vPq9wQ][code kT3vPq9wQ]"
        );
        assert_eq!(marked("nothing", &values), "nothing");
        assert_eq!(marked("", &values), "");
    }

    #[test]
    fn a_value_is_known_in_the_spellings_of_urls_and_json() {
        let values = [value("resource", RESOURCE)];
        for spelling in [
            RESOURCE,
            "http%3A%2F%2Flocalhost%3A8001%2Fmcp",
            "http%3a%2f%2flocalhost%3a8001%2fmcp",
            "http:\\/\\/localhost:8001\\/mcp",
        ] {
            assert_eq!(
                marked(&format!("resource={spelling}&x"), &values),
                format!("resource=[resource {spelling}]&x")
            );
        }
    }

    #[test]
    fn a_part_of_a_longer_word_is_no_value_unless_it_is_secret() {
        let values = [
            value("resource", RESOURCE),
            value("state", STATE),
            value("client_id", "lab"),
            value("kid", "k"),
        ];
        for text in ["labs", "re-lab", "my_lab", "http://localhost:8001/mcp-2", "k"] {
            assert_eq!(marked(text, &values), text);
        }
        assert_eq!(marked(r"a%3DkT3vPq9wQ\nlab.", &values), r"a%3D[state kT3vPq9wQ]\n[client_id lab].");
        assert_eq!(
            marked("xkT3vPq9wQx k", &[secret("code", STATE), secret("code", "k")]),
            "x[code kT3vPq9wQ]x [code k]"
        );
    }

    /// Req: ALL-11
    #[test]
    fn secrets_win_then_the_longest() {
        let whole = format!("http://localhost/callback?code={STATE}");
        let values = [value("callback", &whole), value("issuer", "http://localhost"), secret("code", STATE)];
        assert_eq!(marked(&whole, &values), "[issuer http://localhost]/callback?code=[code kT3vPq9wQ]");
        assert_eq!(
            marked(
                "http://localhost/callback",
                &[value("issuer", "http://localhost"), value("redirect_uri", "http://localhost/callback")]
            ),
            "[redirect_uri http://localhost/callback]"
        );
    }

    #[test]
    fn a_mask_that_a_server_wrote_keeps_its_name() {
        let values = [secret("code", "x9"), secret("access_token", "y9"), value("state", STATE)];
        assert_eq!(marked("a=b&code=•••••&c=d", &values), "a=b&code=[code •••••]&c=d");
        assert_eq!(
            marked(r#"{"access_token": "•••••"}"#, &values),
            r#"{"access_token": "[access_token •••••]"}"#
        );
        assert_eq!(marked("Bearer •••••", &values), "Bearer [access_token •••••]");
        assert_eq!(marked("state=•••••, •••••", &values), "state=•••••, •••••");
    }

    #[component]
    fn Page(
        lit: RwSignal<Option<&'static str>>,
        picked: RwSignal<&'static str>,
        masked: RwSignal<bool>,
    ) -> impl IntoView {
        let values = vec![value("state", STATE), secret("code", "SplxlOBeZQ")];
        view! {
            <Highlighted
                text=format!("state={STATE} again {STATE} code=SplxlOBeZQ")
                values=values
                masked=masked
                lit=lit
                on_point=move |name| lit.set(name)
                on_pick=move |name| picked.set(name)
            />
        }
    }

    #[test]
    async fn pointing_at_a_value_lights_up_all_of_its_marks() {
        let (lit, picked) = (RwSignal::new(None), RwSignal::new(""));
        let page =
            TestPage::show(move || view! { <Page lit=lit picked=picked masked=RwSignal::new(true) /> }).await;
        page.fire("mark:first-of-type", "mouseover").await;
        assert_eq!(page.texts(".lit"), [STATE, STATE]);
        page.fire("mark:first-of-type", "mouseout").await;
        assert!(page.all(".lit").is_empty());
        page.fire("mark:last-of-type", "focusin").await;
        assert_eq!(lit.get_untracked(), Some("code"));
    }

    #[test]
    async fn a_value_is_chosen_with_the_keyboard() {
        let (lit, picked) = (RwSignal::new(None), RwSignal::new(""));
        let page =
            TestPage::show(move || view! { <Page lit=lit picked=picked masked=RwSignal::new(true) /> }).await;
        assert_eq!(page.texts("[tabindex='0']"), [STATE, MASK], "one stop per value");
        assert!(!page.key("mark:last-of-type", " ").await, "the page would send the next message");
        assert_eq!(picked.get_untracked(), "code");
        page.key("mark:first-of-type", "Enter").await;
        assert_eq!(picked.get_untracked(), "state");
        assert!(page.key("mark:first-of-type", "r").await, "other keys are the page's");
    }

    /// Req: ALL-11
    #[test]
    async fn a_masked_secret_keeps_its_mark() {
        let (lit, picked, masked) = (RwSignal::new(Some("code")), RwSignal::new(""), RwSignal::new(true));
        let page = TestPage::show(move || view! { <Page lit=lit picked=picked masked=masked /> }).await;
        assert_eq!(page.texts("[data-value=code]"), [MASK]);
        assert!(!page.text().contains("Splx"));
        masked.set(false);
        page.until("[data-value=code].lit", "SplxlOBeZQ").await;
    }
}
