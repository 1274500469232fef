//! One lab for each test: a server, a client with a real document on a real port, and a browser that keeps cookies.

use std::future::Future;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};

use axum::Router;
use axum::body::Body;
use backend::authorization_server::{
    AuthorizationServer, HashingLimits, KeySettings, Lifetimes, OfferedScope, PasswordHash, Person,
    ProtectedResource, RegistrationSettings, Settings, StartError, hash_password,
};
use backend::store::{Client, ClientAuthentication, ClientSource, KeyRecord, Limits, SecretHash, Store};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request, StatusCode};
use protocol::basic_credentials::BasicCredentials;
use protocol::ids::{ClientId, Issuer, RedirectUri, ResourceUri, Subject, UnixTime};
use protocol::jwks::TokenAlgorithm;
use protocol::loopback::LoopbackPolicy;
use protocol::pkce::CodeVerifier;
use protocol::secret::Secret;
use protocol::token_endpoint::{CodeExchange, RefreshRequest};
use serde_json::{Value, json};
use server_kit::clock::{Clock as _, FixedClock};
use server_kit::entropy::SeededEntropy;
use server_kit::outbound::Outbound;
use tower::ServiceExt as _;

use crate::internet::{Authority, Internet};

#[path = "../../../resource-server/tests/layers/answered.rs"]
mod answered;
#[path = "answers.rs"]
pub(crate) mod answers;
#[path = "browser.rs"]
mod browser;
#[path = "client_host.rs"]
mod client_host;

pub(crate) use answered::Answered;
pub(crate) use browser::{Browser, Form};
pub(crate) use client_host::ClientHost;

use browser::Pkce;

pub(crate) const ISSUER: &str = "http://localhost:9000";
pub(crate) const RESOURCE: &str = "http://localhost:8001/mcp";
pub(crate) const INTROSPECTION_SECRET: &str = "the secret of the weather server";
pub(crate) const START: UnixTime = UnixTime(1_800_000_000);

pub(crate) struct Lab {
    pub(crate) server: AuthorizationServer,
    pkce: Mutex<Pkce>,
    pub(crate) router: Router,
    pub(crate) store: Store,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) client: ClientHost,
    entropy: Arc<SeededEntropy>,
    /// The database goes with it.
    pub(crate) folder: tempfile::TempDir,
}

pub(crate) fn settings() -> Settings {
    let loopback = LoopbackPolicy::AllowHttpOnLoopback;
    let scope = |token: &str, description: &str| OfferedScope {
        token: token.parse().unwrap(),
        description: description.into(),
    };
    let person = |subject: &str, name: &str| Person {
        subject: Subject::parse(subject).unwrap(),
        name: name.into(),
        about: format!("{name} of the lab"),
        password: None,
    };
    Settings {
        issuer: Issuer::parse(ISSUER, loopback).unwrap(),
        loopback,
        resources: vec![
            ProtectedResource {
                uri: ResourceUri::parse(RESOURCE, loopback).unwrap(),
                name: "Weather server".into(),
                scopes: vec![
                    scope("mcp:connect", "Use the MCP server in your name"),
                    scope("weather:read", "Read the weather"),
                ],
                introspection_secret: Some(SecretHash::of_text(INTROSPECTION_SECRET)),
            },
            ProtectedResource {
                uri: ResourceUri::parse("http://localhost:8002/mcp", loopback).unwrap(),
                name: "Another server".into(),
                scopes: vec![scope("notes:read", "Read your notes")],
                introspection_secret: None,
            },
        ],
        people: vec![person("ada", "Ada"), person("bob", "Bob")],
        hashing: HashingLimits::default(),
        trusted_proxies: Vec::new(),
        clients: Vec::new(),
        registration: Some(RegistrationSettings::default()),
        lifetimes: Lifetimes::default(),
        keys: KeySettings::default(),
    }
}

/// Ada's password, where she has one.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// The same, but Ada has a password; Bob has none.
pub(crate) fn settings_with_a_password() -> Settings {
    // Hashing is slow by design.
    static HASH: LazyLock<PasswordHash> =
        LazyLock::new(|| hash_password(&Secret::new(PASSWORD), &SeededEntropy::new(3)).unwrap());
    let mut settings = settings();
    settings.people[0].password = Some(HASH.clone());
    settings
}

