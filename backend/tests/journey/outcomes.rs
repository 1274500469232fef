//! The same walk, ending otherwise.

use flow::lessons::steps::Step;
use flow::{Action, Agenda, Failure, Flow};
use mcp_auth_lab::exit::Exit;
use protocol::ids::RedirectUri;
use protocol::mcp::ToolCall;
use serde_json::json;
use walker::driver::DriveError;
use walker::person::{Decision, PersonError};

use crate::support::Lab;

fn failure(flow: &Flow) -> Failure {
    match flow.poll() {
        Action::Failed(failure) => failure.clone(),
        action => panic!("the flow must fail, but {action:?}"),
    }
}

/// Req: AS-97, CL-30
#[tokio::test]
async fn consent_denied_comes_back_as_access_denied() {
    let lab = Lab::start().await;
    let mut flow = Flow::new(lab.config());
    lab.walk(&mut flow, &mut lab.person(Decision::Deny), |_| ()).await.unwrap();
    let failure = failure(&flow);
    assert_eq!(failure.step, Step::Callback);
    assert!(failure.found.contains("access_denied"), "{failure:?}");
    lab.end().await;
}

#[tokio::test]
async fn the_second_consent_can_be_denied_after_the_first_was_given() {
    let lab = Lab::start().await;
    let mut config = lab.config();
    config.agenda = Agenda::Calls(vec![ToolCall::new("whoami", json!({}))]);
    let weather = ToolCall::new("get_weather", json!({ "city": "Paris" }));
    let mut flow = Flow::new(config);
    let mut person = lab.person(Decision::Allow);
    lab.walk(&mut flow, &mut person, |_| ()).await.unwrap();
    assert_eq!(flow.granted().unwrap().to_string(), "mcp:connect");
    flow.call_tool(&lab.env(), weather).unwrap();
    person.decide(Decision::Deny);
    lab.walk(&mut flow, &mut person, |_| ()).await.unwrap();
    assert_eq!(flow.poll(), Action::Rest, "the token from before still works");
    assert_eq!(flow.granted().unwrap().to_string(), "mcp:connect");
    assert_eq!(Exit::of(&Ok(()), &flow), Exit::NoPermission);
    flow.call_tool(&lab.env(), ToolCall::new("whoami", json!({}))).unwrap();
    lab.walk(&mut flow, &mut person, |_| ()).await.unwrap();
    let failed: Vec<_> = flow.results().iter().map(|result| result.is_error).collect();
    assert_eq!((flow.poll(), failed), (Action::Rest, vec![false, true, false]));
    lab.end().await;
}

/// Before the call by its age, or when the server says so; without the person.
///
/// Req: RS-13, CL-42, CL-43, X-03
#[tokio::test]
async fn a_token_that_expires_on_the_way_is_renewed() {
    let lab = Lab::start().await;
    let mut flow = Flow::new(lab.config());
    let clock = &lab.clock;
    let mut person = lab.person(Decision::Allow);
    let mut once = Some(());
    lab.walk(&mut flow, &mut person, |flow| {
        let called = flow.trace().entries().last().map(|entry| entry.step) == Some(Step::Call);
        if called && once.take().is_some() {
            clock.advance(601);
        }
    })
    .await
    .unwrap();
    assert_eq!(flow.poll(), Action::Rest);
    assert!(flow.results().iter().all(|result| !result.is_error));
    assert_eq!(flow.results().len(), 2);
    let departures = |step| flow.trace().entries().iter().filter(|entry| entry.step == step).count();
    assert_eq!(departures(Step::Refresh), 3, "401, token, and what it says: {:#?}", flow.trace().entries());
    lab.end().await;
}

/// What grew from the consent is gone: the refresh token is tried once, and then the person is asked.
///
/// Req: CL-42, X-03
#[tokio::test]
async fn a_revoked_token_leads_back_to_the_person() {
    let lab = Lab::start().await;
    let mut config = lab.config();
    config.agenda = Agenda::Calls(vec![ToolCall::new("whoami", json!({}))]);
    let mut flow = Flow::new(config);
    let mut person = lab.person(Decision::Allow);
    lab.walk(&mut flow, &mut person, |_| ()).await.unwrap();
    let mut twin = flow.clone();
    twin.finish(&lab.env(), flow::Farewell::RevokeTokens).unwrap();
    lab.walk(&mut twin, &mut person, |_| ()).await.unwrap();
    assert_eq!(twin.poll(), Action::Finished);

    flow.call_tool(&lab.env(), ToolCall::new("whoami", json!({}))).unwrap();
    lab.walk(&mut flow, &mut person, |_| ()).await.unwrap();
    assert_eq!(flow.poll(), Action::Rest);
    assert_eq!(flow.results().len(), 2);
    let consents = flow.trace().entries().iter().filter(|entry| entry.step == Step::Consent).count();
    assert_eq!(consents, 2);
    lab.end().await;
}

/// A code is good for 60 seconds. Req: AS-70
#[tokio::test]
async fn a_code_that_is_redeemed_too_late_is_refused() {
    let lab = Lab::start().await;
    let mut flow = Flow::new(lab.config());
    let clock = &lab.clock;
    let mut person = lab.person(Decision::Allow);
    lab.walk(&mut flow, &mut person, |flow| {
        if flow.trace().entries().last().map(|entry| entry.step) == Some(Step::Callback) {
            clock.advance(61);
        }
    })
    .await
    .unwrap();
    let failure = failure(&flow);
    assert_eq!(failure.step, Step::CodeExchange);
    assert!(failure.found.contains("invalid_grant"), "{failure:?}");
    lab.end().await;
}

/// Req: X-16
#[tokio::test]
async fn an_unlisted_redirect_uri_ends_on_a_page_of_the_authorization_server() {
    let lab = Lab::start().await;
    let mut config = lab.config();
    config.redirect_uri = RedirectUri::parse(&format!("{}/elsewhere", lab.page)).unwrap();
    let mut flow = Flow::new(config);
    let walked = lab.walk(&mut flow, &mut lab.person(Decision::Allow), |_| ()).await;
    match (walked, flow.poll()) {
        // The client may notice by itself, because it reads its own document.
        (Ok(()), Action::Failed(failure)) => assert_eq!(failure.step, Step::ClientDocument, "{failure:?}"),
        (Err(DriveError::Person(PersonError::Page { status, .. })), _) => assert_eq!(status, 400),
        other => panic!("{other:?}"),
    }
    lab.end().await;
}

/// Nothing of a run outlives it: the next one starts from nothing.
#[tokio::test]
async fn the_lab_ends_at_once_and_starts_again() {
    for _ in 0..2 {
        let lab = Lab::start().await;
        let mut flow = Flow::new(lab.config());
        lab.walk(&mut flow, &mut lab.person(Decision::Allow), |_| ()).await.unwrap();
        assert_eq!(flow.poll(), Action::Rest);
        let page = lab.page.clone();
        lab.end().await;
        let http = walker::http::Http::new().unwrap();
        let request = flow::http::Request {
            method: flow::http::Method::Get,
            url: page,
            headers: Vec::new(),
            body: None,
        };
        assert!(http.send(&request).await.is_err(), "nobody listens any more");
    }
}
