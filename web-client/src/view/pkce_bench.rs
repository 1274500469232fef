//! The PKCE bench: one types a verifier and watches it become the challenge.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use protocol::base64url;
use protocol::clause::Clause;
use protocol::observation::MASK;
use protocol::pkce::{CodeVerifier, VERIFIER_LENGTHS, foreign_character, s256};

use super::boxed::{CollectBoxed as _, click};
use super::rule::OuterLink;
use crate::env;

/// From the characters over their hash to the challenge, at each keystroke.
#[component]
pub(crate) fn PkceBench(
    /// The challenge of the run, if it has one yet.
    challenge: Option<String>,
    /// The verifier of the run, unless it is from a file without secrets.
    verifier: Option<String>,
    /// Whether secrets are hidden.
    masked: Signal<bool>,
) -> impl IntoView {
    let verifier = verifier.filter(|verifier| !verifier.contains(MASK));
    let typed = RwSignal::new(verifier.clone().or_else(fresh).unwrap_or_default());
    // A changed character makes it no less of a secret.
    let is_of_run = RwSignal::new(verifier.is_some());
    let concealed = Memo::new(move |_| masked.get() && is_of_run.get());
    let take = move |text: Option<String>, of_run: bool| {
        is_of_run.set(of_run);
        typed.set(text.unwrap_or_default());
    };
    let problems = Memo::new(move |_| typed.with(|text| problems(text)));
    let hash = Memo::new(move |_| typed.with(|text| s256(text)));
    let made = Memo::new(move |_| base64url(&hash.get()));
    let of_run = verifier.map(|verifier| {
        view! {
            <button type="button" on:click=click(move |_| take(Some(verifier.clone()), true))>"The run's verifier"</button>
        }
    });
    let (known, compared) = (challenge.clone(), challenge);
    let verdict = move || match &compared {
        None => ("unknown", "The run has no challenge yet."),
        Some(_) if !problems.with(Vec::is_empty) => {
            ("refused", "No server looks that far: it refuses a verifier that breaks the rules.")
        }
        Some(challenge) if *challenge == made.get() => {
            ("equal", "The same as the challenge of the run: for this verifier the code is redeemed.")
        }
        Some(_) => {
            ("other", "Another than the challenge of the run: for this verifier the answer is invalid_grant.")
        }
    };
    let verdict = Memo::new(move |_| verdict());
    view! {
        <section class="bench" data-testid="pkce-bench">
            <label for="bench-verifier">"Code verifier"</label>
            <textarea
                id="bench-verifier"
                rows="2"
                spellcheck="false"
                autocomplete="off"
                autocapitalize="off"
                aria-describedby="bench-problems"
                aria-invalid=move || if problems.with(Vec::is_empty) { "false" } else { "true" }
                prop:value=move || if concealed.get() { MASK.to_owned() } else { typed.get() }
                prop:readOnly=move || concealed.get()
                on:input=move |event| typed.set(event_target_value(&event))
                // What is typed here is no key of the page.
                on:keydown=|event: KeyboardEvent| event.stop_propagation()
            ></textarea>
            {move || concealed.get().then(|| view! {
                <p class="hint">"This is the run’s own verifier, masked. “Secrets” shows it; a fresh one can be edited."</p>
            })}
            <div class="buttons">
                <button type="button" on:click=click(move |_| typed.update(change_one))>"Change one character"</button>
                <button type="button" on:click=click(move |_| take(fresh(), false))>"A fresh one"</button>
                {of_run}
            </div>
            <ol>
                <li data-testid="bench-characters">
                    <h3>"Characters"</h3>
                    <p>
                        {move || typed.with(|text| text.chars().count())}"; "{*VERIFIER_LENGTHS.start()}" to "
                        {*VERIFIER_LENGTHS.end()}" letters, digits and - . _ ~ are allowed "
                        <OuterLink text=Clause::PkceVerifier.source() url=Clause::PkceVerifier.url() />
                    </p>
                    <ul id="bench-problems">
                        {move || problems.get().into_iter().map(|problem| view! { <li>{problem}</li> }).collect_boxed()}
                    </ul>
                </li>
                <li data-testid="bench-hash">
                    <h3>"SHA-256: 32 bytes, here as hex"</h3>
                    <code>{move || hex(&hash.get())}</code>
                </li>
                <li data-testid="bench-challenge">
                    <h3>"base64url of these bytes: the challenge"</h3>
                    <code>{move || made.get()}</code>
                </li>
                <li data-testid="bench-verdict" data-verdict=move || verdict.get().0>
                    <h3>"Compared with the challenge of the run"</h3>
                    {known.map(|challenge| view! { <code>{challenge}</code> })}
                    <p role="status">{move || verdict.get().1}</p>
                </li>
            </ol>
        </section>
    }
}

/// A verifier of fresh randomness, where the browser has any.
fn fresh() -> Option<String> {
    let entropy = env::fresh()?.entropy;
    Some(CodeVerifier::from_entropy(entropy.first_chunk()?).reveal().to_owned())
}

/// The same but for its first character.
fn change_one(verifier: &mut String) {
    if let Some(first) = verifier.chars().next() {
        let other = if first == 'A' { "B" } else { "A" };
        verifier.replace_range(..first.len_utf8(), other);
    }
}

