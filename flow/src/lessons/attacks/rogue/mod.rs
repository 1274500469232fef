//! Servers that misbehave: the client is the one to refuse. A file for each part of the journey.

pub(super) mod authorization;
pub(super) mod discovery;
pub(super) mod operation;
pub(super) mod page;
pub(super) mod token;
