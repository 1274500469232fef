//! `GET /authorize`: a client asks for permission.
//!
//! The checks stand in two halves. Until the client and its redirect URI are known, a failure is a page. After that
//! there is a [`TrustedRedirect`], and a failure is told to the client, but only after somebody has signed in: nobody
//! can use this server to send strangers somewhere.
//!
//! Spec: OAuth 2.1 §4.1.1, §4.1.2.1, §7.12.2; RFC 7636 §4.3; RFC 8707 §2.1; OpenID Connect Core §3.1.2.6 (`prompt`).

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, SET_COOKIE};
use http::{HeaderMap, HeaderValue};
use protocol::ids::UnixTime;
use protocol::pkce::{CodeChallenge, S256};
use protocol::query::Parameters;
use protocol::scope::ScopeSet;
use protocol::secret::Secret;

use super::clients::Found;
use super::form::decodes_to_text;
use super::page_refusal::PageRefusal;
use super::redirect::{TrustedRedirect, see_other};
use super::redirect_refusal::RedirectRefusal;
use super::sign_in::MAX_NAME_BYTES;
use super::state::Server;
use super::{Person, ProtectedResource, Settings, clients, interstitial, remembered, session};
use crate::store::{Asked, NewRequest, SecretHash, Standing};

/// Long enough that a list of far too many scopes is refused as one, by redirect.
const MAX_QUERY_BYTES: usize = 60 * 1024;
/// Comparing names with each other costs the square of their number.
const MAX_PARAMETERS: usize = 100;
const MAX_STATE_BYTES: usize = 2 * 1024;

pub(super) async fn get_authorize(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    begin(&server, &headers, query.as_deref().unwrap_or_default())
        .await
        .unwrap_or_else(PageRefusal::into_response)
}

/// Every other method, HEAD too: what GET does here is more than to describe something. (POST may be offered; forms of
/// other sites could then bring requests whose parameters nobody sees in the address bar.)
///
/// Spec: OAuth 2.1 §3.1; RFC 9110 §15.5.6.
pub(super) async fn wrong_method() -> impl IntoResponse {
    ([(ALLOW, HeaderValue::from_static("GET"))], PageRefusal::WrongMethod)
}

#[tracing::instrument(name = "authorize", skip_all)]
async fn begin(server: &Server, headers: &HeaderMap, query: &str) -> Result<Response, PageRefusal> {
    // First half: who asks, and where would an answer go?
    let parameters = read_query(query)?;
    let Found { client, uses_codes } = clients::find(server, client_id(&parameters)?).await?;
    let redirect = TrustedRedirect::registered(&client, &parameters, &server.settings.issuer)?;

    // Second half: what is asked for?
    let prompt = Prompt::read(&parameters);
    let asked = match asked(&parameters, &server.settings, uses_codes) {
        Ok(asked) if server.store.challenge_was_used(asked.code_challenge.clone()).await? => {
            Err(RedirectRefusal::ReusedCodeChallenge)
        }
        asked => asked,
    };

    let now = server.clock.now();
    let cookie = session::cookie(server, headers);
    let person = session::person(server, cookie.as_ref(), now).await?;
    let standing = match (asked, person) {
        // Nothing may be shown, so this is the one answer without sign-in (OAuth 2.1 §7.12.2).
        (_, None) if prompt.none => return redirect.with_refusal(RedirectRefusal::LoginRequired),
        (Err(refusal), Some(_)) if prompt.none => return redirect.with_refusal(refusal),
        (Err(refusal), Some(person)) => {
            return interstitial::refuse(server, &client, &redirect, person, refusal).await;
        }
        (Err(refusal), None) => Standing::Refused(refusal.name()),
        (Ok(asked), _) => Standing::Asks(asked),
    };

    let request = NewRequest {
        client,
        redirect_uri: redirect.uri().clone(),
        state: redirect.state().map(str::to_owned),
        login_hint: login_hint(&parameters),
        standing,
        must_ask: prompt.consent,
        must_sign_in: prompt.sign_in,
    };
    let browser = Browser { cookie, person: person.filter(|_| !prompt.sign_in) };
    put_down(server, &redirect, &request, browser, prompt, now).await
}

/// What comes with a request besides its parameters.
struct Browser<'a> {
    cookie: Option<Secret>,
    /// Who is signed in, if that counts.
    person: Option<&'a Person>,
}

