//! Presenter mode: one hop fills the screen, in type that reads from the back of a room.

use leptos::ev::{self, KeyboardEvent};
use leptos::prelude::*;
use protocol::party::Party;

use super::boxed::click;
use super::dialog::{close, shown_while};
use super::party;

/// So many lines of a message fit, unless a failed check needs the room.
const MAX_LINES: usize = 4;

/// One hop as it is told to a room. Whoever makes it has masked every secret: a projector has many readers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Slide {
    /// The part of the journey: `4 Token`.
    pub(crate) chapter: String,
    /// Where one is: `19 of 34`.
    pub(crate) place: String,
    /// What the step is called.
    pub(crate) title: String,
    /// Who acts.
    pub(crate) from: Party,
    /// On whom; the same party for local work.
    pub(crate) to: Party,
    /// What is sent, in a few words.
    pub(crate) arrow: String,
    /// What comes back, in a few words.
    pub(crate) answer: Option<String>,
    /// What happens, in two sentences.
    pub(crate) what: String,
    /// The most telling lines of the message.
    pub(crate) excerpt: Vec<String>,
    /// How many checks passed.
    pub(crate) passed: usize,
    /// The check that did not.
    pub(crate) failed: Option<FailedCheck>,
    /// What the presenter may say.
    pub(crate) notes: String,
}

/// A check that somebody did not pass, in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FailedCheck {
    /// What was looked at.
    pub(crate) title: String,
    /// What the rule demands.
    pub(crate) expected: String,
    /// What was there.
    pub(crate) found: String,
    /// Where the rule stands: `RFC 9728 §3.3`.
    pub(crate) source: &'static str,
}

/// The screen. It is a dialog in front of the page, so the page rests meanwhile.
#[component]
pub(crate) fn Presenter(
    /// Whether it is shown. Leaving it, in whatever way, makes this false.
    open: RwSignal<bool>,
    /// The current hop.
    slide: Signal<Slide>,
    /// What the main button does: `send the token request`. `None`: there is nothing to go on to.
    next: Signal<Option<String>>,
    /// Goes on.
    on_next: Callback<()>,
    /// Goes back.
    on_back: Callback<()>,
) -> impl IntoView {
    let dialog = shown_while(open);
    let notes = RwSignal::new(false);
    let go_on = move || {
        if next.with_untracked(Option::is_some) {
            on_next.run(());
        }
    };
    listen(open, move |event| {
        match event.key().as_str() {
            // On a button these keys press it.
            " " | "Enter" if is_on_button(event) => return,
            " " | "ArrowRight" | "PageDown" => go_on(),
            "ArrowLeft" | "PageUp" => on_back.run(()),
            "n" | "N" => notes.update(|shown| *shown = !*shown),
            _ => return,
        }
        event.prevent_default();
    });
    let controls = move || {
        view! {
            <footer>
                <button on:click=click(move |_| on_back.run(()))>"◂ Back"<kbd>"←"</kbd></button>
                <button
                    class="strong"
                    autofocus
                    data-testid="presenter-next"
                    aria-disabled=move || next.with(Option::is_none).then_some("true")
                    on:click=click(move |_| go_on())
                >
                    <span class="next">{move || next.get().map_or("The end".into(), |what| String::from("Next: ") + &what)}</span>
                    <kbd>"→"</kbd>
                </button>
                <button
                    data-testid="presenter-notes"
                    aria-expanded=move || if notes.get() { "true" } else { "false" }
                    aria-controls="presenter-notes"
                    on:click=click(move |_| notes.update(|shown| *shown = !*shown))
                >
                    "Notes"<kbd>"n"</kbd>
                </button>
                <button data-testid="presenter-leave" on:click=click(move |_| close(dialog))>"Leave"<kbd>"Esc"</kbd></button>
            </footer>
        }
    };
    view! {
        <dialog
            class="presenter"
            node_ref=dialog
            aria-labelledby="presenter-title"
            data-testid="presenter"
            on:close=move |_| open.set(false)
        >
            {move || open.get().then(|| view! {
                <div class="slide" role="status" aria-atomic="true">{move || slide.with(big)}</div>
                <section id="presenter-notes" aria-label="Speaker notes" tabindex="0" hidden=move || !notes.get()>
                    {move || slide.with(|slide| slide.notes.clone())}
                </section>
                {controls()}
            })}
        </dialog>
    }
}

/// Listens while it is shown; a key with a modifier is the browser's.
fn listen(open: RwSignal<bool>, on_key: impl Fn(&KeyboardEvent) + 'static) {
    let handle = window_event_listener(ev::keydown, move |event| {
        let modified = event.ctrl_key() || event.meta_key() || event.alt_key() || event.is_composing();
        if open.get_untracked() && !modified {
            on_key(&event);
        }
    });
    on_cleanup(move || handle.remove());
}

