//! A service that somebody else might have written: it knows nothing of tokens.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::request::Parts;
use rmcp::handler::server::tool::Extension;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    CallToolResult, ClientCapabilities, ContentBlock, ListResourcesResult, PaginatedRequestParams,
    ProgressNotificationParam, ProtocolVersion, ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler, tool, tool_handler, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::sync::watch;

/// How many calls of `wait` are running, and how many have ended.
#[derive(Clone)]
pub(crate) struct Waiting(Arc<watch::Sender<usize>>);

impl Waiting {
    pub(crate) fn none() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }

    /// Waits until exactly so many are running.
    pub(crate) async fn until(&self, count: usize) {
        self.0.subscribe().wait_for(|now| *now == count).await.unwrap();
    }

    pub(crate) fn now(&self) -> usize {
        *self.0.borrow()
    }

    fn begin(&self) -> Running {
        self.0.send_modify(|count| *count += 1);
        Running(self.clone())
    }
}

/// A call of `wait`; it is over when this is dropped, however that comes about.
struct Running(Waiting);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| *count -= 1);
    }
}

#[derive(Clone)]
pub(crate) struct Tools {
    waiting: Waiting,
    calls: Arc<AtomicUsize>,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Say {
    text: String,
}

#[tool_router]
impl Tools {
    pub(crate) fn new(waiting: Waiting, calls: Arc<AtomicUsize>) -> Self {
        Self { waiting, calls }
    }

    #[tool(name = "say", description = "Says it again.")]
    async fn say(&self, Parameters(Say { text }): Parameters<Say>) -> CallToolResult {
        self.calls.fetch_add(1, Ordering::SeqCst);
        CallToolResult::success(vec![ContentBlock::text(text)])
    }

    #[tool(name = "read", description = "Needs notes:read.")]
    async fn read(&self) -> CallToolResult {
        CallToolResult::success(vec![ContentBlock::text("read")])
    }

    #[tool(name = "write", description = "Needs notes:write.")]
    async fn write(&self) -> CallToolResult {
        CallToolResult::success(vec![ContentBlock::text("written")])
    }

    /// A tool without a row in the table.
    #[tool(name = "forgotten", description = "Nobody has thought of its scopes.")]
    async fn forgotten(&self) -> CallToolResult {
        self.calls.fetch_add(1, Ordering::SeqCst);
        CallToolResult::success(vec![])
    }

    #[tool(name = "peek", description = "Says all that it can find out about the request.")]
    async fn peek(&self, Extension(parts): Extension<Parts>) -> CallToolResult {
        CallToolResult::success(vec![ContentBlock::text(format!("{parts:?}"))])
    }

    #[tool(name = "ask", description = "Would ask the person, and says so if the client cannot.")]
    async fn ask(&self, context: RequestContext<RoleServer>) -> Result<CallToolResult, ErrorData> {
        if context.client_capabilities().is_some_and(|can| can.elicitation.is_some()) {
            return Ok(CallToolResult::success(vec![ContentBlock::text("could ask")]));
        }
        let needed = ClientCapabilities::builder().enable_elicitation().build();
        Err(ErrorData::missing_required_client_capability(needed))
    }

    #[tool(name = "wait", description = "Waits until nobody wants it any more.")]
    async fn wait(&self, context: RequestContext<RoleServer>) -> Result<CallToolResult, ErrorData> {
        let _running = self.waiting.begin();
        if let Some(progress_token) = context.meta.get_progress_token() {
            let progress = ProgressNotificationParam::new(progress_token, 1.0);
            let _ = context.peer.notify_progress(progress).await;
        }
        context.ct.cancelled().await;
        Err(ErrorData::internal_error("cancelled", None))
    }
}

#[tool_handler]
impl ServerHandler for Tools {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().enable_resources().build())
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        resource_server::protocol_versions()
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        Ok(ListResourcesResult::default())
    }
}
