//! What came of an attack, and whether that is as it must be.

use std::time::Duration;

use attack::{Found, Outcome, Refused, Verdict};
use flow::lessons::attacks::{Attack, Prediction, Refusal};
use protocol::check::Check;
use protocol::clause::{Clause, Level};
use protocol::observation::Finding;
use protocol::party::Party;
use protocol::revision::Revision;
use serde_json::{Value, json};

use super::catalogue::kind_id;
use crate::exit::Exit;

/// An attack in one revision, and how it ended.
#[derive(Debug)]
pub(super) struct Performed {
    pub(super) attack: &'static Attack,
    pub(super) revision: Revision,
    pub(super) ending: Ending,
    pub(super) took: Duration,
}

/// How it ended.
#[derive(Debug)]
pub(super) enum Ending {
    /// As it must. What is worth a note all the same.
    Passed(Box<Outcome>, Option<String>),
    /// Otherwise: this is wrong.
    Failed(Box<Outcome>, String),
    /// It has no place in a run at this server: this is missing.
    OutOfPlace(String),
    /// Nobody knows: this came in between.
    NotPerformed(String),
}

impl Ending {
    /// In a lab everything is known of how it must end.
    pub(super) fn in_lab(outcome: Outcome) -> Self {
        let outcome = Box::new(outcome);
        match outcome.verdict {
            Verdict::Refused | Verdict::Policy => Self::Passed(outcome, None),
            Verdict::RefusedOtherwise => {
                let wrong = otherwise(&outcome);
                Self::Failed(outcome, wrong)
            }
            Verdict::Accepted => Self::Failed(outcome, "nobody refused".to_owned()),
        }
    }
}

impl Ending {
    /// Other servers may refuse in their own way, as long as they do refuse. What only should be refused is noted.
    pub(super) fn elsewhere(attack: &Attack, outcome: Outcome) -> Self {
        let outcome = Box::new(outcome);
        let is_must = clause_of(attack).level() == Level::Must;
        match (outcome.verdict, &outcome.found) {
            (Verdict::Refused | Verdict::Policy, _) => Self::Passed(outcome, None),
            (Verdict::RefusedOtherwise, Found::Refused(refused)) => {
                let note = otherwise(&outcome);
                match refused.status {
                    Some(..500) => Self::Passed(outcome, Some(note)),
                    _ => Self::Failed(outcome, format!("that is a fault, and no refusal: {note}")),
                }
            }
            (_, Found::Refused(_)) => {
                Self::Failed(outcome, "the browser is sent to an address that nobody registered".to_owned())
            }
            (_, Found::Accepted) if is_must => Self::Failed(outcome, "nobody refused".to_owned()),
            (_, Found::Accepted) => {
                Self::Passed(outcome, Some("nobody refused; the rule is no MUST".to_owned()))
            }
        }
    }
}

/// What is otherwise than predicted.
pub(super) fn otherwise(outcome: &Outcome) -> String {
    format!("expected: {}; found: {}", in_words(&outcome.expected), in_words(&outcome.found))
}

/// Who refuses, with what.
pub(super) fn in_words(found: &Found) -> String {
    let Found::Refused(Refused { by, status, error, name, .. }) = found else {
        return "nobody refuses".to_owned();
    };
    let client = *by == Party::Client;
    let who = if client { "the client refuses".to_owned() } else { format!("the {} refuses", by.name()) };
    let codes: Vec<_> = status.map(|status| status.to_string()).into_iter().chain(error.clone()).collect();
    let with = if codes.is_empty() { String::new() } else { format!(" with {}", codes.join(" ")) };
    let name = match name {
        Some(name) if client => format!(" by the check {name:?}"),
        Some(name) => format!(" ({name})"),
        None => String::new(),
    };
    [who, with, name].concat()
}

impl Performed {
    /// What was predicted, for this revision.
    pub(super) fn expected(&self) -> Found {
        match (&self.ending, self.attack.prediction) {
            (Ending::Passed(outcome, _) | Ending::Failed(outcome, _), _) => outcome.expected.clone(),
            (_, Prediction::Refused(refusal)) => Found::Refused(Refused::from(&refusal)),
            (_, Prediction::Allowed(..)) => Found::Accepted,
        }
    }

