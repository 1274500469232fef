//! The servers of MCP Auth Lab: an OAuth 2.1 authorization server, an MCP server that trusts it, and the lab that runs
//! both together with the page.
//!
//! The two servers know each other only by HTTP: `mcp_server` uses nothing of `authorization_server` or `store`. What
//! protects it is the crate `resource_server`, which knows nothing of this lab.

pub mod authorization_server;
#[cfg(feature = "lab")]
pub mod lab;
pub mod mcp_server;
pub mod store;