/// A client as the server knows it.
pub(crate) fn client(source: ClientSource, id: &str, name: &str, redirect_uris: &[&str]) -> Client {
    Client {
        id: ClientId::parse(id).unwrap(),
        source,
        name: name.into(),
        redirect_uris: redirect_uris.iter().map(|uri| RedirectUri::parse(uri).unwrap()).collect(),
        authentication: ClientAuthentication::None,
        wants_refresh: false,
        fingerprint: format!("{id} {name}"),
    }
}

impl Lab {
    pub(crate) async fn start() -> Self {
        Self::with(settings()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        Self::with_limits(settings, Limits::default()).await
    }

    pub(crate) async fn with_limits(settings: Settings, limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open_with(&folder.path().join("as.sqlite"), limits).await.unwrap();
        Self::on_store(folder, store, settings).await
    }

    /// On a store that is open already.
    pub(crate) async fn on_store(folder: tempfile::TempDir, store: Store, settings: Settings) -> Self {
        let outbound = Outbound::new(settings.loopback);
        Self::with_outbound(folder, store, settings, outbound).await
    }

    /// A server on the public internet, or what it takes for it.
    pub(crate) async fn on(internet: &Internet, authority: &Authority) -> Self {
        let mut settings = settings();
        settings.loopback = LoopbackPolicy::HttpsOnly;
        settings.issuer = Issuer::parse("https://as.example", LoopbackPolicy::HttpsOnly).unwrap();
        // Outside the lab people need passwords; nobody signs in there.
        settings.people.clear();
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("as.sqlite")).await.unwrap();
        Self::with_outbound(folder, store, settings, internet.outbound(authority)).await
    }

    async fn with_outbound(
        folder: tempfile::TempDir,
        store: Store,
        settings: Settings,
        outbound: Outbound,
    ) -> Self {
        // One key for all tests: making one takes longer than everything else together.
        if settings.keys.algorithm == TokenAlgorithm::Rs256 {
            store.add_signing_key(test_key().await).await.unwrap();
        }
        let clock = Arc::new(FixedClock::at(START));
        let entropy = Arc::new(SeededEntropy::new(7));
        let server = AuthorizationServer::with_outbound(
            settings,
            store.clone(),
            Arc::<FixedClock>::clone(&clock),
            Arc::<SeededEntropy>::clone(&entropy),
            outbound,
        )
        .await
        .unwrap();
        let (router, client) = (server.router(), ClientHost::start().await);
        Self { server, pkce: Mutex::default(), router, store, clock, client, entropy, folder }
    }

    /// The server starts again on its database, with other settings.
    pub(crate) async fn restart_with(&mut self, settings: Settings) {
        let clock = Arc::<FixedClock>::clone(&self.clock);
        let entropy = Arc::<SeededEntropy>::clone(&self.entropy);
        self.server = AuthorizationServer::new(settings, self.store.clone(), clock, entropy).await.unwrap();
        self.router = self.server.router();
    }

    /// Another process on the same file, with other settings perhaps.
    pub(crate) async fn restarted(&self, settings: Settings) -> Result<AuthorizationServer, StartError> {
        let store = Store::open(&self.folder.path().join("as.sqlite")).await.unwrap();
        self.started_on(store, settings).await
    }

    /// Another server by the same clock.
    pub(crate) async fn started_on(
        &self,
        store: Store,
        settings: Settings,
    ) -> Result<AuthorizationServer, StartError> {
        let entropy = Arc::new(SeededEntropy::new(8));
        AuthorizationServer::new(settings, store, Arc::<FixedClock>::clone(&self.clock), entropy).await
    }

