//! What a person can do with tokens at rest, and what the real servers make of it.

use flow::lessons::steps::Step;
use flow::trace::{Check, Event, Outcome};
use flow::{Action, Env, Flow, TokenKind, Unexpected};
use protocol::mcp::ToolCall;
use serde_json::json;
use walker::person::Decision;

use crate::support::Lab;

struct Run {
    lab: Lab,
    flow: Flow,
}

impl Run {
    async fn start() -> Self {
        let lab = Lab::start().await;
        let flow = Flow::new(lab.config());
        let mut run = Self { lab, flow };
        run.walk().await;
        run
    }

    async fn walk(&mut self) {
        self.lab.walk(&mut self.flow, &mut self.lab.person(Decision::Allow), |_| ()).await.unwrap();
        assert_eq!(self.flow.poll(), Action::Rest);
    }

    /// Says something to the client, lets happen what comes of it, and returns the exchanges: step and status.
    async fn after(
        &mut self,
        command: impl FnOnce(&mut Flow, &Env) -> Result<(), Unexpected>,
    ) -> Vec<(Step, String)> {
        let before = self.flow.trace().entries().len();
        command(&mut self.flow, &self.lab.env()).unwrap();
        self.walk().await;
        let exchange = |entry: &flow::trace::Entry| match &entry.event {
            Event::Exchange { summary, .. } => Some((entry.step, summary.split(' ').next()?.to_owned())),
            _ => None,
        };
        self.flow.trace().entries()[before..].iter().filter_map(exchange).collect()
    }

    async fn call(&mut self) -> Vec<(Step, String)> {
        self.after(|flow, env| flow.call_tool(env, ToolCall::new("whoami", json!({})))).await
    }

    fn check(&self, title: &str) -> &Check {
        let mut checks = self.flow.trace().entries().iter().flat_map(|entry| &entry.checks);
        checks.find(|check| check.title == title).unwrap()
    }
}

/// The metadata is looked up anew whenever a token is refused; then the refresh token is tried.
fn renewal(refused: bool) -> Vec<(Step, String)> {
    let exchange = |step, status: &str| (step, status.to_owned());
    vec![
        exchange(Step::Refresh, "401"),
        exchange(Step::ResourceMetadata, "200"),
        exchange(Step::ServerMetadata, "200"),
        exchange(Step::Refresh, if refused { "400" } else { "200" }),
    ]
}

/// Req: AS-131, CL-42, X-24
#[tokio::test]
async fn the_old_refresh_token_again_ends_everything() {
    let mut run = Run::start().await;
    assert_eq!(run.after(Flow::refresh).await, [(Step::Refresh, "200".to_owned())]);
    assert_eq!(run.call().await, [(Step::Call, "200".to_owned())]);
    assert_eq!(run.after(Flow::reuse_refresh_token).await, [(Step::RefreshReuse, "400".to_owned())]);
    assert_eq!(run.check("a refresh token works once").outcome, Outcome::Passed);
    let exchanges = run.call().await;
    assert_eq!(exchanges[..4], renewal(true));
    let rest: Vec<_> = exchanges[4..].iter().map(|(step, status)| (*step, status.as_str())).collect();
    assert_eq!(rest, [(Step::CodeExchange, "200"), (Step::Retry, "200")], "the person was asked anew");
    run.lab.end().await;
}

/// Req: AS-142, X-03
#[tokio::test]
async fn what_is_given_back_is_worth_nothing() {
    for kind in [TokenKind::AccessToken, TokenKind::RefreshToken] {
        let mut run = Run::start().await;
        let given = run.after(|flow, env| flow.revoke(env, kind)).await;
        assert_eq!(given, [(Step::Revocation, "200".to_owned())]);
        let exchanges = run.call().await;
        // By either token the lab's server ends all that grew from the consent.
        assert_eq!(exchanges[..4], renewal(true), "{kind:?}");
        assert_eq!(exchanges.last().unwrap().0, Step::Retry);
        run.lab.end().await;
    }
}
