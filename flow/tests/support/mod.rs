//! A world of one MCP server, one authorization server and one document host, answered from memory.

use flow::http::{Request, Response};
use flow::trace::{Check, Outcome};
use flow::{Action, Config, Env, Failure, Flow};
use protocol::base64url;
use protocol::cimd::ClientIdUrl;
use protocol::ids::{RedirectUri, ResourceUri};
use protocol::loopback::LoopbackPolicy;
use protocol::query::Parameters;
use protocol::revision::Revision;
use serde_json::{Value, json};

/// What can be changed about the world, to see what the client makes of it.
pub(crate) struct World {
    /// Edits an answer before the client sees it.
    pub(crate) edit: fn(&Request, Response) -> Response,
    /// Edits the query of the callback.
    pub(crate) callback: fn(String) -> String,
    /// How often each path was asked.
    pub(crate) asked: Vec<String>,
}

impl Default for World {
    fn default() -> Self {
        Self { edit: |_, response| response, callback: |query| query, asked: Vec::new() }
    }
}

pub(crate) fn config() -> Config {
    let policy = LoopbackPolicy::AllowHttpOnLoopback;
    Config {
        server: ResourceUri::parse("http://localhost:8001/mcp", policy).unwrap(),
        revision: Revision::V2025_11_25,
        loopback: policy,
        client_id: ClientIdUrl::parse("http://localhost:3000/client.json", policy).unwrap(),
        redirect_uri: RedirectUri::parse("http://localhost:3000/callback").unwrap(),
        calls: Config::lab_calls(),
    }
}

/// A moment and entropy that differ with each call.
pub(crate) fn env(counter: &mut u8) -> Env {
    *counter = counter.wrapping_add(1);
    Env { now_ms: 1_800_000_000_000, entropy: [*counter; 64] }
}

impl World {
    /// Walks until the flow rests or fails.
    pub(crate) fn walk(&mut self, flow: &mut Flow) {
        let mut counter = 0;
        for _ in 0..100 {
            match flow.poll() {
                Action::Send(outgoing) => {
                    let request = outgoing.request.clone();
                    self.asked.push(request.url.clone());
                    let response = (self.edit)(&request, answer(&request));
                    flow.handle_response(&env(&mut counter), response).unwrap();
                }
                Action::Navigate => {
                    let url = flow.depart(&env(&mut counter)).unwrap();
                    let query = (self.callback)(authorize(&url));
                    let back = format!("http://localhost:3000/callback?{query}");
                    flow.handle_callback(&env(&mut counter), &back).unwrap();
                }
                Action::AwaitCallback => unreachable!("the callback follows the departure at once"),
                Action::Rest | Action::Failed(_) => return,
            }
        }
        panic!("the flow does not end");
    }

    /// Walks a fresh flow that must fail, and returns why.
    pub(crate) fn fails(&mut self) -> Failure {
        let mut flow = Flow::new(config());
        self.walk(&mut flow);
        match flow.poll() {
            Action::Failed(failure) => failure.clone(),
            action => panic!("the flow must fail, but {action:?}"),
        }
    }

    pub(crate) fn was_asked(&self, part: &str) -> usize {
        self.asked.iter().filter(|url| url.contains(part)).count()
    }
}

pub(crate) fn failed_checks(flow: &Flow) -> Vec<&Check> {
    let checks = flow.trace().entries().iter().flat_map(|entry| &entry.checks);
    checks.filter(|check| check.outcome != Outcome::Passed).collect()
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

fn authorize(url: &str) -> String {
    let query = url.split_once('?').unwrap().1;
    let state = Parameters::parse(query).get("state").unwrap().unwrap().to_owned();
    let scope = Parameters::parse(query).get("scope").unwrap().unwrap().to_owned();
    // The code names the scope, so that the token endpoint of this small world knows it.
    let code = base64url(scope.as_bytes());
    protocol::query::encode([("code", code.as_str()), ("state", &state), ("iss", "http://localhost:9000")])
}

fn answer(request: &Request) -> Response {
    let path = request.url.split('/').skip(3).collect::<Vec<_>>().join("/");
    match path.as_str() {
        "mcp" => mcp(request),
        ".well-known/oauth-protected-resource/mcp" => json_response(
            200,
            &json!({ "resource": "http://localhost:8001/mcp", "authorization_servers": ["http://localhost:9000"] }),
        ),
        ".well-known/oauth-authorization-server" => json_response(
            200,
            &json!({
                "issuer": "http://localhost:9000",
                "authorization_endpoint": "http://localhost:9000/authorize",
                "token_endpoint": "http://localhost:9000/token",
                "code_challenge_methods_supported": ["S256"],
                "client_id_metadata_document_supported": true,
                "authorization_response_iss_parameter_supported": true,
            }),
        ),
        "client.json" => json_response(
            200,
            &json!({
                "client_id": "http://localhost:3000/client.json",
                "client_name": "Test",
                "redirect_uris": ["http://localhost:3000/callback"],
            }),
        ),
        "token" => token(request),
        _ => json_response(404, &json!({})),
    }
}

fn token(request: &Request) -> Response {
    let form = Parameters::parse(request.body.as_deref().unwrap());
    let code = form.get("code").unwrap().unwrap();
    let scope = String::from_utf8(protocol::base64url_decode(code).unwrap()).unwrap();
    // An opaque token that names its scope.
    let token = format!("opaque-{code}");
    json_response(
        200,
        &json!({ "access_token": token, "token_type": "Bearer", "expires_in": 600, "scope": scope }),
    )
}

fn mcp(request: &Request) -> Response {
    let authorization =
        request.headers.iter().find(|(name, _)| name == "authorization").map(|(_, value)| value);
    let Some(token) = authorization.and_then(|value| value.strip_prefix("Bearer opaque-")) else {
        return challenge(
            401,
            r#"Bearer resource_metadata="http://localhost:8001/.well-known/oauth-protected-resource/mcp", scope="mcp:connect""#,
        );
    };
    let scope = String::from_utf8(protocol::base64url_decode(token).unwrap()).unwrap();
    let message: Value = serde_json::from_str(request.body.as_deref().unwrap()).unwrap();
    let result = match (message["method"].as_str().unwrap(), message["params"]["name"].as_str()) {
        ("initialize", _) => json!({ "protocolVersion": "2025-11-25", "serverInfo": { "name": "test" } }),
        ("notifications/initialized", _) => {
            return Response { status: 202, headers: vec![], body: String::new(), elapsed_ms: 1 };
        }
        (_, Some("get_weather")) if !scope.contains("weather:read") => {
            return challenge(403, r#"Bearer error="insufficient_scope", scope="mcp:connect weather:read""#);
        }
        (_, name) => json!({ "content": [{ "type": "text", "text": name }] }),
    };
    json_response(200, &json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }))
}

fn challenge(status: u16, header: &str) -> Response {
    Response {
        status,
        headers: vec![("www-authenticate".into(), header.into())],
        body: String::new(),
        elapsed_ms: 1,
    }
}
