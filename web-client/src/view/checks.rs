//! The checks of a message, on both sides: what was looked at, what was there, and the rule.

use leptos::prelude::*;
use protocol::check::{Check, Outcome};
use protocol::observation::Finding;
use protocol::party::Party;

use super::boxed::CollectBoxed as _;
use super::party;
use super::text::Text;
use crate::walk::Walk;

/// What the client verified.
#[component]
pub(crate) fn ClientChecks(walk: Walk, checks: Vec<Check>) -> impl IntoView {
    (!checks.is_empty()).then(|| {
        let items =
            checks.into_iter().map(|check| view! { <CheckItem walk=walk check=check /> }).collect_boxed();
        view! {
            <h3 class="section client">"What the client checked"</h3>
            <ul class="checks" data-testid="client-checks">{items}</ul>
        }
    })
}

/// What a server checked, fetched, stored and refused, in its own order.
#[component]
pub(crate) fn ServerFindings(walk: Walk, party: Party, findings: Vec<Finding>) -> impl IntoView {
    let title = ["What the ", party.name(), " saw and did"].concat();
    view! {
        <h3 class=String::from("section ") + party::class(party)>{title}</h3>
        <Findings walk=walk findings=findings />
    }
}

/// The list of what a server found.
#[component]
pub(crate) fn Findings(walk: Walk, findings: Vec<Finding>) -> impl IntoView {
    let items = findings.into_iter().map(|finding| view! { <FindingItem walk=walk finding=finding /> });
    view! { <ul class="checks" data-testid="server-findings">{items.collect_boxed()}</ul> }
}

#[component]
fn CheckItem(walk: Walk, check: Check) -> impl IntoView {
    let (class, word) = match check.outcome {
        Outcome::Passed => ("passed", "passed"),
        Outcome::Warning => ("warning", "not as recommended"),
        Outcome::Failed => ("failed", "failed"),
    };
    let revision = untrack(|| walk.revision());
    let same = check.expected == check.found;
    // Of what is as it should be, the rule stands behind its own tab.
    let fails = check.outcome != Outcome::Passed;
    let (expected, found) = (check.expected, check.found);
    view! {
        <li class=class>
            <p class="what">
                <span class="visually-hidden">{word}": "</span>
                <span>{check.title}</span>
                <a href=check.clause.url_in(revision) target="_blank" rel="noreferrer noopener">{check.clause.source()}</a>
            </p>
            <p class="found"><code><Text walk=walk text=found /></code></p>
            {(!same).then(|| view! { <p class="expected">"expected: "<Text walk=walk text=expected /></p> })}
            {fails.then(|| view! { <p class="rule"><b>{check.clause.level().as_str()}</b>" "{check.clause.rule_in(revision)}</p> })}
        </li>
    }
}

#[component]
fn FindingItem(walk: Walk, finding: Finding) -> impl IntoView {
    let revision = untrack(|| walk.revision());
    match finding {
        Finding::Checked(check) => view! { <CheckItem walk=walk check=check /> }.into_any(),
        Finding::Refused { name, clause, says } => view! {
            <li class="failed">
                <p class="what">
                    <span>"Refused: "{name}</span>
                    <a href=clause.url_in(revision) target="_blank" rel="noreferrer noopener">{clause.source()}</a>
                </p>
                <p class="found">{says}</p>
            </li>
        }
        .into_any(),
        Finding::Fetched { what, url, outcome, .. } => {
            let outcome = match outcome {
                Ok(status) => status.to_string(),
                Err(reason) => reason,
            };
            did(walk, ["Fetched ", &what].concat(), [&url, " → ", &outcome].concat())
        }
        Finding::FromCache { what, url, age_seconds } => {
            did(walk, ["Had ", &what, " already"].concat(), format!("{url}, {age_seconds} s old"))
        }
        Finding::Stored { what, values } => {
            let mut text = String::new();
            for (name, value) in values {
                text.push_str(if text.is_empty() { "" } else { "\n" });
                text.push_str(&name);
                text.push_str(": ");
                text.push_str(&value);
            }
            did(walk, ["Wrote down ", &what].concat(), text)
        }
    }
}

/// Something that was done.
fn did(walk: Walk, title: String, details: String) -> AnyView {
    view! {
        <li class="did">
            <p class="what"><span>{title}</span></p>
            <p class="found"><code><Text walk=walk text=details /></code></p>
        </li>
    }
    .into_any()
}
