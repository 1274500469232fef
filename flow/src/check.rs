//! Collects what the client verifies.

use std::borrow::Cow;

pub use protocol::check::{Check, Outcome};
use protocol::clause::{Clause, Level};

/// The client must not go on. The failed check tells why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stop;

/// Collects the checks of one message.
#[derive(Debug, Default)]
pub(crate) struct Checks(Vec<Check>);

impl Checks {
    /// Records a check. Whether a failure stops the client is the clause's level: a MUST does, a SHOULD does not.
    pub(crate) fn verify(
        &mut self,
        clause: Clause,
        title: impl Into<Cow<'static, str>>,
        holds: bool,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Result<(), Stop> {
        let outcome = match (holds, clause.level()) {
            (true, _) => Outcome::Passed,
            (false, Level::Must) => Outcome::Failed,
            (false, Level::Should | Level::May) => Outcome::Warning,
        };
        self.push(clause, title.into(), outcome, expected.into(), found.into())
    }

    /// Records a check that the client cannot do without, whatever the clause's level.
    pub(crate) fn require(
        &mut self,
        clause: Clause,
        title: impl Into<Cow<'static, str>>,
        holds: bool,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Result<(), Stop> {
        let outcome = if holds { Outcome::Passed } else { Outcome::Failed };
        self.push(clause, title.into(), outcome, expected.into(), found.into())
    }

    /// Records an observation that never stops the client: there is another way to go on.
    pub(crate) fn note(
        &mut self,
        clause: Clause,
        title: impl Into<Cow<'static, str>>,
        holds: bool,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) {
        let outcome = if holds { Outcome::Passed } else { Outcome::Warning };
        // Only a failure stops, and this is none.
        let _ = self.push(clause, title.into(), outcome, expected.into(), found.into());
    }

    /// Records a choice that a rule leaves or demands: what the rule says, and what the client does. Nothing is verified by
    /// it; it stands in the account so that the reader sees why the run goes this way.
    pub(crate) fn decide(
        &mut self,
        clause: Clause,
        title: impl Into<Cow<'static, str>>,
        rule: impl Into<String>,
        choice: impl Into<String>,
    ) {
        self.note(clause, title, true, rule, choice);
    }

    /// Records that something is not as it should be: to be borne with, or a reason to stop.
    pub(crate) fn complain(
        &mut self,
        clause: Clause,
        title: impl Into<Cow<'static, str>>,
        bearable: bool,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Result<(), Stop> {
        let outcome = if bearable { Outcome::Warning } else { Outcome::Failed };
        self.push(clause, title.into(), outcome, expected.into(), found.into())
    }

    /// Records a check of identity of two texts.
    pub(crate) fn identical(
        &mut self,
        clause: Clause,
        title: impl Into<Cow<'static, str>>,
        expected: &str,
        found: &str,
    ) -> Result<(), Stop> {
        self.verify(clause, title, expected == found, expected, found)
    }

    fn push(
        &mut self,
        clause: Clause,
        title: Cow<'static, str>,
        outcome: Outcome,
        expected: String,
        found: String,
    ) -> Result<(), Stop> {
        #[cfg(feature = "lax")]
        let outcome =
            if crate::lax::is_on() && outcome == Outcome::Failed { Outcome::Warning } else { outcome };
        self.0.push(Check { title, clause, outcome, expected, found });
        if outcome == Outcome::Failed { Err(Stop) } else { Ok(()) }
    }

    pub(crate) fn into_inner(self) -> Vec<Check> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_must_stops_and_a_should_warns() {
        let mut checks = Checks::default();
        assert_eq!(checks.verify(Clause::ChallengeScope, "scope", false, "a scope", "none"), Ok(()));
        assert_eq!(checks.verify(Clause::ResourceIdentity, "resource", false, "a", "b"), Err(Stop));
        let outcomes: Vec<_> = checks.into_inner().into_iter().map(|check| check.outcome).collect();
        assert_eq!(outcomes, [Outcome::Warning, Outcome::Failed]);
    }
}
