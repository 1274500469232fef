//! The chapters and steps at the left.

use flow::Action;
use flow::lessons::plan;
use flow::lessons::steps::{Chapter, Step};
use leptos::prelude::*;

use super::boxed::{CollectBoxed as _, changing, click};
use crate::walk::{At, Walk};

/// Every step: done, current, or to come. One that has happened is a button that leads there.
#[component]
pub(crate) fn Steps(walk: Walk) -> impl IntoView {
    let shown = Memo::new(move |_| {
        let planned: Vec<Step> =
            walk.choice.with(|choice| plan::steps(choice.revision, choice.way.origin()).collect());
        walk.hops.with(|hops| {
            let beside = |step: &Step| hops.iter().any(|hop| hop.step == *step);
            Step::ALL.into_iter().filter(|step| planned.contains(step) || beside(step)).collect::<Vec<_>>()
        })
    });
    let chapters = move || {
        let shown = shown.get();
        let of =
            move |chapter: Chapter| shown.clone().into_iter().filter(move |step| step.chapter() == chapter);
        // Of a client that is known beforehand, this chapter tells by having nothing in it.
        let is_told = |chapter: Chapter| chapter == Chapter::Identity || of(chapter).next().is_some();
        let chapters = Chapter::ALL.into_iter().filter(|chapter| is_told(*chapter));
        let chapters = chapters.enumerate().map(|(i, chapter)| {
            let is_empty = of(chapter).next().is_none();
            let steps = of(chapter).map(|step| view! { <StepItem walk=walk step=step /> }).collect_boxed();
            view! {
                <section>
                    <h2>{i + 1}" "{chapter.title()}</h2>
                    <ol>{steps}</ol>
                    {is_empty.then(|| view! { <p class="none">"Nothing: known beforehand."</p> })}
                </section>
            }
        });
        chapters.collect_boxed()
    };
    view! { <nav class="steps" tabindex="0" aria-label="Steps of the journey">{changing(chapters)}</nav> }
}

#[component]
fn StepItem(walk: Walk, step: Step) -> impl IntoView {
    let first =
        Memo::new(move |_| walk.hops.with(|hops| hops.iter().find(|hop| hop.step == step).map(|hop| hop.id)));
    let current = Memo::new(move |_| walk.hop().map(|hop| hop.step) == Some(step));
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
                data-testid=String::from("step-") + step.id()
                data-state=state
                aria-current=move || current.get().then_some("step")
                disabled=move || first.get().is_none()
                on:click=click(move |_| {
                    if let Some(id) = first.get_untracked() {
                        walk.look_at(At::Hop(id));
                    }
                })
            >
                {step.title()}
            </button>
        </li>
    }
}
