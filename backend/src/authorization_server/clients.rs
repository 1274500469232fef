//! Who asks? A client is looked up in the order of the specification: configured ones first, then those that registered
//! themselves, then, if the id is the URL of a document, by that document.
//!
//! Ids that this server issues begin with [`ISSUED_PREFIX`]: they cannot be URLs, and the server does not start with a
//! person or a configured client named like that. What kind a client is, is stored with it and never read off its id.
//!
//! Spec: MCP Authorization, Client Registration Approaches; Client ID Metadata Document draft -01 §6.9, §6.10; OAuth 2.1
//! §7.4.

use std::borrow::Cow;

use protocol::cimd::{ClientIdUrl, ClientIdUrlError, ClientMetadataDocument};
use protocol::clause::Clause;
use protocol::loopback::LoopbackPolicy;
use protocol::token_endpoint::{AUTHORIZATION_CODE, REFRESH_TOKEN};

use super::Settings;
use super::html;
use super::page_refusal::PageRefusal;
use super::state::Server;
use crate::store::{Client, ClientAuthentication, ClientSource, StoreError};
use server_kit::witness::checked;

/// How every id begins that this server issues.
pub(super) const ISSUED_PREFIX: &str = "registered-";

/// Whether a name is one that this server could issue to a client.
pub(super) fn is_issued(name: &str) -> bool {
    name.starts_with(ISSUED_PREFIX)
}

/// A client that may or may not ask.
pub(super) struct Found {
    pub(super) client: Client,
    /// Whether it says that it uses codes at all. Whoever is configured or registers must say so; a document may list
    /// grant types for other servers.
    pub(super) uses_codes: bool,
}

/// The client with this id, as it is known now.
pub(super) async fn find(server: &Server, id: &str) -> Result<Found, PageRefusal> {
    const KNOWN: &str = "configured here, registered here, or the URL of a document";
    let is = |what| checked(Clause::ClientIdentity, "client_id", what != "nothing known", || KNOWN, || what);
    if let Some(client) = configured(server, id) {
        is("configured here");
        return Ok(Found { client: client.clone(), uses_codes: true });
    }
    if let Some(client) = registered(server, id).await? {
        is("registered here");
        return Ok(Found { client, uses_codes: true });
    }
    if !ClientIdUrl::is_url_shaped(id) {
        is("nothing known");
        return Err(PageRefusal::UnknownClient);
    }
    is("the URL of a document");
    let url = url(server, id).map_err(PageRefusal::BadClientIdUrl)?;
    let document = server.documents.get(&url).await?;
    let uses_codes = document.grant_types().iter().any(|grant| grant == AUTHORIZATION_CODE);
    Ok(Found { client: from_document(&document), uses_codes })
}

fn url(server: &Server, id: &str) -> Result<ClientIdUrl, ClientIdUrlError> {
    let url = ClientIdUrl::parse(id, server.settings.loopback);
    let expected = || match server.settings.loopback {
        LoopbackPolicy::HttpsOnly => "an https URL with a path, without fragment, user name or dot segments",
        LoopbackPolicy::AllowHttpOnLoopback => {
            "a URL with a path, without fragment, user name or dot segments: https, or http to this machine"
        }
    };
    let found = || url.as_ref().map_or_else(ToString::to_string, |url| url.as_str().to_owned());
    checked(Clause::ClientIdUrl, "form of the client_id", url.is_ok(), expected, found);
    url
}

/// What is known of a client without asking anybody.
pub(super) enum Known<'a> {
    /// It is this one.
    Client(Cow<'a, Client>),
    /// Its id could be the URL of a document, but nobody by that name was seen lately.
    NeverSeen,
    /// There is no such client, or there is none any more.
    Nobody,
}

/// The client with this id as far as it is known without a fetch. `granted_to` was stored with what the request came
/// with; for a client that is known by its document, that is what counts.
pub(super) async fn known<'a>(
    server: &'a Server,
    id: &str,
    granted_to: Option<&'a Client>,
) -> Result<Known<'a>, StoreError> {
    if !may_be_registered(&server.settings, id) {
        return Ok(known_at_once(server, id, granted_to));
    }
    let registered = server.store.find_registered(id, server.clock.now()).await?;
    Ok(registered.map_or(Known::Nobody, |client| Known::Client(Cow::Owned(client))))
}

/// The same for an id that no client has that registered itself: then nobody has to be waited for.
pub(super) fn known_at_once<'a>(server: &'a Server, id: &str, granted_to: Option<&'a Client>) -> Known<'a> {
    if let Some(client) = configured(server, id) {
        return Known::Client(Cow::Borrowed(client));
    }
    match granted_to.filter(|client| client.id.as_str() == id) {
        Some(client) if client.source == ClientSource::Document => {
            return Known::Client(Cow::Borrowed(client));
        }
        Some(_) => return Known::Nobody,
        None => {}
    }
    let Ok(url) = ClientIdUrl::parse(id, server.settings.loopback) else { return Known::Nobody };
    match server.documents.find_kept(&url) {
        Some(document) => Known::Client(Cow::Owned(from_document(&document))),
        None => Known::NeverSeen,
    }
}

/// Whether only the store can tell who this is.
pub(super) fn may_be_registered(settings: &Settings, id: &str) -> bool {
    settings.registration.is_some() && is_issued(id)
}

/// The same client with the keys that its document has now, if it is known by its document and the document can be had.
/// Keys change as a matter of routine, and a withdrawn one must not count for as long as the grant lasts. If all are
/// withdrawn, the grant is of no use any more: no key proves anything, and without a proof nobody is served less strictly
/// than when the person decided.
pub(super) async fn with_newest_keys<'a>(server: &Server, client: Cow<'a, Client>) -> Cow<'a, Client> {
    if client.source != ClientSource::Document {
        return client;
    }
    let Ok(url) = ClientIdUrl::parse(client.id.as_str(), server.settings.loopback) else { return client };
    match server.documents.get(&url).await {
        Ok(document) => Cow::Owned(from_document(&document)),
        Err(_) => client,
    }
}

fn configured<'a>(server: &'a Server, id: &str) -> Option<&'a Client> {
    server.settings.clients.iter().find(|client| client.id.as_str() == id)
}

async fn registered(server: &Server, id: &str) -> Result<Option<Client>, StoreError> {
    if !may_be_registered(&server.settings, id) {
        return Ok(None);
    }
    server.store.find_registered(id, server.clock.now()).await
}

fn from_document(document: &ClientMetadataDocument) -> Client {
    let authentication = match document.keys() {
        Some(keys) => ClientAuthentication::PrivateKeyJwt(keys.clone()),
        None => ClientAuthentication::None,
    };
    let client = Client {
        id: document.client_id().client_id(),
        source: ClientSource::Document,
        name: html::displayable_name(document.client_name()),
        redirect_uris: document.redirect_uris().to_vec(),
        authentication,
        wants_refresh: document.grant_types().iter().any(|grant| grant == REFRESH_TOKEN),
        fingerprint: String::new(),
    };
    client.with_fingerprint()
}
