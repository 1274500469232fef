//! Between a refused request and the client it came from. Anybody can make a client, send strangers here with a request
//! that is bound to fail, and have them arrive wherever that client says. So the browser goes by itself only to where
//! there is reason to trust; otherwise the person sees the address and decides.
//!
//! Spec: OAuth 2.1 §7.12.2; MCP Authorization, Open Redirection.

use axum::response::Response;

use super::Person;
use super::html::{self, InterstitialPage};
use super::introduction::Introduction;
use super::page_refusal::PageRefusal;
use super::redirect::TrustedRedirect;
use super::redirect_refusal::RedirectRefusal;
use super::state::Server;
use crate::store::{Client, ClientSource};

/// Tells the client about a refusal, now that somebody has signed in.
pub(super) async fn refuse(
    server: &Server,
    client: &Client,
    redirect: &TrustedRedirect,
    person: &Person,
    refusal: RedirectRefusal,
) -> Result<Response, PageRefusal> {
    if is_trusted(server, client, redirect, person).await? {
        return redirect.with_refusal(refusal);
    }
    tracing::info!(?refusal, "authorization request refused; the person decides whether to go back");
    refusal.report();
    let wire = refusal.wire();
    let template = InterstitialPage {
        client: Introduction::new(client, redirect.uri()),
        description: wire.description,
        code: wire.code.as_str(),
        clause: wire.clause,
        target: redirect.refusal_url(refusal),
    };
    html::refused_page(&template)
}

/// The operator's clients; this very computer, which is nobody's to lure people to; and clients that this person has
/// allowed something before.
async fn is_trusted(
    server: &Server,
    client: &Client,
    redirect: &TrustedRedirect,
    person: &Person,
) -> Result<bool, PageRefusal> {
    if client.source == ClientSource::Configured || redirect.uri().is_loopback() {
        return Ok(true);
    }
    Ok(server.store.has_allowed(person.subject.clone(), client.id.clone()).await?)
}
