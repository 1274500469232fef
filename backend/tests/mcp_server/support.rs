//! An MCP server through its router, and the authorization server that it trusts.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use backend::mcp_server;
use http::StatusCode;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN};
use protocol::ids::{Issuer, ResourceUri, UnixTime};
use protocol::loopback::LoopbackPolicy;
use protocol::secret::Secret;
use resource_server::{Introspection, Settings};
use serde_json::{Value, json};
use server_kit::clock::FixedClock;
use tower::ServiceExt as _;

#[path = "../../../resource-server/tests/layers/answered.rs"]
mod answered;
#[path = "../../../resource-server/tests/layers/issuer.rs"]
mod issuer;
#[path = "../../../resource-server/tests/layers/mcp_answer.rs"]
mod mcp_answer;

pub(crate) use answered::Answered;
pub(crate) use issuer::{Key, Keys};
pub(crate) use mcp_answer::{piece, piece_with};

pub(crate) const RESOURCE: &str = "http://localhost:8001/mcp";
pub(crate) const METADATA: &str = "http://localhost:8001/.well-known/oauth-protected-resource/mcp";
pub(crate) const PAGE: &str = "http://localhost:3000";
pub(crate) const SECRET: &str = "the secret of the server under test";
pub(crate) const NOW: u64 = 1_800_000_000;

/// The server under test.
pub(crate) struct Server {
    pub(crate) router: Router,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) keys: Keys,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(None).await
    }

    /// One that asks about tokens, and keeps answers for so many seconds.
    pub(crate) async fn introspecting(max_age_seconds: u64) -> Self {
        Self::with(Some(Introspection { secret: Secret::new(SECRET), max_age_seconds })).await
    }

    async fn with(introspection: Option<Introspection>) -> Self {
        let keys = Keys::start().await;
        let clock = Arc::new(FixedClock::at(UnixTime(NOW)));
        let loopback = LoopbackPolicy::AllowHttpOnLoopback;
        let settings = Settings {
            resource: ResourceUri::parse(RESOURCE, loopback).unwrap(),
            name: "Server under test".into(),
            issuer: Issuer::parse(&keys.issuer, loopback).unwrap(),
            loopback,
            allowed_origins: vec![PAGE.into()],
            introspection,
        };
        let router = mcp_server::router(settings, Arc::<FixedClock>::clone(&clock)).unwrap();
        Self { router, clock, keys }
    }

    /// The header of a correct token.
    pub(crate) fn header() -> Value {
        json!({ "alg": "RS256", "typ": "at+jwt", "kid": Key::published().public().kid() })
    }

    /// The claims of a correct token.
    pub(crate) fn claims(&self, scope: &str) -> Value {
        json!({
            "iss": self.keys.issuer,
            "aud": RESOURCE,
            "sub": "ada",
            "client_id": "http://localhost:3000/client.json",
            "scope": scope,
            "iat": NOW,
            "exp": NOW + 600,
            "jti": "a-token",
        })
    }

    /// A correct token.
    pub(crate) fn token(&self, scope: &str) -> String {
        Key::published().sign(&Self::header(), &self.claims(scope))
    }

    /// A correct token but for one claim; `Null` leaves it out.
    pub(crate) fn token_with(&self, name: &str, value: Value) -> String {
        Key::published().sign(&Self::header(), &changed(self.claims("mcp:connect"), name, value))
    }

    /// A correct token but for one member of the header; `Null` leaves it out.
    pub(crate) fn token_headed(&self, name: &str, value: Value) -> String {
        Key::published().sign(&changed(Self::header(), name, value), &self.claims("mcp:connect"))
    }

    /// Sends a request, and does not wait for the body of its answer.
    pub(crate) async fn open(&self, request: Request) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub(crate) async fn send(&self, request: Request) -> Answered {
        Answered::read(self.open(request).await).await
    }

    /// Posts a message with this token.
    pub(crate) async fn post(&self, token: &str, message: &Value) -> Answered {
        self.send(post(&message.to_string(), Some(&format!("Bearer {token}")))).await
    }

    /// A correct token of another person.
    pub(crate) fn token_of(&self, subject: &str, scope: &str) -> String {
        Key::published().sign(&Self::header(), &changed(self.claims(scope), "sub", json!(subject)))
    }

    /// Begins a session of 2025-11-25 and gives its id.
    pub(crate) async fn session(&self, token: &str) -> String {
        let initialize = json!({
            "jsonrpc": "2.0", "id": 1, "method": "initialize",
            "params": { "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } },
        });
        let answer = self.send(post_before(&initialize, token, None)).await;
        assert_eq!(answer.event()["result"]["serverInfo"]["name"], "mcp-auth-lab");
        let session = answer.header("mcp-session-id").to_owned();
        let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        let answer = self.send(post_before(&initialized, token, Some(&session))).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
        session
    }

    /// The structured result of a tool, and the text beside it.
    pub(crate) async fn result(&self, token: &str, tool: &str, arguments: Value) -> (Value, String) {
        let answer = self.call(token, tool, arguments).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let result = &answer.json()["result"];
        assert_eq!(result["isError"], false, "{answer:?}");
        (result["structuredContent"].clone(), result["content"][0]["text"].as_str().unwrap().to_owned())
    }

    /// What a tool says is wrong.
    pub(crate) async fn failure(&self, token: &str, tool: &str, arguments: Value) -> String {
        let answer = self.call(token, tool, arguments).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let result = &answer.json()["result"];
        assert_eq!(result["isError"], true, "{answer:?}");
        result["content"][0]["text"].as_str().unwrap().to_owned()
    }

    /// Calls a tool with this token.
    pub(crate) async fn call(&self, token: &str, tool: &str, arguments: Value) -> Answered {
        self.post(token, &call(tool, &arguments)).await
    }
}

