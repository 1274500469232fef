//! The routes: the endpoint with all that stands before it, its metadata, and its health.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{self, HeaderName};
use http::{HeaderValue, Method, StatusCode};
use protocol::mcp::{
    LAST_EVENT_ID_HEADER, METHOD_HEADER, NAME_HEADER, PROTOCOL_VERSION_HEADER, SESSION_ID_HEADER,
};
use protocol::well_known::protected_resource_metadata_path;
use rmcp::ServerHandler;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use server_kit::clock::Clock;
use tower::Service;
use tower_http::cors::{Any, CorsLayer};

use crate::budget::MESSAGE_BYTES;
use crate::metadata;
use crate::protected::Protected;
use crate::scope_table::ScopeTable;
use crate::server::Server;
use crate::settings::Settings;

/// A protected MCP server: an rmcp service behind the layers of this crate.
///
/// Clones share keys, sessions and limits.
#[derive(Clone)]
pub struct ResourceServer {
    server: Arc<Server>,
}

impl ResourceServer {
    /// Prepares the layers. Nothing is fetched yet.
    ///
    /// # Errors
    /// If the metadata document cannot be written, which no setting can cause.
    pub fn new(
        settings: Settings,
        scopes: ScopeTable,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, serde_json::Error> {
        Ok(Self { server: Arc::new(Server::new(settings, scopes, clock)?) })
    }

    /// The endpoint and its metadata, with an rmcp service behind. `service` makes one for each session of 2025-11-25,
    /// and one for each request of 2026-07-28.
    pub fn router<S: ServerHandler>(
        &self,
        service: impl Fn() -> Result<S, std::io::Error> + Send + Sync + 'static,
    ) -> Router {
        let sessions = Arc::clone(&self.server.sessions.manager);
        self.in_front_of(StreamableHttpService::new(service, sessions, self.rmcp_config()))
    }

    /// The same in front of any service that speaks MCP over HTTP. Sessions that it begins get an owner; the service has
    /// to end them by itself.
    pub fn in_front_of<S>(&self, service: S) -> Router
    where
        S: Service<Request, Error = std::convert::Infallible> + Clone + Send + Sync + 'static,
        S::Response: IntoResponse,
        S::Future: Send + 'static,
    {
        let server = &self.server;
        let endpoint = Router::new()
            .route_service(endpoint_path(&server.settings), Protected::new(Arc::clone(server), service))
            .layer(endpoint_cors(&server.settings));
        let public = Router::new()
            .route(&protected_resource_metadata_path(&server.settings.resource), get(resource_metadata))
            .with_state(Arc::clone(server))
            .layer(metadata_cors());
        endpoint.merge(public)
    }

    /// `/healthz` and `/readyz`: whether the program lives, and whether it could verify a token.
    pub fn health(&self) -> Router {
        Router::new()
            .route("/healthz", get(|| async { "ok\n" }))
            .route("/readyz", get(readyz))
            .with_state(Arc::clone(&self.server))
            .layer(map_response(no_store))
    }

    /// How rmcp is set up: with sessions for 2025-11-25, without for 2026-07-28, and with our limits. It checks host and
    /// origin once more.
    #[must_use]
    pub fn rmcp_config(&self) -> StreamableHttpServerConfig {
        StreamableHttpServerConfig::default()
            .with_legacy_session_mode(true)
            .with_json_response(true)
            .with_max_request_body_bytes(MESSAGE_BYTES)
            .with_allowed_hosts(self.server.hosts.clone())
            .with_allowed_origins(self.server.origins.clone())
            .enforce_origin_validation()
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
            HeaderName::from_static(METHOD_HEADER),
            HeaderName::from_static(NAME_HEADER),
            HeaderName::from_static(LAST_EVENT_ID_HEADER),
        ])
        .expose_headers([
            header::WWW_AUTHENTICATE,
            header::RETRY_AFTER,
            HeaderName::from_static(SESSION_ID_HEADER),
        ])
        .max_age(Duration::from_mins(10))
}

/// For metadata, and for the places where a client may look for it in vain: everybody may read what is there.
pub fn metadata_cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET])
        .allow_headers([HeaderName::from_static(PROTOCOL_VERSION_HEADER)])
}
