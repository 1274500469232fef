//! `/sign-in` and `/sign-out`: who is there?
//!
//! A fresh cookie at each change, a form that only this browser can post, and no way on but to the request that this
//! browser brought, or to the page of what one has allowed. The people of the lab have no passwords.
//!
//! Spec: OAuth 2.1 §7.9 (CSRF), §7.12.2 (users first); MCP Security Best Practices, Consent UI.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::header::{RETRY_AFTER, SET_COOKIE};
use http::{HeaderMap, StatusCode};
use protocol::clause::Clause;
use protocol::query::Parameters;
use protocol::secret::Secret;

use super::csrf::{self, Form};
use super::html::{self, SignInPage};
use super::introduction::Introduction;
use super::page_refusal::PageRefusal;
use super::password::Busy;
use super::peer::Peer;
use super::rate_limit::TooMany;
use super::redirect::see_other;
use super::state::Server;
use super::visit::{Visit, read_form, read_query};
use super::{Person, interstitial, remembered, session, words};
use crate::store::SecretHash;
use server_kit::witness;

/// The longest account name that is looked at, in bytes.
pub(super) const MAX_NAME_BYTES: usize = 255;

/// Why nobody is signed in. All of it is said on the sign-in page, and none of it tells whether there is such an
/// account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SignInDenial {
    WrongNameOrPassword,
    TooManyTries { retry_after: u64 },
    Busy,
}

impl SignInDenial {
    /// The one place where a denial becomes a status, words, and seconds to wait.
    fn explain(self) -> (StatusCode, String, Option<u64>) {
        match self {
            Self::WrongNameOrPassword => {
                (StatusCode::FORBIDDEN, "The name or the password is not right.".to_owned(), None)
            }
            Self::TooManyTries { retry_after } => (
                StatusCode::TOO_MANY_REQUESTS,
                format!("That was wrong too often. Wait {}, then try again.", wait(retry_after)),
                Some(retry_after),
            ),
            Self::Busy => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Too many people are signing in right now. Try again in a few seconds.".to_owned(),
                Some(2),
            ),
        }
    }
}

impl SignInDenial {
    /// Tells whoever watches.
    fn report(self) {
        let clause = match self {
            Self::WrongNameOrPassword | Self::TooManyTries { .. } => Clause::GuessingIsSlow,
            Self::Busy => Clause::Unavailable,
        };
        witness::refused(clause, || words::variant(&self), || self.explain().1);
    }
}

impl From<TooMany> for SignInDenial {
    fn from(TooMany { retry_after }: TooMany) -> Self {
        Self::TooManyTries { retry_after }
    }
}

/// "2 minutes"
fn wait(seconds: u64) -> String {
    match seconds.div_ceil(60) {
        0 | 1 => "a minute".to_owned(),
        minutes => format!("{minutes} minutes"),
    }
}

/// What somebody signs in for.
enum Errand {
    /// To decide a request.
    Request(Box<Visit>),
    /// To see what they have allowed.
    Grants(Secret),
}

impl Errand {
    async fn find(
        server: &Server,
        headers: &HeaderMap,
        parameters: &Parameters,
    ) -> Result<Option<Self>, PageRefusal> {
        if parameters.get("request") == Ok(None) {
            return Ok(session::cookie(server, headers).map(Self::Grants));
        }
        let visit = Visit::find(server, headers, parameters).await?;
        Ok(Some(Self::Request(Box::new(visit))))
    }

    fn cookie(&self) -> &Secret {
        match self {
            Self::Request(visit) => &visit.cookie,
            Self::Grants(cookie) => cookie,
        }
    }

    fn request_id(&self) -> &str {
        match self {
            Self::Request(visit) => &visit.request_id,
            Self::Grants(_) => "",
        }
    }

    fn still_open(&self, server: &Server) -> Result<(), PageRefusal> {
        match self {
            Self::Request(visit) => visit.still_open(server),
            Self::Grants(_) => Ok(()),
        }
    }

    /// Who the client thinks is there.
    fn login_hint(&self) -> &str {
        match self {
            Self::Request(visit) => visit.pending.request.login_hint.as_deref().unwrap_or_default(),
            Self::Grants(_) => "",
        }
    }
}

