//! What a flow was told is all that it is.

use flow::trace::{Answer, Entry, Event};
use flow::{Action, Env, Farewell, Flow, Input, Unexpected};
use protocol::revision::Revision;
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{World, call, config, legacy, method_of, registering};

/// A run with everything in it that can be said to a client at rest.
fn long_run(revision: Revision) -> Flow {
    let mut world = World { refresh_tokens: true, ..World::default() };
    let mut flow = world.rests(registering(config(revision)));
    flow.call_tool(&world.env(), call("whoami")).unwrap();
    world.walk_until(&mut flow, |request| method_of(request) == "tools/call");
    flow.cancel(&world.env()).unwrap();
    world.walk(&mut flow);
    flow.refresh(&world.env()).unwrap();
    world.walk(&mut flow);
    flow.finish(&world.env(), Farewell::RevokeTokens).unwrap();
    world.walk(&mut flow);
    assert_eq!(flow.poll(), Action::Finished);
    flow
}

#[test]
fn a_run_can_be_forked_at_any_point() {
    for revision in Revision::ALL {
        let whole = long_run(revision);
        let mut flow = Flow::new(whole.config().clone());
        for (count, recorded) in whole.recording().iter().enumerate() {
            assert_eq!(whole.forked(count), flow, "{count}: {recorded:?}");
            let entries = flow.trace().entries();
            assert_eq!(entries, &whole.trace().entries()[..entries.len()], "what has happened stays");
            let next = whole.recording()[..=count].to_vec();
            flow = Flow::replay(whole.config().clone(), next).unwrap();
        }
        assert_eq!(flow, whole);
        assert_eq!(whole.forked(usize::MAX), whole);
    }
}

#[test]
fn a_fork_goes_its_own_way() {
    let mut world = World::default();
    let whole = world.rests(legacy());
    let mut fork = whole.forked(3);
    assert_ne!(fork, whole);
    fork.handle_unreachable(&world.env(), "gone").unwrap();
    world.walk(&mut fork);
    assert_ne!(fork.trace().entries()[3], whole.trace().entries()[3]);
    assert_eq!(fork.recording()[..3], whole.recording()[..3]);
}

/// The server was away at each of the requests once: the run is the same, with those attempts in it.
#[test]
fn a_request_that_nobody_answered_can_go_again() {
    let mut world = World { refresh_tokens: true, ..World::default() };
    let undisturbed = world.rests(legacy());
    let mut world = World { refresh_tokens: true, ..World::default() };
    let mut flow = Flow::new(legacy());
    let mut attempts = 0;
    while !matches!(flow.poll(), Action::Rest) {
        // Metadata is looked for elsewhere then, which is another story.
        let is_lookup = |request: &flow::http::Request| request.url.contains("/.well-known/");
        if let Action::Send(outgoing) = flow.poll()
            && !is_lookup(&outgoing.request)
        {
            let (before, outgoing) = (flow.clone(), outgoing.clone());
            assert_eq!(flow.try_again(&world.env()), Err(Unexpected::NothingToTryAgain));
            flow.handle_unreachable(&world.env(), "gone").unwrap();
            assert!(flow.can_try_again() && matches!(flow.poll(), Action::Failed(_)));
            assert_eq!((flow.granted(), flow.revision()), (before.granted(), before.revision()));
            flow = Flow::replay(flow.config().clone(), flow.recording().to_vec()).unwrap();
            flow.try_again(&world.env()).unwrap();
            assert_eq!(flow.poll(), Action::Send(&outgoing));
            attempts += 1;
        }
        world.step(&mut flow);
    }
    assert!(attempts > 5);
    let titles = |flow: &Flow| {
        let unanswered =
            |entry: &&Entry| matches!(&entry.event, Event::Exchange { answer: Answer::Unreachable(_), .. });
        let answered = flow.trace().entries().iter().filter(|entry| !unanswered(entry));
        answered.map(|entry| entry.title.clone()).collect::<Vec<_>>()
    };
    assert_eq!(titles(&flow), titles(&undisturbed));
    assert_eq!(flow.trace().entries().len(), undisturbed.trace().entries().len() + attempts);
    assert_eq!(Flow::replay(flow.config().clone(), flow.recording().to_vec()).unwrap(), flow);
}

#[test]
fn what_goes_again_is_what_the_client_made() {
    let mut world = World::default();
    let mut flow = Flow::new(legacy());
    let Action::Send(own) = flow.poll() else { panic!("a request") };
    let own = own.clone();
    let elsewhere = flow::http::Request { url: "https://example.com/mcp".into(), ..own.request.clone() };
    flow.edit(&world.env(), elsewhere).unwrap();
    flow.handle_unreachable(&world.env(), "gone").unwrap();
    flow.try_again(&world.env()).unwrap();
    assert_eq!(flow.poll(), Action::Send(&own));
}

#[test]
fn what_was_not_taken_is_not_recorded() {
    let mut world = World::default();
    let mut flow = Flow::new(legacy());
    let env = world.env();
    assert_eq!(flow.refresh(&env), Err(Unexpected::NotAtRest));
    assert_eq!(flow.depart(&env), Err(Unexpected::NoAuthorization));
    assert!(flow.recording().is_empty());
    world.step(&mut flow);
    assert!(matches!(&flow.recording()[0].input, Input::Answered(response) if response.status == 401));
}

#[test]
fn a_recording_of_another_run_is_refused_or_stops() {
    let recording = World::default().rests(registering(legacy())).recording().to_vec();
    // A client that has a document is asked for nothing where the other one registers itself.
    let replayed = Flow::replay(legacy(), recording);
    assert!(replayed.is_err() || matches!(replayed.unwrap().poll(), Action::Failed(_)));
}

/// Req: ALL-11
#[test]
fn what_is_printed_of_a_recording_has_no_secret() {
    let printed = format!("{:?}", long_run(Revision::V2025_11_25).recording());
    assert!(printed.contains("came back") && !printed.contains("code"), "{printed}");
}

#[test]
fn entropy_is_read_as_it_was_written() {
    let env = Env { now_ms: 7, entropy: std::array::from_fn(|i| i.to_le_bytes()[0]) };
    let written = serde_json::to_value(env).unwrap();
    assert_eq!(written["entropy"].as_str().unwrap().len(), 86);
    assert!(serde_json::from_value::<Env>(written).unwrap() == env);
    for entropy in [json!("AA"), json!("+"), json!([1, 2]), Value::Null] {
        assert!(serde_json::from_value::<Env>(json!({ "now_ms": 7, "entropy": entropy })).is_err());
    }
}
