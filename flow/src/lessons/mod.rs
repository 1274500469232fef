//! What the reader is told: data, without any rule of the protocol.

mod lesson;
pub mod plan;
pub mod steps;
mod texts;

pub use lesson::Source;
