//! The record of a run: what the client wrote down and what the servers saw, merged into one order.
//!
//! No clock, no randomness, no IO: the page, the terminal and tests make records from the same two lists.

pub mod code;
mod hop;
mod masking;
mod merge;
mod run;
#[cfg(test)]
mod samples;
mod words;

pub use hop::{Hop, HopId};
pub use merge::merge;
pub use run::{ImportError, Record};
