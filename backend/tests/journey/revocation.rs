//! What ends a grant at the authorization server is noticed at the MCP server with the next call.

use flow::http::{Request, Response};
use flow::lessons::steps::Step;
use flow::trace::{Answer, Event};
use flow::{Action, Agenda, Flow};
use mcp_auth_lab::person::Decision;
use protocol::ids::{ClientId, ResourceUri};
use protocol::loopback::LoopbackPolicy;
use protocol::mcp::ToolCall;
use protocol::secret::Secret;
use protocol::token_endpoint::{RefreshRequest, RevocationRequest, TokenResponse};

use crate::support::Lab;

/// A client that was allowed something and used it once.
struct Connected {
    lab: Lab,
    /// How the code was redeemed.
    exchange: Request,
    /// What it became.
    tokens: TokenResponse,
    /// The call that was answered.
    call: Request,
}

impl Connected {
    async fn start() -> Self {
        let lab = Lab::start().await;
        let mut config = lab.config();
        config.agenda = Agenda::Calls(vec![ToolCall::new("whoami", serde_json::json!({}))]);
        let mut flow = Flow::new(config);
        lab.walk(&mut flow, &mut lab.person(Decision::Allow), |_| ()).await.unwrap();
        assert_eq!(flow.poll(), Action::Rest);
        let (exchange, answer) = sent(&flow, Step::CodeExchange);
        let tokens = serde_json::from_str(&answer.body).unwrap();
        let (call, _) = sent(&flow, Step::Call);
        Self { lab, exchange, tokens, call }
    }

    fn refresh_token(&self) -> Secret {
        self.tokens.refresh_token.clone().unwrap()
    }

    fn client_id(&self) -> ClientId {
        self.lab.document().client_id()
    }

    async fn send(&self, request: &Request) -> Response {
        self.lab.http.send(request).await.unwrap()
    }

    async fn post(&self, path: &str, parameters: &[(&'static str, String)]) -> Response {
        let url = format!("{}{path}", self.lab.authorization_server);
        self.send(&Request::post_form(url, parameters)).await
    }

    async fn refresh(&self, refresh_token: Secret) -> Response {
        let resource = ResourceUri::parse(&self.lab.mcp_server, LoopbackPolicy::AllowHttpOnLoopback);
        let request = RefreshRequest {
            refresh_token,
            client_id: self.client_id(),
            resource: resource.unwrap(),
            scope: None,
        };
        self.post("/token", &request.parameters()).await
    }

    /// The same call, with this token.
    async fn call(&self, token: &Secret) -> Response {
        let mut call = self.call.clone();
        let bearer = call.headers.iter_mut().find(|(name, _)| name == "authorization").unwrap();
        bearer.1 = format!("Bearer {}", token.reveal());
        self.send(&call).await
    }

    async fn works(&self, token: &Secret) {
        assert_eq!(self.call(token).await.status, 200);
    }

    async fn is_refused(&self, token: &Secret, says: &str) {
        let answer = self.call(token).await;
        let challenge = answer.header("www-authenticate").unwrap();
        assert_eq!(answer.status, 401);
        assert!(challenge.contains(r#"error="invalid_token""#) && challenge.contains(says), "{challenge}");
    }
}

/// What was sent at a step, and what came back.
fn sent(flow: &Flow, step: Step) -> (Request, Response) {
    let entry = flow.trace().entries().iter().find(|entry| entry.step == step).unwrap();
    match &entry.event {
        Event::Exchange { request, answer: Answer::Response(response), .. } => {
            (request.clone(), response.clone())
        }
        event => panic!("{step:?} must be an exchange, but is {event:?}"),
    }
}

#[track_caller]
fn is_denied(answer: &Response) {
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(answer.body.contains("invalid_grant"), "{answer:?}");
}

/// Req: AS-118, AS-119, X-21, X-22, D01
#[tokio::test]
async fn a_replayed_code_stops_the_access_token_if_all_else_is_right() {
    let client = Connected::start().await;
    let mut wrong = client.exchange.clone();
    let form = wrong.body.take().unwrap();
    wrong.body = Some(form.replace("code_verifier=", "code_verifier=x"));
    is_denied(&client.send(&wrong).await);
    client.works(&client.tokens.access_token).await;
    is_denied(&client.send(&client.exchange).await);
    client.is_refused(&client.tokens.access_token, "revoked").await;
    is_denied(&client.refresh(client.refresh_token()).await);
    client.lab.end().await;
}

/// In the lab there is no second chance, so that what follows can be seen. Req: AS-131, AS-138, X-24, E01
#[tokio::test]
async fn a_refresh_token_that_is_used_twice_stops_all_access_tokens() {
    let client = Connected::start().await;
    let refreshed = client.refresh(client.refresh_token()).await;
    let newer: TokenResponse = serde_json::from_str(&refreshed.body).unwrap();
    client.works(&newer.access_token).await;
    client.works(&client.tokens.access_token).await;
    is_denied(&client.refresh(client.refresh_token()).await);
    client.is_refused(&newer.access_token, "revoked").await;
    client.is_refused(&client.tokens.access_token, "revoked").await;
    is_denied(&client.refresh(newer.refresh_token.unwrap()).await);
    client.lab.end().await;
}

/// Req: AS-142, AS-143
#[tokio::test]
async fn what_the_client_gives_back_works_no_more() {
    let client = Connected::start().await;
    client.works(&client.tokens.access_token).await;
    let request = RevocationRequest {
        token: client.refresh_token(),
        token_type_hint: None,
        client_id: client.client_id(),
    };
    assert_eq!(client.post("/revoke", &request.parameters()).await.status, 200);
    client.is_refused(&client.tokens.access_token, "revoked").await;
    client.lab.end().await;
}

/// Req: E07
#[tokio::test]
async fn a_refresh_token_opens_nothing_at_the_mcp_server() {
    let client = Connected::start().await;
    client.is_refused(&client.refresh_token(), "not a JWT").await;
    client.works(&client.tokens.access_token).await;
    client.lab.end().await;
}