#[tracing::instrument(skip_all)]
pub(super) async fn get_sign_in(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, PageRefusal> {
    let parameters = read_query(query.as_deref())?;
    let (errand, fresh) = match Errand::find(&server, &headers, &parameters).await? {
        Some(errand) => (errand, false),
        None => (Errand::Grants(server.entropy.secret()), true),
    };
    errand.still_open(&server)?;
    if let Errand::Grants(cookie) = &errand
        && session::person(&server, Some(cookie), server.clock.now()).await?.is_some()
    {
        return see_other("/grants");
    }
    let mut response = show(&server, &errand, errand.login_hint(), None)?;
    if fresh {
        response.headers_mut().insert(SET_COOKIE, session::set_cookie(&server, errand.cookie())?);
    }
    Ok(response)
}

fn show(
    server: &Server,
    errand: &Errand,
    name: &str,
    problem: Option<SignInDenial>,
) -> Result<Response, PageRefusal> {
    let request = match errand {
        Errand::Request(visit) => Some(&visit.pending.request),
        Errand::Grants(_) => None,
    };
    let problem = problem.map(SignInDenial::explain);
    let people = &server.settings.people;
    let template = SignInPage {
        client: request.map(|request| Introduction::new(&request.client, &request.redirect_uri)),
        people: people.iter().filter(|person| person.password.is_none()).collect(),
        asks_for_password: people.iter().any(|person| person.password.is_some()),
        name,
        problem: problem.as_ref().map(|(_, words, _)| words.as_str()),
        request_id: errand.request_id(),
        csrf: csrf::token(errand.cookie(), Form::SignIn, errand.request_id()),
        session: words::lifetime(server.settings.lifetimes.session),
    };
    let mut response = html::page(&template, request.map(|request| &request.redirect_uri))?;
    if let Some((status, _, retry_after)) = problem {
        *response.status_mut() = status;
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
    }
    Ok(response)
}

#[tracing::instrument(skip_all)]
pub(super) async fn post_sign_in(
    State(server): State<Arc<Server>>,
    peer: Peer,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, PageRefusal> {
    csrf::check_origin(&headers, &server.settings.issuer)?;
    let form = Parameters::parse(&read_form(&headers, body).await?);
    let errand = Errand::find(&server, &headers, &form).await?.ok_or(PageRefusal::ForgedForm)?;
    let field = |name| form.get(name).map(Option::unwrap_or_default).map_err(|_| PageRefusal::BadForm);
    csrf::check(errand.cookie(), Form::SignIn, errand.request_id(), field("csrf")?)?;
    errand.still_open(&server)?;

    let (subject, name, password) = (field("person")?, field("name")?.trim(), field("password")?);
    let person = if subject.is_empty() {
        match who_is(&server, peer, name, Secret::new(password)).await? {
            Ok(person) => person,
            Err(denial) => {
                denial.report();
                return show(&server, &errand, name, Some(denial));
            }
        }
    } else {
        server
            .settings
            .person(subject)
            .filter(|person| person.password.is_none())
            .ok_or(PageRefusal::BadForm)?
    };
    go_on(&server, &errand, person).await
}

/// Who has this name and this password. Every try is counted before it is looked at, so that many at once are not heard
/// either; the right one does not count.
async fn who_is<'a>(
    server: &'a Server,
    peer: Peer,
    name: &str,
    password: Secret,
) -> Result<Result<&'a Person, SignInDenial>, PageRefusal> {
    if name.is_empty() || name.len() > MAX_NAME_BYTES || password.reveal().is_empty() {
        return Ok(Err(SignInDenial::WrongNameOrPassword));
    }
    // What was typed is not logged: it may be a password in the wrong field.
    let account = server.settings.person(name);
    let known = account.map_or("none", |person| person.subject.as_str());
    let attempt = match server.limits.sign_in(peer, name, server.clock.now()) {
        Ok(attempt) => attempt,
        Err(too_many) => {
            tracing::warn!(peer = %peer.network(), account = known, "too many wrong passwords");
            return Ok(Err(too_many.into()));
        }
    };
    match server.passwords.check(name, account, password).await {
        Ok(true) => {
            attempt.take_back();
            Ok(Ok(account.ok_or(PageRefusal::ServerFault)?))
        }
        Ok(false) => {
            tracing::warn!(peer = %peer.network(), account = known, "wrong password");
            Ok(Err(SignInDenial::WrongNameOrPassword))
        }
        Err(Busy) => {
            attempt.take_back();
            Ok(Err(SignInDenial::Busy))
        }
    }
}

/// Opens a session, and leads to where this browser wanted to go: nowhere else can it be sent.
async fn go_on(server: &Server, errand: &Errand, person: &Person) -> Result<Response, PageRefusal> {
    let now = server.clock.now();
    let cookie = server.entropy.secret();
    let session = session::begin(server, person, now);
    server.store.sign_in(SecretHash::of(errand.cookie()), SecretHash::of(&cookie), session, now).await?;
    tracing::info!(subject = %person.subject, "signed in");

    let mut response = match errand {
        Errand::Grants(_) => see_other("/grants")?,
        Errand::Request(visit) => go_on_with(server, visit, &cookie, person).await?,
    };
    response.headers_mut().insert(SET_COOKIE, session::set_cookie(server, &cookie)?);
    Ok(response)
}

/// To the consent page, or past it.
async fn go_on_with(
    server: &Server,
    visit: &Visit,
    cookie: &Secret,
    person: &Person,
) -> Result<Response, PageRefusal> {
    let request = &visit.pending.request;
    if let Some(refusal) = visit.refusal()? {
        return interstitial::refuse(server, &request.client, &visit.redirect(server), person, refusal).await;
    }
    if remembered::covers(server, person, request, server.clock.now()).await?
        && let Some(answer) = remembered::answer(server, request, &visit.request_id, cookie, person).await?
    {
        return Ok(answer);
    }
    see_other(&format!("/consent?request={}", visit.request_id))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_is_said_in_minutes() {
        assert_eq!([1, 60, 61, 900].map(wait), ["a minute", "a minute", "2 minutes", "15 minutes"]);
    }
}
