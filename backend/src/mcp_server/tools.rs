//! The tools. What they know of the caller is what the bearer layer verified.

use std::borrow::Cow;
use std::sync::Arc;

use http::request::Parts;
use rmcp::handler::server::tool::Extension;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    CallToolResult, ContentBlock, Implementation, ProtocolVersion, ServerCapabilities, ServerConfig,
};
use rmcp::{ErrorData, ServerHandler, tool, tool_handler, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use resource_server::VerifiedToken;

use super::weather;

/// The MCP service of the lab.
#[derive(Clone, Debug)]
pub(super) struct Tools {
    name: String,
}

/// Arguments of `get_weather`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct GetWeather {
    /// Name of a city, for instance Paris.
    city: String,
}

#[tool_router]
impl Tools {
    pub(super) fn new(name: String) -> Self {
        Self { name }
    }

    #[tool(
        name = "whoami",
        description = "Says who you are and what you may do, by the access token that was verified.",
        annotations(title = "Who am I?", read_only_hint = true, open_world_hint = false)
    )]
    async fn whoami(&self, Extension(parts): Extension<Parts>) -> Result<CallToolResult, ErrorData> {
        let token = parts
            .extensions
            .get::<Arc<VerifiedToken>>()
            .ok_or_else(|| ErrorData::internal_error("the request has no verified token", None))?;
        let claims = token.claims();
        let text = format!(
            "You are {}, through the client {}, allowed {} at {}.",
            claims.sub, claims.client_id, claims.scope, claims.aud
        );
        Ok(result(
            text,
            json!({
                "subject": claims.sub,
                "client_id": claims.client_id,
                "scope": claims.scope,
                "audience": claims.aud,
                "issuer": claims.iss,
                "expires_at": claims.exp,
            }),
        ))
    }

    #[tool(
        name = "get_weather",
        description = "Says how warm a city is on average over the year. Needs the scope weather:read.",
        annotations(title = "Weather of a city", read_only_hint = true, open_world_hint = false)
    )]
    async fn get_weather(&self, Parameters(GetWeather { city }): Parameters<GetWeather>) -> CallToolResult {
        let Some(city) = weather::find(&city) else {
            let text = format!("There is no such city in the table. There are: {}.", weather::names());
            return CallToolResult::error(vec![ContentBlock::text(text)]);
        };
        let text = format!(
            "{}, {}: {} °C, the mean of 1991–2020.",
            city.name, city.country, city.annual_mean_celsius
        );
        result(
            text,
            json!({
                "city": city.name,
                "country": city.country,
                "annual_mean_celsius": city.annual_mean_celsius,
                "normal": "1991-2020",
            }),
        )
    }
}

/// A result for people and for programs.
fn result(text: String, structured: Value) -> CallToolResult {
    let mut result = CallToolResult::structured(structured);
    result.content = vec![ContentBlock::text(text)];
    result
}

#[tool_handler]
impl ServerHandler for Tools {
    fn get_info(&self) -> ServerConfig {
        let me = Implementation::new("mcp-auth-lab", env!("CARGO_PKG_VERSION")).with_title(self.name.clone());
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(me)
            .with_protocol_version(ProtocolVersion::V_2025_11_25)
            .with_instructions("Call whoami with any token for this server; get_weather needs weather:read.")
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        Cow::Owned(vec![ProtocolVersion::V_2025_11_25, ProtocolVersion::V_2026_07_28])
    }
}

/// The names of all tools, for the test that each has its row of scopes.
#[cfg(test)]
pub(super) fn names() -> Vec<String> {
    let mut names: Vec<_> =
        Tools::tool_router().list_all().into_iter().map(|tool| tool.name.into_owned()).collect();
    names.sort_unstable();
    names
}
