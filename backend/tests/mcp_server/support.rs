//! An MCP server through its router, and an authorization server of a few lines that has nothing but keys.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use backend::mcp_server;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN};
use http::{HeaderMap, StatusCode};
use protocol::base64url;
use protocol::ids::{Issuer, ResourceUri, UnixTime};
use protocol::jwks::PublicJwk;
use protocol::loopback::LoopbackPolicy;
use protocol::secret::Secret;
use resource_server::{Introspection, Settings};
use serde_json::{Value, json};
use server_kit::clock::FixedClock;
use tokio::net::TcpListener;
use tower::ServiceExt as _;

pub(crate) const RESOURCE: &str = "http://localhost:8001/mcp";
pub(crate) const METADATA: &str = "http://localhost:8001/.well-known/oauth-protected-resource/mcp";
pub(crate) const PAGE: &str = "http://localhost:3000";
pub(crate) const SECRET: &str = "the secret of the server under test";
pub(crate) const NOW: u64 = 1_800_000_000;

/// A signing key. Making one for RSA takes longer than everything else together, so there are few for all tests.
pub(crate) struct Key {
    pair: Pair,
    public: PublicJwk,
}

enum Pair {
    Rsa(KeyPair),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Key {
    /// The RSA key that the authorization server publishes.
    pub(crate) fn published() -> &'static Self {
        static KEY: OnceLock<Key> = OnceLock::new();
        KEY.get_or_init(Self::generate)
    }

    /// An RSA key that nobody publishes.
    pub(crate) fn foreign() -> &'static Self {
        static KEY: OnceLock<Key> = OnceLock::new();
        KEY.get_or_init(Self::generate)
    }

    /// A key for ES256, published where a test says so.
    pub(crate) fn p256() -> &'static Self {
        static KEY: OnceLock<Key> = OnceLock::new();
        KEY.get_or_init(|| {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
            let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
            let public = PublicJwk::p256(x.try_into().unwrap(), y.try_into().unwrap());
            Self { pair: Pair::P256(pair), public }
        })
    }

    /// A key for `EdDSA`, published where a test says so.
    pub(crate) fn ed25519() -> &'static Self {
        static KEY: OnceLock<Key> = OnceLock::new();
        KEY.get_or_init(|| {
            let pair = Ed25519KeyPair::generate().unwrap();
            let public = PublicJwk::ed25519(pair.public_key().as_ref().try_into().unwrap());
            Self { pair: Pair::Ed25519(pair), public }
        })
    }

    fn generate() -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let public = PublicJwk::rsa(
            pair.public_key().modulus().big_endian_without_leading_zero(),
            pair.public_key().exponent().big_endian_without_leading_zero(),
        );
        Self { pair: Pair::Rsa(pair), public }
    }

    pub(crate) fn public(&self) -> &PublicJwk {
        &self.public
    }

    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let text = format!(
            "{}.{}",
            base64url(header.to_string().as_bytes()),
            base64url(claims.to_string().as_bytes())
        );
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature).unwrap();
                signature
            }
            Pair::P256(pair) => pair.sign(&random, text.as_bytes()).unwrap().as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.sign(text.as_bytes()).as_ref().to_vec(),
        };
        format!("{text}.{}", base64url(&signature))
    }
}

/// Answers metadata and keys, and counts how often the keys were asked for.
pub(crate) struct Keys {
    pub(crate) issuer: String,
    pub(crate) asked: Arc<AtomicUsize>,
    answer: Arc<Mutex<(StatusCode, String)>>,
    metadata: Arc<Mutex<Value>>,
    introspection: Arc<Mutex<(StatusCode, String)>>,
    questions: Arc<Mutex<Vec<(String, String)>>>,
}

impl Keys {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let metadata = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/jwks"),
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "introspection_endpoint": format!("{issuer}/introspect"),
        });
        let metadata = Arc::new(Mutex::new(metadata));
        let introspection = Arc::new(Mutex::new((StatusCode::OK, r#"{"active":true}"#.to_owned())));
        let questions = Arc::new(Mutex::new(Vec::new()));
        let asked = Arc::new(AtomicUsize::new(0));
        let answer = Arc::new(Mutex::new((StatusCode::OK, String::new())));
        let (counted, given) = (Arc::clone(&asked), Arc::clone(&answer));
        let (described, said, heard) =
            (Arc::clone(&metadata), Arc::clone(&introspection), Arc::clone(&questions));
        let router = Router::new().fallback(async move |request: Request| -> Response {
            let json = [(CONTENT_TYPE, "application/json")];
            match request.uri().path() {
                "/.well-known/oauth-authorization-server" => {
                    (json, described.lock().unwrap().to_string()).into_response()
                }
                "/introspect" => {
                    let (parts, body) = request.into_parts();
                    let body = to_bytes(body, 1 << 16).await.unwrap();
                    let authorization = parts.headers[AUTHORIZATION].to_str().unwrap().to_owned();
                    let question = (authorization, String::from_utf8(body.to_vec()).unwrap());
                    heard.lock().unwrap().push(question);
                    let (status, body) = said.lock().unwrap().clone();
                    (status, json, body).into_response()
                }
                "/jwks" => {
                    counted.fetch_add(1, Ordering::SeqCst);
                    let (status, body) = given.lock().unwrap().clone();
                    (status, json, body).into_response()
                }
                _ => StatusCode::NOT_FOUND.into_response(),
            }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        let keys = Self { issuer, asked, answer, metadata, introspection, questions };
        keys.publish(&[Key::published()]);
        keys
    }

    pub(crate) fn publish(&self, keys: &[&Key]) {
        let keys: Vec<_> = keys.iter().map(|key| key.public()).collect();
        self.answer(StatusCode::OK, &json!({ "keys": keys }).to_string());
    }

    pub(crate) fn answer(&self, status: StatusCode, body: &str) {
        *self.answer.lock().unwrap() = (status, body.to_owned());
    }

    /// What is answered about each token from now on.
    pub(crate) fn say(&self, answer: &Value) {
        self.say_exactly(StatusCode::OK, &answer.to_string());
    }

    pub(crate) fn say_exactly(&self, status: StatusCode, body: &str) {
        *self.introspection.lock().unwrap() = (status, body.to_owned());
    }

    /// Header and body of each question about a token.
    pub(crate) fn questions(&self) -> Vec<(String, String)> {
        self.questions.lock().unwrap().clone()
    }

    pub(crate) fn metadata(&self) -> Value {
        self.metadata.lock().unwrap().clone()
    }

    pub(crate) fn describe(&self, metadata: &Value) {
        *self.metadata.lock().unwrap() = metadata.clone();
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

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

    pub(crate) async fn send(&self, request: Request) -> Answered {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        Answered {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    /// Posts a message with this token.
    pub(crate) async fn post(&self, token: &str, message: &Value) -> Answered {
        self.send(post(&message.to_string(), Some(&format!("Bearer {token}")))).await
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

/// A response that was read whole.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answered {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The last message of an event stream.
    pub(crate) fn event(&self) -> Value {
        assert_eq!(self.header("content-type"), "text/event-stream", "{self:?}");
        let data = self
            .body
            .lines()
            .filter_map(|line| line.strip_prefix("data:"))
            .rfind(|data| !data.trim().is_empty());
        serde_json::from_str(data.unwrap_or_default()).unwrap_or_else(|_| panic!("no message: {self:?}"))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

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
