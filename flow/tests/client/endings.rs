//! Leaving in good order, and calling off.

use flow::lessons::steps::Step;
use flow::{Action, Farewell, Flow, Unexpected};
use protocol::revision::Revision;
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{World, config, form, header, json_response, legacy, method_of, modern, registering};

fn is_call(request: &flow::http::Request) -> bool {
    method_of(request) == "tools/call"
}

/// Req: CL-48
#[test]
fn a_session_is_deleted_when_it_is_done_with() {
    let mut world = World::default();
    let mut flow = world.rests(legacy());
    flow.finish(&world.env(), Farewell::EndSession).unwrap();
    world.walk(&mut flow);
    assert_eq!(flow.poll(), Action::Finished);
    let last = world.asked.last().unwrap();
    assert_eq!((last.method.as_str(), last.body.as_deref()), ("DELETE", None));
    assert!(header(last, "mcp-session-id").is_some() && header(last, "authorization").is_some());
    assert_eq!(
        (flow.results().len(), flow.revision()),
        (2, Revision::V2025_11_25),
        "what was answered stays known"
    );
    assert_eq!(flow.granted().unwrap().to_string(), "mcp:connect weather:read");

    let mut world = World::default();
    let mut flow = world.rests(modern());
    flow.finish(&world.env(), Farewell::EndSession).unwrap();
    assert_eq!(flow.poll(), Action::Finished, "there is no session to end");
}

/// By the refresh token where there is one: it ends more.
#[test]
fn tokens_are_given_back() {
    for (refresh_tokens, hint) in [(true, "refresh_token"), (false, "access_token")] {
        let mut world = World { refresh_tokens, ..World::default() };
        let mut flow = world.rests(registering(legacy()));
        flow.finish(&world.env(), Farewell::RevokeTokens).unwrap();
        world.walk(&mut flow);
        assert_eq!(flow.poll(), Action::Finished);
        let request = world.requests("/revoke").next().unwrap();
        assert_eq!(form(request, "token_type_hint").as_deref(), Some(hint));
        assert!(
            header(request, "authorization").is_some_and(|value| value.starts_with("Basic ")),
            "the client proves itself"
        );
        assert!(flow.trace().entries().iter().any(|entry| entry.step == Step::Ending));
    }
    let mut world = World { metadata: json!({ "revocation_endpoint": null }), ..World::default() };
    let mut flow = world.rests(modern());
    flow.finish(&world.env(), Farewell::RevokeTokens).unwrap();
    assert_eq!(flow.poll(), Action::Finished, "a server without the endpoint is not asked");
}

/// A client with a key proves itself there too, with an assertion of its own, once the session is ended.
#[test]
fn a_client_with_a_key_signs_for_the_revocation() {
    let mut config = legacy();
    config.identities.registered.push(flow::identity::Credentials {
        issuer: None,
        client_id: protocol::ids::ClientId::parse("mine").unwrap(),
        proof: flow::identity::Proof::Key(protocol::client_keys::SigningAlgorithm::Es256, None),
    });
    let mut world = World::default();
    let mut flow = world.rests(config);
    flow.finish(&world.env(), Farewell::RevokeTokens).unwrap();
    let env = world.env();
    assert_eq!(
        flow.handle_signature(&env, b"early"),
        Err(Unexpected::NothingToSign),
        "the session comes first"
    );
    world.walk(&mut flow);
    assert_eq!(flow.poll(), Action::Finished);
    let assertions = world
        .asked
        .iter()
        .filter(|request| request.url.contains(":9000/"))
        .filter(|request| request.body.is_some());
    let assertions: Vec<_> = assertions.filter_map(|request| form(request, "client_assertion")).collect();
    assert_eq!(assertions.len(), 3, "two tokens, and the revocation");
    assert_ne!(assertions[1], assertions[2]);
    assert!(!flow.trace().to_masked_json().to_string().contains(&assertions[2]));
}

