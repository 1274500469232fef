//! The whole journey, in both revisions.

use flow::lessons::{plan, steps::Step};
use flow::trace::{Answer, Entry, Event};
use flow::{Action, Era, Flow, Unexpected};
use protocol::revision::Revision;
use serde_json::Value;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{World, asked_for, call, complaints, config, departures, failure, header, legacy, modern};

/// Req: CL-01, CL-15, CL-25, CL-26, CL-27, CL-40, CL-44
#[test]
fn the_whole_journey() {
    for revision in Revision::ALL {
        let mut world = World::default();
        let flow = world.rests(config(revision));
        assert_eq!(flow.granted().unwrap().to_string(), "mcp:connect weather:read");
        assert_eq!(complaints(&flow), Vec::<&flow::trace::Check>::new());
        let mut steps: Vec<Step> = flow.trace().entries().iter().map(|entry| entry.step).collect();
        steps.dedup();
        assert_eq!(steps, plan::steps().collect::<Vec<_>>(), "each step happens, in order");
        assert_eq!(world.was_asked("/token"), 2);
        assert_eq!(world.was_asked("openid-configuration"), 0);
        let answered: Vec<_> = flow.results().iter().map(|result| result.call.name.as_str()).collect();
        assert_eq!(answered, ["whoami", "get_weather"]);
        assert_eq!((flow.revision(), flow.config()), (revision, &config(revision)));
    }
}

/// Req: CL-40, CL-47
#[test]
fn every_request_carries_the_token_in_its_header_and_says_what_it_reads() {
    for revision in Revision::ALL {
        let mut world = World::default();
        world.rests(config(revision));
        let mcp: Vec<_> =
            world.requests("8001/mcp").filter(|request| request.url.ends_with("8001/mcp")).collect();
        for request in &mcp[1..] {
            assert!(header(request, "authorization").unwrap().starts_with("Bearer opaque-"));
        }
        for request in mcp {
            assert_eq!(header(request, "accept"), Some("application/json, text/event-stream"));
        }
        assert!(world.asked.iter().all(|request| !request.url.contains("opaque-")), "never in a URL");
        let others = world.asked.iter().filter(|request| !request.url.ends_with("8001/mcp"));
        assert!(others.flat_map(|request| &request.headers).all(|(_, value)| !value.contains("opaque-")));
    }
}

/// Req: CL-25, CL-29
#[test]
fn verifier_and_state_are_fresh_for_each_request() {
    let flow = World::default().rests(legacy());
    let urls = departures(&flow);
    let [first, second] = urls.as_slice() else { panic!("two departures") };
    for name in ["state", "code_challenge"] {
        assert_ne!(asked_for(first, name), asked_for(second, name), "{name}");
    }
}

/// Req: CL-26
#[test]
fn the_server_is_named_in_every_request_for_a_token() {
    let mut world = World { refresh_tokens: true, ..World::default() };
    let mut flow = world.rests(legacy());
    let env = world.env();
    flow.refresh(&env).unwrap();
    world.walk(&mut flow);
    for url in departures(&flow) {
        assert_eq!(asked_for(&url, "resource").as_deref(), Some(crate::world::SERVER));
    }
    let resources: Vec<_> =
        world.requests("/token").map(|request| crate::world::form(request, "resource").unwrap()).collect();
    assert_eq!(resources, [crate::world::SERVER; 3]);
}