    pub(crate) fn now(&self) -> UnixTime {
        self.clock.now()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answered {
        Self::send_to(&self.router, request).await
    }

    /// Sends it to another server than the lab's.
    pub(crate) async fn send_to(router: &Router, request: Request<Body>) -> Answered {
        Answered::read(router.clone().oneshot(request).await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answered {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub(crate) fn browser(&self) -> Browser<'_> {
        Browser { lab: self, cookie: None, peer: None }
    }

    /// Makes the client one that lives on the web: `https://c.example`. Gives its correct request.
    pub(crate) fn web_request(&self) -> Vec<(String, String)> {
        let mut document = self.client.document();
        document["redirect_uris"] = json!(["https://c.example/callback"]);
        self.client.serve_document(&document);
        self.request_with("redirect_uri", Some("https://c.example/callback"))
    }

    /// What a correct client sends to `/authorize`; the challenge is a new one each time.
    pub(crate) fn request(&self) -> Vec<(String, String)> {
        [
            ("response_type", "code".to_owned()),
            ("client_id", self.client.client_id()),
            ("redirect_uri", self.client.redirect_uri()),
            ("scope", "mcp:connect".to_owned()),
            ("state", "the-state".to_owned()),
            ("code_challenge", self.pkce.lock().unwrap().new_challenge()),
            ("code_challenge_method", "S256".to_owned()),
            ("resource", RESOURCE.to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    /// The same request once more, with a new challenge.
    pub(crate) fn again(&self, parameters: &[(String, String)]) -> Vec<(String, String)> {
        let challenge = self.pkce.lock().unwrap().new_challenge();
        with(parameters.to_vec(), "code_challenge", Some(&challenge))
    }

    /// The same with one parameter changed; `None` leaves it out.
    pub(crate) fn request_with(&self, name: &str, value: Option<&str>) -> Vec<(String, String)> {
        with(self.request(), name, value)
    }

    /// What a correct client sends to `/token`.
    pub(crate) fn exchange(&self, code: &str) -> Vec<(String, String)> {
        let exchange = CodeExchange {
            code: Secret::new(code),
            code_verifier: self.pkce.lock().unwrap().verifier(code),
            redirect_uri: RedirectUri::parse(&self.client.redirect_uri()).unwrap(),
            client_id: ClientId::parse(&self.client.client_id()).unwrap(),
            resource: ResourceUri::parse(RESOURCE, LoopbackPolicy::AllowHttpOnLoopback).unwrap(),
        };
        exchange.parameters().into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// The same as another client.
    pub(crate) fn request_as(&self, client_id: &str, redirect_uri: &str) -> Vec<(String, String)> {
        as_client(self.request(), client_id, redirect_uri)
    }

    pub(crate) fn exchange_as(
        &self,
        code: &str,
        client_id: &str,
        redirect_uri: &str,
    ) -> Vec<(String, String)> {
        as_client(self.exchange(code), client_id, redirect_uri)
    }

    /// The code that Ada gives another client.
    pub(crate) async fn code_as(&self, client_id: &str, redirect_uri: &str) -> String {
        let answer = self.browser().allow(&self.request_as(client_id, redirect_uri), "ada").await;
        answer.redirected().parameter("code").unwrap()
    }

    pub(crate) async fn register(&self, request: &Value) -> Answered {
        let body = Body::from(request.to_string());
        self.send(Request::post("/register").header(CONTENT_TYPE, "application/json").body(body).unwrap())
            .await
    }

    pub(crate) async fn token(&self, parameters: &[(String, String)]) -> Answered {
        self.send(post_form("/token", &encode(parameters))).await
    }

    /// A lab whose client says that it can use refresh tokens.
    pub(crate) async fn refreshing() -> Self {
        Self::refreshing_with(settings()).await
    }

    pub(crate) async fn refreshing_with(settings: Settings) -> Self {
        let lab = Self::with(settings).await;
        let mut document = lab.client.document();
        document["grant_types"] = json!(["authorization_code", "refresh_token"]);
        lab.client.serve_document(&document);
        lab
    }

    /// The tokens for this authorization request, allowed by Ada.
    pub(crate) async fn tokens_for(&self, request: &[(String, String)]) -> Value {
        let answer = self.browser().allow(request, "ada").await;
        self.redeem(&answer.redirected().parameter("code").unwrap()).await
    }

    /// The tokens for all that can be asked for.
    pub(crate) async fn tokens(&self) -> Value {
        self.tokens_for(&self.request_with("scope", Some("mcp:connect weather:read"))).await
    }

    pub(crate) async fn redeem(&self, code: &str) -> Value {
        let answer = self.token(&self.exchange(code)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.json()
    }

    /// What a correct client sends to refresh.
    pub(crate) fn refresh(&self, refresh_token: &Value) -> Vec<(String, String)> {
        let request = RefreshRequest {
            refresh_token: Secret::new(refresh_token.as_str().unwrap()),
            client_id: ClientId::parse(&self.client.client_id()).unwrap(),
            resource: ResourceUri::parse(RESOURCE, LoopbackPolicy::AllowHttpOnLoopback).unwrap(),
            scope: None,
        };
        request.parameters().into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Refreshes, and gives the new tokens.
    pub(crate) async fn refreshed(&self, refresh_token: &Value) -> Value {
        let answer = self.token(&self.refresh(refresh_token)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.json()
    }

    /// A refresh that must be refused as `invalid_grant`, for a reason that says this.
    #[track_caller]
    pub(crate) fn not_refreshed(&self, refresh_token: &Value, says: &str) -> impl Future<Output = ()> {
        let (request, says) = (self.refresh(refresh_token), says.to_owned());
        async move {
            let answer = self.token(&request).await;
            answer.is_denied(StatusCode::BAD_REQUEST, "invalid_grant");
            let description = answer.json()["error_description"].as_str().unwrap().to_owned();
            assert!(description.contains(&says), "{says:?} is not in {description:?}");
        }
    }

    /// What a client sends to `/revoke`.
    pub(crate) async fn revoke(&self, token: &Value) -> Answered {
        let token = token.as_str().unwrap();
        let parameters = [("token", token), ("client_id", &self.client.client_id())];
        self.send(post_form("/revoke", &protocol::query::encode(parameters))).await
    }

    /// What the weather server is told about a token.
    pub(crate) async fn introspect(&self, token: &Value) -> Value {
        let token = token.as_str().unwrap();
        let answer = self.send(introspection(RESOURCE, INTROSPECTION_SECRET, token)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.json()
    }

    pub(crate) async fn is_active(&self, token: &Value) -> bool {
        self.introspect(token).await["active"].as_bool().unwrap()
    }

    /// Another connection to the database, to see what is really there.
    pub(crate) fn count(&self, sql: &str) -> u64 {
        let connection = rusqlite::Connection::open(self.folder.path().join("as.sqlite")).unwrap();
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Signs in, allows everything, and gives the code.
    pub(crate) async fn code(&self) -> String {
        let mut browser = self.browser();
        let answer = browser.allow(&self.request(), "ada").await;
        answer.redirected().parameter("code").unwrap()
    }
}

fn as_client(
    parameters: Vec<(String, String)>,
    client_id: &str,
    redirect_uri: &str,
) -> Vec<(String, String)> {
    let parameters = with(parameters, "client_id", Some(client_id));
    with(parameters, "redirect_uri", Some(redirect_uri))
}

/// An RSA key that signs since [`START`].
pub(crate) async fn test_key() -> KeyRecord {
    static KEY: tokio::sync::OnceCell<KeyRecord> = tokio::sync::OnceCell::const_new();
    KEY.get_or_init(|| async {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("key.sqlite")).await.unwrap();
        let clock = Arc::new(FixedClock::at(START));
        let entropy = Arc::new(SeededEntropy::new(0));
        AuthorizationServer::new(settings(), store.clone(), clock, entropy).await.unwrap();
        store.signing_keys(0).await.unwrap().remove(0).record
    })
    .await
    .clone()
}

/// What the server of a resource sends to `/introspect`.
pub(crate) fn introspection(resource: &str, secret: &str, token: &str) -> Request<Body> {
    let credentials = BasicCredentials { id: resource.to_owned(), secret: Secret::new(secret) };
    let mut request = post_form("/introspect", &protocol::query::encode([("token", token)]));
    request.headers_mut().insert(AUTHORIZATION, credentials.to_header().reveal().parse().unwrap());
    request
}

/// Some parameters, one of them changed; `None` leaves it out.
pub(crate) fn with(
    mut parameters: Vec<(String, String)>,
    name: &str,
    value: Option<&str>,
) -> Vec<(String, String)> {
    parameters.retain(|(known, _)| known != name);
    parameters.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    parameters
}

/// A database as a version with a single key left it.
pub(crate) fn write_older_version(path: &Path, pkcs8: &[u8]) {
    let old = rusqlite::Connection::open(path).unwrap();
    old.execute_batch(include_str!("../../migrations/0001_first.sql")).unwrap();
    old.execute_batch(include_str!("../../migrations/0002_families.sql")).unwrap();
    old.execute("INSERT INTO signing_key (only_row, pkcs8) VALUES (1, ?)", [pkcs8]).unwrap();
    old.pragma_update(None, "user_version", 2).unwrap();
}

pub(crate) fn verifier() -> CodeVerifier {
    CodeVerifier::from_entropy(&[42; 32])
}

pub(crate) fn encode(parameters: &[(String, String)]) -> String {
    protocol::query::encode(parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

pub(crate) fn post_form(path: &str, body: &str) -> Request<Body> {
    Request::post(path)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body.to_owned()))
        .unwrap()
}

pub(crate) fn method(method: &Method, path: &str) -> Request<Body> {
    Request::builder().method(method).uri(path).body(Body::empty()).unwrap()
}
