//! The rmcp service: its tools, and what it says of itself. What a tool knows of its caller is what was verified before.

use std::borrow::Cow;
use std::sync::Arc;

use http::request::Parts;
use resource_server::{ScopeTable, VerifiedToken};
use rmcp::handler::server::common::schema_for_output;
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::tool::ToolCallContext;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, DiscoverResult,
    Implementation, ListToolsResult, MetaObject, PaginatedRequestParams, ProtocolVersion, ServerCapabilities,
    ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler, tool, tool_handler, tool_router};
use serde::Serialize;
use serde_json::{Value, json};

use super::notes::{AllNotes, MAX_CHARACTERS, Notes, WriteNote, Written};
use super::survey::{self, Cancelled, Survey, SurveyCities};
use super::weather::{self, GetWeather, Weather};
use super::whoami::Caller;

/// For so long a client may keep the list of tools, and what discovery told it: milliseconds.
const TTL_MS: u64 = 60_000;
/// The members of a tool's `_meta` that say what it needs, and whether the caller has it. The prefix is the name of a
/// host that can never be anybody's (RFC 6761 §6.5), turned round as MCP wants it.
const SCOPES_KEY: &str = "example.mcp-auth-lab/scopes";
const GRANTED_KEY: &str = "example.mcp-auth-lab/granted";
const SERVER_INFO_KEY: &str = "io.modelcontextprotocol/serverInfo";

/// The MCP service of the lab.
#[derive(Clone)]
pub(super) struct Tools {
    router: ToolRouter<Self>,
    name: String,
    scopes: Arc<ScopeTable>,
    notes: Arc<Notes>,
}

#[tool_router]
impl Tools {
    pub(super) fn new(name: String, scopes: ScopeTable) -> Self {
        Self { router: Self::tool_router(), name, scopes: Arc::new(scopes), notes: Arc::default() }
    }

    #[tool(
        name = "whoami",
        description = "Says who you are and what you may do, by the access token that was verified.",
        output_schema = schema_for_output::<Caller>(),
        annotations(
            title = "Who am I?",
            read_only_hint = true,
            destructive_hint = false,
            idempotent_hint = true,
            open_world_hint = false
        )
    )]
    async fn whoami(&self, context: RequestContext<RoleServer>) -> Result<CallToolResult, ErrorData> {
        let caller = Caller::of(token(&context)?.claims());
        result(caller.to_text(), &caller)
    }

    #[tool(
        name = "get_weather",
        description = "Says how warm a city is on average over the year. Needs the scope weather:read.",
        output_schema = schema_for_output::<Weather>(),
        annotations(
            title = "Weather of a city",
            read_only_hint = true,
            destructive_hint = false,
            idempotent_hint = true,
            open_world_hint = false
        )
    )]
    async fn get_weather(
        &self,
        Parameters(GetWeather { city }): Parameters<GetWeather>,
    ) -> Result<CallToolResult, ErrorData> {
        let Some(city) = weather::find(&city) else {
            let text = format!("There is no such city in the table. There are: {}.", weather::names());
            return Ok(failure(text));
        };
        let weather = city.weather();
        result(weather.to_text(), &weather)
    }

    #[tool(
        name = "survey_cities",
        description = "Visits the twelve cities of the table one after the other, reports its progress, and says which is \
                       the coldest and which the warmest. Takes some seconds and can be cancelled. Needs the scope \
                       weather:read.",
        output_schema = schema_for_output::<Survey>(),
        annotations(
            title = "Survey of all cities",
            read_only_hint = true,
            destructive_hint = false,
            idempotent_hint = true,
            open_world_hint = false
        )
    )]
    async fn survey_cities(
        &self,
        Parameters(arguments): Parameters<SurveyCities>,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResult, ErrorData> {
        if arguments.seconds_per_city > 10 {
            return Ok(failure("seconds_per_city must be 10 at most."));
        }
        match survey::run(arguments, &context).await {
            Ok(survey) => result(survey.to_text(), &survey),
            Err(Cancelled { .. }) => Ok(failure("The survey was cancelled.")),
        }
    }

    #[tool(
        name = "read_notes",
        description = "Reads the notes that you have written here. Needs the scope notes:read, which notes:write includes.",
        output_schema = schema_for_output::<AllNotes>(),
        annotations(
            title = "Your notes",
            read_only_hint = true,
            destructive_hint = false,
            idempotent_hint = true,
            open_world_hint = false
        )
    )]
    async fn read_notes(&self, context: RequestContext<RoleServer>) -> Result<CallToolResult, ErrorData> {
        let notes = self.notes.of(&token(&context)?.claims().sub);
        result(notes.to_text(), &notes)
    }

    #[tool(
        name = "write_note",
        description = "Writes a note for you, at most 280 characters. You keep 20; then the oldest goes. Notes are yours \
                       alone, and last as long as this server runs. Needs the scope notes:write.",
        output_schema = schema_for_output::<Written>(),
        annotations(
            title = "Write a note",
            read_only_hint = false,
            destructive_hint = true,
            idempotent_hint = false,
            open_world_hint = false
        )
    )]
    async fn write_note(
        &self,
        Parameters(WriteNote { text }): Parameters<WriteNote>,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResult, ErrorData> {
        let length = text.chars().count();
        if text.trim().is_empty() {
            return Ok(failure("A note needs some text."));
        }
        if length > MAX_CHARACTERS {
            return Ok(failure(format!("The note has {length} characters, {MAX_CHARACTERS} at most fit.")));
        }
        let written = self.notes.write(&token(&context)?.claims().sub, text);
        result(written.to_text(), &written)
    }
}

