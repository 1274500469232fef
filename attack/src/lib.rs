//! Performs the attacks of [`flow::lessons::attacks`] for real, and judges what comes of them.
//!
//! An [`Attacker`] walks with the client of the lab to the place where an attack begins, does what the attack does, and
//! finds out who refused, with what, and by which rule: from the wire, and from what the servers of the lab report about
//! themselves. [`Verdict`] compares that with what the catalogue predicts.
//!
//! In a page there is no [`Attacker`]: it has the lab perform an attack, and reads the [`Outcome`].

#[cfg(not(target_family = "wasm"))]
mod attacker;
#[cfg(not(target_family = "wasm"))]
mod evidence;
#[cfg(not(target_family = "wasm"))]
mod guest;
mod outcome;
#[cfg(not(target_family = "wasm"))]
mod page;
#[cfg(not(target_family = "wasm"))]
mod places;
#[cfg(not(target_family = "wasm"))]
mod scenes;

#[cfg(not(target_family = "wasm"))]
pub use attacker::{AttackError, Attacker};
#[cfg(not(target_family = "wasm"))]
pub use guest::Guest;
pub use outcome::{Found, Outcome, Refused, Verdict};
#[cfg(not(target_family = "wasm"))]
pub use places::Places;
