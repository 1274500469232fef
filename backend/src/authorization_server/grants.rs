//! `/grants`: what a person has allowed to whom, and taking it back.
//!
//! Spec: OAuth 2.1 §7.12 (consent phishing: people can see and revoke what they allowed).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use http::header::SET_COOKIE;
use protocol::ids::{ClientId, ResourceUri, UnixTime};
use protocol::loopback::LoopbackPolicy;
use protocol::query::Parameters;
use protocol::scope::OFFLINE_ACCESS;
use protocol::secret::Secret;

use super::consent::STAY_CONNECTED;
use super::csrf::{self, Form};
use super::html::{self, GrantView, GrantsPage};
use super::introduction::Introduction;
use super::page_refusal::PageRefusal;
use super::redirect::see_other;
use super::state::Server;
use super::visit::read_form;
use super::{Person, Settings, remembered, session, words};
use crate::store::{Grant, SecretHash};

#[tracing::instrument(skip_all)]
pub(super) async fn get_grants(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
) -> Result<Response, PageRefusal> {
    let now = server.clock.now();
    let Some((person, cookie)) = signed_in(&server, &headers, now).await? else {
        return see_other("/sign-in");
    };
    let since = remembered::since(&server, now);
    let grants = server.store.grants(person.subject.clone(), since, now).await?;
    let template = GrantsPage {
        person,
        grants: grants.iter().map(|grant| view(&server.settings, grant, &cookie)).collect(),
        access_token: words::lifetime(server.settings.lifetimes.access_token),
        sign_out_csrf: csrf::token(&cookie, Form::SignOut, ""),
        everywhere_csrf: csrf::token(&cookie, Form::SignOutEverywhere, ""),
    };
    html::page(&template, None)
}

/// A grant in words. A resource or scope that was taken out of the settings is shown by its token.
fn view<'a>(settings: &'a Settings, grant: &'a Grant, cookie: &Secret) -> GrantView<'a> {
    let resource = settings.resource(grant.resource.as_str());
    let in_words = |token: &str| {
        if token == OFFLINE_ACCESS {
            return STAY_CONNECTED.to_owned();
        }
        let offered =
            resource.and_then(|resource| resource.scopes.iter().find(|s| s.token.as_str() == token));
        offered.map_or_else(|| token.to_owned(), |scope| scope.description.clone())
    };
    GrantView {
        client: Introduction::of(&grant.client),
        client_id: grant.client.id.as_str(),
        resource_name: resource.map_or("A server that this one no longer serves", |resource| &resource.name),
        resource_uri: grant.resource.as_str(),
        scopes: grant.scope.iter().map(|scope| in_words(scope.as_str())).collect(),
        since: words::day(grant.since),
        last: words::day(grant.last),
        csrf: csrf::token(cookie, Form::Revoke, &about(grant.client.id.as_str(), grant.resource.as_str())),
    }
}

/// What a form is about. A resource has no space in it, so the two cannot be shifted against each other.
fn about(client_id: &str, resource: &str) -> String {
    format!("{client_id} {resource}")
}

#[tracing::instrument(skip_all)]
pub(super) async fn post_revoke(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, PageRefusal> {
    let (form, person, cookie) = posted(&server, &headers, body).await?;
    let field = |name| form.get(name).ok().flatten().ok_or(PageRefusal::BadForm);
    let (client, resource) = (field("client")?, field("resource")?);
    csrf::check(&cookie, Form::Revoke, &about(client, resource), field("csrf").unwrap_or_default())?;
    let client = ClientId::parse(client).map_err(|_| PageRefusal::BadForm)?;
    let resource = ResourceUri::parse(resource, LoopbackPolicy::AllowHttpOnLoopback)
        .map_err(|_| PageRefusal::BadForm)?;
    server.store.revoke_grant(person.subject.clone(), client, resource, server.clock.now()).await?;
    tracing::info!(subject = %person.subject, "a grant was taken back");
    see_other("/grants")
}

#[tracing::instrument(skip_all)]
pub(super) async fn post_sign_out_everywhere(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, PageRefusal> {
    let (form, person, cookie) = posted(&server, &headers, body).await?;
    let sent = form.get("csrf").ok().flatten().unwrap_or_default();
    csrf::check(&cookie, Form::SignOutEverywhere, "", sent)?;
    let fresh = server.entropy.secret();
    let (old, new) = (SecretHash::of(&cookie), SecretHash::of(&fresh));
    server.store.sign_out_everywhere(person.subject.clone(), old, new, server.clock.now()).await?;
    tracing::info!(subject = %person.subject, "signed out everywhere");
    let mut response = see_other("/")?;
    response.headers_mut().insert(SET_COOKIE, session::set_cookie(&server, &fresh)?);
    Ok(response)
}

/// A form that somebody who is signed in has posted.
async fn posted<'a>(
    server: &'a Server,
    headers: &HeaderMap,
    body: Body,
) -> Result<(Parameters, &'a Person, Secret), PageRefusal> {
    csrf::check_origin(headers, &server.settings.issuer)?;
    let form = Parameters::parse(&read_form(headers, body).await?);
    let (person, cookie) =
        signed_in(server, headers, server.clock.now()).await?.ok_or(PageRefusal::SignedOut)?;
    Ok((form, person, cookie))
}

async fn signed_in<'a>(
    server: &'a Server,
    headers: &HeaderMap,
    now: UnixTime,
) -> Result<Option<(&'a Person, Secret)>, PageRefusal> {
    let Some(cookie) = session::cookie(server, headers) else { return Ok(None) };
    Ok(session::person(server, Some(&cookie), now).await?.map(|person| (person, cookie)))
}
