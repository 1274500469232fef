//! A second MCP server of the same authorization server, for the lab alone: a token for one of the two can be shown to the
//! other, which must refuse it. It stands at the site of the rogue servers, and is none of them.

use std::sync::Arc;

use axum::Router;
use protocol::ids::{IdentifierError, Issuer, ResourceUri};
use protocol::loopback::LoopbackPolicy;
use server_kit::clock::Clock;

use super::addresses::Addresses;
use super::running::LabError;
use crate::authorization_server::{OfferedScope, ProtectedResource};
use crate::mcp_server;

const NAME: &str = "Upstream MCP server";
const LOOPBACK: LoopbackPolicy = LoopbackPolicy::AllowHttpOnLoopback;

/// What the authorization server knows of it.
pub(super) fn resource(
    addresses: &Addresses,
    scopes: Vec<OfferedScope>,
) -> Result<ProtectedResource, IdentifierError> {
    Ok(ProtectedResource { uri: uri(addresses)?, name: NAME.to_owned(), scopes, introspection_secret: None })
}

/// Its endpoint and its metadata. It has the same tools as the other, and does not ask whether tokens were revoked.
pub(super) fn router(addresses: &Addresses, clock: Arc<dyn Clock>) -> Result<Router, LabError> {
    let settings = resource_server::Settings {
        resource: uri(addresses)?,
        name: NAME.to_owned(),
        issuer: Issuer::parse(&addresses.authorization_server, LOOPBACK)?,
        loopback: LOOPBACK,
        allowed_origins: Vec::new(),
        introspection: None,
    };
    Ok(mcp_server::endpoint(settings, clock)?)
}

fn uri(addresses: &Addresses) -> Result<ResourceUri, IdentifierError> {
    ResourceUri::parse(&format!("{}/upstream/mcp", addresses.rogue), LOOPBACK)
}
