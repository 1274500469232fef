//! The client against a world in memory: the whole journey, and each thing that can be wrong, one at a time.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a world in memory that does not fit has failed the test"
)]

mod answers;
mod callback;
mod discovery;
mod endings;
mod eras;
mod journey;
mod laboratory;
mod promises;
mod recording;
mod registration;
mod step_up;
mod streams;
mod tokens;
mod tool_calls;
mod transport;
mod world;
