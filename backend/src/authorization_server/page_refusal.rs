//! Every refusal that a person is shown as a page. Each has one name and is put into words in one place.

use axum::response::{IntoResponse, Response};
use http::header::ALLOW;
use http::{HeaderValue, StatusCode};
use protocol::cimd::{ClientIdUrlError, DocumentError};
use protocol::clause::Clause;
use protocol::client_metadata::MetadataError;
use protocol::oauth_error::OAuthErrorCode;

use super::{html, words};
use crate::store::StoreError;
use server_kit::witness;

/// A refusal that is shown as a page, because nobody may be redirected, or nobody knows where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PageRefusal {
    // --- the first half of /authorize ---
    QueryTooLong,
    MalformedQuery,
    StateTooLong,
    MissingClientId,
    RepeatedClientId,
    UnknownClient,
    BadClientIdUrl(ClientIdUrlError),
    OwnAddressAsClientId,
    DocumentUnavailable,
    DocumentBusy,
    DocumentStatus(u16),
    DocumentEncoded,
    DocumentTooLong,
    DocumentContentType,
    BadDocument(DocumentError),
    RepeatedRedirectUri,
    MissingRedirectUri,
    UnlistedRedirectUri(String),
    // --- sign-in and consent ---
    UnknownRequest,
    ExpiredRequest,
    AlreadyDecided,
    SignedOut,
    ForgedForm,
    ForeignOrigin,
    BadForm,
    FormByGet,
    FormTooLong,
    // --- anywhere ---
    NoSuchPage,
    WrongMethod,
    Unavailable,
    ServerFault,
}

/// A refusal in words.
pub(super) struct Explanation {
    pub(super) status: StatusCode,
    /// What the client would have been told, where OAuth has a name for it.
    pub(super) code: Option<OAuthErrorCode>,
    pub(super) title: &'static str,
    pub(super) what: String,
    pub(super) remedy: &'static str,
    pub(super) clause: Option<Clause>,
}

const ASK_DEVELOPER: &str = "Nothing was shared, and there is nothing for you to repair. Tell whoever makes the client what this page says.";
const START_AGAIN: &str = "Go back to the client and start again.";

impl PageRefusal {
    /// What it is called: by the one thing that is wrong, where it is one in a document.
    fn name(&self) -> String {
        match self {
            Self::BadDocument(DocumentError::Metadata(reason)) => words::variant(reason),
            Self::BadDocument(reason) => words::variant(reason),
            other => words::variant(other),
        }
    }

