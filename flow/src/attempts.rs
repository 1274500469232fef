//! What was tried in vain, and how often it may be: no server keeps the client or the person busy for ever.

use crate::operation::Operation;

/// How often one operation may lead to a step-up: with the first authorization the person is asked three times at most. A
/// server that answers 403 for ever must not keep anybody busy.
///
/// Spec: MCP 2025-11-25 Authorization, Step-Up Authorization Flow (a few attempts).
pub const MAX_STEP_UPS: u32 = 2;
/// How often a whole run may lead to a step-up, whatever for.
pub(crate) const MAX_ALL_STEP_UPS: u32 = 20;
/// How often in a row a token may be refused before the client gives up on the server.
pub(crate) const MAX_RENEWALS: u32 = 2;
/// How often a session may be lost, with no call answered in between, before the client gives up on the server.
pub(crate) const MAX_SESSIONS: u32 = 3;

/// What was tried in vain, so that it is not tried for ever.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attempts {
    /// The resource and operation of each step-up.
    step_ups: Vec<String>,
    /// All of them.
    all_step_ups: u32,
    /// How often in a row the token was refused.
    pub(crate) renewals: u32,
    /// How often the session was lost since a call was answered.
    pub(crate) sessions: u32,
    /// How often a server refused a revision that it says it speaks.
    pub(crate) versions: u32,
}

impl Attempts {
    pub(crate) fn step_ups(&self, resource: &str, operation: &Operation) -> u32 {
        let wanted = key(resource, operation);
        self.step_ups.iter().map(|known| u32::from(*known == wanted)).sum()
    }

    pub(crate) fn all_step_ups(&self) -> u32 {
        self.all_step_ups
    }

    pub(crate) fn count_step_up(&mut self, resource: &str, operation: &Operation) {
        self.step_ups.push(key(resource, operation));
        self.all_step_ups += 1;
    }

    /// The operation was done: nothing of it was in vain.
    pub(crate) fn succeeded(&mut self, resource: &str, operation: &Operation) {
        self.renewals = 0;
        let done = key(resource, operation);
        self.step_ups.retain(|known| *known != done);
    }
}

fn key(resource: &str, operation: &Operation) -> String {
    format!("{resource} {}", operation.name())
}
