//! Who asks? A client is looked up in the order of the specification: configured ones first, then, if the id is the
//! URL of a document, by that document.
//!
//! Spec: MCP Authorization, Client Registration Approaches; Client ID Metadata Document draft -01 §6.9.

use protocol::base64url;
use protocol::cimd::{ClientIdUrl, ClientMetadataDocument};
use protocol::token_endpoint::REFRESH_TOKEN;
use sha2::{Digest as _, Sha256};

use super::html;
use super::page_refusal::PageRefusal;
use super::state::Server;
use crate::store::{Client, ClientAuthentication, ClientSource};

/// The client with this id, as it is known now.
pub(super) async fn find(server: &Server, id: &str) -> Result<Client, PageRefusal> {
    if let Some(client) = server.settings.clients.iter().find(|client| client.id.as_str() == id) {
        return Ok(client.clone());
    }
    if !ClientIdUrl::is_url_shaped(id) {
        return Err(PageRefusal::UnknownClient);
    }
    let url = ClientIdUrl::parse(id, server.settings.loopback).map_err(PageRefusal::BadClientIdUrl)?;
    let document = server.documents.get(&url).await?;
    Ok(from_document(&document))
}

fn from_document(document: &ClientMetadataDocument) -> Client {
    Client {
        id: document.client_id().client_id(),
        source: ClientSource::Document,
        name: html::displayable_name(document.client_name()),
        redirect_uris: document.redirect_uris().to_vec(),
        authentication: ClientAuthentication::None,
        wants_refresh: document.grant_types().iter().any(|grant| grant == REFRESH_TOKEN),
        fingerprint: base64url(&Sha256::digest(format!("{document:?}"))),
    }
}