/// Polls all to their end, in one task: they overlap wherever they wait.
pub(crate) async fn all<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut pending: Vec<_> = futures.map(Box::pin).collect();
    let mut done = Vec::new();
    std::future::poll_fn(|context| {
        pending.retain_mut(|future| match future.as_mut().poll(context) {
            std::task::Poll::Ready(value) => {
                done.push(value);
                false
            }
            std::task::Poll::Pending => true,
        });
        if pending.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done
}

fn changed(mut object: Value, name: &str, value: Value) -> Value {
    let members = object.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value);
    }
    object
}

pub(crate) fn call(tool: &str, arguments: &Value) -> Value {
    request("tools/call", json!({ "name": tool, "arguments": arguments }))
}

/// A request of 2026-07-28.
pub(crate) fn request(method: &str, mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params })
}

/// A POST of this body as 2026-07-28 has it: the headers say what the body says, if it can be read.
pub(crate) fn post(body: &str, authorization: Option<&str>) -> Request {
    let mut request = Request::post("/mcp")
        .header(HOST, "localhost:8001")
        .header(ORIGIN, PAGE)
        .header(CONTENT_TYPE, "application/json")
        .header(ACCEPT, "application/json, text/event-stream")
        .header("mcp-protocol-version", "2026-07-28");
    let message: Value = serde_json::from_str(body).unwrap_or_default();
    for (name, value) in [("mcp-method", &message["method"]), ("mcp-name", &message["params"]["name"])] {
        if let Some(value) = value.as_str() {
            request = request.header(name, value);
        }
    }
    if let Some(authorization) = authorization {
        request = request.header(AUTHORIZATION, authorization);
    }
    request.body(Body::from(body.to_owned())).unwrap()
}

/// A POST of this body as 2025-11-25 has it, within a session or without.
pub(crate) fn post_before(message: &Value, token: &str, session: Option<&str>) -> Request {
    let mut request = Request::post("/mcp")
        .header(HOST, "localhost:8001")
        .header(CONTENT_TYPE, "application/json")
        .header(ACCEPT, "application/json, text/event-stream")
        .header("mcp-protocol-version", "2025-11-25")
        .header(AUTHORIZATION, format!("Bearer {token}"));
    if let Some(session) = session {
        request = request.header("mcp-session-id", session);
    }
    request.body(Body::from(message.to_string())).unwrap()
}

impl Answered {
    /// 401 with `invalid_token`, which names the metadata, and nothing else of use.
    #[track_caller]
    pub(crate) fn is_invalid_token(&self, what: &str) {
        assert_eq!(self.status, StatusCode::UNAUTHORIZED, "{what}: {self:?}");
        let challenge = self.header("www-authenticate");
        assert!(challenge.starts_with(r#"Bearer error="invalid_token", "#), "{what}: {challenge}");
        assert!(challenge.contains(&format!(r#"resource_metadata="{METADATA}""#)), "{what}: {challenge}");
        assert_eq!(self.body, "", "{what}");
        assert_eq!(self.header("cache-control"), "no-store", "{what}");
    }

    /// A JSON-RPC error with this status and code.
    #[track_caller]
    pub(crate) fn is_rpc_error(&self, status: StatusCode, code: i64) {
        assert_eq!((self.status, self.json()["error"]["code"].as_i64()), (status, Some(code)), "{self:?}");
        assert_eq!(self.header("content-type"), "application/json");
    }
}
