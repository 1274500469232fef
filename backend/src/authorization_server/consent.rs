//! `/consent`: the person decides, once per request.
//!
//! What is decided about is what was stored; the form only says yes or no, and which of the stored scopes are ticked.
//!
//! Spec: OAuth 2.1 §4.1.2, §7.3.1; MCP Authorization, Localhost Redirect URI Risks; MCP Security Best Practices,
//! Consent UI.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::HeaderMap;
use protocol::ids::UnixTime;
use protocol::query::Parameters;
use protocol::scope::{OFFLINE_ACCESS, ScopeSet};
use protocol::secret::Secret;

use super::csrf::{self, Form};
use super::html::{self, ConsentPage, Mark, ScopeChoice};
use super::introduction::Introduction;
use super::page_refusal::PageRefusal;
use super::redirect::see_other;
use super::redirect_refusal::RedirectRefusal;
use super::state::Server;
use super::visit::{Visit, read_form, read_query};
use super::{Person, ProtectedResource, interstitial, issue, remembered, session, words};
use crate::store::{Asked, Chosen, Decision, NewRequest, SecretHash, Standing, Verdict};

/// `offline_access` in words.
pub(super) const STAY_CONNECTED: &str = "Stay connected while you are away";

#[tracing::instrument(skip_all)]
pub(super) async fn get_consent(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, PageRefusal> {
    let parameters = read_query(query.as_deref())?;
    let visit = Visit::find(&server, &headers, &parameters).await?;
    visit.still_open(&server)?;
    let now = server.clock.now();
    let request = &visit.pending.request;
    let person = session::person(&server, Some(&visit.cookie), now).await?;
    let Some(person) = person.filter(|_| !request.must_sign_in) else {
        return see_other(&format!("/sign-in?request={}", visit.request_id));
    };
    match &request.standing {
        Standing::Asks(asked) => show(&server, &visit, person, asked).await,
        Standing::Refused(_) => {
            let refusal = visit.refusal()?.ok_or(PageRefusal::ServerFault)?;
            interstitial::refuse(&server, &request.client, &visit.redirect(&server), person, refusal).await
        }
    }
}

async fn show(
    server: &Server,
    visit: &Visit,
    person: &Person,
    asked: &Asked,
) -> Result<Response, PageRefusal> {
    let request = &visit.pending.request;
    // A resource that was taken out of the settings meanwhile is none to consent to.
    let resource = server.settings.resource(asked.resource.as_str()).ok_or(PageRefusal::ExpiredRequest)?;
    let granted = server
        .store
        .granted_scopes(person.subject.clone(), request.client.id.clone(), asked.resource.clone())
        .await?;
    let scopes = choices(resource, asked, &granted);
    let template = ConsentPage {
        person,
        client: Introduction::new(&request.client, &request.redirect_uri),
        resource_name: &resource.name,
        resource_uri: resource.uri.as_str(),
        asks_for_more: scopes.iter().any(|scope| scope.mark == Mark::New),
        scopes,
        ending: ending(lasts(server, request, &asked.scope), &asked.scope),
        request_id: &visit.request_id,
        csrf: csrf::token(&visit.cookie, Form::Consent, &visit.request_id),
        sign_out_csrf: csrf::token(&visit.cookie, Form::SignOut, &visit.request_id),
    };
    html::page(&template, Some(&request.redirect_uri))
}

#[tracing::instrument(skip_all)]
pub(super) async fn post_consent(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, PageRefusal> {
    csrf::check_origin(&headers, &server.settings.issuer)?;
    let body = read_form(&headers, body).await?;
    let form = Parameters::parse(&body);
    let visit = Visit::find(&server, &headers, &form).await?;
    let now = server.clock.now();
    let person = session::person(&server, Some(&visit.cookie), now).await?.ok_or(PageRefusal::SignedOut)?;
    let field = |name| form.get(name).map_err(|_| PageRefusal::BadForm);
    csrf::check(&visit.cookie, Form::Consent, &visit.request_id, field("csrf")?.unwrap_or_default())?;

    let code = server.entropy.secret();
    let verdict = match field("decision")? {
        Some("allow") => allow(&server, &visit.pending.request, Chosen::Ticked(ticked(&body)), &code, now),
        Some("deny") => Verdict::Deny,
        _ => return Err(PageRefusal::BadForm),
    };
    let decision = server
        .store
        .decide(
            SecretHash::of_text(&visit.request_id),
            SecretHash::of(&visit.cookie),
            person.subject.clone(),
            verdict,
            remembered::since(&server, now),
            now,
        )
        .await;
    let decision = match decision {
        Ok(decision) => decision,
        // Somebody is signed in, so the client may be told.
        Err(error) => return visit.redirect(&server).with_refusal(error.into()),
    };
    match decision {
        Decision::Allowed => visit.redirect(&server).with_code(&code),
        Decision::Denied => visit.redirect(&server).with_refusal(RedirectRefusal::Denied),
        Decision::AlreadyDecided => Err(PageRefusal::AlreadyDecided),
        Decision::Expired => Err(PageRefusal::ExpiredRequest),
        // It was decided by the person, never from memory.
        Decision::Unknown | Decision::NotRemembered => Err(PageRefusal::UnknownRequest),
        Decision::SignedOut => Err(PageRefusal::SignedOut),
    }
}

/// The verdict that lets a request through.
pub(super) fn allow(
    server: &Server,
    request: &NewRequest,
    chosen: Chosen,
    code: &Secret,
    now: UnixTime,
) -> Verdict {
    let lifetimes = &server.settings.lifetimes;
    let lasts = match (&request.standing, &chosen) {
        (Standing::Asks(asked), Chosen::AsRemembered) => lasts(server, request, &asked.scope),
        (_, Chosen::Ticked(ticked)) => lasts(server, request, ticked),
        (Standing::Refused(_), Chosen::AsRemembered) => 0,
    };
    // The first access token must fit in, however late the code is redeemed.
    let family_lasts = lasts.max(lifetimes.code + lifetimes.access_token);
    Verdict::Allow {
        chosen,
        code: SecretHash::of(code),
        family: server.entropy.secret().reveal().to_owned(),
        code_expires_at: now.plus(lifetimes.code),
        family_expires_at: now.plus(family_lasts),
    }
}

/// For how many seconds what is allowed lasts: with refresh tokens for a long time, without them for one access token.
fn lasts(server: &Server, request: &NewRequest, allowed: &ScopeSet) -> u64 {
    let asked = match &request.standing {
        Standing::Asks(asked) => asked.scope.intersection(allowed),
        Standing::Refused(_) => ScopeSet::default(),
    };
    let lifetimes = &server.settings.lifetimes;
    if issue::may_refresh(&request.client, &asked) {
        server.settings.family_lifetime(&request.client)
    } else {
        lifetimes.access_token
    }
}

/// The ticked boxes: the one field that may stand several times. Unknown ones fall away in the store.
fn ticked(body: &str) -> ScopeSet {
    url::form_urlencoded::parse(body.as_bytes())
        .filter(|(name, _)| name == "scope")
        .filter_map(|(_, value)| value.parse().ok())
        .collect()
}

/// The lines of the page, in the order in which the resource offers its scopes.
fn choices<'a>(resource: &'a ProtectedResource, asked: &Asked, granted: &ScopeSet) -> Vec<ScopeChoice<'a>> {
    let mark = |token| match (granted.is_empty(), granted.contains(token)) {
        (true, _) => Mark::Unmarked,
        (false, true) => Mark::Granted,
        (false, false) => Mark::New,
    };
    // The one line that is about this server.
    let offline_access = asked
        .scope
        .iter()
        .find(|token| token.as_str() == OFFLINE_ACCESS)
        .map(|token| ScopeChoice { token: OFFLINE_ACCESS, description: STAY_CONNECTED, mark: mark(token) });
    resource
        .scopes
        .iter()
        .filter(|scope| asked.scope.contains(&scope.token))
        .map(|scope| ScopeChoice {
            token: scope.token.as_str(),
            description: &scope.description,
            mark: mark(&scope.token),
        })
        .chain(offline_access)
        .collect()
}

/// When access ends without anybody doing anything about it, as the end of a sentence.
fn ending(seconds: u64, asked: &ScopeSet) -> String {
    let unless = if asked.has_offline_access() { ", unless you let it stay connected" } else { "" };
    format!("{} after you allow it, and when you sign out{unless}", words::lifetime(seconds))
}
