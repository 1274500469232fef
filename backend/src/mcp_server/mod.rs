//! The lab's MCP server: a few tools, and which scopes each needs. What protects them is the crate `resource_server`.

mod notes;
mod scopes;
mod survey;
mod tools;
mod weather;
mod whoami;

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use protocol::scope::InvalidScope;
use resource_server::{ResourceServer, Settings, metadata_cors};
use server_kit::clock::Clock;

use tools::Tools;

/// Why the server cannot start: mistakes in this program, both.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A scope of the table is none.
    #[error(transparent)]
    Scope(#[from] InvalidScope),
    /// The metadata cannot be written.
    #[error(transparent)]
    Metadata(#[from] serde_json::Error),
}

/// The server's router: the endpoint, its metadata, its health, and a word for people who come by.
///
/// # Errors
/// [`StartError`].
pub fn router(settings: Settings, clock: Arc<dyn Clock>) -> Result<Router, StartError> {
    let (server, tools) = protected(settings, clock)?;
    // A client that looks at the root form of the metadata must be able to read that there is nothing.
    let nothing = Router::new().fallback(|| async { StatusCode::NOT_FOUND }).layer(metadata_cors());
    Ok(server
        .router(move || Ok(tools.clone()))
        .merge(server.health())
        .route("/", get(|| async { "This is an MCP server. Its endpoint needs an access token.\n" }))
        .fallback_service(nothing))
}

/// The endpoint and its metadata alone, for a site that has more on it.
///
/// # Errors
/// [`StartError`].
pub fn endpoint(settings: Settings, clock: Arc<dyn Clock>) -> Result<Router, StartError> {
    let (server, tools) = protected(settings, clock)?;
    Ok(server.router(move || Ok(tools.clone())))
}

fn protected(settings: Settings, clock: Arc<dyn Clock>) -> Result<(ResourceServer, Tools), StartError> {
    let scopes = scopes::table()?;
    let tools = Tools::new(settings.name.clone(), scopes.clone());
    Ok((ResourceServer::new(settings, scopes, clock)?, tools))
}
