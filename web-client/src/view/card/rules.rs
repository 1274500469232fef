//! The rules behind a hop: those that its step is about, and those that either side checked.

use protocol::clause::Clause;
use protocol::observation::Finding;
use protocol::party::Party;
use protocol::revision::Revision;
use record::Hop;

use crate::view::rule::Rule;

/// Each rule once, those of the step first.
pub(super) fn rules_of(hop: &Hop, revision: Revision) -> Vec<Rule> {
    let mut clauses: Vec<_> = hop.step.rules(revision).collect();
    clauses.extend(hop.checks.iter().map(|check| check.clause));
    let findings = hop.seen.iter().flat_map(|seen| &seen.findings);
    clauses.extend(findings.filter_map(|finding| match finding {
        Finding::Checked(check) => Some(check.clause),
        Finding::Refused { clause, .. } => Some(*clause),
        Finding::Fetched { .. } | Finding::FromCache { .. } | Finding::Stored { .. } => None,
    }));
    let mut known: Vec<Clause> = Vec::new();
    clauses.retain(|clause| {
        let is_new = !known.contains(clause);
        known.push(*clause);
        is_new
    });
    let rule = |clause: Clause| Rule {
        level: clause.level().as_str(),
        text: clause.rule_in(revision),
        source: clause.source(),
        url: clause.url_in(revision),
    };
    clauses.into_iter().map(rule).collect()
}

/// Where this project does the step.
pub(super) fn sources_of(hop: &Hop) -> Vec<(Party, &'static str, &'static str)> {
    hop.step.sources().iter().map(|source| (source.party, source.path, source.function)).collect()
}
