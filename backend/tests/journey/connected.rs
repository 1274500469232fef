//! A client that has a token and uses it.

use flow::http::{Request, Response};
use flow::lessons::steps::Step;
use flow::trace::{Answer, Event};
use flow::{Action, Agenda, Flow};
use protocol::ids::{ClientId, ResourceUri};
use protocol::loopback::LoopbackPolicy;
use protocol::mcp::ToolCall;
use protocol::secret::Secret;
use protocol::token_endpoint::{RefreshRequest, TokenResponse};
use walker::person::Decision;

use crate::support::Lab;

/// A client that was allowed something and used it once.
pub(crate) struct Connected {
    pub(crate) lab: Lab,
    /// How the code was redeemed.
    pub(crate) exchange: Request,
    /// What it became.
    pub(crate) tokens: TokenResponse,
    /// The call that was answered.
    pub(crate) call: Request,
}

impl Connected {
    pub(crate) async fn start() -> Self {
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

    pub(crate) fn refresh_token(&self) -> Secret {
        self.tokens.refresh_token.clone().unwrap()
    }

    pub(crate) fn client_id(&self) -> ClientId {
        self.lab.document().client_id()
    }

    pub(crate) async fn send(&self, request: &Request) -> Response {
        self.lab.http.send(request).await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, parameters: &[(&'static str, String)]) -> Response {
        let url = format!("{}{path}", self.lab.authorization_server);
        self.send(&Request::post_form(url, parameters)).await
    }

    pub(crate) async fn refresh(&self, refresh_token: Secret) -> Response {
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
    pub(crate) async fn call(&self, token: &Secret) -> Response {
        let mut call = self.call.clone();
        let bearer = call.headers.iter_mut().find(|(name, _)| name == "authorization").unwrap();
        bearer.1 = format!("Bearer {}", token.reveal());
        self.send(&call).await
    }

    pub(crate) async fn works(&self, token: &Secret) {
        assert_eq!(self.call(token).await.status, 200);
    }

    pub(crate) async fn is_refused(&self, token: &Secret, says: &str) {
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
