//! From a bare address to an authorization server: the challenge and the two metadata documents.

pub(crate) mod challenge;
mod destination;
mod lookup;
mod resource_metadata;
mod scope_choice;
mod server_metadata;

use protocol::authorization_server_metadata::AuthorizationServerMetadata;
use protocol::ids::{Issuer, ResourceUri};

pub(crate) use lookup::Lookup;
pub(crate) use resource_metadata::ResourceLookup;
pub use scope_choice::{ScopeChoice, ScopeSource};
pub(crate) use server_metadata::ServerLookup;

/// An authorization server whose metadata passed every check, and for which resource it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Discovered {
    /// Its name, as the resource metadata says it and its own metadata confirms it.
    pub(crate) issuer: Issuer,
    pub(crate) metadata: AuthorizationServerMetadata,
    /// What tokens are to be for: the identifier of the MCP server as its metadata says it.
    pub(crate) resource: ResourceUri,
    /// What to ask for at first.
    pub(crate) scope: ScopeChoice,
}