/// The caller's token, verified before.
fn token(context: &RequestContext<RoleServer>) -> Result<&VerifiedToken, ErrorData> {
    let parts = context.extensions.get::<Parts>();
    let token = parts.and_then(|parts| parts.extensions.get::<Arc<VerifiedToken>>());
    token
        .map(AsRef::as_ref)
        .ok_or_else(|| ErrorData::internal_error("the request has no verified token", None))
}

/// A result for people and for programs.
fn result(text: String, structured: &impl Serialize) -> Result<CallToolResult, ErrorData> {
    let structured = serde_json::to_value(structured)
        .map_err(|_| ErrorData::internal_error("the result cannot be written", None))?;
    let mut result = CallToolResult::structured(structured);
    result.content = vec![ContentBlock::text(text)];
    Ok(result)
}

/// What a model can correct: a result of the tool, not an error of the protocol.
fn failure(text: impl Into<String>) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(text.into())])
}

#[tool_handler(router = self.router)]
impl ServerHandler for Tools {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(self.implementation())
            .with_protocol_version(ProtocolVersion::V_2025_11_25)
            .with_instructions(
                "Call whoami with any token for this server. The other tools need more scopes; each says in its _meta which.",
            )
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        resource_server::protocol_versions()
    }

    /// The same for everybody: a server that hides its tools is never asked for the scopes that they need.
    async fn discover(&self, _: RequestContext<RoleServer>) -> Result<DiscoverResult, ErrorData> {
        let versions = self.supported_protocol_versions().into_owned();
        let mut result = DiscoverResult::from_server_info(versions, self.get_info());
        result.ttl_ms = TTL_MS;
        result.cache_scope = CacheScope::Public;
        Ok(result)
    }

    /// All tools, in the order of their names. What each says of the caller's scopes is that caller's own.
    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let granted = &token(&context)?.claims().scope;
        let mut tools = self.router.list_all();
        tools.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        for tool in &mut tools {
            let needed = self.scopes.of_tool(&tool.name).unwrap_or(self.scopes.base());
            let meta = tool.meta.get_or_insert_default();
            let list: Vec<_> = needed.iter().map(ToString::to_string).collect();
            meta.insert(SCOPES_KEY.to_owned(), json!(list));
            meta.insert(GRANTED_KEY.to_owned(), json!(self.scopes.allows(granted, needed)));
        }
        let mut result = ListToolsResult::with_all_items(tools);
        if is_modern(&context) {
            result.ttl_ms = Some(TTL_MS);
            result.cache_scope = Some(CacheScope::Private);
            self.sign(&mut result.meta);
        }
        Ok(result)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let is_modern = is_modern(&context);
        let mut response = self.router.call(ToolCallContext::new(self, request, context)).await?;
        if let (true, CallToolResponse::Complete(result)) = (is_modern, &mut response) {
            self.sign(&mut result.meta);
        }
        Ok(response)
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.router.get(name).cloned()
    }
}

impl Tools {
    fn implementation(&self) -> Implementation {
        Implementation::new("mcp-auth-lab", env!("CARGO_PKG_VERSION")).with_title(self.name.clone())
    }

    /// Says in a result who has answered, as 2026-07-28 recommends: there is no handshake to say it in.
    fn sign(&self, meta: &mut Option<MetaObject>) {
        let implementation = serde_json::to_value(self.implementation()).unwrap_or(Value::Null);
        meta.get_or_insert_default().insert(SERVER_INFO_KEY.to_owned(), implementation);
    }
}

fn is_modern(context: &RequestContext<RoleServer>) -> bool {
    context.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28)
}

/// The names of all tools, for the test that each has its row of scopes.
#[cfg(test)]
pub(super) fn names() -> Vec<String> {
    let mut names: Vec<_> =
        Tools::tool_router().list_all().into_iter().map(|tool| tool.name.into_owned()).collect();
    names.sort_unstable();
    names
}
