//! What came of an attack, and what that means.

use flow::tamper::Changed;
use protocol::clause::Clause;
use protocol::party::Party;
use protocol::revision::Revision;
use record::{HopId, Record};
use serde::{Deserialize, Serialize};

/// Whether somebody refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// Somebody did.
    Refused(Refused),
    /// Nobody did.
    Accepted,
}

/// A refusal, as it happened or as it is predicted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Who refused.
    pub by: Party,
    /// The status, where a server refused.
    pub status: Option<u16>,
    /// The code of the error: `invalid_grant`, `-32020`; `None` if none was told.
    pub error: Option<String>,
    /// The one name of the refusal where a server reports it, the title of the failed check where the client refused.
    pub name: Option<String>,
    /// The rule; `None` if the server does not report it.
    pub clause: Option<Clause>,
    /// What it says.
    pub says: Option<String>,
}

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
