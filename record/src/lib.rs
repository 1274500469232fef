//! The record of a run: what the client wrote down and what the servers saw, merged into one order.
//!
//! No clock, no randomness, no IO: the page, the terminal and tests make records from the same two lists.

pub mod code;
pub mod comparison;
mod curl;
mod date;
mod har;
mod hop;
mod markdown;
mod masking;
mod merge;
mod mermaid;
mod message;
mod run;
#[cfg(test)]
mod samples;
mod words;

pub use hop::{Hop, HopId};
pub use merge::merge;
pub use message::{Got, Sent};
pub use run::{ImportError, MAX_BYTES, Record};