    /// The one place where a refusal becomes a status and words.
    #[expect(clippy::too_many_lines, reason = "it is a table: a row for each refusal")]
    pub(super) fn explain(&self) -> Explanation {
        use OAuthErrorCode::{InvalidClient, InvalidRequest};
        let client = |what: String, clause| Explanation {
            status: StatusCode::BAD_REQUEST,
            code: Some(InvalidClient),
            title: "This client cannot be trusted",
            what,
            remedy: ASK_DEVELOPER,
            clause: Some(clause),
        };
        let request = |what: String, clause| Explanation {
            status: StatusCode::BAD_REQUEST,
            code: Some(InvalidRequest),
            title: "This request cannot be answered",
            what,
            remedy: ASK_DEVELOPER,
            clause: Some(clause),
        };
        let page = |status, title, what: &str, remedy, clause| Explanation {
            status,
            code: None,
            title,
            what: what.to_owned(),
            remedy,
            clause,
        };
        match self {
            Self::QueryTooLong => Explanation {
                status: StatusCode::URI_TOO_LONG,
                ..request(
                    "Its address is longer than 60 kilobytes, or has too many parts.".into(),
                    Clause::RequestLength,
                )
            },
            Self::MalformedQuery => {
                request("Its parameters are not readable text.".into(), Clause::FormEncoding)
            }
            Self::StateTooLong => request("Its state is longer than 2 kilobytes.".into(), Clause::State),
            Self::MissingClientId => {
                request("It does not say which client it is from.".into(), Clause::ClientIdentity)
            }
            Self::RepeatedClientId => {
                request("It names its client more than once.".into(), Clause::NoParameterTwice)
            }
            Self::UnknownClient => client(
                "Its name is not known here, and is not the address of a document that would describe it."
                    .into(),
                Clause::ClientIdentity,
            ),
            Self::BadClientIdUrl(reason) => {
                client(format!("Its name is an address that cannot be used: {reason}."), Clause::ClientIdUrl)
            }
            Self::OwnAddressAsClientId => {
                client("Its name is an address of this very server.".into(), Clause::ClientIdUrl)
            }
            Self::DocumentUnavailable => client(
                "The document that describes it could not be fetched.".into(),
                Clause::ClientDocumentErrors,
            ),
            Self::DocumentBusy => Explanation {
                status: StatusCode::SERVICE_UNAVAILABLE,
                code: Some(OAuthErrorCode::TemporarilyUnavailable),
                title: "One moment, please",
                what: "The document that describes the client was asked for too often just now.".into(),
                remedy: "Try again in a few seconds.",
                clause: Some(Clause::ClientDocumentErrors),
            },
            Self::DocumentStatus(status @ (301 | 302 | 303 | 307 | 308)) => client(
                format!(
                    "The address of its document redirects elsewhere (status {status}). A redirect is not followed."
                ),
                Clause::ClientDocumentErrors,
            ),
            Self::DocumentStatus(status) => client(
                format!("Its document was answered with status {status} instead of 200."),
                Clause::ClientDocumentErrors,
            ),
            Self::DocumentEncoded => client(
                "Its document is sent compressed, though that was not asked for.".into(),
                Clause::ClientDocumentSize,
            ),
            Self::DocumentTooLong => {
                client("Its document is longer than 5 kilobytes.".into(), Clause::ClientDocumentSize)
            }
            Self::DocumentContentType => {
                client("Its document is not sent as application/json.".into(), Clause::ClientDocument)
            }
            Self::BadDocument(reason) => {
                client(format!("Its document breaks a rule: {reason}."), document_clause(reason))
            }
            Self::RepeatedRedirectUri => {
                request("It says more than once where to return to.".into(), Clause::NoParameterTwice)
            }
            Self::MissingRedirectUri => request(
                "It does not say where to return to, and the client has several places.".into(),
                Clause::RedirectRequired,
            ),
            Self::UnlistedRedirectUri(uri) => request(
                format!(
                    "It wants to return to {uri:?}, which is not among the places that the client has registered."
                ),
                Clause::RedirectExact,
            ),
            Self::UnknownRequest => page(
                StatusCode::NOT_FOUND,
                "There is nothing to decide here",
                "This browser has not brought such a request.",
                START_AGAIN,
                Some(Clause::ConsentCsrf),
            ),
            Self::ExpiredRequest => page(
                StatusCode::BAD_REQUEST,
                "This request has expired",
                "It waited longer than ten minutes for an answer. Nothing was allowed.",
                START_AGAIN,
                Some(Clause::RequestExpired),
            ),
            Self::AlreadyDecided => page(
                StatusCode::CONFLICT,
                "This request was answered already",
                "One decision gives one answer, and it has been given.",
                "If the client still waits, go back to it and start again.",
                Some(Clause::ConsentOnce),
            ),
            Self::SignedOut => page(
                StatusCode::FORBIDDEN,
                "You are signed out",
                "Nothing was allowed.",
                "Sign in and decide again, or start again from the client.",
                Some(Clause::UserFirst),
            ),
            Self::ForgedForm => page(
                StatusCode::FORBIDDEN,
                "This form did not come from this page",
                "It does not carry the mark that this server gave to your browser. Nothing was changed.",
                "If you sent it yourself, go back, load the page again, and repeat it.",
                Some(Clause::ConsentCsrf),
            ),
            Self::ForeignOrigin => page(
                StatusCode::FORBIDDEN,
                "This form came from another site",
                "Your browser says that another site sent it. Nothing was changed.",
                START_AGAIN,
                Some(Clause::ConsentCsrf),
            ),
            Self::BadForm => page(
                StatusCode::BAD_REQUEST,
                "This form cannot be read",
                "A field is missing, occurs twice, or has an unknown value. Nothing was changed.",
                "Go back, load the page again, and repeat it.",
                None,
            ),
            Self::FormByGet => page(
                StatusCode::METHOD_NOT_ALLOWED,
                "A form has to be posted",
                "Its fields came in the address, where they do nothing. Nothing was changed.",
                "Go back, load the page again, and repeat it.",
                Some(Clause::ConsentCsrf),
            ),
            Self::FormTooLong => page(
                StatusCode::PAYLOAD_TOO_LARGE,
                "This form is too long",
                "No form here needs more than 16 kilobytes. Nothing was changed.",
                START_AGAIN,
                None,
            ),
            Self::NoSuchPage => page(
                StatusCode::NOT_FOUND,
                "There is no such page",
                "This server has nothing at this address.",
                "Its front page says what it offers.",
                None,
            ),
            Self::WrongMethod => page(
                StatusCode::METHOD_NOT_ALLOWED,
                "That cannot be done here",
                "This page does not answer that kind of request.",
                START_AGAIN,
                Some(Clause::AllowedMethods),
            ),
            Self::Unavailable => Explanation {
                code: Some(OAuthErrorCode::TemporarilyUnavailable),
                ..page(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "Not at the moment",
                    "This server cannot get at its database. Nothing was allowed.",
                    "Wait a few seconds and load the page again.",
                    Some(Clause::Unavailable),
                )
            },
            Self::ServerFault => page(
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something broke here",
                "It is this server’s fault. Nothing was allowed.",
                "Try again in a while.",
                None,
            ),
        }
    }
}

