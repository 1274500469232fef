//! What went over the wire in a hop, whoever wrote it down.

use flow::trace::{Answer, Event};

use crate::hop::Hop;

/// A request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent<'a> {
    /// The method.
    pub method: &'a str,
    /// The absolute URL.
    pub url: &'a str,
    /// Names in lower case.
    pub headers: &'a [(String, String)],
    /// The body, if there is one, or the part of it that was written down.
    pub body: Option<&'a str>,
}

/// A response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Got<'a> {
    /// The status.
    pub status: u16,
    /// Names in lower case.
    pub headers: &'a [(String, String)],
    /// The body, if it was written down.
    pub body: Option<&'a str>,
    /// How long it took, in microseconds.
    pub elapsed_us: u64,
}

impl Hop {
    /// Whether a text occurs in what was sent, in what came back, or in what was taken apart; as it is spelled there.
    #[must_use]
    pub fn mentions(&self, text: &str) -> bool {
        let in_headers = |headers: &[(String, String)]| headers.iter().any(|(_, value)| value.contains(text));
        let in_body = |body: Option<&str>| body.is_some_and(|body| body.contains(text));
        self.sent()
            .is_some_and(|sent| sent.url.contains(text) || in_headers(sent.headers) || in_body(sent.body))
            || self.got().is_some_and(|got| in_headers(got.headers) || in_body(got.body))
            || self.decoded.iter().flat_map(|decoded| &decoded.rows).any(|(_, value, _)| value.contains(text))
    }

    /// The request: as the client sent it, else as the other side saw it. `None` for local work, and where nobody saw it.
    #[must_use]
    pub fn sent(&self) -> Option<Sent<'_>> {
        let seen = self.seen.as_ref().map(|seen| &seen.request);
        match &self.event {
            Some(Event::Exchange { request, .. }) => Some(Sent {
                method: request.method.as_str(),
                url: &request.url,
                headers: &request.headers,
                body: request.body.as_deref(),
            }),
            Some(Event::Navigation { url } | Event::Callback { url }) => {
                let headers = seen.map_or(&[][..], |request| &request.headers);
                Some(Sent { method: "GET", url, headers, body: None })
            }
            Some(Event::Local) => None,
            None => seen.map(|request| Sent {
                method: &request.method,
                url: &request.url,
                headers: &request.headers,
                body: request.body.as_deref(),
            }),
        }
    }

    /// The response: as the client got it, else as the other side gave it. `None` where there was none, and where nobody saw
    /// it.
    #[must_use]
    pub fn got(&self) -> Option<Got<'_>> {
        match &self.event {
            Some(Event::Exchange { answer: Answer::Response(response), .. }) => Some(Got {
                status: response.status,
                headers: &response.headers,
                body: Some(&response.body),
                elapsed_us: u64::from(response.elapsed_ms).saturating_mul(1_000),
            }),
            Some(Event::Exchange { answer: Answer::Unreachable(_), .. } | Event::Local) => None,
            Some(Event::Navigation { .. } | Event::Callback { .. }) | None => {
                self.seen.as_ref().map(|seen| Got {
                    status: seen.response.status,
                    headers: &seen.response.headers,
                    body: seen.response.body.as_deref(),
                    elapsed_us: seen.elapsed_us,
                })
            }
        }
    }
}

/// The first value of a header.
pub(crate) fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}
