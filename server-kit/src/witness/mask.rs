//! What is secret in a message: known by the name under which it stands, and then masked wherever else it occurs.
//!
//! Names stay, and so does everything that is public by nature: `state`, `code_challenge`, `iss`, `scope`, `resource`,
//! `client_id`. A body whose kind is not known, or that is not what it says to be, is not shown at all: nobody could tell
//! what in it is secret.

use std::borrow::Cow;

use http::header::{
    AUTHORIZATION, CONTENT_LOCATION, CONTENT_TYPE, COOKIE, LOCATION, PROXY_AUTHORIZATION, REFERER, SET_COOKIE,
};
use http::{HeaderMap, HeaderName};
use protocol::basic_credentials::BasicCredentials;
use protocol::observation::{Finding, MASK, Observation};
use url::form_urlencoded;

use super::json;

/// Fields of forms and of queries.
const FIELDS: [&str; 16] = [
    "access_token",
    "actor_token",
    "assertion",
    "client_assertion",
    "client_secret",
    "code",
    "code_verifier",
    "csrf",
    "id_token",
    "id_token_hint",
    "password",
    "refresh_token",
    "registration_access_token",
    "request",
    "subject_token",
    "token",
];
/// Members of JSON. `code`, `request` and `token` are common words there, and nothing secret stands under them.
const MEMBERS: [&str; 8] = [
    "access_token",
    "client_assertion",
    "client_secret",
    "code_verifier",
    "id_token",
    "password",
    "refresh_token",
    "registration_access_token",
];
/// Headers whose whole value is secret.
const HEADERS: [HeaderName; 2] = [HeaderName::from_static("mcp-session-id"), HeaderName::from_static("dpop")];
/// The schemes of an `Authorization` header that may be shown. In front of anything else there may be no scheme.
const SCHEMES: [&str; 3] = ["Basic", "Bearer", "DPoP"];
/// What is shorter is not looked for elsewhere: it would be found in words that have nothing to do with it.
const MIN_BYTES_TO_SEEK: usize = 8;

/// Takes the secrets out of one request and its answer.
#[derive(Default)]
pub(super) struct Mask {
    secrets: Vec<String>,
}

impl Mask {
    /// A URL: query and fragment hold fields.
    pub(super) fn url(&mut self, url: &str) -> String {
        let (address, fragment) = split(url, '#');
        let (address, query) = split(address, '?');
        let mut masked = address.to_owned();
        for (sign, fields) in [('?', query), ('#', fragment)] {
            if let Some(fields) = fields {
                masked.push(sign);
                masked.push_str(&self.fields(fields));
            }
        }
        masked
    }

