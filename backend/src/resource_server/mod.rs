//! The MCP server as an OAuth resource server: rmcp's Streamable HTTP service behind our own layers.
//!
//! A request passes, from the outside in:
//!
//! | layer | file | refuses |
//! |---|---|---|
//! | CORS | [`router`] | nothing; tells browsers what they may read |
//! | host and origin | [`guard`] | foreign web pages, rebound names |
//! | bearer | [`bearer`], [`token`], [`jwks_cache`], [`introspection`] | requests without a valid token for this server |
//! | scope gate | [`scope_gate`], [`tool_scopes`] | what is no single JSON-RPC message, is unknown, or needs more scopes |
//! | rmcp | [`tools`] | what the protocol refuses |
//!
//! It knows the authorization server only by HTTP.
//!
//! Spec: MCP 2025-11-25 Authorization, Transports; RFC 9728; RFC 6750; RFC 7662; RFC 9068 §4.

mod bearer;
mod denial;
mod discovery;
mod guard;
mod introspection;
mod jwks_cache;
mod metadata;
mod router;
mod scope_gate;
mod settings;
mod token;
mod tool_scopes;
mod tools;
mod weather;

pub use router::ResourceServer;
pub use settings::{Introspection, Settings};
