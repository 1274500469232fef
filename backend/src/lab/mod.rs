//! The lab: authorization server, MCP server, page and client metadata document in one process, on loopback.
//!
//! Everything that makes it unfit for anything else stands here: demo people without passwords, plain http, and a
//! policy that lets the authorization server fetch documents from this machine.

mod addresses;
mod attacks;
mod client_document;
mod clients;
mod clock;
mod controls;
mod documents;
mod observations;
mod observatory;
mod options;
mod page;
mod people;
mod rogue;
mod running;
mod same_origin;
mod upstream;

pub use options::{Options, OptionsError};
pub use running::{Lab, LabError};
