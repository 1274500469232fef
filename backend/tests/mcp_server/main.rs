//! The MCP server through its router: what it publishes, whom it lets in, and how it says no.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that cannot go on has failed the test")]

mod access_token;
mod cors;
mod introspection;
mod keys;
mod lists;
mod metadata;
mod notes;
mod program;
mod sessions;
mod support;
mod survey;
mod tools;
mod transport;
mod wire;
