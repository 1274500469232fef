//! OAuth for an MCP server that is written with rmcp: layers that stand before it and let nobody through without a good
//! token for this server and the scopes that the operation needs.
//!
//! A request passes, from the outside in ([`protected`] has them in their order):
//!
//! | layer | file | refuses |
//! |---|---|---|
//! | CORS | [`router`] | nothing; tells browsers what they may read |
//! | host and origin | [`guard`] | foreign web pages, rebound names |
//! | bearer | [`bearer`], [`token`], [`verified_tokens`], [`jwks_cache`], [`introspection`] | requests without a valid token for this server |
//! | call | [`call`], [`budget`] | one call too many; ends what outlives its token |
//! | scope gate | [`scope_gate`], [`message`], [`standard_headers`], [`method`], [`scope_table`] | what is no single JSON-RPC message, contradicts its headers, is unknown, or needs more scopes |
//! | sessions | [`sessions`] | sessions of others |
//! | rmcp | your service | what the protocol refuses |
//!
//! Both revisions, 2025-11-25 and 2026-07-28, come to the same endpoint. The authorization server is known only by HTTP:
//! its metadata, its keys, and, if it lets itself be asked, whether a token was revoked.
//!
//! How to put this before a service of your own: `docs/protect-your-server.md`.
//!
//! Spec: MCP 2025-11-25 and 2026-07-28 Authorization, Transports; RFC 9728; RFC 6750; RFC 7662; RFC 9068 §4.

mod bearer;
pub mod budget;
mod call;
mod denial;
mod discovery;
mod guard;
mod introspection;
mod jwks_cache;
mod message;
mod metadata;
mod method;
mod protected;
mod recent;
mod router;
mod scope_gate;
mod scope_table;
mod server;
mod sessions;
mod settings;
mod standard_headers;
mod strict;
mod token;
mod verified_tokens;

use std::borrow::Cow;

use rmcp::model::ProtocolVersion;

pub use jwks_cache::REFRESH_SECONDS as KEY_REFRESH_SECONDS;
pub use router::{ResourceServer, metadata_cors};
pub use scope_table::ScopeTable;
pub use settings::{Introspection, Settings};
pub use token::VerifiedToken;

pub use protocol::ids::IdentifierError;
pub use protocol::scope::InvalidScope;
pub use protocol::secret::Secret;
pub use server_kit::clock::{Clock, SystemClock};

/// The guide's code is compiled, and run as far as it goes without a network.
#[cfg(doctest)]
#[doc = include_str!("../../docs/protect-your-server.md")]
struct Guide;

/// The revisions that these layers let through. A service says so as well, in
/// [`ServerHandler::supported_protocol_versions`](rmcp::ServerHandler::supported_protocol_versions): otherwise it would agree
/// with a client on one whose requests are refused afterwards.
#[must_use]
pub fn protocol_versions() -> Cow<'static, [ProtocolVersion]> {
    Cow::Borrowed(&[ProtocolVersion::V_2025_11_25, ProtocolVersion::V_2026_07_28])
}
