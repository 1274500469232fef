//! What is said about a step, once it is here.

use flow::lessons::steps::Step;
use leptos::prelude::*;
use protocol::revision::Revision;

use crate::lessons::Lessons;
use crate::view::boxed::{CollectBoxed as _, changing, click};

/// What happens at a step and why, and what to look at.
#[component]
pub(crate) fn About(lessons: Lessons, step: Step, revision: Revision) -> impl IntoView {
    changing(move || {
        lessons.sheet(step, revision).map(|sheet| {
            view! {
                <p class="what">{sheet.what}</p>
                <p class="look-at"><b>"Look at: "</b>{sheet.look_at}</p>
                {sheet.deviation.map(|text| view! { <p class="deviation"><b>"Different here. "</b>{text}</p> }.into_any())}
            }
            .into_any()
        })
    })
}

/// What would go wrong without the rules of a step.
#[component]
pub(crate) fn Breaks(
    lessons: Lessons,
    step: Step,
    revision: Revision,
    /// Opens an attack, by its name.
    on_try: Callback<String>,
) -> impl IntoView {
    changing(move || {
        lessons.sheet(step, revision).map(|sheet| {
            let attacks = sheet.attacks.into_iter().map(|(id, title)| {
                let text = ["Try: ", &title].concat();
                view! { <button class="quiet" on:click=click(move |_| on_try.run(id.clone()))>{text}</button> }
            });
            view! {
                <aside class="breaks" data-testid="breaks">
                    <b>"What would break here: "</b>{sheet.breaks}
                    <div class="tries">{attacks.collect_boxed()}</div>
                </aside>
            }
            .into_any()
        })
    })
}

/// Stands where texts will be; and where they do not come, says so.
#[component]
pub(crate) fn Awaited(lessons: Lessons, step: Step, revision: Revision) -> impl IntoView {
    changing(move || {
        if lessons.are_lost(step, revision) {
            let again = move |_| lessons.try_again(step, revision);
            return Some(
                view! {
                    <p class="hint" role="alert" data-testid="no-text">
                        "The text about this step could not be fetched. Is the lab still running? "
                        <button class="quiet" on:click=click(again)>"Try again"</button>
                    </p>
                }
                .into_any(),
            );
        }
        let is_here = lessons.sheet(step, revision).is_some();
        (!is_here).then(|| {
            view! { <p class="awaited" role="status">"The text about this step is on its way …"</p> }
                .into_any()
        })
    })
}

#[cfg(test)]
mod tests {
    use flow::lessons::sheet::Sheet;
    use js_sys::{Function, JSON};
    use wasm_bindgen::JsValue;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::view::test_page::TestPage;

    const STEP: Step = Step::InsufficientScope;
    const REVISION: Revision = Revision::V2026_07_28;

    /// The server of the tests has no texts: from now on fetch answers with this instead, and counts.
    fn answer_with(text: &str) {
        let body = JSON::stringify(&text.into()).unwrap();
        let play = format!(
            "window.textsAsked ??= []; window.fetchReally ??= window.fetch; window.fetch = async (request) => {{ \
             textsAsked.push(new URL(request.url ?? request, location).pathname); return new Response({body}) }}"
        );
        Function::new_no_args(&play).call0(&JsValue::NULL).unwrap();
    }

    /// From now on the server of the tests answers itself.
    fn answer_again() {
        Function::new_no_args("window.fetch = window.fetchReally").call0(&JsValue::NULL).unwrap();
    }

    /// What it was asked for in this revision.
    fn asked(revision: Revision) -> String {
        let asked =
            Function::new_with_args("of", "return textsAsked.filter((path) => path.includes(of)).join(' ')");
        asked.call1(&JsValue::NULL, &revision.as_str().into()).unwrap().as_string().unwrap()
    }

    #[test]
    async fn a_text_is_fetched_once_for_its_chapter_and_again_only_on_demand() {
        let lessons = Lessons::new();
        let tried = RwSignal::new(String::new());
        answer_with("<!doctype html>");
        let page = TestPage::show(move || {
            let on_try = Callback::new(move |id| tried.set(id));
            view! {
                <About lessons=lessons step=STEP revision=REVISION />
                <Awaited lessons=lessons step=STEP revision=REVISION />
                <Breaks lessons=lessons step=STEP revision=REVISION on_try=on_try />
            }
        })
        .await;
        page.until("[role=alert]", "Is the lab still running?").await;
        assert!(page.all(".what, .breaks, .awaited").is_empty());

        let sheets: Vec<_> = STEP.chapter().steps().map(|step| Sheet::of(step, REVISION)).collect();
        answer_with(&serde_json::to_string(&sheets).unwrap());
        page.press("Try again").await;
        page.until(".what", STEP.what(REVISION)).await;
        page.until(".breaks", STEP.breaks(REVISION)).await;
        assert!(page.all("[role=alert], .awaited").is_empty());
        page.click(".tries button", 0).await;
        assert_eq!(tried.get_untracked(), Sheet::of(STEP, REVISION).attacks[0].0);
        let next = TestPage::show(
            move || view! { <About lessons=lessons step=Step::StepUpScopes revision=REVISION /> },
        )
        .await;
        assert_eq!(
            next.texts(".what"),
            [Step::StepUpScopes.what(REVISION)],
            "of the same chapter, so it is here"
        );
        answer_again();
        assert_eq!(asked(REVISION), ["/lessons/2026-07-28/step-up.json"; 2].join(" "));
    }

    #[test]
    async fn texts_of_another_build_are_no_texts() {
        let lessons = Lessons::new();
        answer_with("[]");
        let other = Revision::V2025_11_25;
        let page =
            TestPage::show(move || view! { <Awaited lessons=lessons step=STEP revision=other /> }).await;
        page.until("[role=alert]", "could not be fetched").await;
        answer_again();
    }
}
