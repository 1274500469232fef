//! The rules behind a hop: those that its step is about, and those that either side checked.

use flow::lessons::sheet::Sheet;
use protocol::clause::Clause;
use protocol::observation::Finding;
use protocol::revision::Revision;
use record::Hop;

use crate::view::rule::Rule;

/// Each rule once, those of the step first, if its texts are here.
pub(super) fn rules_of(sheet: Option<&Sheet>, hop: &Hop, revision: Revision) -> Vec<Rule> {
    let mut clauses = sheet.map(|sheet| sheet.rules.clone()).unwrap_or_default();
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
