//! `/sign-in` and `/sign-out`: who is there?
//!
//! The people of the lab have no passwords; everything else is as it would be: a fresh cookie at each change, a form
//! that only this browser can post, and no way on without a request that this browser brought.
//!
//! Spec: OAuth 2.1 §7.9 (CSRF), §7.12.2 (users first); MCP Security Best Practices, Consent UI.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::HeaderMap;
use http::header::SET_COOKIE;
use protocol::query::Parameters;
use protocol::secret::Secret;

use super::csrf::{self, Form};
use super::form::{self, FormError};
use super::html::{self, SignInPage};
use super::page_refusal::PageRefusal;
use super::redirect::{TrustedRedirect, see_other};
use super::redirect_refusal::RedirectRefusal;
use super::session;
use super::state::Server;
use crate::store::{PendingRequest, SecretHash, Session, Standing};

/// A pending request of this browser.
pub(super) struct Visit {
    pub(super) cookie: Secret,
    pub(super) request_id: String,
    pub(super) pending: PendingRequest,
}

impl Visit {
    /// Finds the request that the parameters name. Another browser's is as unknown as none.
    pub(super) async fn find(
        server: &Server,
        headers: &HeaderMap,
        parameters: &Parameters,
    ) -> Result<Self, PageRefusal> {
        let request_id = parameters.get("request").ok().flatten().ok_or(PageRefusal::UnknownRequest)?;
        let cookie = session::cookie(server, headers).ok_or(PageRefusal::UnknownRequest)?;
        let id = SecretHash::of_text(request_id);
        let pending = server
            .store
            .find_pending(id, SecretHash::of(&cookie))
            .await?
            .ok_or(PageRefusal::UnknownRequest)?;
        Ok(Self { cookie, request_id: request_id.to_owned(), pending })
    }

    /// Refuses what was answered or has expired.
    pub(super) fn still_open(&self, server: &Server) -> Result<(), PageRefusal> {
        if self.pending.decided {
            return Err(PageRefusal::AlreadyDecided);
        }
        if self.pending.expires_at <= server.clock.now() {
            return Err(PageRefusal::ExpiredRequest);
        }
        Ok(())
    }

    /// The way back to the client.
    pub(super) fn redirect(&self, server: &Server) -> TrustedRedirect {
        TrustedRedirect::stored(&self.pending, &server.settings.issuer)
    }

    /// The refusal that waited for sign-in, if the request is refused.
    pub(super) fn refusal(&self) -> Result<Option<RedirectRefusal>, PageRefusal> {
        match &self.pending.request.standing {
            Standing::Asks(_) => Ok(None),
            Standing::Refused(name) => {
                RedirectRefusal::from_name(name).map(Some).ok_or(PageRefusal::ServerFault)
            }
        }
    }
}

/// The fields of a form of these pages.
pub(super) async fn read_form(headers: &HeaderMap, body: Body) -> Result<String, PageRefusal> {
    form::read(headers, body).await.map_err(|error| match error {
        FormError::TooLong => PageRefusal::FormTooLong,
        FormError::WrongContentType
        | FormError::Incomplete
        | FormError::NotText
        | FormError::TooManyFields => PageRefusal::BadForm,
    })
}

#[tracing::instrument(skip_all)]
pub(super) async fn get_sign_in(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, PageRefusal> {
    let parameters = Parameters::parse(query.as_deref().unwrap_or_default());
    let visit = Visit::find(&server, &headers, &parameters).await?;
    visit.still_open(&server)?;
    let request = &visit.pending.request;
    let template = SignInPage {
        client_name: &request.client.name,
        client_host: super::consent::host_of(request.client.id.as_str()),
        people: &server.settings.people,
        request_id: &visit.request_id,
        csrf: csrf::token(&visit.cookie, Form::SignIn, &visit.request_id),
    };
    html::page(&template, Some(&request.redirect_uri))
}

#[tracing::instrument(skip_all)]
pub(super) async fn post_sign_in(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, PageRefusal> {
    csrf::check_origin(&headers, &server.settings.issuer)?;
    let form = Parameters::parse(&read_form(&headers, body).await?);
    let visit = Visit::find(&server, &headers, &form).await?;
    let field = |name| form.get(name).map_err(|_| PageRefusal::BadForm);
    csrf::check(&visit.cookie, Form::SignIn, &visit.request_id, field("csrf")?.unwrap_or_default())?;
    visit.still_open(&server)?;
    let person =
        field("person")?.and_then(|subject| server.settings.person(subject)).ok_or(PageRefusal::BadForm)?;

    let now = server.clock.now();
    let cookie = server.entropy.secret();
    let session =
        Session { subject: person.subject.clone(), expires_at: now.plus(server.settings.lifetimes.session) };
    server.store.sign_in(SecretHash::of(&visit.cookie), SecretHash::of(&cookie), session, now).await?;
    tracing::info!(subject = %person.subject, "signed in");

    let mut response = match visit.refusal()? {
        Some(refusal) => visit.redirect(&server).with_refusal(refusal)?,
        None => see_other(&format!("/consent?request={}", visit.request_id))?,
    };
    response.headers_mut().insert(SET_COOKIE, session::set_cookie(&server, &cookie)?);
    Ok(response)
}

#[tracing::instrument(skip_all)]
pub(super) async fn post_sign_out(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, PageRefusal> {
    csrf::check_origin(&headers, &server.settings.issuer)?;
    let form = Parameters::parse(&read_form(&headers, body).await?);
    let field = |name| form.get(name).map(Option::unwrap_or_default).map_err(|_| PageRefusal::BadForm);
    let request_id = field("request")?;
    let cookie = session::cookie(&server, &headers).ok_or(PageRefusal::ForgedForm)?;
    csrf::check(&cookie, Form::SignOut, request_id, field("csrf")?)?;

    let fresh = server.entropy.secret();
    let now = server.clock.now();
    server.store.sign_out(SecretHash::of(&cookie), SecretHash::of(&fresh), now).await?;
    // The id passed the check of the form's token, so it is one that this server wrote.
    let mut response = match request_id {
        "" => see_other("/")?,
        id => see_other(&format!("/sign-in?request={id}"))?,
    };
    response.headers_mut().insert(SET_COOKIE, session::set_cookie(&server, &fresh)?);
    Ok(response)
}
