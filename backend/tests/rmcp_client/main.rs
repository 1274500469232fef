//! The journey with a client that nobody here wrote: rmcp's own, with its own OAuth, against the real lab.
//!
//! It finds its way by itself from the address of the MCP server. What it cannot do is not tried: it takes metadata
//! documents by https only, so it registers, or is known beforehand.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that cannot go on has failed the test")]

#[path = "../journey/support.rs"]
#[expect(dead_code, reason = "the journey of our own client needs more of it")]
mod support;

use mcp_auth_lab::person::{Decision, Person};
use protocol::ids::RedirectUri;
use rmcp::model::{CallToolRequestParams, ClientConfig, ProtocolVersion};
use rmcp::service::{ClientLifecycleMode, RunningService, ServiceError};
use rmcp::transport::auth::{AuthClient, AuthorizationRequest, OAuthState};
use rmcp::transport::streamable_http_client::{
    StreamableHttpClientTransport, StreamableHttpClientTransportConfig, StreamableHttpError,
};
use rmcp::{RoleClient, serve_client_with_lifecycle};
use serde_json::{Value, json};

use support::Lab;

const CALLBACK: &str = "http://127.0.0.1:4321/callback";

/// The browser goes where the client says, and comes back to the callback.
async fn consent(oauth: &mut OAuthState, person: &mut Person) {
    let url = oauth.get_authorization_url().await.unwrap();
    let redirect_uri = RedirectUri::parse(CALLBACK).unwrap();
    let answer = person.visit(&url, &redirect_uri).await.unwrap();
    oauth.handle_callback_url(&answer).await.unwrap();
}

async fn connect(
    lab: &Lab,
    oauth: OAuthState,
    lifecycle: ClientLifecycleMode,
) -> RunningService<RoleClient, ClientConfig> {
    let client = AuthClient::new(reqwest::Client::new(), oauth.into_authorization_manager().unwrap());
    let config = StreamableHttpClientTransportConfig::with_uri(lab.mcp_server.clone());
    let transport = StreamableHttpClientTransport::with_client(client, config);
    serve_client_with_lifecycle(ClientConfig::default(), transport, lifecycle).await.unwrap()
}

async fn call(
    client: &RunningService<RoleClient, ClientConfig>,
    tool: &'static str,
    arguments: Value,
) -> Result<Value, ServiceError> {
    let mut request = CallToolRequestParams::new(tool);
    request.arguments = arguments.as_object().cloned();
    let result = client.call_tool(request).await?;
    Ok(result.structured_content.unwrap_or_default())
}

/// Which scopes a refusal names.
fn scopes_to_ask_for(error: &ServiceError) -> String {
    let ServiceError::TransportSend(error) = error else { panic!("another error: {error}") };
    let error = error.error.downcast_ref::<StreamableHttpError<reqwest::Error>>().unwrap();
    let StreamableHttpError::InsufficientScope(refusal) = error else { panic!("another error: {error}") };
    refusal.required_scope.clone().unwrap()
}

async fn journey(request: AuthorizationRequest, lifecycle: fn() -> ClientLifecycleMode, asked: &str) {
    let lab = Lab::start().await;
    let mut person = lab.person(Decision::Allow);
    let mut oauth = OAuthState::new(&lab.mcp_server, None).await.unwrap();
    oauth.start_authorization(request.with_initial_scope_selection()).await.unwrap();
    consent(&mut oauth, &mut person).await;
    let client_id = oauth.get_credentials().await.unwrap().0;
    let client = connect(&lab, oauth, lifecycle()).await;

    let names: Vec<_> = client.list_all_tools().await.unwrap().into_iter().map(|tool| tool.name).collect();
    assert_eq!(names, ["get_weather", "read_notes", "survey_cities", "whoami", "write_note"]);
    let me = call(&client, "whoami", json!({})).await.unwrap();
    assert_eq!((&me["subject"], &me["scope"]), (&json!("ada"), &json!("mcp:connect")));
    assert_eq!(me["client_id"], client_id);
    let refused = call(&client, "write_note", json!({ "text": "hello" })).await.unwrap_err();
    assert_eq!(scopes_to_ask_for(&refused), asked);
    client.cancel().await.unwrap();
    lab.end().await;
}

fn sessions() -> ClientLifecycleMode {
    ClientLifecycleMode::Initialize
}

fn stateless() -> ClientLifecycleMode {
    ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] }
}

fn registers() -> AuthorizationRequest {
    AuthorizationRequest::new(CALLBACK).with_client_name("rmcp").with_application_type("native")
}

/// Req: RS-06, RS-10, RS-15, RS-23, RS-36
#[tokio::test]
async fn a_registered_client_of_2025_11_25() {
    journey(registers(), sessions, "mcp:connect notes:write").await;
}

/// Req: RS-24, RS-52, RS-60
#[tokio::test]
async fn a_registered_client_of_2026_07_28() {
    journey(registers(), stateless, "mcp:connect notes:write").await;
}

#[tokio::test]
async fn a_client_that_is_known_beforehand() {
    let known = AuthorizationRequest::new(CALLBACK);
    journey(known.with_preregistered_client("lab-preregistered"), sessions, "mcp:connect notes:write").await;
}

/// It asks for more by its own means, and what was refused before is answered. Req: RS-15, RS-24
#[tokio::test]
async fn step_up() {
    let lab = Lab::start().await;
    let mut person = lab.person(Decision::Allow);
    let mut oauth = OAuthState::new(&lab.mcp_server, None).await.unwrap();
    oauth.start_authorization(registers().with_initial_scope_selection()).await.unwrap();
    consent(&mut oauth, &mut person).await;
    oauth.request_scope_upgrade("mcp:connect notes:write", CALLBACK).await.unwrap();
    consent(&mut oauth, &mut person).await;
    let client = connect(&lab, oauth, stateless()).await;
    let written = call(&client, "write_note", json!({ "text": "hello" })).await.unwrap();
    assert_eq!(written["note"]["text"], "hello");
    let notes = call(&client, "read_notes", json!({})).await.unwrap();
    assert_eq!(notes["notes"][0]["text"], "hello");
    client.cancel().await.unwrap();
    lab.end().await;
}
