//! A world of MCP servers, authorization servers and a document host, answered from memory. What it does by itself is
//! right; what is to be wrong, a test sets or edits.

use std::collections::HashSet;

use flow::http::{Method, Request, Response};
use flow::identity::{Identities, MetadataDocument, SelfDescription};
use flow::trace::{Check, Event, Outcome};
use flow::{Action, Agenda, Config, Env, Era, Failure, Flow, OnBehalf};
use protocol::cimd::ClientIdUrl;
use protocol::client_metadata::ApplicationType;
use protocol::ids::{RedirectUri, ResourceUri};
use protocol::loopback::LoopbackPolicy;
use protocol::mcp::ToolCall;
use protocol::query::Parameters;
use protocol::revision::Revision;
use protocol::{base64url, base64url_decode};
use serde_json::{Value, json};

pub(crate) const SERVER: &str = "http://localhost:8001/mcp";
pub(crate) const ISSUER: &str = "http://localhost:9000";
/// A second authorization server.
pub(crate) const OTHER_ISSUER: &str = "http://localhost:9001";

pub(crate) type Edit = Box<dyn Fn(&Request, Response) -> Response>;

/// What can be changed about the world, to see what the client makes of it.
pub(crate) struct World {
    /// Edits an answer before the client sees it.
    pub(crate) edit: Edit,
    /// Edits the query of the callback.
    pub(crate) callback: Box<dyn Fn(String) -> String>,
    /// What was asked, in order.
    pub(crate) asked: Vec<Request>,
    /// Which authorization servers the MCP server names.
    pub(crate) issuers: Vec<&'static str>,
    /// Members of the authorization servers' metadata, in place of the usual ones.
    pub(crate) metadata: Value,
    /// Whether the MCP server speaks 2026-07-28, and 2025-11-25.
    pub(crate) speaks: Vec<Revision>,
    /// Whether sessions have ids.
    pub(crate) sessions: bool,
    /// Whether tokens come with refresh tokens.
    pub(crate) refresh_tokens: bool,
    /// How long tokens last, as the server says.
    pub(crate) expires_in: u64,
    /// Access tokens that are not accepted any more.
    pub(crate) refused: HashSet<String>,
    /// Sessions that are gone.
    pub(crate) gone: HashSet<String>,
    /// The time, in milliseconds; a test may let it pass.
    pub(crate) now_ms: u64,
    pub(crate) issued: u32,
    pub(crate) counter: u8,
}

impl Default for World {
    fn default() -> Self {
        Self {
            edit: Box::new(|_, response| response),
            callback: Box::new(|query| query),
            asked: Vec::new(),
            issuers: vec![ISSUER],
            metadata: json!({}),
            speaks: Revision::ALL.to_vec(),
            sessions: true,
            refresh_tokens: false,
            expires_in: 600,
            refused: HashSet::new(),
            gone: HashSet::new(),
            now_ms: 1_800_000_000_000,
            issued: 0,
            counter: 0,
        }
    }
}

/// The lab's client, with everything it has to offer but credentials.
pub(crate) fn config(revision: Revision) -> Config {
    let policy = LoopbackPolicy::AllowHttpOnLoopback;
    Config {
        server: ResourceUri::parse(SERVER, policy).unwrap(),
        era: Era::Only(revision),
        loopback: policy,
        redirect_uri: RedirectUri::parse("http://localhost:3000/callback").unwrap(),
        identities: Identities {
            registered: Vec::new(),
            document: Some(MetadataDocument {
                url: ClientIdUrl::parse("http://localhost:3000/client.json", policy).unwrap(),
                read_first: true,
            }),
            registration: Some(SelfDescription {
                client_name: "Test".into(),
                application_type: ApplicationType::Native,
            }),
        },
        on_behalf: OnBehalf::Person,
        agenda: Agenda::lab(),
    }
}

pub(crate) fn legacy() -> Config {
    config(Revision::V2025_11_25)
}

pub(crate) fn modern() -> Config {
    config(Revision::V2026_07_28)
}

/// The same, without a metadata document: it has to register.
pub(crate) fn registering(mut config: Config) -> Config {
    config.identities.document = None;
    config
}

