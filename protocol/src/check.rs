//! What somebody verified, as a value: the rule, what it demands, and what was there.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::clause::Clause;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As the rule says.
    Passed,
    /// Against a SHOULD: worth knowing, no reason to stop.
    Warning,
    /// Against a MUST: whoever checked stops here.
    Failed,
}

/// One thing that a client or a server verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What was looked at, in a few words.
    pub title: Cow<'static, str>,
    /// The rule.
    pub clause: Clause,
    /// How it ended.
    pub outcome: Outcome,
    /// What the rule demands.
    pub expected: String,
    /// What was there.
    pub found: String,
}
