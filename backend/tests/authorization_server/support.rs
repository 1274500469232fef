//! One lab for each test: a server, a client with a real document on a real port, and a browser that keeps cookies.

use std::collections::HashMap;
use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::response::{IntoResponse as _, Response};
use backend::authorization_server::{
    AuthorizationServer, HashingLimits, KeySettings, Lifetimes, OfferedScope, PasswordHash, Person,
    ProtectedResource, RegistrationSettings, Settings, StartError, hash_password,
};
use backend::store::{Client, ClientAuthentication, ClientSource, KeyRecord, Limits, SecretHash, Store};
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderMap, Method, Request, StatusCode};
use protocol::basic_credentials::BasicCredentials;
use protocol::ids::{ClientId, Issuer, RedirectUri, ResourceUri, Subject, UnixTime};
use protocol::jwks::TokenAlgorithm;
use protocol::loopback::LoopbackPolicy;
use protocol::pkce::CodeVerifier;
use protocol::secret::Secret;
use protocol::token_endpoint::{CodeExchange, RefreshRequest};
use scraper::{Html, Selector};
use serde_json::{Value, json};
use server_kit::clock::{Clock as _, FixedClock};
use server_kit::entropy::SeededEntropy;
use server_kit::outbound::Outbound;
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use crate::internet::{Authority, Internet};

pub(crate) const ISSUER: &str = "http://localhost:9000";
pub(crate) const RESOURCE: &str = "http://localhost:8001/mcp";
pub(crate) const INTROSPECTION_SECRET: &str = "the secret of the weather server";
pub(crate) const START: UnixTime = UnixTime(1_800_000_000);

/// Answers of a client's web server, counted.
pub(crate) struct ClientHost {
    pub(crate) origin: String,
    pub(crate) hits: Arc<AtomicUsize>,
    answer: Arc<Mutex<Answer>>,
}

type Answer = Box<dyn Fn() -> Response + Send>;

