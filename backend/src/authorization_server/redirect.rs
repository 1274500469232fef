//! Sending the browser back to a client. There is no other way to do that than a [`TrustedRedirect`].
//!
//! Spec: OAuth 2.1 §2.3, §4.1.2, §4.1.2.1; RFC 9207 §2.

use axum::response::{IntoResponse as _, Response};
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
use protocol::clause::Clause;
use protocol::ids::{Issuer, RedirectUri};
use protocol::query::Parameters;
use protocol::secret::Secret;

use super::page_refusal::PageRefusal;
use super::redirect_refusal::RedirectRefusal;
use super::words::shortened;
use crate::store::{Client, NewRequest};
use server_kit::witness::{checked, or_absent};

/// A redirect URI that the client registered, with what every answer carries.
#[derive(Clone, Debug)]
pub(super) struct TrustedRedirect {
    uri: RedirectUri,
    state: Option<String>,
    issuer: Issuer,
}

impl TrustedRedirect {
    /// Compares the request's `redirect_uri` with the client's.
    pub(super) fn registered(
        client: &Client,
        parameters: &Parameters,
        issuer: &Issuer,
    ) -> Result<Self, PageRefusal> {
        let requested = parameters.get("redirect_uri").map_err(|_| PageRefusal::RepeatedRedirectUri)?;
        let uri = match (requested, client.redirect_uris.as_slice()) {
            (Some(requested), registered) => RedirectUri::parse(requested)
                .ok()
                .filter(|requested| registered.iter().any(|uri| uri.accepts(requested)))
                .ok_or_else(|| PageRefusal::UnlistedRedirectUri(shortened(requested))),
            (None, [only]) => Ok(only.clone()),
            (None, _) => Err(PageRefusal::MissingRedirectUri),
        };
        let rule = if requested.is_some() { Clause::RedirectExact } else { Clause::RedirectRequired };
        checked(rule, "redirect_uri", uri.is_ok(), || one_of(&client.redirect_uris), || or_absent(requested));
        let uri = uri?;
        // A repeated state is refused by redirect, and then none of its values comes back.
        let state = parameters.get("state").ok().flatten().map(str::to_owned);
        Ok(Self { uri, state, issuer: issuer.clone() })
    }

    /// Takes up what [`TrustedRedirect::registered`] once compared.
    pub(super) fn stored(request: &NewRequest, issuer: &Issuer) -> Self {
        Self { uri: request.redirect_uri.clone(), state: request.state.clone(), issuer: issuer.clone() }
    }

    pub(super) fn uri(&self) -> &RedirectUri {
        &self.uri
    }

    pub(super) fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// Permission given.
    pub(super) fn with_code(&self, code: &Secret) -> Result<Response, PageRefusal> {
        see_other(&self.url(&[("code", code.reveal())]))
    }

    /// Permission not given.
    pub(super) fn with_refusal(&self, refusal: RedirectRefusal) -> Result<Response, PageRefusal> {
        tracing::info!(?refusal, "authorization request refused");
        refusal.report();
        see_other(&self.refusal_url(refusal))
    }

    /// Where a browser brings the client this refusal.
    pub(super) fn refusal_url(&self, refusal: RedirectRefusal) -> String {
        let wire = refusal.wire();
        self.url(&[
            ("error", wire.code.as_str()),
            ("error_description", wire.description),
            ("error_uri", wire.clause.url()),
        ])
    }

    fn url(&self, answer: &[(&str, &str)]) -> String {
        let state = self.state.as_deref().map(|state| ("state", state));
        let iss = ("iss", self.issuer.as_str());
        self.uri.with_parameters(answer.iter().copied().chain(state).chain([iss]))
    }
}

fn one_of(registered: &[RedirectUri]) -> String {
    let texts: Vec<_> = registered.iter().map(RedirectUri::as_str).collect();
    texts.join(" or ")
}

/// 303: whatever was posted here is not posted there.
///
/// Spec: OAuth 2.1 §7.5.4.
pub(super) fn see_other(location: &str) -> Result<Response, PageRefusal> {
    let location = HeaderValue::from_str(location).map_err(|_| PageRefusal::ServerFault)?;
    Ok((StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response())
}
