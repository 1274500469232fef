//! Entries and observations for tests.

use flow::http::{Method, Request, Response};
use flow::lessons::steps::Step;
use flow::trace::{Answer, Entry, Event};
use protocol::observation::{Finding, Observation, SeenRequest, SeenResponse, correlation};
use protocol::party::Party;

pub(crate) const PAGE: &str = "http://localhost:3000";
pub(crate) const MCP: &str = "http://localhost:8001/mcp";
pub(crate) const AS: &str = "http://localhost:9000";

pub(crate) fn document(url: &str) -> Request {
    Request::get_json(url)
}

pub(crate) fn message(body: &str, token: Option<&str>) -> Request {
    let request = Request {
        method: Method::Post,
        url: MCP.into(),
        headers: vec![("content-type".into(), "application/json".into())],
        body: Some(body.into()),
    };
    match token {
        Some(token) => request.header("authorization", format!("Bearer {token}")),
        None => request,
    }
}

fn entry(from: Party, to: Party, title: &str, at_ms: u64, event: Event) -> Entry {
    let title = title.to_owned();
    Entry {
        step: Step::Call,
        from,
        to,
        title,
        at_ms,
        event,
        checks: Vec::new(),
        decoded: Vec::new(),
        edited: false,
    }
}

/// Answered at that time, after so many milliseconds.
pub(crate) fn exchange(request: &Request, at_ms: u64, elapsed_ms: u32, status: u16) -> Entry {
    let headers = vec![("content-type".into(), "application/json".into())];
    let response = Response { status, headers, body: "{}".into(), elapsed_ms };
    let event = Event::Exchange {
        request: request.clone(),
        answer: Answer::Response(response),
        summary: status.to_string(),
    };
    entry(Party::Client, who(&request.url), &request.url, at_ms, event)
}

pub(crate) fn unreachable(request: &Request, at_ms: u64) -> Entry {
    let answer = Answer::Unreachable("nobody".into());
    let event = Event::Exchange { request: request.clone(), answer, summary: "no answer".into() };
    entry(Party::Client, who(&request.url), &request.url, at_ms, event)
}

pub(crate) fn local(title: &str, at_ms: u64) -> Entry {
    entry(Party::Client, Party::Client, title, at_ms, Event::Local)
}

pub(crate) fn navigation(url: &str, at_ms: u64) -> Entry {
    let event = Event::Navigation { url: url.into() };
    let title = "the browser goes to /authorize";
    Entry { step: Step::Consent, ..entry(Party::You, Party::AuthorizationServer, title, at_ms, event) }
}

pub(crate) fn callback(url: &str, at_ms: u64) -> Entry {
    let event = Event::Callback { url: url.into() };
    let title = "the browser comes back";
    Entry { step: Step::Callback, ..entry(Party::You, Party::Client, title, at_ms, event) }
}

fn who(url: &str) -> Party {
    if url.starts_with(PAGE) {
        Party::ClientHost
    } else if url.starts_with(MCP) {
        Party::McpServer
    } else {
        Party::AuthorizationServer
    }
}

/// What a server saw of a request, answered 200 in a millisecond.
pub(crate) fn observed(seq: u64, at_ms: u64, request: &Request) -> Observation {
    let authorization = request.headers.iter().find(|(name, _)| name == "authorization");
    let authorization = authorization.map(|(_, value)| value.as_str());
    let body = request.body.clone().unwrap_or_default();
    Observation {
        seq,
        at_ms,
        elapsed_us: 1_000,
        party: who(&request.url),
        correlation: correlation(request.method.as_str(), &request.url, authorization, body.as_bytes()),
        visit: None,
        request: SeenRequest {
            method: request.method.as_str().into(),
            url: request.url.clone(),
            headers: Vec::new(),
            body: request.body.clone(),
        },
        response: SeenResponse { status: 200, headers: Vec::new(), body: None },
        findings: Vec::new(),
    }
}

/// That somebody asked for what this observation tells of.
pub(crate) fn fetched(of: &Observation) -> Finding {
    Finding::Fetched {
        what: "something".into(),
        url: of.request.url.clone(),
        correlation: of.correlation.clone(),
        outcome: Ok(of.response.status),
        elapsed_us: 500,
    }
}

