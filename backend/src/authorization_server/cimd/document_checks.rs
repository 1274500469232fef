//! What was looked at in a fetched document, one by one, for whoever watches. Nothing is decided here.

use protocol::cimd::{ClientIdUrl, ClientMetadataDocument, DocumentError, MAX_DOCUMENT_BYTES};
use protocol::clause::Clause;
use protocol::client_metadata::MetadataError;
use protocol::ids::RedirectUri;
use server_kit::outbound::{FetchError, Fetched};
use server_kit::witness::checked;

use crate::authorization_server::page_refusal::document_clause;

/// The size of an answer, if there was one.
pub(super) fn report_size(answer: &Result<Fetched, FetchError>) {
    let report = |holds, found: &dyn Fn() -> String| {
        let at_most = || format!("at most {MAX_DOCUMENT_BYTES} bytes, not compressed");
        checked(Clause::ClientDocumentSize, "size of the document", holds, at_most, found);
    };
    match answer {
        Ok(fetched) => report(true, &|| format!("{} bytes", fetched.body.len())),
        Err(FetchError::TooLong(_)) => report(false, &|| "more".to_owned()),
        Err(FetchError::Encoded) => report(false, &|| "compressed".to_owned()),
        Err(_) => {}
    }
}

/// What a validated document says, or the one thing that is wrong with it and what came before that.
pub(super) fn report(url: &ClientIdUrl, outcome: &Result<ClientMetadataDocument, DocumentError>) {
    let wrong = outcome.as_ref().err();
    if !matches!(wrong, Some(DocumentError::NotAnObject(_))) {
        let expected = || "a JSON object, no member twice";
        checked(Clause::ClientDocument, "the document", true, expected, expected);
    }
    if !wrong.is_some_and(is_about_client_id) {
        let same = || url.as_str();
        checked(Clause::ClientIdIdentity, "client_id of the document", true, same, same);
    }
    match outcome {
        Ok(document) => report_members(document),
        Err(reason) => {
            let clause = document_clause(reason);
            checked(clause, "what is wrong", false, || clause.rule(), || reason.to_string());
        }
    }
}

fn report_members(document: &ClientMetadataDocument) {
    let clause = Clause::ClientDocument;
    checked(clause, "client_name", true, || "a text", || document.client_name());
    let uris = || document.redirect_uris().iter().map(RedirectUri::as_str).collect::<Vec<_>>().join(", ");
    checked(clause, "redirect_uris", true, || "at least one, each https or on loopback", uris);
    checked(Clause::ClientDocumentSecrets, "secrets in the document", true, || "none", || "none");
    let keys = document.keys().is_some();
    let method = || if keys { "private_key_jwt, with public keys" } else { "none: a public client" };
    checked(
        Clause::ClientKeys,
        "how the client proves who it is",
        true,
        || "without a shared secret",
        method,
    );
}

fn is_about_client_id(reason: &DocumentError) -> bool {
    match reason {
        DocumentError::NotAnObject(_) | DocumentError::OtherClientId { .. } => true,
        DocumentError::Metadata(MetadataError::Missing(name) | MetadataError::WrongType(name)) => {
            *name == "client_id"
        }
        DocumentError::SharedSecret(_) | DocumentError::Metadata(_) => false,
    }
}
