//! What a page may see: the rules by which a browser asks other origins for a page, and keeps back what they do not show.

use flow::Outgoing;
use flow::http::{Method, Request, Response};
use walker::http::{Http, explain};

/// Headers that a page may read without the server's leave.
///
/// Spec: Fetch, CORS-safelisted response-header name.
const READABLE: [&str; 7] = [
    "cache-control",
    "content-language",
    "content-length",
    "content-type",
    "expires",
    "last-modified",
    "pragma",
];

/// A page of this origin, as the browser serves it.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) origin: String,
}

/// Why a page gets no answer. Browsers do not tell the page which of the two it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unseen {
    /// There is none.
    #[error("{0}")]
    Unreachable(String),
    /// The server lacks this header, or does not say the right thing in it.
    #[error("the browser keeps the answer from the page: {0} does not allow it")]
    KeptBack(&'static str),
}

impl Page {
    /// Sends a request as a browser does for a page: asks first where it has to, and hands over what the server shows.
    ///
    /// Spec: Fetch, CORS protocol.
    pub(crate) async fn perform(&self, http: &Http, outgoing: &Outgoing) -> Result<Response, Unseen> {
        let unsafe_headers = unsafe_headers(&outgoing.request);
        if !unsafe_headers.is_empty() || outgoing.request.method == Method::Delete {
            let allowed = self.preflight(http, &outgoing.request, &unsafe_headers).await?;
            self.may_ask(&allowed, outgoing.request.method, &unsafe_headers)?;
        }
        let request = outgoing.request.clone().header("origin", self.origin.as_str());
        let outgoing = Outgoing { request, ..outgoing.clone() };
        let answer = http.perform(&outgoing).await.map_err(Unseen::Unreachable)?;
        self.may_read(&answer)?;
        Ok(shown(answer))
    }

    async fn preflight(&self, http: &Http, request: &Request, headers: &[&str]) -> Result<Response, Unseen> {
        let answer = http
            .client()
            .request(reqwest::Method::OPTIONS, &request.url)
            .header("origin", &self.origin)
            .header("access-control-request-method", request.method.as_str())
            .header("access-control-request-headers", headers.join(","))
            .send()
            .await
            .map_err(|error| Unseen::Unreachable(explain(&error)))?;
        let text =
            |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = answer.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        Ok(Response { status: answer.status().as_u16(), headers, body: String::new(), elapsed_ms: 0 })
    }

    fn may_ask(&self, allowed: &Response, method: Method, headers: &[&str]) -> Result<(), Unseen> {
        self.may_read(allowed)?;
        if !(200..300).contains(&allowed.status) {
            return Err(Unseen::KeptBack("the status of the preflight"));
        }
        let methods = list(allowed, "access-control-allow-methods");
        if method == Method::Delete && !methods.iter().any(|name| name == "DELETE" || name == "*") {
            return Err(Unseen::KeptBack("Access-Control-Allow-Methods"));
        }
        let names = list(allowed, "access-control-allow-headers");
        let may = |header: &&str| {
            // The star does not stand for this one.
            let by_star = *header != "authorization";
            names.iter().any(|name| name.eq_ignore_ascii_case(header) || by_star && name == "*")
        };
        if headers.iter().all(may) { Ok(()) } else { Err(Unseen::KeptBack("Access-Control-Allow-Headers")) }
    }

    fn may_read(&self, answer: &Response) -> Result<(), Unseen> {
        let allowed = answer.header_list("access-control-allow-origin");
        match allowed.as_deref() {
            Some("*") => Ok(()),
            Some(origin) if origin == self.origin => Ok(()),
            _ => Err(Unseen::KeptBack("Access-Control-Allow-Origin")),
        }
    }
}

/// The headers for which a browser asks first.
fn unsafe_headers(request: &Request) -> Vec<&str> {
    let is_safe = |name: &str, value: &str| match name {
        "accept" => true,
        "content-type" => {
            let essence = value.split(';').next().unwrap_or_default().trim();
            matches!(essence, "application/x-www-form-urlencoded" | "multipart/form-data" | "text/plain")
        }
        _ => false,
    };
    let headers = request.headers.iter().filter(|(name, value)| !is_safe(name, value));
    headers.map(|(name, _)| name.as_str()).collect()
}

/// An answer without the headers that the server does not show.
fn shown(answer: Response) -> Response {
    let exposed = list(&answer, "access-control-expose-headers");
    let is_shown = |name: &str| {
        READABLE.contains(&name)
            || exposed.iter().any(|shown| shown == "*" || shown.eq_ignore_ascii_case(name))
    };
    let headers = answer.headers.into_iter().filter(|(name, _)| is_shown(name)).collect();
    Response { headers, ..answer }
}

fn list(answer: &Response, name: &str) -> Vec<String> {
    let names = answer.header_list(name).unwrap_or_default();
    names.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(headers: &[(&str, &str)]) -> Response {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Response { status: 200, headers, body: String::new(), elapsed_ms: 0 }
    }

    fn page() -> Page {
        Page { origin: "http://localhost:3000".into() }
    }

    #[test]
    fn a_page_reads_what_it_is_allowed_to() {
        for (allowed, readable) in [
            ("*", true),
            ("http://localhost:3000", true),
            ("http://localhost:3001", false),
            ("http://localhost:3000/", false),
            ("null", false),
        ] {
            let answer = answer(&[("access-control-allow-origin", allowed)]);
            assert_eq!(page().may_read(&answer).is_ok(), readable, "{allowed}");
        }
        assert_eq!(page().may_read(&answer(&[])), Err(Unseen::KeptBack("Access-Control-Allow-Origin")));
    }

    #[test]
    fn a_page_sees_the_headers_that_are_exposed() {
        let all = [("content-type", "text/plain"), ("www-authenticate", "Bearer"), ("x-other", "1")];
        let names =
            |answer| -> Vec<String> { shown(answer).headers.into_iter().map(|(name, _)| name).collect() };
        assert_eq!(names(answer(&all)), ["content-type"]);
        let exposed =
            [&all[..], &[("access-control-expose-headers", "X-Nothing, WWW-Authenticate")]].concat();
        assert_eq!(names(answer(&exposed)), ["content-type", "www-authenticate"]);
        let exposed = [&all[..2], &[("access-control-expose-headers", "*")]].concat();
        assert_eq!(names(answer(&exposed)).len(), 3);
    }

    #[test]
    fn a_browser_asks_first_and_takes_no_for_an_answer() {
        let simple = Request::post_form("http://localhost:9000/token", &[]);
        assert!(unsafe_headers(&simple).is_empty());
        let request = Request::post_json("http://localhost:8001/mcp", &serde_json::json!({}))
            .header("authorization", "Bearer x");
        let headers = unsafe_headers(&request);
        assert_eq!(headers, ["content-type", "authorization"]);
        let origin = ("access-control-allow-origin", "*");
        let ask = |headers_allowed: &'static str| {
            let allowed = answer(&[origin, ("access-control-allow-headers", headers_allowed)]);
            page().may_ask(&allowed, Method::Post, &headers)
        };
        assert_eq!(ask("Authorization, Content-Type"), Ok(()));
        assert_eq!(ask("*, authorization"), Ok(()));
        let refused = Err(Unseen::KeptBack("Access-Control-Allow-Headers"));
        assert_eq!(ask("*"), refused);
        assert_eq!(ask("content-type"), refused);
        let delete = page().may_ask(&answer(&[origin]), Method::Delete, &[]);
        assert_eq!(delete, Err(Unseen::KeptBack("Access-Control-Allow-Methods")));
    }
}
