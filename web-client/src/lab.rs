//! The lab as the page knows it: where its servers are.

use gloo_net::http::Request;
use serde::Deserialize;

/// What the lab says about itself at `/lab.json`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Lab {
    /// Endpoint of the MCP server.
    pub(crate) mcp_server: String,
    /// Issuer of the authorization server.
    pub(crate) authorization_server: String,
    /// The id of a client that the authorization server knows from its configuration.
    #[serde(default)]
    pub(crate) preregistered_client_id: Option<String>,
}

/// Asks the lab. The error is for people.
pub(crate) async fn ask() -> Result<Lab, String> {
    let response = Request::get("/lab.json").send().await.map_err(|error| error.to_string())?;
    let text = response.text().await.map_err(|error| error.to_string())?;
    protocol::json::read(&text).map_err(|error| error.to_string())
}
