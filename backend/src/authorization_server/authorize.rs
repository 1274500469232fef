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
use protocol::clause::Clause;
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
use server_kit::witness::{self, checked, or_absent};

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
        Ok(asked) if was_used(server, &asked.code_challenge).await? => {
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
        (Err(refusal), None) => {
            refusal.report();
            Standing::Refused(refusal.name())
        }
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
    witness::visit(|| SecretHash::of(&id).short_name());
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
    let found = || if uses_codes { "authorization_code" } else { "others only" };
    checked(
        Clause::ClientGrantTypes,
        "grant_types of the client",
        uses_codes,
        || "authorization_code",
        found,
    );
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
    let repeated = KNOWN.into_iter().find(|name| parameters.get(name).is_err());
    let found = || repeated.map_or_else(|| "no repetition".to_owned(), |name| format!("{name} repeated"));
    checked(Clause::NoParameterTwice, "parameters", repeated.is_none(), || "no repetition", found);
    if repeated.is_none() { Ok(()) } else { Err(RedirectRefusal::RepeatedParameter) }
}

fn check_response_type(parameters: &Parameters) -> Result<(), RedirectRefusal> {
    let sent = value(parameters, "response_type")?;
    checked(Clause::ResponseType, "response_type", sent == Some("code"), || "code", || or_absent(sent));
    match sent {
        Some("code") => Ok(()),
        Some(_) => Err(RedirectRefusal::UnsupportedResponseType),
        None => Err(RedirectRefusal::MissingResponseType),
    }
}

fn check_response_mode(parameters: &Parameters) -> Result<(), RedirectRefusal> {
    let sent = value(parameters, "response_mode")?;
    let fits = matches!(sent, None | Some("query"));
    checked(Clause::ResponseMode, "response_mode", fits, || "query, or absent", || or_absent(sent));
    if fits { Ok(()) } else { Err(RedirectRefusal::UnsupportedResponseMode) }
}

/// What these point to is never looked at: a `request_uri` can be an internal address.
fn check_request_object(parameters: &Parameters) -> Result<(), RedirectRefusal> {
    for (name, clause, refusal) in [
        ("request", Clause::RequestObject, RedirectRefusal::RequestObject),
        ("request_uri", Clause::RequestObject, RedirectRefusal::RequestUri),
        ("registration", Clause::RegistrationParameter, RedirectRefusal::Registration),
    ] {
        if value(parameters, name)?.is_some() {
            checked(clause, name, false, || "absent", || "present");
            return Err(refusal);
        }
    }
    Ok(())
}

fn check_prompt(parameters: &Parameters) -> Result<(), RedirectRefusal> {
    let Some(text) = value(parameters, "prompt")? else { return Ok(()) };
    let prompts: Vec<_> = text.split(' ').collect();
    let contradictory = prompts.contains(&"none") && prompts.len() > 1;
    let known = |prompt: &&str| matches!(*prompt, "none" | "login" | "consent" | "select_account");
    let known = prompts.iter().all(known);
    let expected = || "none, or any of login, consent, select_account";
    checked(Clause::Prompt, "prompt", known && !contradictory, expected, || text);
    match (contradictory, known) {
        (true, _) => Err(RedirectRefusal::ContradictoryPrompt),
        (false, false) => Err(RedirectRefusal::UnknownPrompt),
        (false, true) => Ok(()),
    }
}

fn code_challenge(parameters: &Parameters) -> Result<CodeChallenge, RedirectRefusal> {
    let sent = value(parameters, "code_challenge")?;
    checked(Clause::PkceRequired, "code_challenge", sent.is_some(), || "present", || or_absent(sent));
    let sent = sent.ok_or(RedirectRefusal::MissingCodeChallenge)?;
    let method = value(parameters, "code_challenge_method")?;
    let is_s256 = method == Some(S256);
    let found = || method.unwrap_or("absent, which means plain");
    checked(Clause::PkceRequired, "code_challenge_method", is_s256, || S256, found);
    if !is_s256 {
        return Err(RedirectRefusal::NotS256);
    }
    let challenge = CodeChallenge::parse(sent).map_err(|_| RedirectRefusal::MalformedCodeChallenge);
    let expected = || "43 characters of base64url";
    checked(Clause::PkceChallenge, "form of the code_challenge", challenge.is_ok(), expected, || sent);
    challenge
}

/// Whether a code was issued for this challenge before.
async fn was_used(server: &Server, challenge: &CodeChallenge) -> Result<bool, PageRefusal> {
    let used = server.store.challenge_was_used(challenge.clone()).await?;
    let found = || if used { "a code was issued for it before" } else { "never seen with a code" };
    checked(Clause::PkceFresh, "freshness of the code_challenge", !used, || "never seen with a code", found);
    Ok(used)
}

fn resource<'a>(
    parameters: &Parameters,
    settings: &'a Settings,
) -> Result<&'a ProtectedResource, RedirectRefusal> {
    let sent = parameters.get("resource");
    let resource = match sent {
        Ok(Some(uri)) => settings.resource(uri).ok_or(RedirectRefusal::UnknownResource),
        Ok(None) => Err(RedirectRefusal::MissingResource),
        Err(_) => Err(RedirectRefusal::SeveralResources),
    };
    let expected = || {
        let known: Vec<_> = settings.resources.iter().map(|resource| resource.uri.as_str()).collect();
        known.join(" or ")
    };
    let found = || sent.map_or("several", or_absent);
    checked(Clause::ResourceParameter, "resource", resource.is_ok(), expected, found);
    resource
}

fn scope(parameters: &Parameters, resource: &ProtectedResource) -> Result<ScopeSet, RedirectRefusal> {
    let Some(text) = value(parameters, "scope")? else { return Ok(resource.default_scope()) };
    let scope = text.parse().map_err(|_| RedirectRefusal::MalformedScope);
    let scope = scope.and_then(|scope: ScopeSet| {
        let known = scope.of_resource().is_subset(&resource.scope_set());
        if known { Ok(scope) } else { Err(RedirectRefusal::UnknownScope) }
    });
    checked(Clause::ScopeSyntax, "scope", scope.is_ok(), || resource.scope_set().to_string(), || text);
    let scope = scope?;
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
