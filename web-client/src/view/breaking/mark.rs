//! What came of an attack, as a mark beside its name.

use attack::Verdict;
use leptos::prelude::*;

/// The mark's class and its words; `None`: nobody has tried it.
fn of(verdict: Option<Verdict>) -> (&'static str, &'static str) {
    match verdict {
        None => ("mark untried", "not tried"),
        Some(Verdict::Refused) => ("mark refused", "refused"),
        Some(Verdict::RefusedOtherwise) => ("mark otherwise", "refused otherwise"),
        Some(Verdict::Accepted) => ("mark accepted", "accepted"),
        Some(Verdict::Policy) => ("mark policy", "policy"),
    }
}

/// The mark.
#[component]
pub(super) fn Mark(verdict: Option<Verdict>) -> impl IntoView {
    let (class, words) = of(verdict);
    view! { <span class=class>{words}</span> }
}

/// What a verdict says, in a sentence.
pub(super) fn sentence(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Refused => "Refused, as it must be.",
        Verdict::RefusedOtherwise => "Refused, but otherwise than it must be.",
        Verdict::Accepted => "Accepted. That must not be.",
        Verdict::Policy => "Accepted, and nobody has to refuse: it is a matter of policy.",
    }
}

/// The class that colours what is said about a verdict.
pub(super) fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Refused => "ended refused",
        Verdict::RefusedOtherwise => "ended otherwise",
        Verdict::Accepted => "ended accepted",
        Verdict::Policy => "ended policy",
    }
}
