//! What the reader is told: data, without any rule of the protocol.

pub mod attacks;
pub mod glossary;
mod lesson;
pub mod mistakes;
pub mod observed;
pub mod plan;
pub mod sheet;
pub mod steps;
mod texts;

pub use lesson::Source;
