//! An application that is written with rmcp, and the person before it. All it knows of OAuth is rmcp's.

use std::sync::Arc;
use std::time::Duration;

use protocol::ids::RedirectUri;
use rmcp::model::{CallToolRequestParams, ClientConfig, ProtocolVersion};
use rmcp::service::{ClientInitializeError, ClientLifecycleMode, RunningService, ServiceError};
use rmcp::transport::auth::{
    AuthClient, AuthorizationCallback, AuthorizationManager, AuthorizationRequest, OAuthState,
};
use rmcp::transport::streamable_http_client::{
    StreamableHttpClientTransport, StreamableHttpClientTransportConfig, StreamableHttpError,
};
use rmcp::{RoleClient, serve_client_with_lifecycle};
use serde_json::Value;
use walker::person::Person;

use crate::support::Lab;

/// Nobody listens there: the person hands over what the browser was sent to.
pub(crate) const CALLBACK: &str = "http://127.0.0.1:4321/callback";

/// By itself, rmcp would wait for ever for the answer to a call.
const PATIENCE: Duration = Duration::from_secs(10);

/// rmcp's OAuth, and the HTTP client that adds its tokens.
type OAuth = AuthClient<reqwest::Client>;

/// A client that has to register first.
pub(crate) fn registers() -> AuthorizationRequest {
    AuthorizationRequest::new(CALLBACK).with_client_name("rmcp").with_application_type("native")
}

/// With `initialize` and a session, as in 2025-11-25.
pub(crate) fn initialize() -> ClientLifecycleMode {
    ClientLifecycleMode::Initialize
}

/// With `server/discover` and without sessions, as in 2026-07-28.
pub(crate) fn discover() -> ClientLifecycleMode {
    ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] }
}

/// The application, connected to the lab's MCP server.
pub(crate) struct App {
    client: RunningService<RoleClient, ClientConfig>,
    oauth: OAuth,
}

impl App {
    /// Connects, as one does that knows nothing but the server's address: without a token, then by the way that the
    /// refusal shows.
    pub(crate) async fn start(
        lab: &Lab,
        person: &mut Person,
        request: AuthorizationRequest,
        lifecycle: fn() -> ClientLifecycleMode,
    ) -> Self {
        let stranger = AuthorizationManager::new(&lab.mcp_server).await.unwrap();
        let stranger = AuthClient::new(reqwest::Client::new(), stranger);
        let refusal = connect(lab, stranger, lifecycle()).await.unwrap_err();
        let challenge = refusal.auth_challenge().unwrap();
        let mut state = ask(lab, request.with_challenge(challenge)).await;
        let answer = answer(person, &state.get_authorization_url().await.unwrap()).await;
        state.handle_callback_url(&answer).await.unwrap();
        let oauth = AuthClient::new(reqwest::Client::new(), state.into_authorization_manager().unwrap());
        let client = connect(lab, oauth.clone(), lifecycle()).await.unwrap();
        Self { client, oauth }
    }

    /// Which revision was agreed on.
    pub(crate) fn revision(&self) -> String {
        self.client.peer_info().unwrap().protocol_version.to_string()
    }

    pub(crate) async fn tools(&self) -> Vec<String> {
        let tools = self.client.list_all_tools().await.unwrap();
        tools.into_iter().map(|tool| tool.name.into_owned()).collect()
    }

    /// Calls a tool, and gives the structured part of its result.
    pub(crate) async fn call(&self, tool: &'static str, arguments: Value) -> Result<Value, ServiceError> {
        let mut request = CallToolRequestParams::new(tool);
        request.arguments = arguments.as_object().cloned();
        let result = tokio::time::timeout(PATIENCE, self.client.call_tool(request)).await;
        let result = result.expect("rmcp waits for an answer that does not come")?;
        Ok(result.structured_content.unwrap_or_default())
    }

    /// Asks the person for more scopes. The connection stays as it is.
    pub(crate) async fn step_up(&self, person: &mut Person, scopes: &str) {
        let oauth = self.oauth.auth_manager.lock().await;
        let url = oauth.request_scope_upgrade(scopes).await.unwrap();
        let callback = AuthorizationCallback::from_redirect_url(&answer(person, &url).await).unwrap();
        let (code, state, issuer) = (&callback.code, &callback.csrf_token, callback.issuer.as_deref());
        oauth.exchange_code_for_token_with_issuer(code, state, issuer).await.unwrap();
    }

    /// The answer of the token endpoint that it goes by.
    pub(crate) async fn token_response(&self) -> Value {
        let (_, response) = self.oauth.auth_manager.lock().await.get_credentials().await.unwrap();
        serde_json::to_value(response).unwrap()
    }

    pub(crate) async fn end(self) {
        self.client.cancel().await.unwrap();
    }
}

/// Discovers, and begins to ask for a token.
pub(crate) async fn ask(lab: &Lab, request: AuthorizationRequest) -> OAuthState {
    let mut state = OAuthState::new(&lab.mcp_server, None).await.unwrap();
    state.start_authorization(request.with_initial_scope_selection()).await.unwrap();
    state
}

/// What the browser is sent back with when the person has decided.
pub(crate) async fn answer(person: &mut Person, authorization_url: &str) -> String {
    person.visit(authorization_url, &RedirectUri::parse(CALLBACK).unwrap()).await.unwrap()
}

async fn connect(
    lab: &Lab,
    oauth: OAuth,
    lifecycle: ClientLifecycleMode,
) -> Result<RunningService<RoleClient, ClientConfig>, ClientInitializeError> {
    let config = StreamableHttpClientTransportConfig::with_uri(Arc::from(lab.mcp_server.as_str()));
    let transport = StreamableHttpClientTransport::with_client(oauth, config);
    serve_client_with_lifecycle(ClientConfig::default(), transport, lifecycle).await
}

/// Which scopes a refusal names.
pub(crate) fn scopes_to_ask_for(refusal: &ServiceError) -> &str {
    let ServiceError::TransportSend(error) = refusal else { panic!("another error: {refusal}") };
    match error.error.downcast_ref::<StreamableHttpError<reqwest::Error>>() {
        Some(StreamableHttpError::InsufficientScope(refusal)) => refusal.get_required_scope().unwrap(),
        _ => panic!("another error: {error}"),
    }
}
