//! The checks of a message, on both sides: what was looked at, what was there, and the rule.

use leptos::prelude::*;
use protocol::check::{Check, Outcome};
use protocol::observation::Finding;
use protocol::party::Party;
use protocol::revision::Revision;

use super::boxed::{Boxed as _, CollectBoxed as _};
use super::party;
use super::text::Text;
use crate::walk::Walk;

/// How checks are shown: whose rules are named, and how texts of the run appear.
#[derive(Clone, Copy)]
pub(crate) struct Manner {
    pub(crate) revision: Revision,
    pub(crate) text: Callback<String, AnyView>,
}

impl From<Walk> for Manner {
    fn from(walk: Walk) -> Self {
        let text = Callback::new(move |text: String| view! { <Text walk=walk text=text /> }.into_any());
        Self { revision: untrack(|| walk.revision()), text }
    }
}

/// What the client verified.
#[component]
pub(crate) fn ClientChecks(#[prop(into)] manner: Manner, checks: Vec<Check>) -> impl IntoView {
    (!checks.is_empty())
        .then(|| {
            let items = checks
                .into_iter()
                .map(|check| view! { <CheckItem manner=manner check=check /> })
                .collect_boxed();
            view! {
                <h3 class="section client">"What the client checked"</h3>
                <ul class="checks" data-testid="client-checks">{items}</ul>
            }
        })
        .boxed()
}

/// What a server checked, fetched, stored and refused, in its own order.
#[component]
pub(crate) fn ServerFindings(
    #[prop(into)] manner: Manner,
    party: Party,
    findings: Vec<Finding>,
) -> impl IntoView {
    let title = ["What the ", party.name(), " saw and did"].concat();
    view! {
        <h3 class=String::from("section ") + party::class(party)>{title}</h3>
        {if findings.is_empty() {
            view! { <p class="hint">"It answered; there was nothing to check."</p> }.into_any()
        } else {
            view! { <Findings manner=manner findings=findings /> }.into_any()
        }}
    }
}

/// The list of what a server found.
#[component]
pub(crate) fn Findings(#[prop(into)] manner: Manner, findings: Vec<Finding>) -> impl IntoView {
    let items = findings.into_iter().map(|finding| view! { <FindingItem manner=manner finding=finding /> });
    view! { <ul class="checks" data-testid="server-findings">{items.collect_boxed()}</ul> }
}

#[component]
fn CheckItem(manner: Manner, check: Check) -> impl IntoView {
    let (class, word) = match check.outcome {
        Outcome::Passed => ("passed", "passed"),
        Outcome::Warning => ("warning", "not as recommended"),
        Outcome::Failed => ("failed", "failed"),
    };
    let revision = manner.revision;
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
            <p class="found"><code>{manner.text.run(found)}</code></p>
            {(!same).then(|| view! { <p class="expected">"expected: "{manner.text.run(expected)}</p> }).boxed()}
            {fails.then(|| view! { <p class="rule"><b>{check.clause.level().as_str()}</b>" "{check.clause.rule_in(revision)}</p> }).boxed()}
        </li>
    }
}

#[component]
fn FindingItem(manner: Manner, finding: Finding) -> impl IntoView {
    let revision = manner.revision;
    match finding {
        Finding::Checked(check) => view! { <CheckItem manner=manner check=check /> }.into_any(),
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
            did(manner, ["Fetched ", &what].concat(), [&url, " → ", &outcome].concat())
        }
        Finding::FromCache { what, url, age_seconds } => {
            did(manner, ["Had ", &what, " already"].concat(), format!("{url}, {age_seconds} s old"))
        }
        Finding::Stored { what, values } => {
            let mut text = String::new();
            for (name, value) in values {
                text.push_str(if text.is_empty() { "" } else { "\n" });
                text.push_str(&name);
                text.push_str(": ");
                text.push_str(&value);
            }
            did(manner, ["Wrote down ", &what].concat(), text)
        }
    }
}

/// Something that was done.
fn did(manner: Manner, title: String, details: String) -> AnyView {
    view! {
        <li class="did">
            <p class="what"><span>{title}</span></p>
            <p class="found"><code>{manner.text.run(details)}</code></p>
        </li>
    }
    .into_any()
}
