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
    /// Step-ups by resource and operation.
    step_ups: Vec<(String, u32)>,
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
        let key = key(resource, operation);
        self.step_ups.iter().find(|(known, _)| *known == key).map_or(0, |(_, count)| *count)
    }

    pub(crate) fn all_step_ups(&self) -> u32 {
        self.all_step_ups
    }

    pub(crate) fn count_step_up(&mut self, resource: &str, operation: &Operation) {
        let key = key(resource, operation);
        match self.step_ups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, count)) => *count += 1,
            None => self.step_ups.push((key, 1)),
        }
        self.all_step_ups += 1;
    }

    /// The operation was done: nothing of it was in vain.
    pub(crate) fn succeeded(&mut self, resource: &str, operation: &Operation) {
        self.renewals = 0;
        let key = key(resource, operation);
        self.step_ups.retain(|(known, _)| *known != key);
    }
}

fn key(resource: &str, operation: &Operation) -> String {
    format!("{resource} {}", operation.name())
}
