//! What came of an attack, and what that means.

use flow::lessons::attacks::{Attack, Prediction};
use flow::tamper::Changed;
use protocol::revision::Revision;
use record::{HopId, Record};
use serde::{Deserialize, Serialize};

use crate::evidence::{Found, Refused};

/// How an attack ended, compared with what was predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Refused, by whom and with what it must be.
    Refused,
    /// Refused, but by somebody else or with something else.
    RefusedOtherwise,
    /// Not refused, although it must be.
    Accepted,
    /// Not refused, and nobody has to.
    Policy,
}

impl Verdict {
    /// What it comes to.
    pub(crate) fn of(prediction: &Prediction, found: &Found) -> Self {
        match (prediction, found) {
            (Prediction::Refused(expected), Found::Refused(refused)) if refused.is(expected) => Self::Refused,
            (_, Found::Refused(_)) => Self::RefusedOtherwise,
            (Prediction::Refused(_), Found::Accepted) => Self::Accepted,
            (Prediction::Allowed(..), Found::Accepted) => Self::Policy,
        }
    }

    /// Whether it ended as it must.
    #[must_use]
    pub fn is_as_predicted(self) -> bool {
        matches!(self, Self::Refused | Self::Policy)
    }
}

/// What came of one attack in one revision.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outcome {
    /// The attack: `wrong-verifier`.
    pub id: String,
    /// The revision in which it was done.
    pub revision: Revision,
    /// What must come of it; [`Found::Accepted`] if nobody has to refuse.
    pub expected: Found,
    /// What came of it.
    pub found: Found,
    /// How the two compare.
    pub verdict: Verdict,
    /// What was changed, secrets masked.
    pub changes: Vec<Changed>,
    /// The row of the run in which it was done; the last one if no row was changed.
    pub at: Option<HopId>,
    /// The run, from both sides, secrets masked.
    pub run: Record,
}

impl Outcome {
    pub(crate) fn new(
        attack: &Attack,
        found: Found,
        changes: Vec<Changed>,
        at: Option<HopId>,
        run: Record,
    ) -> Self {
        let expected = match &attack.prediction {
            Prediction::Refused(refusal) => Found::Refused(Refused::from(refusal)),
            Prediction::Allowed(..) => Found::Accepted,
        };
        let verdict = Verdict::of(&attack.prediction, &found);
        Self { id: attack.id.to_owned(), revision: run.revision, expected, found, verdict, changes, at, run }
    }
}
