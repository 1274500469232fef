//! The service behind the layers, and requests to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use protocol::ids::{Issuer, ResourceUri, UnixTime};
use protocol::loopback::LoopbackPolicy;
use protocol::secret::Secret;
use resource_server::{Introspection, ResourceServer, ScopeTable, Settings};
use serde_json::{Value, json};
use server_kit::clock::{Clock as _, FixedClock};
use tower::ServiceExt as _;

use crate::answered::Answered;
use crate::issuer::{Key, Keys};
use crate::service::{Tools, Waiting};

pub(crate) const NOW: u64 = 1_800_000_000;
const RESOURCE: &str = "http://localhost:8001/mcp";

/// The service under test.
pub(crate) struct Server {
    pub(crate) router: Router,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) keys: Keys,
    pub(crate) waiting: Waiting,
    calls: Arc<AtomicUsize>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(None).await
    }

    /// One that asks about tokens at each call.
    pub(crate) async fn introspecting() -> Self {
        Self::with(Some(Introspection { secret: Secret::new("s"), max_age_seconds: 0 })).await
    }

    async fn with(introspection: Option<Introspection>) -> Self {
        let keys = Keys::start().await;
        keys.publish(&[Key::p256()]);
        let clock = Arc::new(FixedClock::at(UnixTime(NOW)));
        let loopback = LoopbackPolicy::AllowHttpOnLoopback;
        let settings = Settings {
            resource: ResourceUri::parse(RESOURCE, loopback).unwrap(),
            name: "Service".into(),
            issuer: Issuer::parse(&keys.issuer, loopback).unwrap(),
            loopback,
            allowed_origins: Vec::new(),
            introspection,
        };
        let (waiting, calls) = (Waiting::none(), Arc::new(AtomicUsize::new(0)));
        let server = ResourceServer::new(settings, scopes(), Arc::<FixedClock>::clone(&clock)).unwrap();
        let service = Tools::new(waiting.clone(), Arc::clone(&calls));
        Self { router: server.router(move || Ok(service.clone())), clock, keys, waiting, calls }
    }

    /// How many calls have come through to the service.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// A token of Ada through the client `c`, for ten minutes.
    pub(crate) fn token(&self, scope: &str) -> String {
        self.token_of("ada", "c", scope)
    }

    pub(crate) fn token_of(&self, subject: &str, client: &str, scope: &str) -> String {
        self.sign("ES256", Key::p256(), subject, client, scope)
    }

    /// A token by another key than usual.
    pub(crate) fn token_by(&self, algorithm: &str, key: &Key) -> String {
        self.sign(algorithm, key, "ada", "c", "connect")
    }

    fn sign(&self, algorithm: &str, key: &Key, subject: &str, client: &str, scope: &str) -> String {
        let header = json!({ "alg": algorithm, "typ": "at+jwt", "kid": key.public().kid() });
        let now = self.clock.now().0;
        let claims = json!({
            "iss": self.keys.issuer, "aud": RESOURCE, "sub": subject, "client_id": client, "scope": scope,
            "iat": now, "exp": now + 600, "jti": "j",
        });
        key.sign(&header, &claims)
    }

    pub(crate) async fn open(&self, request: Request) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// Sends a request and reads the answer to its end.
    pub(crate) async fn send(&self, request: Request) -> Answered {
        Answered::read(self.open(request).await).await
    }

    /// Begins a session of 2025-11-25 and gives its id.
    pub(crate) async fn session(&self, token: &str) -> String {
        let answer = self.send(before(&initialize(), token, None)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let session = answer.header("mcp-session-id").to_owned();
        let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        let answer = self.send(before(&initialized, token, Some(&session))).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
        session
    }
}

fn scopes() -> ScopeTable {
    let mut table = ScopeTable::new("connect").unwrap();
    for (tool, more) in [
        ("say", ""),
        ("wait", ""),
        ("ask", ""),
        ("peek", ""),
        ("read", "notes:read"),
        ("write", "notes:write"),
    ] {
        table = table.tool(tool, more).unwrap();
    }
    let table = table.implies("notes:write", "notes:read").unwrap();
    table.method("resources/list", "notes:read").unwrap().method("resources/read", "notes:read").unwrap()
}

pub(crate) fn initialize() -> Value {
    json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": { "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } },
    })
}

pub(crate) fn say(id: i64) -> Value {
    call(id, "say", json!({ "text": "hi" }))
}

pub(crate) fn call(id: i64, tool: &str, arguments: impl Into<Value>) -> Value {
    let arguments: Value = arguments.into();
    json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": { "name": tool, "arguments": arguments } })
}

/// A call of `wait` that reports progress at once.
pub(crate) fn wait(id: i64) -> Value {
    let mut call = call(id, "wait", json!({}));
    call["params"]["_meta"] = json!({ "progressToken": id });
    call
}

/// A request of 2025-11-25.
pub(crate) fn before(message: &Value, token: &str, session: Option<&str>) -> Request {
    let mut request = post(&message.to_string(), token);
    set(&mut request, "mcp-protocol-version", "2025-11-25");
    if let Some(session) = session {
        set(&mut request, "mcp-session-id", session);
    }
    request
}

/// A GET or a DELETE in a session.
pub(crate) fn in_session(method: Method, token: &str, session: &str) -> Request {
    let mut request = post("", token);
    *request.method_mut() = method;
    set(&mut request, "mcp-protocol-version", "2025-11-25");
    set(&mut request, "mcp-session-id", session);
    request
}

/// A request of 2026-07-28 with all that belongs to it.
pub(crate) fn after(message: &Value, token: &str) -> Request {
    let mut message = message.clone();
    for (name, value) in [("protocolVersion", json!("2026-07-28")), ("clientCapabilities", json!({}))] {
        message["params"]["_meta"][format!("io.modelcontextprotocol/{name}")] = value;
    }
    let mut request = post(&message.to_string(), token);
    set(&mut request, "mcp-protocol-version", "2026-07-28");
    set(&mut request, "mcp-method", message["method"].as_str().unwrap());
    if let Some(name) = message["params"]["name"].as_str() {
        set(&mut request, "mcp-name", name);
    }
    request
}

/// A POST without anything of a revision.
pub(crate) fn post(body: &str, token: &str) -> Request {
    Request::post("/mcp")
        .header(HOST, "localhost:8001")
        .header(CONTENT_TYPE, "application/json")
        .header(ACCEPT, "application/json, text/event-stream")
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::from(body.to_owned()))
        .unwrap()
}

pub(crate) fn set(request: &mut Request, name: &'static str, value: &str) {
    request.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
}

impl Answered {
    /// The message in the body, or the last one of a stream.
    pub(crate) fn message(&self) -> Value {
        if self.header("content-type") == "text/event-stream" { self.event() } else { self.json() }
    }

    /// A JSON-RPC error with this status, code and id.
    #[track_caller]
    pub(crate) fn is_error(&self, status: u16, code: i64, id: &Value) {
        let message = self.message();
        let found = (self.status.as_u16(), message["error"]["code"].as_i64(), &message["id"]);
        assert_eq!(found, (status, Some(code), id), "{self:?}");
        assert_eq!(self.header("content-type"), "application/json");
    }

    #[track_caller]
    pub(crate) fn is_ok(&self) {
        assert_eq!(self.status, StatusCode::OK, "{self:?}");
        assert!(self.message().get("result").is_some(), "{self:?}");
    }
}
