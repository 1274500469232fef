//! Who the client is: its metadata document, read as the authorization server will read it.

use protocol::cimd::ClientMetadataDocument;
use protocol::cimd::MAX_DOCUMENT_BYTES;
use protocol::clause::Clause;
use protocol::ids::RedirectUri;

use crate::authorize;
use crate::config::Config;
use crate::discovery::Discovered;
use crate::http::{Request, Response};
use crate::lessons::steps::Step;
use crate::machine::State;
use crate::trace::{Decoded, Party, Stop};
use crate::turn::{Outgoing, Turn};

/// The client reads its own document.
pub(crate) fn read_own_document(config: &Config) -> Outgoing {
    Outgoing {
        step: Step::ClientDocument,
        to: Party::ClientHost,
        title: "GET the client's metadata document".into(),
        request: Request::get_json(config.client_id.as_str()),
    }
}

/// Checks the document, and that this server will fetch it.
pub(crate) fn document_read(
    turn: &mut Turn<'_>,
    discovered: Discovered,
    response: &Response,
) -> Result<State, Stop> {
    let supported = discovered.metadata.client_id_metadata_document_supported;
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
    let document = ClientMetadataDocument::validate(&turn.config.client_id, response.body.as_bytes());
    turn.checks.require(
        Clause::ClientIdIdentity,
        "client_id is the document's own URL, name and redirect URIs are there, no secrets",
        document.is_ok(),
        turn.config.client_id.as_str(),
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
    let scope = discovered.scope.clone();
    Ok(authorize::begin(turn, discovered, &scope, authorize::Purpose::First))
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