/// A browser at the authorization server: each request a millisecond after the one before.
pub(crate) struct Browser {
    visit: &'static str,
    seq: u64,
    at_ms: u64,
}

impl Browser {
    pub(crate) fn new(visit: &'static str, seq: u64, at_ms: u64) -> Self {
        Self { visit, seq, at_ms }
    }

    pub(crate) fn goes(&mut self, url: &str, status: u16, location: Option<&str>) -> Observation {
        self.asks(&Request { headers: Vec::new(), ..document(url) }, status, location)
    }

    pub(crate) fn posts(&mut self, url: &str, form: &str, location: &str) -> Observation {
        let body = Some(form.to_owned());
        self.asks(
            &Request { method: Method::Post, url: url.into(), headers: Vec::new(), body },
            303,
            Some(location),
        )
    }

    fn asks(&mut self, request: &Request, status: u16, location: Option<&str>) -> Observation {
        let mut observation = observed(self.seq, self.at_ms, request);
        observation.visit = Some(self.visit.into());
        observation.response.status = status;
        observation.response.headers.extend(location.map(|to| ("location".to_owned(), to.to_owned())));
        self.seq += 1;
        self.at_ms += 1;
        observation
    }
}

/// A short run, and everything that the servers saw of it, in the order in which they report.
pub(crate) fn run() -> (Vec<Entry>, Vec<Observation>) {
    let knock = message(r#"{"method":"initialize"}"#, None);
    let permitted = message(r#"{"method":"initialize"}"#, Some("t0ken"));
    let own_document = document("http://localhost:3000/client.json");
    let authorize = format!("{AS}/authorize?response_type=code&scope=mcp%3Aconnect+weather%3Aread&state=s");
    let redeem = Request::post_form(format!("{AS}/token"), &[("code", "c0de".into())]);
    let named = |title: &str, step, entry: Entry| Entry { title: title.into(), step, ..entry };

    let entries = vec![
        named("initialize", Step::Challenge, exchange(&knock, 1_010, 10, 401)),
        named("GET the document", Step::ClientDocument, exchange(&own_document, 1_030, 10, 200)),
        named("authorization request", Step::AuthorizationRequest, local("", 1_030)),
        navigation(&authorize, 1_040),
        callback("http://localhost:3000/callback?code=c0de&state=s&iss=http%3A%2F%2Flocalhost%3A9000", 1_100),
        named("POST /token", Step::CodeExchange, exchange(&redeem, 1_120, 10, 200)),
        named("initialize with the token", Step::Handshake, exchange(&permitted, 1_150, 20, 200)),
    ];

    let mut browser = Browser::new("v1", 3, 1_041);
    let mut arrival = browser.goes(&authorize, 303, Some("/sign-in?request=r1"));
    arrival.elapsed_us = 5_000;
    let vetted = observed(4, 1_042, &own_document);
    arrival.findings.push(fetched(&vetted));
    browser.seq += 1;
    let pages = [
        browser.goes(&format!("{AS}/sign-in?request=r1"), 200, None),
        browser.posts(&format!("{AS}/sign-in"), "request=r1&person=ada", "/consent?request=r1"),
        browser.goes(&format!("{AS}/consent?request=r1"), 200, None),
        browser.posts(
            &format!("{AS}/consent"),
            "request=r1&decision=allow&scope=mcp%3Aconnect&scope=weather%3Aread",
            "http://localhost:3000/callback?code=•••••&state=s&iss=http%3A%2F%2Flocalhost%3A9000",
        ),
    ];
    let mut answered = observed(10, 1_131, &permitted);
    answered.elapsed_us = 15_000;
    let keys = observed(11, 1_133, &document(&format!("{AS}/jwks")));
    answered.findings.push(fetched(&keys));
    answered.findings.push(Finding::Fetched {
        what: "whether the token still counts".into(),
        url: format!("{AS}/introspect"),
        correlation: "0".repeat(16),
        outcome: Err("refused".into()),
        elapsed_us: 10,
    });
    let mut observations =
        vec![observed(1, 1_001, &knock), observed(2, 1_021, &own_document), vetted, arrival];
    observations.extend(pages);
    observations.extend([observed(9, 1_111, &redeem), keys, answered]);
    (entries, observations)
}
