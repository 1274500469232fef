//! HTTP messages as values: what a driver sends, and what it brings back.

use std::fmt;

use protocol::mcp_answer::is_answered;
use protocol::query;
use serde::{Deserialize, Serialize};

/// The most bytes of an answer that a flow reads. Drivers stop there too.
pub const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// The methods that the journey needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Reads a document.
    Get,
    /// Sends a message.
    Post,
    /// Ends a session.
    Delete,
}

impl Method {
    /// As it stands in the request line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// A request, exactly as the driver must send it. Redirects are not to be followed.
///
/// `Debug` shows neither values of headers nor the body: tokens are in them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// GET, POST or DELETE.
    pub method: Method,
    /// Absolute URL.
    pub url: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// JSON or a form, by the content type.
    pub body: Option<String>,
}

impl Request {
    /// Asks for a JSON document.
    #[must_use]
    pub fn get_json(url: impl Into<String>) -> Self {
        Self {
            method: Method::Get,
            url: url.into(),
            headers: vec![("accept".into(), "application/json".into())],
            body: None,
        }
    }

    /// Sends a form and asks for JSON.
    #[must_use]
    pub fn post_form(url: impl Into<String>, parameters: &[(&str, String)]) -> Self {
        let form = query::encode(parameters.iter().map(|(name, value)| (*name, value.as_str())));
        Self {
            method: Method::Post,
            url: url.into(),
            headers: vec![
                ("content-type".into(), "application/x-www-form-urlencoded".into()),
                ("accept".into(), "application/json".into()),
            ],
            body: Some(form),
        }
    }

    /// Sends a JSON message.
    #[must_use]
    pub fn post_json(url: impl Into<String>, message: &serde_json::Value) -> Self {
        Self {
            method: Method::Post,
            url: url.into(),
            headers: vec![("content-type".into(), "application/json".into())],
            body: Some(message.to_string()),
        }
    }

    /// Whether what has come of the answer so far is all that matters: a stream of events may stay open behind the answer
    /// that it was opened for. Drivers ask this after each piece, and hang up.
    #[must_use]
    pub fn is_answered_by(&self, content_type: &str, so_far: &str) -> bool {
        let id = || {
            let message: serde_json::Value = serde_json::from_str(self.body.as_deref()?).ok()?;
            message.get("id")?.as_u64()
        };
        // What takes up a stream has no id of its own: the stream has one answer.
        let awaits = match self.method {
            Method::Get => Some(None),
            Method::Post => id().map(Some),
            Method::Delete => None,
        };
        so_far.ends_with('\n') && awaits.is_some_and(|id| is_answered(content_type, so_far, id))
    }

    /// With one header more.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// A response, as far as the driver could see it: in a browser, CORS hides what the server does not expose.
///
/// `Debug` shows neither values of headers nor the body: tokens are in them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub body: String,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u32,
}

impl Response {
    /// The first header of that name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// All headers of that name as one list, which is what several lines of it mean. Browsers join them already.
    ///
    /// Spec: RFC 9110 §5.3.
    #[must_use]
    pub fn header_list(&self, name: &str) -> Option<String> {
        let lines = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        lines.map(|(_, value)| value.clone()).reduce(|list, value| format!("{list}, {value}"))
    }

    /// The content type, empty when there is none.
    #[must_use]
    pub fn content_type(&self) -> &str {
        self.header("content-type").unwrap_or_default()
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.url.split('?').next().unwrap_or_default();
        let length = self.body.as_ref().map_or(0, String::len);
        write!(f, "{} {address} {} ({length} bytes)", self.method.as_str(), names(&self.headers))
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({} bytes)", self.status, names(&self.headers), self.body.len())
    }
}

fn names(headers: &[(String, String)]) -> String {
    headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    /// Req: ALL-11
    #[test]
    fn what_is_printed_for_developers_has_no_secret() {
        let request = Request::post_form("https://as.example/token?x=s3cret", &[("code", "s3cret".into())])
            .header("authorization", "Bearer s3cret");
        assert_eq!(
            format!("{request:?}"),
            "POST https://as.example/token content-type, accept, authorization (11 bytes)"
        );
        let response = Response {
            status: 200,
            headers: vec![("set-cookie".into(), "s3cret".into())],
            body: "s3cret".into(),
            elapsed_ms: 1,
        };
        assert_eq!(format!("{response:?}"), "200 set-cookie (6 bytes)");
    }
}