impl ClientHost {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let hits = Arc::new(AtomicUsize::new(0));
        let answer: Arc<Mutex<Answer>> =
            Arc::new(Mutex::new(Box::new(|| StatusCode::NOT_FOUND.into_response())));
        let (counted, given) = (Arc::clone(&hits), Arc::clone(&answer));
        let router = Router::new().fallback(async move || {
            counted.fetch_add(1, Ordering::SeqCst);
            let response = given.lock().unwrap()();
            if response.headers().contains_key("x-never-ends") {
                std::future::pending::<()>().await;
            }
            response
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        let host = Self { origin, hits, answer };
        host.serve_document(&host.document());
        host
    }

    pub(crate) fn client_id(&self) -> String {
        format!("{}/client.json", self.origin)
    }

    pub(crate) fn redirect_uri(&self) -> String {
        format!("{}/callback", self.origin)
    }

    pub(crate) fn document(&self) -> Value {
        json!({
            "client_id": self.client_id(),
            "client_name": "Test client",
            "redirect_uris": [self.redirect_uri()],
            "token_endpoint_auth_method": "none",
        })
    }

    pub(crate) fn serve_document(&self, document: &Value) {
        let body = document.to_string();
        self.answer(move || ([(CONTENT_TYPE, "application/json")], body.clone()).into_response());
    }

    pub(crate) fn answer(&self, answer: impl Fn() -> Response + Send + 'static) {
        *self.answer.lock().unwrap() = Box::new(answer);
    }

    pub(crate) fn hits(&self) -> usize {
        self.hits.load(Ordering::SeqCst)
    }
}

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
        let response = router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        Answered {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
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

/// Which verifier belongs to which code, followed through the requests and forms of a lab's browsers.
#[derive(Default)]
struct Pkce {
    verifiers: Vec<CodeVerifier>,
    /// Challenges by the ids of pending requests, and by codes.
    challenges: HashMap<String, String>,
}

impl Pkce {
    fn new_challenge(&mut self) -> String {
        let mut entropy = [7; 32];
        entropy[..8].copy_from_slice(&self.verifiers.len().to_le_bytes());
        self.verifiers.push(CodeVerifier::from_entropy(&entropy));
        self.verifiers.last().unwrap().challenge().as_str().to_owned()
    }

    /// What was asked with this challenge goes on under the name that the answer gives it.
    fn follow(&mut self, challenge: Option<&str>, answer: &Answered) {
        let (_, query) = answer.header(LOCATION.as_str()).split_once('?').unwrap_or_default();
        let names = url::form_urlencoded::parse(query.as_bytes())
            .filter(|(name, _)| matches!(&**name, "request" | "code"))
            .map(|(_, value)| value.into_owned());
        self.challenges.extend(names.filter_map(|name| Some((name, challenge?.to_owned()))));
    }

    fn verifier(&self, code: &str) -> CodeVerifier {
        let challenge = self.challenges.get(code);
        let fits =
            |verifier: &&CodeVerifier| Some(verifier.challenge().as_str()) == challenge.map(String::as_str);
        self.verifiers.iter().find(fits).cloned().unwrap_or_else(verifier)
    }
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

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The redirect to a client.
    #[track_caller]
    pub(crate) fn redirected(&self) -> Redirected {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{self:?}");
        let location = self.header(LOCATION.as_str()).to_owned();
        let (target, query) = location.split_once('?').unwrap();
        Redirected { target: target.to_owned(), query: query.to_owned() }
    }

    /// A page with this status that leads nowhere.
    #[track_caller]
    pub(crate) fn is_page(&self, status: StatusCode, says: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert!(!self.headers.contains_key(LOCATION), "{self:?}");
        assert!(self.header("content-type").starts_with("text/html"), "{self:?}");
        assert!(self.body.contains(says), "{says:?} is not in {}", self.body);
    }

    /// A refusal by the token endpoint.
    #[track_caller]
    pub(crate) fn is_denied(&self, status: StatusCode, error: &str) {
        assert_eq!((self.status, self.json()["error"].as_str()), (status, Some(error)), "{self:?}");
        assert_eq!(self.header("cache-control"), "no-store");
        assert_eq!(self.header("content-type"), "application/json");
        assert!(self.json()["error_uri"].as_str().unwrap().starts_with("https://"));
    }
}

pub(crate) struct Redirected {
    pub(crate) target: String,
    pub(crate) query: String,
}

impl Redirected {
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let mut values = url::form_urlencoded::parse(self.query.as_bytes())
            .filter(|(found, _)| found == name)
            .map(|(_, value)| value.into_owned());
        let value = values.next();
        assert_eq!(values.next(), None, "{name} stands twice");
        value
    }

    /// A refusal with everything that belongs to it.
    #[track_caller]
    pub(crate) fn is_refused(&self, error: &str) {
        assert_eq!(self.parameter("error").as_deref(), Some(error), "{}", self.query);
        assert_eq!(self.parameter("iss").as_deref(), Some(ISSUER));
        assert_eq!(self.parameter("code"), None);
        assert!(self.parameter("error_description").is_some());
    }
}

/// A browser: keeps the cookie, submits the forms that it finds.
pub(crate) struct Browser<'a> {
    pub(crate) lab: &'a Lab,
    pub(crate) cookie: Option<String>,
    /// Where it connects from; without a socket it is this machine.
    pub(crate) peer: Option<SocketAddr>,
}

/// A form as it stands in a page.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    pub(crate) action: String,
    pub(crate) fields: Vec<(String, String)>,
}

impl Form {
    /// The form of a page that posts to this path, with its hidden fields and ticked boxes.
    pub(crate) fn find(page: &str, action: &str) -> Self {
        let html = Html::parse_document(page);
        let form = html
            .select(&Selector::parse(&format!("form[action={action:?}]")).unwrap())
            .next()
            .unwrap_or_else(|| panic!("no form {action} in {page}"));
        assert_eq!(form.attr("method"), Some("post"));
        let fields = form
            .select(&Selector::parse("input").unwrap())
            .filter(|input| input.attr("type") != Some("checkbox") || input.attr("checked").is_some())
            .map(|input| {
                (input.attr("name").unwrap().to_owned(), input.attr("value").unwrap_or_default().to_owned())
            })
            .collect();
        Self { action: action.to_owned(), fields }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self
    }

