//! A browser that comes with a pending request, and the forms that it posts.

use axum::body::Body;
use http::HeaderMap;
use protocol::clause::Clause;
use protocol::query::Parameters;
use protocol::secret::Secret;

use super::form::{self, FormError};
use super::page_refusal::PageRefusal;
use super::redirect::TrustedRedirect;
use super::redirect_refusal::RedirectRefusal;
use super::session;
use super::state::Server;
use crate::store::{PENDING_SECONDS, PendingRequest, SecretHash, Standing};
use server_kit::witness::{self, checked};

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
        witness::visit(|| id.short_name());
        let pending = server.store.find_pending(id, SecretHash::of(&cookie)).await?;
        let found = || if pending.is_some() { "this browser" } else { "another browser, or nobody" };
        checked(Clause::ConsentCsrf, "who brought the request", pending.is_some(), || "this browser", found);
        let pending = pending.ok_or(PageRefusal::UnknownRequest)?;
        Ok(Self { cookie, request_id: request_id.to_owned(), pending })
    }

    /// Refuses what was answered or has expired.
    pub(super) fn still_open(&self, server: &Server) -> Result<(), PageRefusal> {
        let open = !self.pending.decided;
        let decided = || if open { "not yet" } else { "answered before" };
        checked(Clause::ConsentOnce, "answer", open, || "not yet", decided);
        if !open {
            return Err(PageRefusal::AlreadyDecided);
        }
        let (now, until) = (server.clock.now(), self.pending.expires_at);
        let age = || format!("{} s", (now.0 + PENDING_SECONDS).saturating_sub(until.0));
        let at_most = || format!("less than {PENDING_SECONDS} s");
        checked(Clause::RequestExpired, "age of the request", now < until, at_most, age);
        if until <= now {
            return Err(PageRefusal::ExpiredRequest);
        }
        Ok(())
    }

    /// The way back to the client.
    pub(super) fn redirect(&self, server: &Server) -> TrustedRedirect {
        TrustedRedirect::stored(&self.pending.request, &server.settings.issuer)
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

/// The query of a page. A form that was sent by GET has put its secrets into an address: it does nothing.
///
/// Spec: RFC 9110 §9.2.1 (safe methods).
pub(super) fn read_query(query: Option<&str>) -> Result<Parameters, PageRefusal> {
    let parameters = Parameters::parse(query.unwrap_or_default());
    match parameters.get("csrf") {
        Ok(None) => Ok(parameters),
        Ok(Some(_)) | Err(_) => Err(PageRefusal::FormByGet),
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
