//! What the reader is told: data, without any rule of the protocol.

pub mod plan;
pub mod steps;
