//! What the messages of MCP authorization look like, and which strings are legal.
//!
//! Both sides of every exchange use this crate, so the compiler proves that they agree. It has no clock, no
//! randomness and no IO, and it builds for `wasm32-unknown-unknown`.
//!
//! A file per concept: find PKCE in [`pkce`], the `iss` parameter in [`authorization_response`], Client ID Metadata
//! Documents in [`cimd`]. Identifiers keep their original text and compare by it: a parsed URL is only an accessor,
//! because parsers fold exactly what must not be folded (`..`, `:443`, upper case, a missing `/`).

pub mod access_token;
pub mod authorization_request;
pub mod authorization_response;
pub mod authorization_server_metadata;
pub mod basic_credentials;
pub mod check;
pub mod cimd;
pub mod clause;
pub mod client_information;
pub mod client_keys;
pub mod client_metadata;
pub mod dynamic_registration;
mod encoding;
pub mod host;
pub mod ids;
pub mod introspection;
pub mod json;
pub mod jwks;
pub mod loopback;
pub mod mcp;
pub mod mcp_answer;
pub mod oauth_error;
pub mod observation;
pub mod party;
pub mod pkce;
pub mod protected_resource_metadata;
pub mod query;
pub mod resource_indicator;
pub mod revision;
pub mod scope;
pub mod secret;
pub mod strict_json;
pub mod token_endpoint;
pub mod tool_headers;
pub mod well_known;
pub mod www_authenticate;

pub use encoding::{base64url, base64url_decode, push_base64url};
