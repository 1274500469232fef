//! Performs the attacks of [`flow::lessons::attacks`] for real, and judges what comes of them.
//!
//! An [`Attacker`] walks with the client of the lab to the place where an attack begins, does what the attack does, and
//! finds out who refused, with what, and by which rule: from the wire, and from what the servers of the lab report about
//! themselves. [`Verdict`] compares that with what the catalogue predicts.

mod attacker;
mod evidence;
mod guest;
mod outcome;
mod page;
mod places;
mod scenes;

pub use attacker::{AttackError, Attacker};
pub use evidence::{Found, Refused};
pub use guest::Guest;
pub use outcome::{Outcome, Verdict};
pub use places::Places;