/// A farewell that nobody hears is no failure.
#[test]
fn a_farewell_that_is_refused_or_unheard_ends_all_the_same() {
    for status in [404, 405, 500] {
        let mut world = World::default();
        let mut flow = world.rests(legacy());
        world.edit = Box::new(move |_, _| json_response(status, &Value::Null));
        flow.finish(&world.env(), Farewell::RevokeTokens).unwrap();
        world.walk(&mut flow);
        assert_eq!(flow.poll(), Action::Finished);
    }
    let mut world = World::default();
    let mut flow = world.rests(legacy());
    flow.finish(&world.env(), Farewell::RevokeTokens).unwrap();
    for _ in 0..2 {
        flow.handle_unreachable(&world.env(), "gone").unwrap();
    }
    assert_eq!(flow.poll(), Action::Finished);
}

/// Until 2025-11-25 a message says it; from 2026-07-28 on hanging up has said it.
#[test]
fn a_call_is_called_off() {
    let mut world = World::default();
    let mut flow = Flow::new(legacy());
    world.walk_until(&mut flow, is_call);
    let Action::Send(outgoing) = flow.poll() else { panic!("a call") };
    let message: Value = serde_json::from_str(outgoing.request.body.as_deref().unwrap()).unwrap();
    flow.cancel(&world.env()).unwrap();
    let Action::Send(outgoing) = flow.poll() else { panic!("a notification") };
    let notification: Value = serde_json::from_str(outgoing.request.body.as_deref().unwrap()).unwrap();
    assert_eq!(notification["method"], "notifications/cancelled");
    assert_eq!(notification["params"]["requestId"], message["id"]);
    assert_eq!(notification.get("id"), None);
    for name in ["mcp-session-id", "authorization"] {
        assert!(header(&outgoing.request, name).is_some(), "{name}");
    }
    world.walk(&mut flow);
    assert_eq!((flow.poll(), flow.results().len()), (Action::Rest, 1), "the next call is made");

    let mut world = World::default();
    let mut flow = Flow::new(modern());
    world.walk_until(&mut flow, is_call);
    flow.cancel(&world.env()).unwrap();
    world.walk(&mut flow);
    assert_eq!((flow.poll(), flow.results().len()), (Action::Rest, 1));
    assert_eq!(world.calls("notifications/cancelled").count(), 0);
}

#[test]
fn only_calls_are_called_off() {
    for revision in Revision::ALL {
        let mut world = World::default();
        let mut flow = Flow::new(config(revision));
        while !matches!(flow.poll(), Action::Send(outgoing) if is_call(&outgoing.request)) {
            let env = world.env();
            assert_eq!(flow.cancel(&env), Err(Unexpected::NoCall));
            assert!(world.step(&mut flow));
        }
    }
}

#[test]
fn a_cancellation_that_nobody_hears_is_no_failure() {
    let mut world = World::default();
    let mut flow = Flow::new(legacy());
    world.walk_until(&mut flow, is_call);
    flow.cancel(&world.env()).unwrap();
    flow.handle_unreachable(&world.env(), "gone").unwrap();
    assert_eq!(flow.poll(), Action::Rest);
}

/// A farewell that is not taken is told all the same.
///
/// Req: CL-48
#[test]
fn a_farewell_that_is_refused_is_told() {
    let told = |status| {
        let mut world = World::default();
        let mut flow = world.rests(legacy());
        world.edit = Box::new(move |_, _| json_response(status, &Value::Null));
        flow.finish(&world.env(), Farewell::RevokeTokens).unwrap();
        world.walk(&mut flow);
        let complaints = crate::world::complaints(&flow);
        complaints.into_iter().map(|check| check.title.to_string()).collect::<Vec<_>>()
    };
    assert!(told(200).is_empty());
    assert_eq!(told(405), ["the tokens are given back"], "a server need not let sessions be ended");
    assert_eq!(told(500), ["the session is over", "the tokens are given back"]);

    let mut world = World::default();
    let mut flow = Flow::new(legacy());
    world.walk_until(&mut flow, is_call);
    flow.cancel(&world.env()).unwrap();
    flow.handle_response(&world.env(), json_response(500, &Value::Null)).unwrap();
    let complaints = crate::world::complaints(&flow);
    assert_eq!(complaints.first().unwrap().title, "the server has heard it");
}
