//! Code to take away: a language behind each tab, and a button that copies what is shown.

use std::time::Duration;

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;

use super::boxed::{CollectBoxed as _, changing, click};

/// How long the button says what became of copying.
const SAID_FOR: Duration = Duration::from_secs(2);

/// What became of copying.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Copying {
    NotTried,
    Done,
    Refused,
}

/// The same in several languages. Without anything to show there is no block.
#[component]
pub(crate) fn CodeBlock(
    /// The name of each language, and the code.
    snippets: Vec<(&'static str, String)>,
    /// The name that was chosen last; whoever keeps it finds the same language chosen in the next block.
    #[prop(optional)]
    chosen: RwSignal<&'static str>,
) -> impl IntoView {
    let labels: Vec<_> = snippets.iter().map(|(label, _)| *label).collect();
    let first = *labels.first()?;
    let shown = {
        let labels = labels.clone();
        Memo::new(move |_| Some(chosen.get()).filter(|label| labels.contains(label)).unwrap_or(first))
    };
    let code = Memo::new(move |_| {
        let found = snippets.iter().find(|(label, _)| *label == shown.get());
        found.map(|(_, text)| text.clone()).unwrap_or_default()
    });
    let only_one = labels.len() == 1;
    let header = if only_one {
        view! { <span class="language">{first}</span> }.into_any()
    } else {
        view! { <Languages labels=labels shown=shown chosen=chosen /> }.into_any()
    };
    Some(view! {
        <div class="code-block">
            <div class="bar">
                {header}
                <CopyButton label=shown code=code />
            </div>
            <pre tabindex="0" role=if only_one { "group" } else { "tabpanel" } aria-label=move || shown.get()>
                <code>{move || code.get()}</code>
            </pre>
        </div>
    })
}

#[component]
fn Languages(
    labels: Vec<&'static str>,
    shown: Memo<&'static str>,
    chosen: RwSignal<&'static str>,
) -> impl IntoView {
    let tabs = labels.iter().map(|&label| {
        let selected = move || shown.get() == label;
        view! {
            <button
                type="button"
                role="tab"
                aria-selected=move || selected().to_string()
                tabindex=move || if selected() { "0" } else { "-1" }
                on:click=click(move |_| chosen.set(label))
            >
                {label}
            </button>
        }
    });
    let tabs = tabs.collect_boxed();
    let on_key = move |event: KeyboardEvent| {
        let here = labels.iter().position(|label| *label == shown.get_untracked()).unwrap_or_default();
        let there = match event.key().as_str() {
            "ArrowRight" => (here + 1) % labels.len(),
            "ArrowLeft" => (here + labels.len() - 1) % labels.len(),
            "Home" => 0,
            "End" => labels.len() - 1,
            _ => return,
        };
        // The arrows are the page's keys too.
        event.prevent_default();
        event.stop_propagation();
        chosen.set(labels[there]);
        focus_child(&event, there);
    };
    view! { <div class="languages" role="tablist" aria-label="Languages" on:keydown=on_key>{tabs}</div> }
}

/// Moves the focus to a child of the element that listens.
fn focus_child(event: &KeyboardEvent, index: usize) {
    let list = event.current_target().and_then(|list| list.dyn_into::<web_sys::Element>().ok());
    let child = list.and_then(|list| list.children().item(u32::try_from(index).ok()?));
    if let Some(child) = child.and_then(|child| child.dyn_into::<web_sys::HtmlElement>().ok()) {
        // A tab that cannot take the focus is chosen all the same.
        let _ = child.focus();
    }
}

/// Copies a text, and says so.
#[component]
pub(crate) fn CopyButton(label: Memo<&'static str>, code: Memo<String>) -> impl IntoView {
    let copying = RwSignal::new(Copying::NotTried);
    let copy = move |_| {
        let text = code.get_untracked();
        spawn_local(async move {
            let outcome = if copied(&text).await { Copying::Done } else { Copying::Refused };
            // By then the block may be gone, and with it the wish to know.
            if copying.try_set(outcome).is_none() {
                let say_no_more = move || {
                    let _ = copying.try_set(Copying::NotTried);
                };
                set_timeout(say_no_more, SAID_FOR);
            }
        });
    };
    let face = move || match copying.get() {
        Copying::NotTried => "Copy",
        Copying::Done => "Copied ✓",
        Copying::Refused => "Not copied",
    };
    let said = move || match copying.get() {
        Copying::NotTried => String::new(),
        Copying::Done => format!("{} copied", label.get()),
        Copying::Refused => "The browser does not let this page copy: select the text instead".to_owned(),
    };
    view! {
        <button type="button" class="copy" on:click=copy>{changing(face)}</button>
        <span class="visually-hidden" role="status">{changing(said)}</span>
    }
}

/// Puts a text on the clipboard. Whether it is there: outside of https and localhost there is no clipboard.
async fn copied(text: &str) -> bool {
    let Some(clipboard) = web_sys::window().map(|window| window.navigator().clipboard()) else {
        return false;
    };
    !clipboard.is_undefined() && JsFuture::from(clipboard.write_text(text)).await.is_ok()
}

#[cfg(test)]
mod tests {
    use js_sys::Function;
    use wasm_bindgen::JsValue;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::view::test_page::TestPage;

    fn snippets() -> Vec<(&'static str, String)> {
        vec![
            ("curl", "curl -X POST".into()),
            ("JavaScript", "await fetch()".into()),
            ("Rust", "get()".into()),
        ]
    }

    /// Replaces the clipboard, which a browser without a person does not give away.
    fn clipboard(write_text: &str) {
        let body = format!(
            "Object.defineProperty(navigator, 'clipboard', {{ configurable: true, value: {write_text} }})"
        );
        Function::new_no_args(&body).call0(&JsValue::NULL).unwrap();
    }

    fn clipboard_text() -> String {
        let read = Function::new_no_args("return window.copied");
        read.call0(&JsValue::NULL).unwrap().as_string().unwrap_or_default()
    }

    #[test]
    async fn arrows_move_between_languages_and_stay_here() {
        let page = TestPage::show(|| view! { <CodeBlock snippets=snippets() /> }).await;
        assert_eq!(page.texts("pre"), ["curl -X POST"]);
        assert!(!page.key("[aria-selected=true]", "ArrowRight").await, "the page would go on");
        assert_eq!(page.texts("pre"), ["await fetch()"]);
        assert_eq!(page.texts(":focus"), ["JavaScript"]);
        page.key("[aria-selected=true]", "Home").await;
        page.key("[aria-selected=true]", "ArrowLeft").await;
        assert_eq!(page.texts("pre"), ["get()"]);
        assert!(page.key("[aria-selected=true]", "r").await, "other keys are the page's");
    }

    #[test]
    async fn the_language_outlives_the_block() {
        let chosen = RwSignal::new("Rust");
        let page = TestPage::show(move || view! { <CodeBlock snippets=snippets() chosen=chosen /> }).await;
        assert_eq!(page.texts("pre"), ["get()"]);
        let one =
            || view! { <CodeBlock snippets=vec![("HTTP", "GET /".into())] chosen=RwSignal::new("Rust") /> };
        let page = TestPage::show(one).await;
        assert_eq!(page.texts("pre"), ["GET /"], "a language that is not there is not missed");
        assert!(page.all("[role=tab]").is_empty());
    }

    #[test]
    async fn copies_what_is_shown_and_says_so() {
        clipboard("{ writeText: async (text) => { window.copied = text } }");
        let page = TestPage::show(|| view! { <CodeBlock snippets=snippets() /> }).await;
        page.press("Rust").await;
        page.press("Copy").await;
        page.until("[role=status]", "Rust copied").await;
        assert_eq!(page.texts(".copy"), ["Copied ✓"]);
        assert_eq!(clipboard_text(), "get()");

        for broken in ["undefined", "{ writeText: async () => { throw new Error('no') } }"] {
            clipboard(broken);
            let page = TestPage::show(|| view! { <CodeBlock snippets=snippets() /> }).await;
            page.press("Copy").await;
            page.until("[role=status]", "select the text instead").await;
        }
    }
}
