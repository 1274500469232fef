//! `/consent`: the person decides, once per request.
//!
//! What is decided about is what was stored; the form only says yes or no, and which of the stored scopes are ticked.
//! The question is put every time: a client on loopback cannot prove that it is the one that was allowed before.
//!
//! Spec: OAuth 2.1 §4.1.2, §7.3.1; MCP Authorization, Localhost Redirect URI Risks; MCP Security Best Practices,
//! Consent UI.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::HeaderMap;
use protocol::cimd::ClientIdUrl;
use protocol::loopback::{LoopbackPolicy, is_loopback_host};
use protocol::query::Parameters;
use protocol::scope::{OFFLINE_ACCESS, ScopeSet};

use super::csrf::{self, Form};
use super::html::{self, ConsentPage, Mark, ScopeChoice};
use super::page_refusal::PageRefusal;
use super::redirect::see_other;
use super::redirect_refusal::RedirectRefusal;
use super::sign_in::{Visit, read_form};
use super::state::Server;
use super::{Person, ProtectedResource, issue, session};
use crate::store::{Asked, Decision, NewRequest, SecretHash, Standing, Verdict};

#[tracing::instrument(skip_all)]
pub(super) async fn get_consent(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, PageRefusal> {
    let parameters = Parameters::parse(query.as_deref().unwrap_or_default());
    let visit = Visit::find(&server, &headers, &parameters).await?;
    visit.still_open(&server)?;
    let now = server.clock.now();
    let Some(person) = session::person(&server, Some(&visit.cookie), now).await? else {
        return see_other(&format!("/sign-in?request={}", visit.request_id));
    };
    match &visit.pending.request.standing {
        Standing::Asks(asked) => show(&server, &visit, person, asked).await,
        Standing::Refused(_) => {
            let refusal = visit.refusal()?.ok_or(PageRefusal::ServerFault)?;
            visit.redirect(&server).with_refusal(refusal)
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
    let redirect = &request.redirect_uri;
    let template = ConsentPage {
        person,
        client_name: &request.client.name,
        client_host: host_of(request.client.id.as_str()),
        client_id: request.client.id.as_str(),
        redirect_host: redirect.authority(),
        redirect_rest: redirect.as_str().strip_prefix(redirect.origin()).unwrap_or_default(),
        redirect_is_loopback: redirect.is_loopback(),
        client_is_loopback: is_loopback_client(request.client.id.as_str()),
        resource_name: &resource.name,
        resource_uri: resource.uri.as_str(),
        asks_for_more: scopes.iter().any(|scope| scope.mark == Mark::New),
        scopes,
        ending: ending(lasts(server, request, &asked.scope), &asked.scope),
        request_id: &visit.request_id,
        csrf: csrf::token(&visit.cookie, Form::Consent, &visit.request_id),
        sign_out_csrf: csrf::token(&visit.cookie, Form::SignOut, &visit.request_id),
    };
    html::page(&template, Some(redirect))
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
    let ticked = ticked(&body);
    let lifetimes = &server.settings.lifetimes;
    // The first access token must fit in, however late the code is redeemed.
    let family_lasts =
        lasts(&server, &visit.pending.request, &ticked).max(lifetimes.code + lifetimes.access_token);
    let verdict = match field("decision")? {
        Some("allow") => Verdict::Allow {
            ticked,
            code: SecretHash::of(&code),
            family: server.entropy.secret().reveal().to_owned(),
            code_expires_at: now.plus(lifetimes.code),
            family_expires_at: now.plus(family_lasts),
        },
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
        Decision::Unknown => Err(PageRefusal::UnknownRequest),
        Decision::SignedOut => Err(PageRefusal::SignedOut),
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
    let offline_access = asked.scope.iter().find(|token| token.as_str() == OFFLINE_ACCESS).map(|token| {
        let description = "Stay connected while you are away";
        ScopeChoice { token: OFFLINE_ACCESS, description, mark: mark(token) }
    });
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

/// The host and port in a client id that is a URL, as written.
pub(super) fn host_of(client_id: &str) -> &str {
    let after_scheme = client_id.split_once("://").map_or(client_id, |(_, rest)| rest);
    after_scheme.split(['/', '?', '#']).next().unwrap_or(after_scheme)
}

fn is_loopback_client(client_id: &str) -> bool {
    ClientIdUrl::parse(client_id, LoopbackPolicy::AllowHttpOnLoopback).is_ok_and(|_| {
        let host = host_of(client_id);
        let without_port = host.rfind(':').filter(|colon| !host[*colon..].contains(']'));
        is_loopback_host(without_port.map_or(host, |colon| &host[..colon]))
    })
}

/// When access ends without anybody doing anything about it, as the end of a sentence.
fn ending(seconds: u64, asked: &ScopeSet) -> String {
    let unless = if asked.has_offline_access() { ", unless you let it stay connected" } else { "" };
    format!("{} after you allow it, and when you sign out{unless}", lifetime(seconds))
}

/// "10 minutes"
fn lifetime(seconds: u64) -> String {
    let (count, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7200 => (seconds / 60, "minute"),
        7200..172_800 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_shown_as_written() {
        assert_eq!(host_of("http://localhost:3000/client.json"), "localhost:3000");
        assert_eq!(host_of("https://C.example?x=/"), "C.example");
        assert!(is_loopback_client("http://[::1]:3000/c"));
        assert!(is_loopback_client("http://localhost/c"));
        assert!(!is_loopback_client("https://localhost.example/c"));
    }

    #[test]
    fn lifetimes_are_read_by_people() {
        assert_eq!(lifetime(600), "10 minutes");
        assert_eq!(lifetime(90), "90 seconds");
        assert_eq!(lifetime(7200), "2 hours");
        assert_eq!(lifetime(30 * 86_400), "30 days");
    }
}