/// The rule that a document breaks.
pub(super) fn document_clause(reason: &DocumentError) -> Clause {
    match reason {
        DocumentError::NotAnObject(_)
        | DocumentError::Metadata(MetadataError::Missing(_) | MetadataError::WrongType(_)) => {
            Clause::ClientDocument
        }
        DocumentError::OtherClientId { .. } => Clause::ClientIdIdentity,
        DocumentError::SharedSecret(_) => Clause::ClientDocumentSecrets,
        DocumentError::Metadata(reason) => reason.clause(),
    }
}

impl From<StoreError> for PageRefusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "store failed");
        Self::Unavailable
    }
}

impl IntoResponse for PageRefusal {
    fn into_response(self) -> Response {
        tracing::info!(refusal = ?self, "refused with a page");
        let explanation = self.explain();
        if let Some(clause) = explanation.clause {
            witness::refused(clause, || self.name(), || explanation.what.as_str());
        }
        let mut response = html::refusal(&explanation);
        if self == Self::FormByGet {
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use protocol::ids::IdentifierError;

    use super::*;

    /// What is refused because of a rule names the rule; what is only a state of affairs has none.
    #[test]
    fn a_refusal_by_a_rule_names_the_clause() {
        use PageRefusal as R;
        let missing = MetadataError::Missing("client_name").into();
        for refusal in [
            R::QueryTooLong,
            R::MalformedQuery,
            R::StateTooLong,
            R::MissingClientId,
            R::RepeatedClientId,
            R::UnknownClient,
            R::BadClientIdUrl(ClientIdUrlError::Url(IdentifierError::NotHttps)),
            R::OwnAddressAsClientId,
            R::DocumentUnavailable,
            R::DocumentBusy,
            R::DocumentStatus(404),
            R::DocumentStatus(302),
            R::DocumentEncoded,
            R::DocumentTooLong,
            R::DocumentContentType,
            R::BadDocument(missing),
            R::RepeatedRedirectUri,
            R::MissingRedirectUri,
            R::UnlistedRedirectUri("https://evil.example/cb".into()),
        ] {
            let explanation = refusal.explain();
            assert!(explanation.clause.is_some(), "{refusal:?}");
            assert!(explanation.code.is_some(), "{refusal:?}");
        }
    }
}