/// Puts a request down, and answers it: at once where a consent that is remembered covers it, else after the person has
/// seen a page.
async fn put_down(
    server: &Server,
    redirect: &TrustedRedirect,
    request: &NewRequest,
    browser: Browser<'_>,
    prompt: Prompt,
    now: UnixTime,
) -> Result<Response, PageRefusal> {
    let remembered_for = match browser.person {
        Some(person) if remembered::covers(server, person, request, now).await? => Some(person),
        _ => None,
    };
    if prompt.none && remembered_for.is_none() {
        return redirect.with_refusal(RedirectRefusal::ConsentRequired);
    }

    let id = server.entropy.secret();
    let is_new = browser.cookie.is_none();
    let cookie = browser.cookie.unwrap_or_else(|| server.entropy.secret());
    let put_down = server
        .store
        .begin_authorization(SecretHash::of(&id), SecretHash::of(&cookie), request.clone(), now)
        .await;
    match put_down {
        // Somebody is signed in, so the client may be told.
        Err(error) if browser.person.is_some() => return redirect.with_refusal(error.into()),
        put_down => put_down?,
    }
    if let Some(person) = remembered_for
        && let Some(answer) = remembered::answer(server, request, id.reveal(), &cookie, person).await?
    {
        return Ok(answer);
    }
    // It was taken back this very moment.
    if prompt.none {
        return redirect.with_refusal(RedirectRefusal::ConsentRequired);
    }

    let page = if browser.person.is_some() { "consent" } else { "sign-in" };
    let mut response = see_other(&format!("/{page}?request={}", id.reveal()))?;
    if is_new {
        response.headers_mut().insert(SET_COOKIE, session::set_cookie(server, &cookie)?);
    }
    Ok(response)
}

// --- first half ---

fn read_query(query: &str) -> Result<Parameters, PageRefusal> {
    if query.len() > MAX_QUERY_BYTES || query.matches('&').count() >= MAX_PARAMETERS {
        return Err(PageRefusal::QueryTooLong);
    }
    if !decodes_to_text(query.as_bytes()) {
        return Err(PageRefusal::MalformedQuery);
    }
    let parameters = Parameters::parse(query);
    // It would have to be stored and sent back; and a client whose state is cut could not recognize the answer.
    if parameters.get("state").is_ok_and(|state| state.is_some_and(|state| state.len() > MAX_STATE_BYTES)) {
        return Err(PageRefusal::StateTooLong);
    }
    Ok(parameters)
}

fn client_id(parameters: &Parameters) -> Result<&str, PageRefusal> {
    parameters
        .get("client_id")
        .map_err(|_| PageRefusal::RepeatedClientId)?
        .ok_or(PageRefusal::MissingClientId)
}

// --- second half ---

/// What the request asks for, if every check passes.
fn asked(parameters: &Parameters, settings: &Settings, uses_codes: bool) -> Result<Asked, RedirectRefusal> {
    check_repetition(parameters)?;
    check_response_type(parameters)?;
    check_response_mode(parameters)?;
    check_request_object(parameters)?;
    check_prompt(parameters)?;
    let code_challenge = code_challenge(parameters)?;
    let resource = resource(parameters, settings)?;
    let scope = scope(parameters, resource)?;
    if !uses_codes {
        return Err(RedirectRefusal::ClientUsesNoCodes);
    }
    Ok(Asked { code_challenge, resource: resource.uri.clone(), scope })
}

/// A known parameter whose repetition was excluded before.
fn value<'a>(parameters: &'a Parameters, name: &'static str) -> Result<Option<&'a str>, RedirectRefusal> {
    parameters.get(name).map_err(|_| RedirectRefusal::RepeatedParameter)
}

/// Unknown parameters may do as they like; `resource` may repeat by its own rule, and is refused by its own check.
fn check_repetition(parameters: &Parameters) -> Result<(), RedirectRefusal> {
    const KNOWN: [&str; 11] = [
        "response_type",
        "response_mode",
        "scope",
        "state",
        "code_challenge",
        "code_challenge_method",
        "prompt",
        "login_hint",
        "request",
        "request_uri",
        "registration",
    ];
    KNOWN.into_iter().try_for_each(|name| value(parameters, name).map(|_| ()))
}

