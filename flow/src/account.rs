//! What a turn leaves behind, without what it read.

use protocol::secret::Secret;

use crate::action::Failure;
use crate::check::{Check, Outcome};
use crate::lessons::steps::Step;
use crate::trace::{Decoded, Entry};
use crate::turn::Turn;

/// The account of a turn.
pub(crate) struct Account {
    pub(crate) checks: Vec<Check>,
    pub(crate) decoded: Vec<Decoded>,
    pub(crate) local: Vec<Entry>,
    pub(crate) secrets: Vec<Secret>,
}

impl Account {
    pub(crate) fn of(turn: Turn<'_>) -> Self {
        Self {
            checks: turn.checks.into_inner(),
            decoded: turn.decoded,
            local: turn.local,
            secrets: turn.secrets,
        }
    }

    /// The failed check, as the reason to stop: of the message, or of the work that followed from it.
    pub(crate) fn failure(&self, step: Step) -> Failure {
        let local = self.local.iter().flat_map(|entry| entry.checks.iter().map(|check| (entry.step, check)));
        let mut all = self.checks.iter().map(|check| (step, check)).chain(local);
        match all.rfind(|(_, check)| check.outcome == Outcome::Failed) {
            Some((step, check)) => Failure {
                step,
                title: check.title.to_string(),
                expected: check.expected.clone(),
                found: check.found.clone(),
                clause: Some(check.clause),
            },
            None => Failure {
                step,
                title: "the answer could not be used".into(),
                expected: "a usable answer".into(),
                found: "something else".into(),
                clause: None,
            },
        }
    }
}