/// Which rules a verifier breaks, in words.
fn problems(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let (length, shortest, longest) =
        (text.chars().count(), *VERIFIER_LENGTHS.start(), *VERIFIER_LENGTHS.end());
    if length < shortest {
        problems.push(format!("{} too few: a verifier must be too long to be guessed.", shortest - length));
    } else if length > longest {
        problems.push(format!("{} too many.", length - longest));
    }
    if let Some(c) = foreign_character(text) {
        let name = match c {
            ' ' => "A space".to_owned(),
            '\n' => "A line break".to_owned(),
            c => format!("“{c}”"),
        };
        problems.push(name + " is none of the characters that no URL and no form has to escape.");
    }
    problems
}

/// Bytes as pairs of digits.
fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value & 0xf)]);
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(*b), ' ']).collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use protocol::pkce::PkceError;
    use wasm_bindgen::JsCast as _;
    use wasm_bindgen_test::wasm_bindgen_test as test;
    use web_sys::HtmlTextAreaElement;

    use super::*;
    use crate::view::test_page::TestPage;

    // RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    async fn show(
        challenge: Option<&'static str>,
        verifier: Option<&'static str>,
        masked: Signal<bool>,
    ) -> TestPage {
        let (challenge, verifier) = (challenge.map(str::to_owned), verifier.map(str::to_owned));
        TestPage::show(move || view! { <PkceBench challenge=challenge verifier=verifier masked=masked /> })
            .await
    }

    fn verdict(page: &TestPage) -> String {
        page.the("[data-verdict]").get_attribute("data-verdict").unwrap()
    }

    fn shown(page: &TestPage) -> String {
        page.the("textarea").unchecked_into::<HtmlTextAreaElement>().value()
    }

    #[test]
    async fn the_verifier_of_the_run_becomes_the_challenge_of_the_run() {
        let page = show(Some(CHALLENGE), Some(VERIFIER), Signal::stored(false)).await;
        assert!(page.texts("[data-testid=bench-hash] code")[0].starts_with("13 d3 1e 96 1a 1a d8 ec"));
        assert_eq!(page.texts("[data-testid=bench-challenge] code"), [CHALLENGE]);
        assert_eq!(verdict(&page), "equal");
        let other = VERIFIER.replacen('d', "e", 1);
        page.enter("textarea", &other).await;
        assert_ne!(page.texts("[data-testid=bench-challenge] code"), [CHALLENGE]);
        assert_eq!(verdict(&page), "other");
        page.press("The run's verifier").await;
        assert_eq!(verdict(&page), "equal");
        page.press("Change one character").await;
        assert_eq!(shown(&page), VERIFIER.replacen('d', "A", 1));
        assert_eq!(verdict(&page), "other");
    }

    /// Req: ALL-11
    #[test]
    async fn it_begins_with_the_verifier_of_the_run_also_where_that_is_not_shown() {
        let masked = RwSignal::new(true);
        let page = show(Some(CHALLENGE), Some(VERIFIER), masked.into()).await;
        assert_eq!((verdict(&page).as_str(), shown(&page).as_str()), ("equal", MASK));
        page.press("Change one character").await;
        assert_eq!((verdict(&page).as_str(), shown(&page).as_str()), ("other", MASK));
        page.press("A fresh one").await;
        assert_eq!(shown(&page).len(), 43, "nobody's secret");
        page.press("The run's verifier").await;
        masked.set(false);
        page.fire("textarea", "nothing").await;
        assert_eq!((verdict(&page).as_str(), shown(&page).as_str()), ("equal", VERIFIER));
    }

    #[test]
    async fn without_the_verifier_of_the_run_there_is_a_fresh_one() {
        for verifier in [None, Some(MASK)] {
            let page = show(Some(CHALLENGE), verifier, Signal::stored(true)).await;
            let before = page.texts("[data-testid=bench-challenge] code");
            assert_eq!(verdict(&page), "other", "it breaks no rule");
            assert_eq!(page.all("button").len(), 2);
            page.press("A fresh one").await;
            assert_ne!(page.texts("[data-testid=bench-challenge] code"), before);
        }
        assert_eq!(verdict(&show(None, Some(VERIFIER), Signal::stored(true)).await), "unknown");
    }

    #[test]
    async fn typing_is_not_a_key_of_the_page_and_broken_rules_have_names() {
        let page = show(Some(CHALLENGE), Some(VERIFIER), Signal::stored(false)).await;
        assert!(!page.key("textarea", "e").await, "the page would run to the end");
        page.enter("textarea", "kurz é").await;
        let problems = page.texts("#bench-problems li");
        assert_eq!(problems.len(), 2);
        assert!(problems[0].starts_with("37 too few") && problems[1].starts_with("A space"), "{problems:?}");
        assert_eq!(verdict(&page), "refused");
        assert_eq!(page.the("textarea").get_attribute("aria-invalid").as_deref(), Some("true"));
    }

    /// Whatever is called a problem here is refused where verifiers are read, and nothing else is.
    #[test]
    fn problems_are_what_the_protocol_refuses() {
        for text in ["a".repeat(42), "a".repeat(129), "é".repeat(43), "a".repeat(42) + "+", String::new()] {
            assert_eq!(CodeVerifier::parse(&text).err(), Some(PkceError::InvalidVerifier));
            assert!(!problems(&text).is_empty(), "{text}");
        }
        for text in ["a".repeat(43), "~".repeat(128), VERIFIER.to_owned()] {
            assert!(CodeVerifier::parse(&text).is_ok() && problems(&text).is_empty(), "{text}");
        }
    }
}
