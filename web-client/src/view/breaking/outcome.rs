//! What came of an attack: the verdict, the change, who refused after which checks, and what there is to learn.

use std::sync::Arc;

use attack::{Found, Outcome};
use flow::lessons::attacks::{Attack, Kind, Prediction, Refusal};
use leptos::prelude::*;
use protocol::check;
use protocol::clause::Clause;
use protocol::observation::Finding;
use protocol::party::Party;
use protocol::revision::Revision;
use record::Hop;

use super::mark::{class, sentence};
use crate::guess::{Guess, Judged, culprit, in_words_of};
use crate::tampered::{self, Line};
use crate::view::boxed::{CollectBoxed as _, click};
use crate::view::checks::{ClientChecks, Findings, Manner};
use crate::view::message::Message;
use crate::view::rule::{Rule, Rules};

/// All of it. `heading` is the id of the verdict.
#[component]
pub(super) fn OutcomeView(
    heading: &'static str,
    attack: &'static Attack,
    outcome: Arc<Outcome>,
    judged: Option<Judged>,
    on_look: Callback<Arc<Outcome>>,
) -> impl IntoView {
    let whole = Arc::clone(&outcome);
    let says = match &outcome.found {
        Found::Refused(refused) => refused.says.clone(),
        Found::Accepted => None,
    };
    view! {
        <section class=class(outcome.verdict) data-testid="outcome">
            <h4 id=heading tabindex="-1" data-testid="verdict">{sentence(outcome.verdict)}</h4>
            <p data-testid="happened">{happened(&outcome)}</p>
            {says.map(|says| view! { <p class="says">"“"{says}"”"</p> })}
            {judged.map(|judged| view! { <p data-testid="judged">{judgement(attack, judged)}</p> })}
        </section>
        <Tampered attack=attack outcome=Arc::clone(&outcome) />
        <Evidence outcome=Arc::clone(&outcome) />
        <Lessons attack=attack revision=outcome.revision />
        <p class="buttons">
            <button class="strong" data-testid="look-at-run" on:click=click(move |_| on_look.run(Arc::clone(&whole)))>
                "Look at the whole run"
            </button>
        </p>
    }
}

/// Who did what, in a sentence.
pub(super) fn happened(outcome: &Outcome) -> String {
    let Found::Refused(refused) = &outcome.found else {
        return "Nobody refused.".to_owned();
    };
    let name = refused.name.as_deref().unwrap_or_default();
    let mut text = capitalized(culprit(Some(refused.by)));
    text.push_str(if refused.status.is_some() { " answered " } else { " refused, with " });
    text.push_str(&in_words_of(refused.by, refused.status, refused.error.as_deref(), name));
    if refused.status.is_some() && !name.is_empty() {
        text.push_str("; its code calls that ");
        text.push_str(name);
    }
    text.push('.');
    text
}