fn is_on_button(event: &KeyboardEvent) -> bool {
    use wasm_bindgen::JsCast as _;
    let element = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    element.is_some_and(|element| element.tag_name() == "BUTTON")
}

fn big(slide: &Slide) -> impl IntoView + use<> {
    let most = if slide.failed.is_some() { 0 } else { MAX_LINES };
    let lines = slide.excerpt.iter().take(most).map(|line| line.clone() + "\n").collect::<String>();
    view! {
        <p class="place"><b>{slide.chapter.clone()}</b><span>{slide.place.clone()}</span></p>
        <h2 id="presenter-title">{slide.title.clone()}</h2>
        {arrows(slide)}
        <p class="what">{slide.what.clone()}</p>
        {(!lines.is_empty()).then(|| view! { <pre>{lines}</pre> })}
        {verdict(slide)}
    }
}

/// Who to whom, with one big arrow, and a dashed one back.
fn arrows(slide: &Slide) -> impl IntoView + use<> {
    let (from, to) = (slide.from, slide.to);
    let name = |of: Party| view! { <b class=String::from("party ") + party::class(of)>{of.name()}</b> };
    if from == to {
        return view! { <div class="arrows alone">{name(from)}<span class="local">{slide.arrow.clone()}</span></div> }
            .into_any();
    }
    let there = String::from("arrow there ") + party::class(from);
    let back = String::from("arrow back ") + party::class(to);
    let answer = slide.answer.clone().map(|answer| view! { <span class=back><span>{answer}</span></span> });
    view! {
        <div class="arrows">
            {name(from)}
            <span class="between"><span class=there><span>{slide.arrow.clone()}</span></span>{answer}</span>
            {name(to)}
        </div>
    }
    .into_any()
}

fn verdict(slide: &Slide) -> impl IntoView + use<> {
    let passed = (slide.passed > 0).then(|| {
        let plural = if slide.passed == 1 { "" } else { "s" };
        view! { <p class="passed">{format!("{} check{plural} passed", slide.passed)}</p> }
    });
    let Some(check) = slide.failed.clone() else { return passed.into_any() };
    view! {
        <div class="failed" data-testid="presenter-failed">
            {passed}
            <p><b>{check.title}</b>" "<span class="source">{check.source}</span></p>
            <p><span class="word">"expected"</span><code>{check.expected}</code></p>
            <p><span class="word">"found"</span><code>{check.found}</code></p>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::view::test_page::TestPage;

    fn slide(failed: bool) -> Slide {
        Slide {
            chapter: "4 Token".into(),
            place: "19 of 34".into(),
            title: "The code is redeemed".into(),
            from: Party::Client,
            to: Party::AuthorizationServer,
            arrow: "POST /token".into(),
            answer: Some("200".into()),
            what: "One. Two.".into(),
            excerpt: (1..=9).map(|line| format!("line {line}")).collect(),
            passed: 5,
            failed: failed.then(|| FailedCheck {
                title: "challenge".into(),
                expected: "this".into(),
                found: "that".into(),
                source: "RFC 7636 §4.6",
            }),
            notes: "Ask the room.".into(),
        }
    }

    #[test]
    async fn one_hop_is_told_by_keys() {
        let (open, failed) = (RwSignal::new(true), RwSignal::new(false));
        let went = RwSignal::new(0);
        let page = TestPage::show(move || {
            view! {
                <Presenter
                    open=open
                    slide=Signal::derive(move || slide(failed.get()))
                    next=Signal::derive(move || (went.get() < 1).then(|| "go on".to_owned()))
                    on_next=Callback::new(move |()| went.update(|went| *went += 1))
                    on_back=Callback::new(move |()| went.update(|went| *went -= 1))
                />
            }
        })
        .await;
        assert!(page.texts("pre")[0].contains("line 4") && !page.texts("pre")[0].contains("line 5"));
        assert_eq!(page.texts(".passed"), ["5 checks passed"]);
        page.key("dialog", "ArrowRight").await;
        page.key("dialog", "ArrowRight").await;
        assert_eq!(went.get_untracked(), 1, "there is nothing after the end");
        assert_eq!(page.texts(".next"), ["The end"]);
        page.key("dialog", "PageUp").await;
        assert_eq!(went.get_untracked(), 0);
        assert_eq!(page.all("#presenter-notes:not([hidden])").len(), 0);
        page.key("dialog", "n").await;
        assert_eq!(page.texts("#presenter-notes:not([hidden])"), ["Ask the room."]);
        failed.set(true);
        page.until(".failed", "RFC 7636 §4.6").await;
        assert!(page.all("pre").is_empty(), "the failed check needs the room");
        page.press("LeaveEsc").await;
        page.gone("footer").await;
        assert!(!open.get_untracked());
        page.key("dialog", "ArrowRight").await;
        assert_eq!(went.get_untracked(), 0, "the keys are the page's again");
    }
}
