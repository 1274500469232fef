//! The whole lab on real ports, walked by the terminal's own client and person.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that cannot go on has failed the test")]

mod attacks;
mod attacks_for_the_page;
mod attacks_mutated;
mod attacks_told;
mod both_sides;
mod comparison;
mod connected;
mod controls;
mod documents;
mod golden;
mod lab;
mod laboratory;
mod logs;
mod observations;
mod outcomes;
mod page;
mod plan;
mod revocation;
mod script;
mod support;
mod told;