/// What a guess was worth.
fn judgement(attack: &Attack, judged: Judged) -> String {
    let right = Guess::right(attack);
    let mut text = String::from(match (judged.by, judged.with) {
        (true, true) => "You guessed right: ",
        (true, false) => "You guessed who, but not with what: ",
        (false, true) => "You guessed with what, but not who: ",
        (false, false) => "Not what you guessed: ",
    });
    text.push_str(culprit(right.by));
    match right.with {
        Some(with) => {
            text.push_str(" must refuse, with ");
            text.push_str(&with);
        }
        None => text.push_str(" has to refuse"),
    }
    text.push('.');
    text
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The message that was changed, with the change marked.
#[component]
fn Tampered(attack: &'static Attack, outcome: Arc<Outcome>) -> impl IntoView {
    let hop = at(&outcome).first();
    let message = hop.filter(|_| attack.kind() == Kind::Client).and_then(Message::request);
    message.map(|message| {
        let unchanged = outcome.changes.is_empty();
        let lines = tampered::lines(&message, &outcome.changes).into_iter().map(|line| match line {
            Line::Same(text) => view! { <span>{text}"\n"</span> }.into_any(),
            Line::Was(text) => view! {
                <del><span class="visually-hidden">"instead of: "</span>{text}"\n"</del>
            }
            .into_any(),
            Line::Is(text) => view! {
                <ins><span class="visually-hidden">"changed: "</span>{text}"\n"</ins>
            }
            .into_any(),
        });
        view! {
            <h4>"The change in the message"</h4>
            {unchanged.then_some(view! { <p class="hint">"Nothing in it was changed: that it comes at all is the attack."</p> })}
            <pre class="tampered" tabindex="0" data-testid="tampered">{lines.collect_boxed()}</pre>
        }
    })
}

/// What whoever refused had checked until then.
#[component]
fn Evidence(outcome: Arc<Outcome>) -> impl IntoView {
    let revision = outcome.revision;
    let manner = Manner {
        text: Callback::new(|text: String| text.into_any()),
        rule: Callback::new(move |clause: Clause| clause.rule_in(revision).to_owned()),
        url: Callback::new(move |clause: Clause| Some(clause.url_in(revision).to_owned())),
    };
    let hops = at(&outcome);
    let Found::Refused(refused) = &outcome.found else {
        let last = hops.iter().rev().find_map(|hop| hop.answer.clone());
        return last.map(|answer| view! { <h4>"What came back"</h4><p><code>{answer}</code></p> }).into_any();
    };
    if refused.by == Party::Client {
        let failed = |check: &check::Check| check.outcome == check::Outcome::Failed;
        let hop = hops.iter().rev().find(|hop| hop.checks.iter().any(failed));
        let checks = hop.map(|hop| up_to(&hop.checks, failed)).unwrap_or_default();
        return view! { <ClientChecks manner=manner checks=checks /> }.into_any();
    }
    let is_refusal = |finding: &Finding| matches!(finding, Finding::Refused { .. });
    let mut seen = hops.iter().filter_map(|hop| hop.seen.as_ref()).filter(|seen| seen.party == refused.by);
    let seen = seen.find(|seen| seen.findings.iter().any(is_refusal));
    seen.map(|seen| {
        let findings = up_to(&seen.findings, is_refusal);
        let title = ["What ", culprit(Some(refused.by)), " checked, up to the refusal"].concat();
        view! { <h4>{title}</h4><Findings manner=manner findings=findings /> }
    })
    .into_any()
}

/// The items up to the first one that is it.
fn up_to<T: Clone>(items: &[T], is_it: impl Fn(&T) -> bool) -> Vec<T> {
    let end = items.iter().position(is_it).map_or(items.len(), |place| place + 1);
    items[..end].to_vec()
}

/// The rows of the run from the attack on.
fn at(outcome: &Outcome) -> &[Hop] {
    let hops = &outcome.run.hops;
    let place = outcome.at.and_then(|at| hops.iter().position(|hop| hop.id == at));
    &hops[place.unwrap_or_default()..]
}

/// The rule, what it is good for, and how one keeps to it.
#[component]
pub(super) fn Lessons(attack: &'static Attack, revision: Revision) -> impl IntoView {
    let (clause, why) = match attack.prediction {
        Prediction::Refused(Refusal { clause, .. }) => (clause, None),
        Prediction::Allowed(clause, why) => (clause, Some(why)),
    };
    let rule = Rule {
        level: clause.level().as_str(),
        text: clause.rule_in(revision).to_owned(),
        source: clause.source(),
        url: Some(clause.url_in(revision).to_owned()),
    };
    view! {
        <h4>"The rule"</h4>
        <Rules rules=vec![rule] />
        {why.map(|why| view! { <p>{why}</p> })}
        <h4>{if why.is_some() { "What it can cost" } else { "What it would cost if nobody refused" }}</h4>
        <p data-testid="cost">{attack.cost}</p>
        <h4>"How the real ones avoid it"</h4>
        <p data-testid="remedy">{attack.remedy}</p>
    }
}