pub(crate) fn call(name: &str) -> ToolCall {
    ToolCall::new(name, json!({}))
}

impl World {
    /// A moment and entropy that differ with each call.
    pub(crate) fn env(&mut self) -> Env {
        self.counter = self.counter.wrapping_add(1);
        Env { now_ms: self.now_ms, entropy: [self.counter; 64] }
    }

    /// Does one thing that the flow wants; `false` if it wants nothing.
    pub(crate) fn step(&mut self, flow: &mut Flow) -> bool {
        let env = self.env();
        match flow.poll() {
            Action::Send(outgoing) => {
                let request = outgoing.request.clone();
                let answer = self.answer(&request);
                let response = (self.edit)(&request, answer);
                self.asked.push(request);
                flow.handle_response(&env, response).unwrap();
            }
            Action::Navigate => {
                let url = flow.depart(&env).unwrap();
                let query = (self.callback)(authorize(&url));
                let env = self.env();
                flow.handle_callback(&env, &format!("http://localhost:3000/callback?{query}")).unwrap();
            }
            Action::Sign(_) => flow.handle_signature(&env, b"signature").unwrap(),
            Action::AwaitCallback
            | Action::AskCredentials(_)
            | Action::Rest
            | Action::Finished
            | Action::Failed(_) => return false,
        }
        true
    }

    /// Walks until the flow wants nothing more.
    pub(crate) fn walk(&mut self, flow: &mut Flow) {
        assert!((0..150).any(|_| !self.step(flow)), "the flow does not end");
    }

    /// Walks up to the first message of which the predicate holds; that one is not sent.
    pub(crate) fn walk_until(&mut self, flow: &mut Flow, stop: impl Fn(&Request) -> bool) {
        for _ in 0..150 {
            if matches!(flow.poll(), Action::Send(outgoing) if stop(&outgoing.request)) || !self.step(flow) {
                return;
            }
        }
        panic!("the flow does not end");
    }

    /// Walks until the browser is away, and returns where it was sent.
    pub(crate) fn walk_until_away(&mut self, flow: &mut Flow) -> String {
        while flow.poll() != Action::Navigate {
            assert!(self.step(flow), "the browser is never sent away");
        }
        flow.depart(&self.env()).unwrap()
    }

    /// Walks a fresh flow that must come to rest.
    pub(crate) fn rests(&mut self, config: Config) -> Flow {
        let mut flow = Flow::new(config);
        self.walk(&mut flow);
        assert_eq!(flow.poll(), Action::Rest);
        flow
    }

    /// Walks a fresh flow that must fail, and returns why.
    pub(crate) fn fails(&mut self, config: Config) -> Failure {
        let mut flow = Flow::new(config);
        self.walk(&mut flow);
        failure(&flow)
    }

    /// Requests whose URL contains this.
    pub(crate) fn requests<'a>(&'a self, part: &'a str) -> impl Iterator<Item = &'a Request> {
        self.asked.iter().filter(move |request| request.url.contains(part))
    }

    pub(crate) fn was_asked(&self, part: &str) -> usize {
        self.requests(part).count()
    }

    /// MCP requests with this method in their body.
    pub(crate) fn calls<'a>(&'a self, method: &'a str) -> impl Iterator<Item = &'a Request> {
        self.requests("/mcp").filter(move |request| method_of(request) == method)
    }

    fn answer(&mut self, request: &Request) -> Response {
        let (origin, path) = split(&request.url);
        match (origin, path) {
            ("http://localhost:8001", "/mcp") => self.mcp(request),
            ("http://localhost:8001", "/.well-known/oauth-protected-resource/mcp") => {
                json_response(200, &json!({ "resource": SERVER, "authorization_servers": self.issuers }))
            }
            (ISSUER | OTHER_ISSUER, "/.well-known/oauth-authorization-server") => {
                json_response(200, &self.server_metadata(origin))
            }
            (ISSUER | OTHER_ISSUER, "/register") => json_response(
                201,
                &json!({ "client_id": format!("registered-at-{origin}"), "client_secret": format!("secret-of-{origin}") }),
            ),
            (ISSUER | OTHER_ISSUER, "/token") => self.token(origin, request),
            (ISSUER | OTHER_ISSUER, "/revoke") => json_response(200, &json!({})),
            ("http://localhost:3000", "/client.json") => json_response(
                200,
                &json!({
                    "client_id": "http://localhost:3000/client.json",
                    "client_name": "Test",
                    "redirect_uris": ["http://localhost:3000/callback"],
                }),
            ),
            _ => json_response(404, &json!({})),
        }
    }