    /// All headers, names in lower case.
    pub(super) fn headers(&mut self, headers: &HeaderMap) -> Vec<(String, String)> {
        let shown = |(name, value): (&HeaderName, &http::HeaderValue)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            (name.as_str().to_owned(), self.header(name, &value))
        };
        headers.iter().map(shown).collect()
    }

    /// A body, if it is what its type says: a form, or JSON.
    pub(super) fn body(&mut self, headers: &HeaderMap, body: &[u8]) -> Option<String> {
        let text = std::str::from_utf8(body).ok().filter(|text| !text.is_empty())?;
        if is_json(headers) {
            let (masked, secrets) = json::masked(text, |name| is_among(&MEMBERS, name))?;
            for secret in secrets {
                self.note(secret);
            }
            return Some(masked);
        }
        (media_type(headers)? == "application/x-www-form-urlencoded").then(|| self.fields(text))
    }

    /// Masks what was found before, wherever it occurs.
    pub(super) fn everywhere(mut self, observation: &mut Observation) {
        // Long ones first: a short one may be a part of them.
        self.secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let mask = |text: &mut String| {
            for secret in &self.secrets {
                if text.contains(secret.as_str()) {
                    *text = text.replace(secret.as_str(), MASK);
                }
            }
        };
        let Observation { request, response, findings, .. } = observation;
        mask(&mut request.url);
        request.headers.iter_mut().chain(&mut response.headers).for_each(|(_, value)| mask(value));
        request.body.iter_mut().chain(&mut response.body).for_each(mask);
        findings.iter_mut().flat_map(texts).for_each(mask);
    }

    fn header(&mut self, name: &HeaderName, value: &str) -> String {
        match name {
            &AUTHORIZATION | &PROXY_AUTHORIZATION => self.credentials(value),
            &COOKIE => value.split("; ").map(|cookie| self.cookie(cookie)).collect::<Vec<_>>().join("; "),
            &SET_COOKIE => {
                let (cookie, attributes) = value.split_at(value.find(';').unwrap_or(value.len()));
                self.cookie(cookie) + attributes
            }
            &LOCATION | &CONTENT_LOCATION | &REFERER => self.url(value),
            name if HEADERS.contains(name) => {
                self.note(value);
                MASK.to_owned()
            }
            _ => value.to_owned(),
        }
    }

    fn credentials(&mut self, value: &str) -> String {
        let (scheme, credentials) = value.split_once(' ').unwrap_or_default();
        if !SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(scheme)) {
            self.note(value);
            return MASK.to_owned();
        }
        let credentials = credentials.trim_matches(' ');
        if let Ok(basic) = BasicCredentials::parse(credentials) {
            self.note(basic.secret.reveal());
        }
        self.note(credentials);
        format!("{scheme} {MASK}")
    }

    fn cookie(&mut self, cookie: &str) -> String {
        let (name, value) = match cookie.split_once('=') {
            Some((name, value)) => (name, value),
            // A cookie without a name is all value.
            None => ("", cookie),
        };
        self.note(value.trim());
        if name.is_empty() { MASK.to_owned() } else { format!("{name}={MASK}") }
    }

    fn fields(&mut self, encoded: &str) -> String {
        encoded.split('&').map(|field| self.field(field)).collect::<Vec<_>>().join("&")
    }

    fn field<'a>(&mut self, field: &'a str) -> Cow<'a, str> {
        let Some((name, written)) = field.split_once('=').filter(|(_, value)| !value.is_empty()) else {
            return field.into();
        };
        let Some((decoded_name, value)) = form_urlencoded::parse(field.as_bytes()).next() else {
            return field.into();
        };
        if is_among(&FIELDS, behind_signs(&decoded_name)) {
            self.note(written);
            self.note(value);
            return format!("{name}={MASK}").into();
        }
        // A URL that is the value of a field has fields of its own.
        let inner = value.split(SIGNS).filter_map(|field| field.split_once('='));
        let secrets: Vec<_> =
            inner.filter(|(name, _)| is_among(&FIELDS, name)).map(|(_, value)| value).collect();
        if secrets.is_empty() {
            return field.into();
        }
        for secret in secrets {
            self.note(secret);
        }
        format!("{name}={MASK}").into()
    }

    fn note(&mut self, secret: impl Into<String>) {
        let secret = secret.into();
        if secret.len() >= MIN_BYTES_TO_SEEK && !self.secrets.contains(&secret) {
            self.secrets.push(secret);
        }
    }
}

/// Whether a body says that it is JSON.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    media_type(headers).is_some_and(|name| name == "application/json" || name.ends_with("+json"))
}

/// The type of a body, in lower case, if it is said exactly once.
fn media_type(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let media_type = value.to_str().ok()?.split(';').next().unwrap_or_default();
    Some(media_type.trim().to_ascii_lowercase())
}

