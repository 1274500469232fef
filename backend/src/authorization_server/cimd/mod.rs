//! Client ID Metadata Documents: fetched, validated, kept for a while.
//!
//! - [`documents`]: from a URL to the validated document.
//! - [`document_checks`]: what was looked at in a document, for whoever watches.
//! - [`single_flight`]: however many ask for a URL at once, it is fetched once.
//! - [`attempts`]: a URL that only fails, and a host that is asked for ever new URLs, have to wait.
//! - [`freshness`]: how long a document is kept, by its headers.
//! - [`kept`]: the documents that are kept, bounded, no host at the cost of the others.
//!
//! How a URL is fetched without harm is [`server_kit::outbound`]'s matter.
//!
//! Spec: Client ID Metadata Document draft -00 §4, draft -01 §4, §6; MCP 2025-11-25 Authorization.

mod attempts;
mod document_checks;
mod documents;
mod freshness;
mod kept;
mod single_flight;

pub(super) use documents::Documents;

/// What is fetched here, for whoever watches.
const WHAT: &str = "the client's metadata document";
