//! The pages: templates, escaped by type, and the headers that depend on their content.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse as _, Response};
use http::header::CONTENT_SECURITY_POLICY;
use http::{HeaderMap, HeaderValue, StatusCode};
use protocol::clause::Clause;
use protocol::ids::RedirectUri;

use super::csrf::{self, Form};
use super::introduction::{Introduction, Known, Warning};
use super::page_refusal::{Explanation, PageRefusal};
use super::state::Server;
use super::words::Day;
use super::{Person, ProtectedResource, session};

/// The longest client name that is shown, in characters.
const MAX_NAME_CHARACTERS: usize = 60;

/// The sign-in page.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub(super) struct SignInPage<'a> {
    /// Who waits for it, if anybody does.
    pub(super) client: Option<Introduction<'a>>,
    /// Those who need no password.
    pub(super) people: Vec<&'a Person>,
    pub(super) asks_for_password: bool,
    /// What stands in the field for the name.
    pub(super) name: &'a str,
    pub(super) problem: Option<&'a str>,
    pub(super) request_id: &'a str,
    pub(super) csrf: String,
    pub(super) session: String,
}

/// The consent page.
#[derive(Template)]
#[template(path = "consent.html")]
pub(super) struct ConsentPage<'a> {
    pub(super) person: &'a Person,
    pub(super) client: Introduction<'a>,
    pub(super) resource_name: &'a str,
    pub(super) resource_uri: &'a str,
    pub(super) asks_for_more: bool,
    pub(super) scopes: Vec<ScopeChoice<'a>>,
    pub(super) ending: String,
    pub(super) request_id: &'a str,
    pub(super) csrf: String,
    pub(super) sign_out_csrf: String,
}

/// A line of the consent page.
pub(super) struct ScopeChoice<'a> {
    pub(super) token: &'a str,
    pub(super) description: &'a str,
    pub(super) mark: Mark,
}

/// What is said beside a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Nothing was ever granted: all is new, so nothing is marked.
    Unmarked,
    Granted,
    New,
}

/// The page between a refused request and its client.
#[derive(Template)]
#[template(path = "interstitial.html")]
pub(super) struct InterstitialPage<'a> {
    pub(super) client: Introduction<'a>,
    pub(super) description: &'static str,
    pub(super) code: &'static str,
    pub(super) clause: Clause,
    pub(super) target: String,
}

/// The page of what a person has allowed.
#[derive(Template)]
#[template(path = "grants.html")]
pub(super) struct GrantsPage<'a> {
    pub(super) person: &'a Person,
    pub(super) grants: Vec<GrantView<'a>>,
    pub(super) access_token: String,
    pub(super) sign_out_csrf: String,
    pub(super) everywhere_csrf: String,
}

/// One client at one resource.
pub(super) struct GrantView<'a> {
    pub(super) client: Introduction<'a>,
    pub(super) resource_name: &'a str,
    pub(super) resource_uri: &'a str,
    pub(super) client_id: &'a str,
    pub(super) scopes: Vec<String>,
    pub(super) since: Day,
    pub(super) last: Day,
    pub(super) csrf: String,
}

#[derive(Template)]
#[template(path = "refusal.html")]
struct RefusalPage<'a> {
    title: &'a str,
    what: &'a str,
    remedy: &'a str,
    status: u16,
    code: Option<&'static str>,
    clause: Option<Clause>,
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    issuer: &'a str,
    resources: &'a [ProtectedResource],
    person: Option<&'a Person>,
    sign_out_csrf: String,
}

/// Renders a page whose form may lead back to this redirect URI.
pub(super) fn page(
    template: &impl Template,
    leads_to: Option<&RedirectUri>,
) -> Result<Response, PageRefusal> {
    let html = template.render().map_err(|_| PageRefusal::ServerFault)?;
    let policy =
        HeaderValue::from_str(&content_security_policy(leads_to)).map_err(|_| PageRefusal::ServerFault)?;
    Ok(([(CONTENT_SECURITY_POLICY, policy)], Html(html)).into_response())
}

/// The page of a refused request, which a link leads on from.
pub(super) fn refused_page(template: &InterstitialPage<'_>) -> Result<Response, PageRefusal> {
    let html = template.render().map_err(|_| PageRefusal::ServerFault)?;
    Ok((StatusCode::BAD_REQUEST, Html(html)).into_response())
}

