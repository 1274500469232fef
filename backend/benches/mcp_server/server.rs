//! The servers that are compared: one small service, with the layers and without, and bare axum.

use std::borrow::Cow;
use std::io::Read as _;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use http::StatusCode;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use jsonwebtoken::jwk::{AlgorithmParameters, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey};
use protocol::ids::{Issuer, ResourceUri};
use protocol::loopback::LoopbackPolicy;
use resource_server::{ResourceServer, ScopeTable, Settings};
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CallToolResult, ContentBlock, ProtocolVersion, ServerCapabilities, ServerConfig};
use rmcp::transport::streamable_http_server::StreamableHttpService;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::{ServerHandler, tool, tool_handler, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use server_kit::clock::SystemClock;
use server_kit::listen::{Sockets, serve_until};
use server_kit::outbound::Outbound;

pub(crate) const RESOURCE: &str = "http://localhost:8001/mcp";

/// Serves until the parent goes.
pub(crate) fn serve(kind: &str, issuer: &str) {
    std::thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let router = match kind {
            "bare-401" => bare_401(),
            "bare-json" => bare_json(),
            "unprotected" => unprotected(issuer),
            "signature" => unprotected(issuer).layer(from_fn_with_state(keys(issuer).await, check_signature)),
            _ => {
                let service = Weather::new();
                protected(issuer).router(move || Ok(service.clone()))
            }
        };
        let address = "127.0.0.1:0".parse().unwrap();
        let sockets = Sockets::bind("the server", "--bind", &[address]).await.unwrap();
        println!("{}", sockets.port());
        serve_until(vec![sockets.answer_with(router)], std::future::pending()).await;
    });
}

fn protected(issuer: &str) -> ResourceServer {
    let loopback = LoopbackPolicy::AllowHttpOnLoopback;
    let settings = Settings {
        resource: ResourceUri::parse(RESOURCE, loopback).unwrap(),
        name: "Bench".into(),
        issuer: Issuer::parse(issuer, loopback).unwrap(),
        loopback,
        allowed_origins: Vec::new(),
        introspection: None,
    };
    let scopes = ScopeTable::new("mcp:connect").unwrap().tool("get_weather", "weather:read").unwrap();
    ResourceServer::new(settings, scopes, Arc::new(SystemClock)).unwrap()
}

/// rmcp as the layers set it up, and nothing before it.
fn unprotected(issuer: &str) -> Router {
    let config = protected(issuer).rmcp_config();
    let (service, sessions) = (Weather::new(), Arc::new(LocalSessionManager::default()));
    Router::new()
        .route_service("/mcp", StreamableHttpService::new(move || Ok(service.clone()), sessions, config))
}

/// The keys of the issuer, by their algorithm.
async fn keys(issuer: &str) -> Arc<[(Algorithm, DecodingKey); 2]> {
    let outbound = Outbound::new(LoopbackPolicy::AllowHttpOnLoopback);
    let fetched = outbound.get(&format!("{issuer}/jwks"), 10_000).await.unwrap();
    let set: JwkSet = serde_json::from_slice(&fetched.body).unwrap();
    let key = |kty| {
        set.keys
            .iter()
            .find(|jwk| {
                matches!(
                    (&jwk.algorithm, kty),
                    (AlgorithmParameters::RSA(_), "RSA") | (AlgorithmParameters::EllipticCurve(_), "EC")
                )
            })
            .unwrap()
    };
    let (rsa, ec) = (DecodingKey::from_jwk(key("RSA")).unwrap(), DecodingKey::from_jwk(key("EC")).unwrap());
    Arc::new([(Algorithm::RS256, rsa), (Algorithm::ES256, ec)])
}

/// The bare check of a signature in front of the unprotected service: no look at header, claims or message.
async fn check_signature(
    State(keys): State<Arc<[(Algorithm, DecodingKey); 2]>>,
    request: Request,
    next: Next,
) -> Response {
    let token = request.headers()[AUTHORIZATION].to_str().unwrap().strip_prefix("Bearer ").unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    // An RSA-2048 signature has 342 characters, one of P-256 has 86.
    let (algorithm, key) = if signature.len() > 100 { &keys[0] } else { &keys[1] };
    let verified = jsonwebtoken::crypto::verify(signature, signed.as_bytes(), key, *algorithm).unwrap();
    if verified { next.run(request).await } else { StatusCode::UNAUTHORIZED.into_response() }
}

/// A refusal without a look at the request.
fn bare_401() -> Router {
    Router::new().route("/mcp", post(async || (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer")])))
}

/// An answer to what JSON says.
fn bare_json() -> Router {
    let answer = async |Json(message): Json<Value>| {
        Json(json!({ "jsonrpc": "2.0", "id": message["id"], "result": { "content": [] } }))
    };
    Router::new().route("/mcp", post(answer))
}

#[derive(Clone)]
struct Weather {
    router: ToolRouter<Self>,
}

#[derive(Deserialize, JsonSchema)]
struct GetWeather {
    city: String,
}

#[tool_router]
impl Weather {
    fn new() -> Self {
        Self { router: Self::tool_router() }
    }

    #[tool(name = "get_weather", description = "Says how warm a city is on average over the year.")]
    async fn get_weather(&self, Parameters(GetWeather { city }): Parameters<GetWeather>) -> CallToolResult {
        CallToolResult::success(vec![ContentBlock::text(format!("{city}: 13 °C"))])
    }
}

#[tool_handler(router = self.router)]
impl ServerHandler for Weather {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        resource_server::protocol_versions()
    }
}
