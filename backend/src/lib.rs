//! The servers of MCP Auth Lab: an OAuth 2.1 authorization server, an MCP server that trusts it, and the lab that runs
//! both together with the page.
//!
//! The two servers know each other only by HTTP: `resource_server` uses nothing of `authorization_server` or `store`.

pub mod authorization_server;
pub mod clock;
pub mod entropy;
pub mod lab;
pub mod listen;
pub mod outbound;
pub mod private_file;
pub mod resource_server;
pub mod store;
pub mod telemetry;