    pub(super) fn outcome(&self) -> Option<&Outcome> {
        match &self.ending {
            Ending::Passed(outcome, _) | Ending::Failed(outcome, _) => Some(outcome),
            Ending::OutOfPlace(_) | Ending::NotPerformed(_) => None,
        }
    }

    /// The rule that it breaks.
    pub(super) fn clause(&self) -> Clause {
        clause_of(self.attack)
    }

    /// In one or two words, for a table.
    pub(super) fn verdict(&self) -> &'static str {
        match &self.ending {
            Ending::Passed(outcome, _) | Ending::Failed(outcome, _) => match outcome.verdict {
                Verdict::Refused => "refused",
                Verdict::RefusedOtherwise => "refused otherwise",
                Verdict::Accepted => "accepted",
                Verdict::Policy => "policy",
            },
            Ending::OutOfPlace(_) => "out of place",
            Ending::NotPerformed(_) => "not performed",
        }
    }

    /// What is to be said beside the verdict.
    pub(super) fn remark(&self) -> Option<&str> {
        match &self.ending {
            Ending::Passed(_, note) => note.as_deref(),
            Ending::Failed(_, why) | Ending::OutOfPlace(why) | Ending::NotPerformed(why) => Some(why),
        }
    }

    /// What was looked at by whoever refused, up to the refusal; in a lab the servers report it.
    pub(super) fn checks(&self) -> Vec<&Check> {
        let Some(outcome) = self.outcome() else { return Vec::new() };
        let Found::Refused(refused) = &outcome.found else { return Vec::new() };
        let hops = &outcome.run.hops;
        let from = outcome.at.and_then(|at| hops.iter().position(|hop| hop.id == at)).unwrap_or_default();
        if refused.by == Party::Client {
            let failed = hops[from..].iter().find(|hop| hop.checks.iter().any(is_failed));
            return failed.map(|hop| hop.checks.iter().collect()).unwrap_or_default();
        }
        let reports = hops[from..].iter().filter_map(|hop| hop.seen.as_ref());
        let refusing = reports
            .filter(|seen| seen.party == refused.by)
            .find(|seen| seen.findings.iter().any(|finding| matches!(finding, Finding::Refused { .. })));
        let findings = refusing.map(|seen| seen.findings.as_slice()).unwrap_or_default();
        findings
            .iter()
            .filter_map(|finding| if let Finding::Checked(check) = finding { Some(check) } else { None })
            .collect()
    }

    /// For machines.
    pub(super) fn to_json(&self) -> Value {
        let (attack, clause) = (self.attack, self.clause());
        let outcome = self.outcome();
        json!({
            "id": attack.id,
            "revision": self.revision,
            "kind": kind_id(attack.kind()),
            "title": attack.title,
            "step": attack.step.id(),
            "expected": self.expected(),
            "found": outcome.map(|outcome| &outcome.found),
            "verdict": self.verdict().replace(' ', "_"),
            "passed": match self.ending {
                Ending::Passed(..) => Some(true),
                Ending::Failed(..) => Some(false),
                Ending::OutOfPlace(_) | Ending::NotPerformed(_) => None,
            },
            "remark": self.remark(),
            "changes": outcome.map(|outcome| &outcome.changes),
            "checks": self.checks(),
            "rule": {
                "clause": clause,
                "level": clause.level().as_str(),
                "text": clause.rule_in(self.revision),
                "source": clause.source(),
                "url": clause.url_in(self.revision),
            },
            "remedy": attack.remedy,
        })
    }
}

fn clause_of(attack: &Attack) -> Clause {
    let (Prediction::Refused(Refusal { clause, .. }) | Prediction::Allowed(clause, _)) = attack.prediction;
    clause
}

fn is_failed(check: &Check) -> bool {
    check.outcome == protocol::check::Outcome::Failed
}

/// How the program ends: what was accepted counts more than what is not known.
pub(super) fn exit(performed: &[Performed]) -> Exit {
    let any = |is: fn(&Ending) -> bool| performed.iter().any(|one| is(&one.ending));
    if any(|ending| matches!(ending, Ending::Failed(..))) {
        Exit::Otherwise
    } else if any(|ending| matches!(ending, Ending::NotPerformed(_))) {
        Exit::NotPerformed
    } else {
        Exit::Done
    }
}
