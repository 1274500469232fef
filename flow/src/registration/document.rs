//! A client that needs no registration: its id is the URL of its metadata document, which it reads first, as the
//! authorization server will.

use protocol::cimd::MAX_DOCUMENT_BYTES;
use protocol::cimd::{ClientIdUrl, ClientMetadataDocument};
use protocol::clause::Clause;
use protocol::ids::RedirectUri;

use super::Newcomer;
use crate::check::Stop;
use crate::config::Config;
use crate::http::{Request, Response};
use crate::identity::{Origin, Proof, Registered};
use crate::lessons::steps::Step;
use crate::state::State;
use crate::trace::{Decoded, Party};
use crate::turn::{Outgoing, Turn};

/// Reads the document, or goes on without: only the authorization server has to read it.
pub(crate) fn begin(turn: &mut Turn<'_>, newcomer: Newcomer) -> Result<State, Stop> {
    match &turn.config.identities.document {
        Some(document) if document.read_first => Ok(State::ClientDocument(Box::new(newcomer))),
        Some(document) => known_by(turn, newcomer, &document.url.clone()),
        None => Err(Stop),
    }
}

/// The client reads its own document.
pub(crate) fn outgoing(config: &Config) -> Option<Outgoing> {
    let document = config.identities.document.as_ref()?;
    Some(Outgoing::new(
        Step::ClientDocument,
        Party::ClientHost,
        "GET the client's metadata document",
        Request::get_json(document.url.as_str()),
    ))
}

/// Checks the document as the server will.
pub(crate) fn read(turn: &mut Turn<'_>, newcomer: Newcomer, response: &Response) -> Result<State, Stop> {
    let url = turn.config.identities.document.as_ref().map(|document| document.url.clone()).ok_or(Stop)?;
    let supported = newcomer.discovered.metadata.client_id_metadata_document_supported;
    turn.checks.require(
        Clause::CimdSupported,
        "the server fetches metadata documents",
        supported,
        "client_id_metadata_document_supported: true",
        supported.to_string(),
    )?;
    turn.status(Clause::ClientDocument, 200, response)?;
    let content_type = response.content_type();
    turn.checks.require(
        Clause::ClientDocument,
        "content type",
        is_json(content_type),
        "application/json or application/…+json",
        content_type,
    )?;
    let size = response.body.len();
    turn.checks.note(
        Clause::ClientDocumentSize,
        "size",
        size <= MAX_DOCUMENT_BYTES,
        format!("at most {MAX_DOCUMENT_BYTES} bytes"),
        format!("{size} bytes"),
    );
    let document = ClientMetadataDocument::validate(&url, response.body.as_bytes());
    turn.checks.require(
        Clause::ClientIdIdentity,
        "client_id is the document's own URL, name and redirect URIs are there, no secrets",
        document.is_ok(),
        url.as_str(),
        document
            .as_ref()
            .map_or_else(ToString::to_string, |document| document.client_id().as_str().to_owned()),
    )?;
    turn.decoded.extend(document.as_ref().ok().map(decode));
    let listed = document.is_ok_and(|document| {
        document.redirect_uris().iter().any(|registered| registered.accepts(&turn.config.redirect_uri))
    });
    turn.checks.require(
        Clause::RedirectExact,
        "the redirect URI is listed",
        listed,
        turn.config.redirect_uri.as_str(),
        if listed { "listed" } else { "not listed" },
    )?;
    turn.summary = "200 · client_id is its own URL".into();
    known_by(turn, newcomer, &url)
}

fn known_by(turn: &mut Turn<'_>, newcomer: Newcomer, url: &ClientIdUrl) -> Result<State, Stop> {
    let registered = Registered {
        issuer: newcomer.discovered.issuer.clone(),
        client_id: url.client_id(),
        proof: Proof::Nothing,
        origin: Origin::Document,
    };
    newcomer.known_as(turn, registered)
}

fn decode(document: &ClientMetadataDocument) -> Decoded {
    let redirect = |uri: &RedirectUri| ("redirect_uris", uri.to_string(), "where it may be sent back to");
    let rows = [
        ("client_id", document.client_id().as_str().to_owned(), "its own URL, byte for byte"),
        (
            "client_name",
            document.client_name().to_owned(),
            "what it calls itself; anyone can write anything here",
        ),
    ];
    Decoded::new(
        "Client metadata document",
        rows.into_iter().chain(document.redirect_uris().iter().map(redirect)),
    )
}

fn is_json(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media_type == "application/json"
        || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}
