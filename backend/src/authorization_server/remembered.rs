//! Answers without a question, where the person was asked before.
//!
//! Spec: OAuth 2.1 §7.3.1; OpenID Connect Core §3.1.2.1 (`prompt=none`).

use axum::response::Response;
use protocol::ids::UnixTime;
use protocol::secret::Secret;

use super::page_refusal::PageRefusal;
use super::redirect::TrustedRedirect;
use super::state::Server;
use super::{Person, consent};
use crate::store::{Chosen, Decision, NewRequest, SecretHash};

/// Consents from before this moment are forgotten.
pub(super) fn since(server: &Server, now: UnixTime) -> UnixTime {
    UnixTime(now.0.saturating_sub(server.settings.lifetimes.remembered_consent))
}

/// Whether what this person allowed before covers a request.
pub(super) async fn covers(
    server: &Server,
    person: &Person,
    request: &NewRequest,
    now: UnixTime,
) -> Result<bool, PageRefusal> {
    Ok(server.store.remembers(person.subject.clone(), request.clone(), since(server, now)).await?)
}

/// Sends the browser back with a code, if what this person allowed before covers the stored request. `None`: they have
/// to be asked, and nothing has changed.
pub(super) async fn answer(
    server: &Server,
    request: &NewRequest,
    request_id: &str,
    cookie: &Secret,
    person: &Person,
) -> Result<Option<Response>, PageRefusal> {
    let now = server.clock.now();
    let code = server.entropy.secret();
    let decision = server
        .store
        .decide(
            SecretHash::of_text(request_id),
            SecretHash::of(cookie),
            person.subject.clone(),
            consent::allow(server, request, Chosen::AsRemembered, &code, now),
            since(server, now),
            now,
        )
        .await;
    let redirect = TrustedRedirect::stored(request, &server.settings.issuer);
    match decision {
        Ok(Decision::Allowed) => {
            tracing::info!(subject = %person.subject, "allowed as remembered");
            redirect.with_code(&code).map(Some)
        }
        Ok(_) => Ok(None),
        // Somebody is signed in, so the client may be told.
        Err(error) => redirect.with_refusal(error.into()).map(Some),
    }
}
