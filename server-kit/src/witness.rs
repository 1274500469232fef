//! What a server says about its own work while it answers a request: what it checked, fetched, stored.
//!
//! The code of the servers calls [`checked`], [`fetched`], [`stored`] … wherever it decides something. Where nobody watches,
//! which is everywhere but in the lab, each of them is one look at a task-local variable that is not set: texts are made by
//! closures that are not called then.
//!
//! [`watch`] puts a router under observation: for each request that it answers it gives one [`Observation`] to a sink.

use protocol::check::{Check, Outcome};
use protocol::clause::Clause;
use protocol::observation::Finding;

/// Whether somebody watches this task.
#[must_use]
pub fn is_watched() -> bool {
    false
}

/// Reports a check. `holds`: whether it passed.
pub fn checked<E: Into<String>, F: Into<String>>(
    clause: Clause,
    title: &'static str,
    holds: bool,
    expected: impl FnOnce() -> E,
    found: impl FnOnce() -> F,
) {
    report(|| {
        Finding::Checked(Check {
            title: title.into(),
            clause,
            outcome: if holds { Outcome::Passed } else { Outcome::Failed },
            expected: expected().into(),
            found: found().into(),
        })
    });
}

/// Reports whatever else there is to say.
pub fn report(finding: impl FnOnce() -> Finding) {
    if is_watched() {
        let _ = finding();
    }
}

/// Says which authorization request this visit of a browser belongs to. `id` is not secret: a hash of the request's id.
pub fn visit(_id: impl FnOnce() -> String) {}
