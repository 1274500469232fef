//! Only the page that this server showed to this browser may post a form.
//!
//! Each form carries a token that depends on the browser's cookie, on the form, and on the request it is about. Besides,
//! the browser's own word on where the post comes from must not be "elsewhere".
//!
//! Spec: MCP Security Best Practices, Consent UI (CSRF protection); OAuth 2.1 §7.9.

use aws_lc_rs::hmac;
use http::HeaderMap;
use http::header::ORIGIN;
use protocol::base64url;
use protocol::clause::Clause;
use protocol::ids::Issuer;
use protocol::secret::Secret;

use super::page_refusal::PageRefusal;
use server_kit::witness::{checked, or_absent};

/// Which form a token is for. A token of one is worth nothing in another.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    SignIn,
    SignOut,
    Consent,
    Revoke,
    SignOutEverywhere,
}

impl Form {
    fn label(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::SignOut => "sign-out",
            Self::Consent => "consent",
            Self::Revoke => "revoke",
            Self::SignOutEverywhere => "sign-out-everywhere",
        }
    }
}

/// The token of a form.
pub(super) fn token(cookie: &Secret, form: Form, request_id: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, cookie.reveal().as_bytes());
    // The label has no NUL, so label and id cannot be shifted against each other.
    let tag = hmac::sign(&key, format!("{}\0{request_id}", form.label()).as_bytes());
    base64url(tag.as_ref())
}

/// Compares in constant time.
pub(super) fn check(cookie: &Secret, form: Form, request_id: &str, sent: &str) -> Result<(), PageRefusal> {
    let same = Secret::new(token(cookie, form, request_id)) == Secret::new(sent);
    let found = || if same { "it" } else { "another, or none" };
    checked(Clause::ConsentCsrf, "csrf", same, || "the mark of this form, in this browser", found);
    if same { Ok(()) } else { Err(PageRefusal::ForgedForm) }
}

/// Refuses what the browser says comes from elsewhere.
///
/// These pages send no referrer, and then browsers say `Origin: null` even of their own forms; only
/// `Sec-Fetch-Site` tells such a post from one out of a sandboxed frame.
pub(super) fn check_origin(headers: &HeaderMap, issuer: &Issuer) -> Result<(), PageRefusal> {
    let same_site = headers.get("sec-fetch-site").map(|value| value.as_bytes() == b"same-origin");
    let same_origin = match headers.get(ORIGIN).map(http::HeaderValue::as_bytes) {
        None => true,
        Some(b"null") => same_site == Some(true),
        Some(origin) => origin == issuer.origin().as_bytes(),
    };
    let own = same_origin && same_site != Some(false);
    let said = |name: &str| or_absent(headers.get(name).and_then(|value| value.to_str().ok()));
    let found = || format!("Origin {}, Sec-Fetch-Site {}", said("origin"), said("sec-fetch-site"));
    checked(Clause::ConsentCsrf, "where the form was sent from", own, || issuer.origin(), found);
    if own { Ok(()) } else { Err(PageRefusal::ForeignOrigin) }
}

#[cfg(test)]
mod tests {
    use protocol::loopback::LoopbackPolicy;

    use super::*;

    #[test]
    fn a_token_is_bound_to_cookie_form_and_request() {
        let cookie = Secret::new("c");
        let token = token(&cookie, Form::Consent, "r");
        assert!(check(&cookie, Form::Consent, "r", &token).is_ok());
        assert!(check(&Secret::new("d"), Form::Consent, "r", &token).is_err());
        assert!(check(&cookie, Form::SignIn, "r", &token).is_err());
        assert!(check(&cookie, Form::Consent, "s", &token).is_err());
        assert!(check(&cookie, Form::Consent, "r", "").is_err());
    }

    #[test]
    fn the_browsers_word_on_the_origin_counts() {
        let issuer = Issuer::parse("https://as.example", LoopbackPolicy::HttpsOnly).unwrap();
        let judge = |origin: Option<&str>, site: Option<&str>| {
            let mut headers = HeaderMap::new();
            if let Some(origin) = origin {
                headers.insert(ORIGIN, origin.parse().unwrap());
            }
            if let Some(site) = site {
                headers.insert("sec-fetch-site", site.parse().unwrap());
            }
            check_origin(&headers, &issuer).is_ok()
        };
        assert!(judge(None, None), "a terminal client says nothing");
        assert!(judge(Some("https://as.example"), Some("same-origin")));
        assert!(judge(Some("null"), Some("same-origin")), "what browsers say under no-referrer");
        assert!(!judge(Some("null"), None));
        assert!(!judge(Some("https://evil.example"), None));
        assert!(!judge(Some("https://as.example.evil.example"), None));
        assert!(!judge(Some("https://as.example"), Some("cross-site")));
        assert!(!judge(None, Some("same-site")), "another port of the same host is another origin");
        assert!(!judge(None, Some("none")), "nobody types a post into the address bar");
    }
}
