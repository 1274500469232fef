//! The chapters and steps at the left.

use flow::Action;
use flow::lessons::plan;
use flow::lessons::steps::{Chapter, Step};
use leptos::prelude::*;

use crate::walk::Walk;

/// Every step: done, current, or to come. One that has happened is a button that leads there.
#[component]
pub(crate) fn Steps(walk: Walk) -> impl IntoView {
    let planned = |chapter: Chapter| plan::steps().filter(move |step| step.chapter() == chapter);
    let chapters = Chapter::ALL.into_iter().filter(|chapter| planned(*chapter).next().is_some());
    let chapters = chapters.enumerate().map(|(i, chapter)| {
        let steps = planned(chapter).map(|step| view! { <StepItem walk=walk step=step /> }).collect_view();
        view! {
            <section>
                <h2>{i + 1}" "{chapter.title()}</h2>
                <ol>{steps}</ol>
            </section>
        }
    });
    view! { <nav class="steps" tabindex="0" aria-label="Steps of the journey">{chapters.collect_view()}</nav> }
}

#[component]
fn StepItem(walk: Walk, step: Step) -> impl IntoView {
    let first = Memo::new(move |_| {
        walk.flow.with(|flow| flow.trace().entries().iter().position(|entry| entry.step == step))
    });
    let current = Memo::new(move |_| walk.entry().map(|entry| entry.step) == Some(step));
    let failed = Memo::new(move |_| {
        walk.flow.with(|flow| matches!(flow.poll(), Action::Failed(failure) if failure.step == step))
    });
    let state = move || match (current.get(), failed.get(), first.get()) {
        (true, _, _) => "current",
        (false, true, _) => "failed",
        (false, false, Some(_)) => "done",
        (false, false, None) => "todo",
    };
    view! {
        <li>
            <button
                data-testid=format!("step-{}", step.id())
                data-state=state
                aria-current=move || current.get().then_some("step")
                disabled=move || first.get().is_none()
                on:click=move |_| {
                    if let Some(at) = first.get_untracked() {
                        walk.look_at(at);
                    }
                }
            >
                {step.title()}
            </button>
        </li>
    }
}
