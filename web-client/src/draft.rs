//! A request before it goes, taken apart so that each of its parts can be changed, and put together again.

use flow::http::{Method, Request};
use protocol::query::{self, Parameters};

/// Where a field stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// In the query of the address.
    Query,
    /// A header.
    Header,
    /// A field of a form.
    Form,
}

/// A name with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) part: Part,
    pub(crate) name: String,
    pub(crate) value: String,
}

/// A request in its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Draft {
    pub(crate) method: Method,
    /// The address without its query.
    pub(crate) address: String,
    pub(crate) fields: Vec<Field>,
    /// The body, where it is no form.
    pub(crate) body: Option<String>,
}

const FORM: &str = "application/x-www-form-urlencoded";

fn fields(part: Part, encoded: &str) -> impl Iterator<Item = Field> {
    let parameters: Vec<_> = Parameters::parse(encoded)
        .iter()
        .map(|(name, value)| Field { part, name: name.to_owned(), value: value.to_owned() })
        .collect();
    parameters.into_iter()
}

impl Draft {
    /// Takes a request apart.
    pub(crate) fn of(request: &Request) -> Self {
        let mut draft = Self::of_url(&request.url);
        draft.method = request.method;
        let header = |(name, value): &(String, String)| Field {
            part: Part::Header,
            name: name.clone(),
            value: value.clone(),
        };
        draft.fields.extend(request.headers.iter().map(header));
        let is_form =
            request.headers.iter().any(|(name, value)| name == "content-type" && value.starts_with(FORM));
        match &request.body {
            Some(body) if is_form => draft.fields.extend(fields(Part::Form, body)),
            body => draft.body.clone_from(body),
        }
        draft
    }

    /// Takes an address apart to which the browser is to be sent.
    pub(crate) fn of_url(url: &str) -> Self {
        let (address, query) = url.split_once('?').unwrap_or((url, ""));
        Self {
            method: Method::Get,
            address: address.to_owned(),
            fields: fields(Part::Query, query).collect(),
            body: None,
        }
    }

    /// The address with its query.
    pub(crate) fn url(&self) -> String {
        let query = self.encoded(Part::Query);
        if query.is_empty() { self.address.clone() } else { [&self.address, "?", &query].concat() }
    }

    /// The request, put together: without what a browser would leave out anyway.
    pub(crate) fn request(&self) -> Request {
        let form = self.encoded(Part::Form);
        let headers = self.of_part(Part::Header).filter(|field| !is_the_browsers(&field.name));
        Request {
            method: self.method,
            url: self.url(),
            headers: headers.map(|field| (field.name.to_ascii_lowercase(), field.value.clone())).collect(),
            body: if form.is_empty() { self.body.clone() } else { Some(form) },
        }
    }

    pub(crate) fn of_part(&self, part: Part) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(move |field| field.part == part && !field.name.is_empty())
    }

    fn encoded(&self, part: Part) -> String {
        query::encode(self.of_part(part).map(|field| (field.name.as_str(), field.value.as_str())))
    }
}

/// Whether a header is the browser's own: a page that sets it is not heard.
///
/// Spec: Fetch, forbidden request-header.
pub(crate) fn is_the_browsers(name: &str) -> bool {
    const NAMES: [&str; 20] = [
        "accept-charset",
        "accept-encoding",
        "access-control-request-headers",
        "access-control-request-method",
        "connection",
        "content-length",
        "cookie",
        "cookie2",
        "date",
        "dnt",
        "expect",
        "host",
        "keep-alive",
        "origin",
        "referer",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    let name = name.trim().to_ascii_lowercase();
    NAMES.contains(&name.as_str()) || name == "via" || name.starts_with("sec-") || name.starts_with("proxy-")
}

/// Whether the page's policy lets requests go to an address: to this very machine, by http, and nowhere else.
pub(crate) fn is_on_this_machine(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
    (host == "localhost" || host == "127.0.0.1") && port.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn what_nobody_changes_stays_as_it_was() {
        let url = "http://localhost:9000/authorize?state=a%2Bb&scope=mcp%3Aconnect+weather%3Aread";
        assert_eq!(Draft::of_url(url).url(), url);
        let form = Request::post_form("http://localhost:9000/token", &[("code", "a b&c".into())]);
        assert_eq!(Draft::of(&form).request(), form);
        let json = Request::post_json("http://localhost:8001/mcp", &serde_json::json!({ "id": 1 }));
        assert_eq!(Draft::of(&json).request(), json);
    }

    #[test]
    fn what_the_pages_policy_keeps_here_is_known() {
        for url in
            ["http://localhost:8001/mcp", "http://127.0.0.1:1", "http://localhost/?x=y", "http://localhost"]
        {
            assert!(is_on_this_machine(url), "{url}");
        }
        for url in [
            "https://example.com/mcp",
            "http://example.com/localhost:1",
            "http://localhost.evil.example/",
            "http://localhost:1@evil.example/",
            "http://localhost@evil.example/",
            "https://localhost:8001/mcp",
            "ftp://localhost/",
            "mcp",
            "",
        ] {
            assert!(!is_on_this_machine(url), "{url}");
        }
    }

    #[test]
    fn every_field_can_be_changed_doubled_and_left_out() {
        let form = Request::post_form("http://localhost:9000/token", &[("code", "a".into())]);
        let mut draft = Draft::of(&form);
        draft.fields.push(Field { part: Part::Form, name: "code".into(), value: "b".into() });
        draft.fields.push(Field { part: Part::Header, name: "X-Extra".into(), value: "1".into() });
        let request = draft.request();
        assert_eq!(request.body.as_deref(), Some("code=a&code=b"));
        assert_eq!(request.headers.last(), Some(&("x-extra".to_owned(), "1".to_owned())));
        draft.fields.push(Field {
            part: Part::Header,
            name: "Origin".into(),
            value: "http://evil.example".into(),
        });
        draft.fields.push(Field { part: Part::Header, name: "Sec-Fetch-Site".into(), value: "none".into() });
        assert_eq!(draft.request().headers, request.headers, "what would not be sent is not shown as sent");
        draft.fields.retain(|field| field.part != Part::Form);
        assert_eq!(draft.request().body, None);
    }
}