    fn server_metadata(&self, issuer: &str) -> Value {
        let mut metadata = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "registration_endpoint": format!("{issuer}/register"),
            "revocation_endpoint": format!("{issuer}/revoke"),
            "code_challenge_methods_supported": ["S256"],
            "client_id_metadata_document_supported": true,
            "authorization_response_iss_parameter_supported": true,
        });
        for (name, value) in self.metadata.as_object().unwrap() {
            metadata[name] = value.clone();
        }
        metadata
    }

    /// An opaque token that names its scope. A refresh token names it too, and is good once.
    fn token(&mut self, issuer: &str, request: &Request) -> Response {
        let form = Parameters::parse(request.body.as_deref().unwrap());
        let get = |name| form.get(name).unwrap().map(str::to_owned);
        let named = match get("grant_type").as_deref() {
            Some("authorization_code") => get("code").map(|code| code.trim_start_matches("code-").to_owned()),
            Some("refresh_token") => {
                let token = get("refresh_token").unwrap();
                if !self.refused.insert(token.clone()) {
                    return json_response(400, &json!({ "error": "invalid_grant" }));
                }
                token.rsplit('-').next().map(str::to_owned)
            }
            Some("client_credentials") => Some(base64url(get("scope").unwrap_or_default().as_bytes())),
            _ => None,
        };
        let Some(named) = named else {
            return json_response(400, &json!({ "error": "unsupported_grant_type" }));
        };
        self.issued += 1;
        let (n, port) = (self.issued, issuer.rsplit(':').next().unwrap());
        let scope = String::from_utf8(base64url_decode(&named).unwrap()).unwrap();
        let mut answer = json!({
            "access_token": format!("opaque-{port}-{n}-{named}"),
            "token_type": "Bearer",
            "expires_in": self.expires_in,
            "scope": scope,
        });
        if self.refresh_tokens {
            answer["refresh_token"] = format!("refresh-{port}-{n}-{named}").into();
        }
        json_response(200, &answer)
    }

    fn mcp(&mut self, request: &Request) -> Response {
        let port = |issuer: &&str| issuer.rsplit(':').next().unwrap().to_owned();
        let token = header(request, "authorization").and_then(|value| value.strip_prefix("Bearer opaque-"));
        let good = token.filter(|token| {
            self.issuers.iter().any(|issuer| token.starts_with(&port(issuer)))
                && !self.refused.contains(&format!("opaque-{token}"))
        });
        let Some(token) = good else {
            let error = if token.is_some() { r#" error="invalid_token","# } else { "" };
            return challenge(
                401,
                &format!(
                    r#"Bearer{error} resource_metadata="http://localhost:8001/.well-known/oauth-protected-resource/mcp", scope="mcp:connect""#
                ),
            );
        };
        let scope = token.rsplit('-').next().unwrap();
        let scope = String::from_utf8(base64url_decode(scope).unwrap()).unwrap();
        // A test that wants streams to be taken up answers that itself.
        if request.method != Method::Post {
            return Response { status: 200, headers: vec![], body: String::new(), elapsed_ms: 1 };
        }
        let message: Value = serde_json::from_str(request.body.as_deref().unwrap()).unwrap();
        let id = message["id"].clone();
        let modern = header(request, "mcp-method").is_some();
        let revision = if modern { Revision::V2026_07_28 } else { Revision::V2025_11_25 };
        if !self.speaks.contains(&revision) {
            return json_response(
                400,
                &json!({ "jsonrpc": "2.0", "id": null, "error": { "code": -32000, "message": "Bad Request" } }),
            );
        }
        let method = message["method"].as_str().unwrap();
        if let (false, true, Some(session)) = (modern, self.sessions, header(request, "mcp-session-id"))
            && self.gone.contains(session)
        {
            return json_response(404, &json!({}));
        }
        let result = match (method, message["params"]["name"].as_str()) {
            ("initialize", _) => json!({ "protocolVersion": "2025-11-25", "serverInfo": { "name": "test" } }),
            ("server/discover", _) => {
                json!({ "supportedVersions": ["2026-07-28"], "resultType": "complete", "cacheScope": "public" })
            }
            ("notifications/initialized" | "notifications/cancelled", _) => {
                return Response { status: 202, headers: vec![], body: String::new(), elapsed_ms: 1 };
            }
            ("tools/list", _) => tools(),
            (_, Some("get_weather")) if !scope.contains("weather:read") => {
                // As each revision wants it: everything that is needed, or what the operation needs.
                let scope = if modern { "weather:read" } else { "mcp:connect weather:read" };
                return challenge(403, &format!(r#"Bearer error="insufficient_scope", scope="{scope}""#));
            }
            (_, name) => json!({ "content": [{ "type": "text", "text": name }], "resultType": "complete" }),
        };
        let mut response = json_response(200, &json!({ "jsonrpc": "2.0", "id": id, "result": result }));
        if method == "initialize" && self.sessions {
            let session = format!("sid-{}", self.asked.len());
            response.headers.push(("mcp-session-id".into(), session));
        }
        response
    }
}

fn tools() -> Value {
    let tool = |name: &str| json!({ "name": name, "inputSchema": { "type": "object" } });
    json!({ "tools": [tool("whoami"), tool("get_weather")], "cacheScope": "private", "resultType": "complete" })
}

pub(crate) fn method_of(request: &Request) -> String {
    let message: Value =
        request.body.as_deref().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
    message["method"].as_str().unwrap_or_default().to_owned()
}

pub(crate) fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

pub(crate) fn parameter(encoded: &str, name: &'static str) -> Option<String> {
    Parameters::parse(encoded).get(name).unwrap().map(str::to_owned)
}

/// A parameter of a form.
pub(crate) fn form(request: &Request, name: &'static str) -> Option<String> {
    parameter(request.body.as_deref().unwrap(), name)
}

/// The URLs to which the browser was sent.
pub(crate) fn departures(flow: &Flow) -> Vec<String> {
    let events = flow.trace().entries().iter().map(|entry| &entry.event);
    events
        .filter_map(|event| match event {
            Event::Navigation { url } => Some(url.clone()),
            _ => None,
        })
        .collect()
}

/// A parameter of an authorization request.
pub(crate) fn asked_for(url: &str, name: &'static str) -> Option<String> {
    parameter(url.split_once('?').unwrap().1, name)
}

pub(crate) fn failure(flow: &Flow) -> Failure {
    match flow.poll() {
        Action::Failed(failure) => failure.clone(),
        action => panic!("the flow must fail, but {action:?}"),
    }
}

pub(crate) fn checks(flow: &Flow) -> impl Iterator<Item = &Check> {
    flow.trace().entries().iter().flat_map(|entry| &entry.checks)
}

pub(crate) fn complaints(flow: &Flow) -> Vec<&Check> {
    checks(flow).filter(|check| check.outcome != Outcome::Passed).collect()
}

fn split(url: &str) -> (&str, &str) {
    let end = url[8..].find('/').map_or(url.len(), |at| at + 8);
    url.split_at(end)
}

pub(crate) fn json_response(status: u16, body: &Value) -> Response {
    Response {
        status,
        headers: vec![
            ("content-type".into(), "application/json".into()),
            ("cache-control".into(), "no-store".into()),
        ],
        body: body.to_string(),
        elapsed_ms: 1,
    }
}

pub(crate) fn challenge(status: u16, header: &str) -> Response {
    Response {
        status,
        headers: vec![("www-authenticate".into(), header.into())],
        body: String::new(),
        elapsed_ms: 1,
    }
}

/// The authorization server's answer to the browser: yes. The code names the scope, so that the token endpoint knows it.
fn authorize(url: &str) -> String {
    let issuer = split(url).0;
    let state = asked_for(url, "state").unwrap();
    let code = format!("code-{}", base64url(asked_for(url, "scope").unwrap_or_default().as_bytes()));
    protocol::query::encode([("code", code.as_str()), ("state", &state), ("iss", issuer)])
}