    /// Types into a field that is there.
    #[track_caller]
    pub(crate) fn fill(mut self, name: &str, value: &str) -> Self {
        let field = self.fields.iter_mut().find(|(known, _)| known == name);
        value.clone_into(&mut field.unwrap_or_else(|| panic!("no field {name}")).1);
        self
    }

    pub(crate) fn value(&self, name: &str) -> &str {
        self.fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

impl Browser<'_> {
    pub(crate) async fn send(&mut self, mut request: Request<Body>) -> Answered {
        if let Some(cookie) = &self.cookie {
            request.headers_mut().insert(COOKIE, cookie.parse().unwrap());
        }
        if let Some(peer) = self.peer {
            request.extensions_mut().insert(ConnectInfo(peer));
        }
        let answer = self.lab.send(request).await;
        if let Some(set) = answer.headers.get(SET_COOKIE) {
            self.cookie = Some(set.to_str().unwrap().split(';').next().unwrap().to_owned());
        }
        answer
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answered {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn submit(&mut self, form: &Form) -> Answered {
        let answer = self.send(post_form(&form.action, &encode(&form.fields))).await;
        let mut pkce = self.lab.pkce.lock().unwrap();
        let request = form.fields.iter().find(|(name, _)| name == "request");
        let challenge = request.and_then(|(_, id)| pkce.challenges.get(id).cloned());
        pkce.follow(challenge.as_deref(), &answer);
        answer
    }

    pub(crate) async fn authorize(&mut self, parameters: &[(String, String)]) -> Answered {
        let answer = self.get(&format!("/authorize?{}", encode(parameters))).await;
        let challenge = parameters.iter().find(|(name, _)| name == "code_challenge");
        self.lab.pkce.lock().unwrap().follow(challenge.map(|(_, challenge)| challenge.as_str()), &answer);
        answer
    }

    /// Follows a redirect within the server.
    pub(crate) async fn follow(&mut self, answer: &Answered) -> Answered {
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
        let location = answer.header(LOCATION.as_str()).to_owned();
        assert!(location.starts_with('/'), "{location}");
        self.get(&location).await
    }

    /// From `/authorize` through sign-in; gives what the sign-in form was answered.
    pub(crate) async fn sign_in(&mut self, parameters: &[(String, String)], person: &str) -> Answered {
        let answer = self.authorize(parameters).await;
        let page = self.follow(&answer).await;
        self.submit(&Form::find(&page.body, "/sign-in").with("person", person)).await
    }

    /// To the sign-in page of a request.
    pub(crate) async fn sign_in_page(&mut self, parameters: &[(String, String)]) -> Answered {
        let answer = self.authorize(parameters).await;
        let page = self.follow(&answer).await;
        page.is_page(StatusCode::OK, "action=\"/sign-in\"");
        page
    }

    /// To the consent page, signing in on the way if need be.
    pub(crate) async fn consent_page(&mut self, parameters: &[(String, String)], person: &str) -> Answered {
        let answer = self.authorize(parameters).await;
        let mut page = self.follow(&answer).await;
        if page.body.contains("action=\"/sign-in\"") {
            let answer = self.submit(&Form::find(&page.body, "/sign-in").with("person", person)).await;
            page = self.follow(&answer).await;
        }
        assert_eq!(page.status, StatusCode::OK, "{page:?}");
        page
    }

    /// Does what the pages ask for until the browser is sent back to the client; that may be at once.
    pub(crate) async fn allow(&mut self, parameters: &[(String, String)], person: &str) -> Answered {
        let mut answer = self.authorize(parameters).await;
        while answer.header(LOCATION.as_str()).starts_with('/') {
            let page = self.follow(&answer).await;
            let form = if page.body.contains("action=\"/sign-in\"") {
                Form::find(&page.body, "/sign-in").with("person", person)
            } else {
                Form::find(&page.body, "/consent").with("decision", "allow")
            };
            answer = self.submit(&form).await;
        }
        answer
    }
}

pub(crate) fn method(method: &Method, path: &str) -> Request<Body> {
    Request::builder().method(method).uri(path).body(Body::empty()).unwrap()
}