/// However it is spelled: whoever writes `Code` means a code.
fn is_among(names: &[&str], name: &str) -> bool {
    let name = name.trim();
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// What begins fields in a URL, or divides them.
const SIGNS: [char; 3] = ['?', '#', '&'];

/// `code` of `?code`, as in `/callback??code=…`.
fn behind_signs(name: &str) -> &str {
    name.rsplit(SIGNS).next().unwrap_or_default()
}

fn split(text: &str, sign: char) -> (&str, Option<&str>) {
    text.split_once(sign).map_or((text, None), |(before, after)| (before, Some(after)))
}

/// All texts of a finding that were not written by this program's authors alone.
fn texts(finding: &mut Finding) -> Vec<&mut String> {
    match finding {
        Finding::Checked(check) => vec![&mut check.expected, &mut check.found],
        Finding::Refused { says, .. } => vec![says],
        Finding::Fetched { url, outcome, .. } => std::iter::once(url).chain(outcome.as_mut().err()).collect(),
        Finding::FromCache { url, .. } => vec![url],
        Finding::Stored { values, .. } => values.iter_mut().map(|(_, value)| value).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(all: &[(&'static str, &'static [u8])]) -> HeaderMap {
        let pairs = all.iter().map(|(name, value)| {
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), http::HeaderValue::from_bytes(value).unwrap())
        });
        pairs.collect()
    }

    fn body(kind: &'static str, body: &[u8]) -> Option<String> {
        Mask::default().body(&headers(&[("content-type", kind.as_bytes())]), body)
    }

    /// Req: ALL-11
    #[test]
    fn fields_are_known_however_they_are_spelled() {
        for (sent, shown) in [
            ("code=abc&state=x&iss=y", "code=•••••&state=x&iss=y"),
            ("code=a&code=b", "code=•••••&code=•••••"),
            ("c%6Fde=a&CODE=b&+code+=c&%63ode%20=d", "c%6Fde=•••••&CODE=•••••&+code+=•••••&%63ode%20=•••••"),
            ("code=a=b&code=%FF", "code=•••••&code=•••••"),
            ("code&code=&=code", "code&code=&=code"),
            (
                "code_challenge=a&scope=b&resource=c&client_id=d",
                "code_challenge=a&scope=b&resource=c&client_id=d",
            ),
            ("password=p&csrf=c&request=r&token=t", "password=•••••&csrf=•••••&request=•••••&token=•••••"),
            ("next=/cb?x%26code=c&a=b?c&d=e", "next=•••••&a=b?c&d=e"),
        ] {
            assert_eq!(Mask::default().fields(sent), shown);
        }
        assert_eq!(body("Application/X-WWW-Form-UrlEncoded; charset=x", b"code=a").unwrap(), "code=•••••");
    }

    /// Req: ALL-11
    #[test]
    fn a_url_hides_codes_in_query_and_fragment() {
        for (sent, shown) in [
            ("http://c/cb?code=a&state=b&iss=c", "http://c/cb?code=•••••&state=b&iss=c"),
            ("/consent?request=a", "/consent?request=•••••"),
            ("http://c/cb?x=y#access_token=a&scope=b", "http://c/cb?x=y#access_token=•••••&scope=b"),
            ("http://c/cb#?code=a", "http://c/cb#?code=•••••"),
            ("http://c/cb?code=a?b", "http://c/cb?code=•••••"),
            ("http://c/cb??code=a", "http://c/cb??code=•••••"),
            ("http://c/code", "http://c/code"),
        ] {
            assert_eq!(Mask::default().url(sent), shown);
        }
    }

    /// Req: ALL-11
    #[test]
    fn headers_hide_credentials_and_keep_what_surrounds_them() {
        let sent = headers(&[
            ("AUTHORIZATION", b"bearer abc"),
            ("Authorization", b"Basic YTpi"),
            ("authorization", b"naked-secret"),
            ("authorization", b"Unknown secret"),
            ("authorization", b"\xff\xfe secret"),
            ("Cookie", b"lab=abc; other=d=e; naked"),
            ("SET-COOKIE", b"lab=abc; Path=/; HttpOnly; SameSite=Lax"),
            ("set-cookie", b"naked"),
            ("Mcp-Session-Id", b"abc"),
            ("Location", b"http://c/cb?code=abc&state=s"),
            ("referer", b"http://c/cb?code=abc&state=s"),
            ("x-other", b"as \xff it was"),
        ]);
        let shown = Mask::default().headers(&sent);
        let shown: Vec<_> = shown.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        for expected in [
            ("authorization", "bearer •••••"),
            ("authorization", "Basic •••••"),
            ("cookie", "lab=•••••; other=•••••; •••••"),
            ("set-cookie", "lab=•••••; Path=/; HttpOnly; SameSite=Lax"),
            ("set-cookie", "•••••"),
            ("mcp-session-id", "•••••"),
            ("location", "http://c/cb?code=•••••&state=s"),
            ("referer", "http://c/cb?code=•••••&state=s"),
            ("x-other", "as \u{fffd} it was"),
        ] {
            assert!(shown.contains(&expected), "{expected:?} in {shown:?}");
        }
        assert_eq!(shown.iter().filter(|shown| **shown == ("authorization", MASK)).count(), 3);
        assert_eq!(shown.len(), 12);
    }

    /// Req: ALL-11
    #[test]
    fn members_of_json_are_masked_at_any_depth() {
        let sent = br#"{"a":[{"Access_Token":"x","token_type":"Bearer"}],"code":-32600}"#;
        let shown = r#"{"a":[{"Access_Token":"•••••","token_type":"Bearer"}],"code":-32600}"#;
        assert_eq!(body("application/json", sent).unwrap(), shown);
        assert_eq!(body("application/problem+json", sent).unwrap(), shown);
    }

    /// Req: ALL-11
    #[test]
    fn a_body_that_is_not_what_it_says_is_not_shown() {
        assert_eq!(body("text/plain", b"code=a"), None);
        assert_eq!(body("application/json", b"code=a"), None);
        assert_eq!(body("application/json", b"{\"access_token\":\"a"), None);
        assert_eq!(body("application/x-www-form-urlencoded", b"code=a&x=\xff"), None);
        assert_eq!(body("multipart/form-data", b"name=\"code\"\r\n\r\na"), None);
        assert_eq!(Mask::default().body(&headers(&[]), b"code=a"), None);
        let two = headers(&[("content-type", b"application/json"), ("content-type", b"text/plain")]);
        assert_eq!(Mask::default().body(&two, b"{}"), None);
    }
}
