//! The routes of the MCP server, and which layers stand before them.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::header::{self, HeaderName};
use http::{HeaderValue, Method, StatusCode};
use protocol::mcp::{PROTOCOL_VERSION_HEADER, SESSION_ID_HEADER};
use protocol::well_known::{protected_resource_metadata_path, protected_resource_metadata_url};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use tower_http::cors::{Any, CorsLayer};

use super::bearer::bearer;
use super::denial::Denial;
use super::guard::guard;
use super::introspection::Introspector;
use super::jwks_cache::JwksCache;
use super::scope_gate::{MAX_MESSAGE_BYTES, scope_gate};
use super::settings::Settings;
use super::tools::Tools;
use super::{metadata, tool_scopes};
use crate::clock::Clock;

/// What the layers share.
pub(super) struct Server {
    pub(super) settings: Settings,
    pub(super) hosts: Vec<String>,
    pub(super) keys: JwksCache,
    pub(super) introspector: Option<Introspector>,
    pub(super) clock: Arc<dyn Clock>,
    metadata_url: String,
    metadata: String,
}

impl Server {
    /// Answers a denial, and says in the log which rule was broken.
    pub(super) fn refuse(&self, denial: Denial) -> Response {
        tracing::debug!(?denial, clause = denial.clause().source(), "refused");
        denial.into_response(&self.metadata_url, tool_scopes::base())
    }
}

/// The MCP server.
#[derive(Clone)]
pub struct ResourceServer {
    server: Arc<Server>,
}

impl ResourceServer {
    /// Prepares the server. Nothing is fetched yet.
    ///
    /// # Errors
    /// If the metadata document cannot be written, which no setting can cause.
    pub fn new(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, serde_json::Error> {
        let introspector = settings
            .introspection
            .as_ref()
            .map(|introspection| Introspector::new(&settings, introspection, Arc::clone(&clock)));
        let server = Server {
            hosts: settings.allowed_hosts(),
            keys: JwksCache::new(settings.issuer.clone(), settings.loopback, Arc::clone(&clock)),
            introspector,
            clock,
            metadata_url: protected_resource_metadata_url(&settings.resource),
            metadata: metadata::document(&settings)?,
            settings,
        };
        Ok(Self { server: Arc::new(server) })
    }

    /// The router: the endpoint, its metadata, and a word for people who come by.
    pub fn router(&self) -> Router {
        let server = &self.server;
        let settings = &server.settings;
        let endpoint = Router::new()
            .route_service(endpoint_path(settings), rmcp_service(settings))
            .layer(from_fn_with_state(Arc::clone(server), scope_gate))
            .layer(from_fn_with_state(Arc::clone(server), bearer))
            .layer(from_fn_with_state(Arc::clone(server), guard))
            .layer(endpoint_cors(settings));
        let public = Router::new()
            .route(&protected_resource_metadata_path(&settings.resource), get(resource_metadata))
            .with_state(Arc::clone(server))
            .layer(public_cors());
        let people = Router::new()
            .route("/", get(|| async { "This is an MCP server. Its endpoint needs an access token.\n" }))
            .route("/healthz", get(|| async { "ok\n" }))
            .route("/readyz", get(readyz))
            .with_state(Arc::clone(server))
            .layer(map_response(no_store));
        // A client that looks at the root form must be able to read that there is nothing.
        let nothing = Router::new().fallback(|| async { StatusCode::NOT_FOUND }).layer(public_cors());
        endpoint.merge(public).merge(people).fallback_service(nothing)
    }
}

/// Without keys no token can be verified; then requests should go elsewhere until this changes.
async fn readyz(State(server): State<Arc<Server>>) -> Response {
    if server.keys.is_ready().await {
        return "ready\n".into_response();
    }
    let later = [(header::RETRY_AFTER, "5")];
    (StatusCode::SERVICE_UNAVAILABLE, later, "not ready: there are no keys to verify tokens with\n")
        .into_response()
}

async fn no_store(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn resource_metadata(State(server): State<Arc<Server>>) -> Response {
    metadata::response(&server.metadata).into_response()
}

fn endpoint_path(settings: &Settings) -> &str {
    match settings.resource.path() {
        "" => "/",
        path => path,
    }
}

/// rmcp without sessions, answering in JSON. It checks host and origin once more.
fn rmcp_service(settings: &Settings) -> StreamableHttpService<Tools, NeverSessionManager> {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(MAX_MESSAGE_BYTES)
        .with_allowed_hosts(settings.allowed_hosts())
        .with_allowed_origins(settings.allowed_origins.clone());
    let name = settings.name.clone();
    StreamableHttpService::new(
        move || Ok(Tools::new(name.clone())),
        Arc::new(NeverSessionManager::default()),
        config,
    )
}

/// For the endpoint: the invited pages only. Refusals carry these headers too, or a page could not read them.
fn endpoint_cors(settings: &Settings) -> CorsLayer {
    let origins = settings.allowed_origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok());
    CorsLayer::new()
        .allow_origin(origins.collect::<Vec<_>>())
        .allow_methods([Method::POST, Method::GET, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::ACCEPT,
            HeaderName::from_static(PROTOCOL_VERSION_HEADER),
            HeaderName::from_static(SESSION_ID_HEADER),
            HeaderName::from_static("last-event-id"),
        ])
        .expose_headers([header::WWW_AUTHENTICATE, HeaderName::from_static(SESSION_ID_HEADER)])
        .max_age(Duration::from_mins(10))
}

/// For metadata: everybody may read it.
fn public_cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET])
        .allow_headers([HeaderName::from_static(PROTOCOL_VERSION_HEADER)])
}
