//! Native HTTP for a flow: what it asks for, no more. No redirects, no proxy, a deadline, a bounded answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use flow::Outgoing;
use flow::http::{MAX_ANSWER_BYTES, Method, Request, Response};
use protocol::loopback::is_loopback_host;
use url::Url;

/// How long one exchange may take in all.
const DEADLINE: Duration = Duration::from_secs(20);

/// Sends the requests of a flow.
#[derive(Clone, Debug)]
pub struct Http {
    client: reqwest::Client,
    /// The hosts that may be reached beside this machine; `None` if all may.
    within: Option<Arc<[String]>>,
}

impl Http {
    /// A client that follows no redirects and uses no proxy.
    ///
    /// # Errors
    /// If the TLS backend cannot be set up.
    pub fn new() -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(DEADLINE)
            .user_agent(concat!("mcp-auth-lab/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, within: None })
    }

    /// The client itself, for a person who browses, and for what is no part of a flow.
    #[must_use]
    pub fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// The same client, for this machine and these hosts alone, whatever it is told to send, and wherever it is sent.
    #[must_use]
    pub fn within(self, hosts: impl IntoIterator<Item = String>) -> Self {
        Self { within: Some(hosts.into_iter().collect()), ..self }
    }

    /// Whether a URL may be reached.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn may_reach(&self, url: &str) -> Result<(), String> {
        let Some(hosts) = &self.within else { return Ok(()) };
        let url = Url::parse(url).map_err(|reason| reason.to_string())?;
        let host = url.host_str().unwrap_or_default();
        let may = is_loopback_host(host) || hosts.iter().any(|known| known == host);
        may.then_some(()).ok_or_else(|| format!("nobody has said that {host} may be reached"))
    }

    /// Sends what a flow wants to be sent, when it wants it.
    ///
    /// # Errors
    /// Why there is no answer, in words for [`flow::Flow::handle_unreachable`].
    pub async fn perform(&self, outgoing: &Outgoing) -> Result<Response, String> {
        tokio::time::sleep(Duration::from_millis(outgoing.wait_ms.into())).await;
        self.send(&outgoing.request).await
    }

    /// Sends a request at once.
    ///
    /// # Errors
    /// Why there is no answer, in words for [`flow::Flow::handle_unreachable`].
    pub async fn send(&self, request: &Request) -> Result<Response, String> {
        self.may_reach(&request.url)?;
        let started = Instant::now();
        let mut builder = match request.method {
            Method::Get => self.client.get(&request.url),
            Method::Post => self.client.post(&request.url),
            Method::Delete => self.client.delete(&request.url),
        };
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        if let Some(body) = &request.body {
            builder = builder.body(body.clone());
        }
        let response = builder.send().await.map_err(|error| explain(&error))?;
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let body = read_answer(request, response).await?;
        let elapsed_ms = u32::try_from(started.elapsed().as_millis()).unwrap_or(u32::MAX);
        Ok(Response { status, headers, body, elapsed_ms })
    }
}

/// Reads the answer to a request; a stream only until the answer is there.
async fn read_answer(request: &Request, response: reqwest::Response) -> Result<String, String> {
    let content_type = response.headers().get("content-type").and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_owned();
    let is_there = |so_far: &[u8]| {
        std::str::from_utf8(so_far).is_ok_and(|so_far| request.is_answered_by(&content_type, so_far))
    };
    read_bounded(response, is_there).await
}

/// Reads a body up to the flow's limit; more is an error, however it is encoded or announced. `enough` ends it sooner.
async fn read_bounded(
    mut response: reqwest::Response,
    enough: impl Fn(&[u8]) -> bool,
) -> Result<String, String> {
    let streams = response
        .headers()
        .get("content-type")
        .is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"));
    let mut body = Vec::new();
    loop {
        let chunk = match response.chunk().await {
            Ok(Some(chunk)) => chunk,
            Ok(None) => break,
            // What has come of a stream counts: it can be taken up where it broke off.
            Err(_) if streams && !body.is_empty() => break,
            Err(error) => return Err(explain(&error)),
        };
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(format!("the answer is longer than {MAX_ANSWER_BYTES} bytes"));
        }
        body.extend_from_slice(&chunk);
        if enough(&body) {
            break;
        }
    }
    String::from_utf8(body).map_err(|_| "the answer is not UTF-8 text".to_owned())
}

/// The innermost reason: "connection refused" says more than "error sending request".
#[must_use]
pub fn explain(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no answer within {} seconds", DEADLINE.as_secs());
    }
    let mut reason: &dyn std::error::Error = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    reason.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_kept_within_hosts_reaches_no_other() {
        let http = Http::new().unwrap();
        assert_eq!(http.may_reach("https://anybody.example/"), Ok(()));
        let http = http.within(["mine.example".to_owned()]);
        for url in ["https://mine.example:8443/mcp", "http://localhost:1/", "http://[::1]:1/"] {
            assert_eq!(http.may_reach(url), Ok(()), "{url}");
        }
        for url in [
            "https://mine.example.evil.example/",
            "https://other.mine.example/",
            "https://evil.example/mine.example",
            "https://mine.example@evil.example/",
            "http://10.0.0.1/",
            "nonsense",
        ] {
            assert!(http.may_reach(url).is_err(), "{url}");
        }
    }
}
