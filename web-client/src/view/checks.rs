//! The checks of a message: what was looked at, what was there, and the rule.

use flow::trace::{Check, Outcome};
use leptos::prelude::*;

use crate::walk::Walk;

/// The list.
#[component]
pub(crate) fn Checks(walk: Walk, checks: Vec<Check>) -> impl IntoView {
    let items = checks.into_iter().map(|check| view! { <CheckItem walk=walk check=check /> }).collect_view();
    view! { <ul class="checks">{items}</ul> }
}

#[component]
fn CheckItem(walk: Walk, check: Check) -> impl IntoView {
    let (class, word) = match check.outcome {
        Outcome::Passed => ("passed", "passed"),
        Outcome::Warning => ("warning", "not as recommended"),
        Outcome::Failed => ("failed", "failed"),
    };
    let same = check.expected == check.found;
    let (expected, found) = (check.expected, check.found);
    view! {
        <li class=class>
            <p class="what">
                <span class="visually-hidden">{word}": "</span>
                {check.title}
                <a href=check.clause.url() target="_blank" rel="noreferrer noopener">{check.clause.source()}</a>
            </p>
            <p class="found"><code>{move || walk.visible(&found)}</code></p>
            {(!same).then(|| view! { <p class="expected">"expected: "{move || walk.visible(&expected)}</p> })}
            <p class="rule"><b>{check.clause.level().as_str()}</b>" "{check.clause.rule()}</p>
        </li>
    }
}