/// The page of a refusal.
pub(super) fn refusal(explanation: &Explanation) -> Response {
    let template = RefusalPage {
        title: explanation.title,
        what: &explanation.what,
        remedy: explanation.remedy,
        status: explanation.status.as_u16(),
        code: explanation.code.map(protocol::oauth_error::OAuthErrorCode::as_str),
        clause: explanation.clause,
    };
    match template.render() {
        Ok(html) => (explanation.status, Html(html)).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// `GET /`: what this server is.
pub(super) async fn home(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
) -> Result<Response, PageRefusal> {
    let cookie = session::cookie(&server, &headers);
    let person = session::person(&server, cookie.as_ref(), server.clock.now()).await?;
    let sign_out_csrf = cookie.map(|cookie| csrf::token(&cookie, Form::SignOut, "")).unwrap_or_default();
    let template = HomePage {
        issuer: server.settings.issuer.as_str(),
        resources: &server.settings.resources,
        person,
        sign_out_csrf,
    };
    page(&template, None)
}

/// What a page may load and where its forms may lead. Nothing inline, nothing from elsewhere, no frames.
///
/// Chromium applies `form-action` to the redirect that answers a post, so the origin that the browser returns to has to
/// be in it. An origin that the grammar of the header cannot express leaves the directive out: the forms of these pages
/// contain nothing that could be turned elsewhere.
///
/// Spec: OAuth 2.1 §7.10; CSP Level 3 §6.4.1.
pub(super) fn content_security_policy(leads_to: Option<&RedirectUri>) -> String {
    const BASE: &str =
        "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'";
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'/');
    match leads_to.map(RedirectUri::origin) {
        None => format!("{BASE}; form-action 'self'"),
        Some(origin) if origin.bytes().all(plain) => format!("{BASE}; form-action 'self' {origin}"),
        Some(_) => BASE.to_owned(),
    }
}

/// A client's name for itself, made fit for a page: one line, bounded, without characters that turn or hide text.
pub(super) fn displayable_name(name: &str) -> String {
    let visible: String = name
        .chars()
        .map(|character| if character.is_whitespace() { ' ' } else { character })
        .filter(|character| !character.is_control() && !is_invisible(*character))
        .collect();
    let words = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.is_empty() {
        return "A client without a name".to_owned();
    }
    if words.chars().count() <= MAX_NAME_CHARACTERS {
        return words;
    }
    words.chars().take(MAX_NAME_CHARACTERS).collect::<String>().trim_end().to_owned() + "…"
}

/// Direction marks and overrides, zero-width characters, soft hyphens, tags, private use.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{e000}'..='\u{f8ff}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(uri: &str) -> String {
        content_security_policy(Some(&RedirectUri::parse(uri).unwrap()))
    }

    /// Req: AS-103
    #[test]
    fn the_form_may_lead_back_to_the_client() {
        assert!(
            policy("http://localhost:3000/callback").ends_with("; form-action 'self' http://localhost:3000")
        );
        assert!(policy("https://c.example/cb?x=1").ends_with("; form-action 'self' https://c.example"));
    }

    #[test]
    fn an_origin_cannot_write_into_the_policy() {
        for uri in ["https://a;script-src'unsafe-inline'/cb", "https://*/cb", "http://[::1]:3000/cb"] {
            assert!(!policy(uri).contains("form-action"), "{uri}");
            assert!(!policy(uri).contains("unsafe"), "{uri}");
        }
    }

    /// Req: ALL-05, X-33
    #[test]
    fn a_name_cannot_deceive_by_invisible_characters() {
        assert_eq!(displayable_name("Evil\u{202e}tnega\u{200b}"), "Eviltnega");
        assert_eq!(displayable_name(" a\n\t b\0 "), "a b");
        assert_eq!(displayable_name("\u{200b}"), "A client without a name");
        assert_eq!(displayable_name("<b>Ümläut & 名前</b>"), "<b>Ümläut & 名前</b>");
        assert_eq!(displayable_name(&"x".repeat(500)).chars().count(), MAX_NAME_CHARACTERS + 1);
    }
}