fn check_response_type(parameters: &Parameters) -> Result<(), RedirectRefusal> {
    match value(parameters, "response_type")? {
        Some("code") => Ok(()),
        Some(_) => Err(RedirectRefusal::UnsupportedResponseType),
        None => Err(RedirectRefusal::MissingResponseType),
    }
}

fn check_response_mode(parameters: &Parameters) -> Result<(), RedirectRefusal> {
    match value(parameters, "response_mode")? {
        None | Some("query") => Ok(()),
        Some(_) => Err(RedirectRefusal::UnsupportedResponseMode),
    }
}

/// What these point to is never looked at: a `request_uri` can be an internal address.
fn check_request_object(parameters: &Parameters) -> Result<(), RedirectRefusal> {
    if value(parameters, "request")?.is_some() {
        return Err(RedirectRefusal::RequestObject);
    }
    if value(parameters, "request_uri")?.is_some() {
        return Err(RedirectRefusal::RequestUri);
    }
    if value(parameters, "registration")?.is_some() {
        return Err(RedirectRefusal::Registration);
    }
    Ok(())
}

fn check_prompt(parameters: &Parameters) -> Result<(), RedirectRefusal> {
    let Some(text) = value(parameters, "prompt")? else { return Ok(()) };
    let prompts: Vec<_> = text.split(' ').collect();
    if prompts.contains(&"none") && prompts.len() > 1 {
        return Err(RedirectRefusal::ContradictoryPrompt);
    }
    let known = |prompt: &&str| matches!(*prompt, "none" | "login" | "consent" | "select_account");
    if prompts.iter().all(known) { Ok(()) } else { Err(RedirectRefusal::UnknownPrompt) }
}

fn code_challenge(parameters: &Parameters) -> Result<CodeChallenge, RedirectRefusal> {
    let challenge = value(parameters, "code_challenge")?.ok_or(RedirectRefusal::MissingCodeChallenge)?;
    // An absent method means "plain".
    if value(parameters, "code_challenge_method")? != Some(S256) {
        return Err(RedirectRefusal::NotS256);
    }
    CodeChallenge::parse(challenge).map_err(|_| RedirectRefusal::MalformedCodeChallenge)
}

fn resource<'a>(
    parameters: &Parameters,
    settings: &'a Settings,
) -> Result<&'a ProtectedResource, RedirectRefusal> {
    let uri = parameters
        .get("resource")
        .map_err(|_| RedirectRefusal::SeveralResources)?
        .ok_or(RedirectRefusal::MissingResource)?;
    settings.resource(uri).ok_or(RedirectRefusal::UnknownResource)
}

fn scope(parameters: &Parameters, resource: &ProtectedResource) -> Result<ScopeSet, RedirectRefusal> {
    let Some(text) = value(parameters, "scope")? else { return Ok(resource.default_scope()) };
    let scope: ScopeSet = text.parse().map_err(|_| RedirectRefusal::MalformedScope)?;
    if !scope.of_resource().is_subset(&resource.scope_set()) {
        return Err(RedirectRefusal::UnknownScope);
    }
    // A client that was told no scopes and adds the one that is the server's own has still named none.
    if scope.of_resource().is_empty() { Ok(scope.union(&resource.default_scope())) } else { Ok(scope) }
}

/// Whom the client expects. A hint that cannot be a name is none.
fn login_hint(parameters: &Parameters) -> Option<String> {
    let hint = parameters.get("login_hint").ok().flatten()?;
    let fits = hint.len() <= MAX_NAME_BYTES && !hint.chars().any(char::is_control);
    fits.then(|| hint.to_owned())
}

/// What the client wants the person to be shown.
#[derive(Clone, Copy, Debug)]
struct Prompt {
    /// `none`: no page at all.
    none: bool,
    /// `login` or `select_account`: the sign-in page, whoever is signed in.
    sign_in: bool,
    /// `consent`: the question, whatever is remembered.
    consent: bool,
}

impl Prompt {
    fn read(parameters: &Parameters) -> Self {
        let text = parameters.get("prompt").ok().flatten().unwrap_or_default();
        let asks = |wanted: &str| text.split(' ').any(|prompt| prompt == wanted);
        Self {
            none: text == "none",
            sign_in: asks("login") || asks("select_account"),
            consent: asks("consent"),
        }
    }
}