/// Req: ALL-11, H13
#[test]
fn a_masked_trace_holds_no_secret() {
    let mut world = World { refresh_tokens: true, ..World::default() };
    let mut config = crate::world::registering(legacy());
    config.server = legacy().server;
    let flow = world.rests(config);
    let raw = serde_json::to_string(flow.trace().entries()).unwrap();
    let masked = flow.trace().to_masked_json().to_string();
    let verifier = raw.split("code_verifier=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let basic = raw.split("Basic ").nth(1).unwrap().split('"').next().unwrap().to_owned();
    for secret in ["opaque-", "refresh-9000", "secret-of-", "sid-", &verifier, &basic] {
        assert!(raw.contains(secret), "the raw trace is the whole truth: {secret}");
        assert!(!masked.contains(secret), "{secret}");
    }
}

/// Req: CL-30
#[test]
fn a_flow_can_be_put_away_between_any_two_messages() {
    for config in [legacy(), modern(), crate::world::registering(modern())] {
        let mut world = World::default();
        let mut flow = Flow::new(config.clone());
        loop {
            let stored = serde_json::to_string(flow.recording()).unwrap();
            let restored = Flow::replay(config.clone(), serde_json::from_str(&stored).unwrap()).unwrap();
            assert_eq!(restored, flow);
            flow = restored;
            if !world.step(&mut flow) {
                break;
            }
        }
        assert_eq!(flow.poll(), Action::Rest);
    }
}

/// Req: CL-51
#[test]
fn the_revision_is_found_out() {
    for (speaks, found) in [
        (vec![Revision::V2025_11_25], Revision::V2025_11_25),
        (Revision::ALL.to_vec(), Revision::V2026_07_28),
    ] {
        let mut world = World { speaks, ..World::default() };
        let mut config = legacy();
        config.era = Era::Detect;
        let flow = world.rests(config);
        assert_eq!(flow.revision(), found);
        assert_eq!(flow.results().len(), 2);
    }
    let mut world = World { speaks: vec![Revision::V2025_11_25], ..World::default() };
    assert_eq!(world.fails(modern()).step, Step::Handshake, "who wants one revision gets no other");
}

/// Messages as they were, and no two of them alike where ids are concerned.
///
/// Req: CL-49
#[test]
fn no_id_is_used_twice() {
    for revision in Revision::ALL {
        let mut world = World::default();
        world.rests(config(revision));
        let id = |request: &flow::http::Request| {
            let message: Value = serde_json::from_str(request.body.as_deref()?).ok()?;
            message["id"].as_u64()
        };
        let ids: Vec<u64> = world.requests("8001/mcp").filter_map(id).collect();
        assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>());
    }
}

#[test]
fn nobody_there_is_said_plainly() {
    let mut world = World::default();
    let mut flow = Flow::new(legacy());
    flow.handle_unreachable(&world.env(), "connection refused").unwrap();
    let failure = failure(&flow);
    assert_eq!((failure.found.as_str(), failure.clause), ("connection refused", None));
    let [Entry { event: Event::Exchange { answer: Answer::Unreachable(reason), .. }, .. }] =
        flow.trace().entries()
    else {
        panic!("one exchange")
    };
    assert_eq!(reason, "connection refused");
}

#[test]
fn what_does_not_fit_the_state_changes_nothing() {
    let mut world = World::default();
    let env = world.env();
    let mut flow = Flow::new(legacy());
    let before = flow.clone();
    assert_eq!(flow.depart(&env), Err(Unexpected::NoAuthorization));
    assert_eq!(
        flow.handle_callback(&env, "http://localhost:3000/callback"),
        Err(Unexpected::NoAuthorization)
    );
    assert_eq!(flow.call_tool(&env, call("x")), Err(Unexpected::NotAtRest));
    assert_eq!(flow.refresh(&env), Err(Unexpected::NotAtRest));
    assert_eq!(flow.cancel(&env), Err(Unexpected::NoCall));
    assert_eq!(flow.finish(&env, flow::Farewell::EndSession), Err(Unexpected::NotAtRest));
    assert_eq!(flow.handle_signature(&env, b""), Err(Unexpected::NothingToSign));
    let nobody = flow::identity::Credentials {
        issuer: None,
        client_id: protocol::ids::ClientId::parse("x").unwrap(),
        proof: flow::identity::Proof::Nothing,
    };
    assert_eq!(flow.provide_credentials(&env, nobody), Err(Unexpected::NotAsked));
    assert!(!flow.is_answered_by("http://localhost:3000/callback?state="));
    assert_eq!(flow, before);
    world.walk(&mut flow);
    let before = flow.clone();
    let answer = crate::world::json_response(200, &Value::Null);
    assert_eq!(flow.handle_response(&env, answer), Err(Unexpected::NoRequest));
    assert_eq!(flow.handle_unreachable(&env, "x"), Err(Unexpected::NoRequest));
    assert_eq!(flow.refresh(&env), Err(Unexpected::NoRefreshToken));
    assert_eq!(flow, before);
}

#[test]
fn another_call_can_follow() {
    let mut world = World::default();
    let mut flow = world.rests(legacy());
    flow.call_tool(&world.env(), call("get_weather")).unwrap();
    world.walk(&mut flow);
    assert_eq!(flow.poll(), Action::Rest);
    assert_eq!(world.was_asked("/token"), 2, "no new token is needed");
    assert_eq!(flow.results().len(), 3);
}
