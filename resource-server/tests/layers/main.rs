//! The layers in front of a service that is none of the lab's, through the whole router.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that cannot go on has failed the test")]

mod answered;
mod budgets;
mod eras;
#[expect(dead_code, reason = "the tests of the lab's MCP server need more of it")]
mod issuer;
mod keys;
mod mcp_answer;
mod scopes;
mod service;
mod sessions;
mod streams;
mod support;
