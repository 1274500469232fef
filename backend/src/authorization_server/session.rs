//! The browser's cookie: one random value, which means something only through the store.
//!
//! Before sign-in it only ties requests to the browser that brought them. At sign-in and sign-out it is replaced, so a
//! value that somebody planted or saw is dead from then on.
//!
//! Spec: MCP Security Best Practices, Consent Cookie Security; OAuth 2.1 §7.9.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use protocol::ids::UnixTime;
use protocol::secret::Secret;

use super::Person;
use super::page_refusal::PageRefusal;
use super::state::Server;
use crate::store::{SecretHash, Session};

/// Length of the value: 256 bits as base64url.
const VALUE_LENGTH: usize = 43;

/// The cookie that a request brought, if it can be one of ours.
pub(super) fn cookie(server: &Server, headers: &HeaderMap) -> Option<Secret> {
    let name = cookie_name(server.settings.is_https());
    let mut values = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(found, _)| *found == name)
        .map(|(_, value)| value);
    // Two of the same name: somebody planted one of them. Neither counts.
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    (value.len() == VALUE_LENGTH && value.bytes().all(legal)).then(|| Secret::new(value))
}

/// The header that gives the browser a cookie.
pub(super) fn set_cookie(server: &Server, value: &Secret) -> Result<HeaderValue, PageRefusal> {
    let https = server.settings.is_https();
    let secure = if https { "; Secure" } else { "" };
    let text = format!(
        "{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{secure}",
        cookie_name(https),
        value.reveal(),
        server.settings.lifetimes.session
    );
    let mut header = HeaderValue::from_str(&text).map_err(|_| PageRefusal::ServerFault)?;
    header.set_sensitive(true);
    Ok(header)
}

/// Browsers refuse a `__Host-` cookie that came from another host or without https. On loopback there is no https.
fn cookie_name(https: bool) -> &'static str {
    if https { "__Host-as_session" } else { "as_session" }
}

/// That the browser came back is written down at most this often, in seconds: not once a page.
const PROLONGED_EVERY: u64 = 60;

/// What is put down when somebody signs in.
pub(super) fn begin(server: &Server, person: &Person, now: UnixTime) -> Session {
    let lifetimes = &server.settings.lifetimes;
    Session {
        subject: person.subject.clone(),
        credential: person.credential(),
        expires_at: now.plus(lifetimes.session),
        idle_until: now.plus(lifetimes.session_idle),
    }
}

/// Who is signed in with this cookie; that they are here prolongs it. Somebody who was removed from the settings is not
/// signed in, nor is somebody who has another password now.
pub(super) async fn person<'a>(
    server: &'a Server,
    cookie: Option<&Secret>,
    now: UnixTime,
) -> Result<Option<&'a Person>, PageRefusal> {
    let Some(cookie) = cookie else { return Ok(None) };
    let hash = SecretHash::of(cookie);
    let Some(session) = server.store.find_session(hash, now).await? else { return Ok(None) };
    let person = server.settings.person(session.subject.as_str());
    let Some(person) = person.filter(|person| person.credential() == session.credential) else {
        return Ok(None);
    };
    let idle_until = now.plus(server.settings.lifetimes.session_idle);
    if idle_until.since(session.idle_until) >= PROLONGED_EVERY {
        // Whoever only looks at a page is not refused because nothing can be written.
        if let Err(error) = server.store.prolong_session(hash, idle_until, now).await {
            tracing::warn!(%error, "that a browser came back was not written down");
        }
    }
    Ok(Some(person))
}
