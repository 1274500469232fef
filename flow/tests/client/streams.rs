//! Answers as JSON and as streams, also as streams that break off.

use flow::http::{Method, Response};
use flow::{Action, Agenda, Flow};
use protocol::clause::Clause;
use protocol::revision::Revision;
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::answers::{body, edited};
use crate::world::{World, call, challenge, config, failure, header, legacy, method_of, modern};

/// Req: CL-47
#[test]
fn answers_are_read_as_json_and_from_streams() {
    for revision in Revision::ALL {
        let mut world = World {
            edit: Box::new(|request, response| {
                if !request.url.ends_with("8001/mcp") || response.status != 200 || response.body.is_empty() {
                    return response;
                }
                let stream = format!(
                    ": hello\n\nid: 1\ndata:\n\ndata: {{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\"}}\n\nevent: message\ndata: {}\n\n",
                    response.body
                );
                assert!(request.is_answered_by("text/event-stream", &stream));
                assert!(!request.is_answered_by("text/event-stream", &stream[..60]));
                let mut headers = response.headers.clone();
                headers[0].1 = "text/event-stream".into();
                Response { headers, body: stream, ..response }
            }),
            ..World::default()
        };
        let flow = world.rests(config(revision));
        assert_eq!(flow.results().len(), 2);
    }
}

const BROKEN: &str = "id: 7\nretry: 30\ndata:\n\n";

fn stream(body: String) -> Response {
    Response {
        status: 200,
        headers: vec![("content-type".into(), "text/event-stream".into())],
        body,
        elapsed_ms: 1,
    }
}

/// Streams of tool calls break off; GET gives what follows, as often as it is asked before `after`.
fn breaking(after: u32) -> World {
    let asked = std::cell::Cell::new(0);
    let awaited = std::cell::RefCell::new(Value::Null);
    World {
        edit: Box::new(move |request, response| match request.method {
            Method::Get if request.url == crate::world::SERVER => {
                if response.status == 401 {
                    return response;
                }
                asked.set(asked.get() + 1);
                if asked.get() < after {
                    return stream(format!("id: {}\n\n", 7 + asked.get()));
                }
                let answer =
                    json!({ "jsonrpc": "2.0", "id": *awaited.borrow(), "result": { "content": [] } });
                stream(format!("id: 9\ndata: {answer}\n\n"))
            }
            Method::Post if response.status == 200 && method_of(request) == "tools/call" => {
                *awaited.borrow_mut() = body(request)["id"].clone();
                asked.set(0);
                stream(BROKEN.into())
            }
            _ => response,
        }),
        ..World::default()
    }
}

fn resumptions(world: &World) -> Vec<&str> {
    world.asked.iter().filter_map(|request| header(request, "last-event-id")).collect()
}

/// Req: CL-47
#[test]
fn a_stream_that_breaks_off_is_taken_up_where_it_ended() {
    let mut world = breaking(1);
    let mut flow = Flow::new(legacy());
    world.walk_until(&mut flow, |request| header(request, "last-event-id").is_some());
    let Action::Send(outgoing) = flow.poll() else { panic!("a resumption") };
    assert_eq!(
        (outgoing.wait_ms, outgoing.request.method),
        (30, Method::Get),
        "no sooner than the server wants it"
    );
    assert!(outgoing.request.is_answered_by("text/event-stream", "data: {\"id\":1,\"result\":{}}\n\n"));
    world.walk(&mut flow);
    assert_eq!((flow.poll(), flow.results().len()), (Action::Rest, 2));
    assert_eq!(resumptions(&world), ["7", "7"], "one for each call");
    let get = world.asked.iter().find(|request| header(request, "last-event-id").is_some()).unwrap();
    assert!(header(get, "mcp-session-id").is_some() && header(get, "authorization").is_some());
    assert_eq!(header(get, "accept"), Some("text/event-stream"));

    let mut world = breaking(3);
    world.rests(legacy());
    assert_eq!(resumptions(&world)[..3], ["7", "8", "9"], "behind the last event each time");

    let mut world = breaking(u32::MAX);
    assert_eq!(world.fails(legacy()).clause, Some(Clause::Resumption), "not for ever");
    assert_eq!(resumptions(&world).len(), 3);
}

/// The token may run out while the answer is gone after.
///
/// Req: CL-43, CL-47
#[test]
fn a_token_that_ends_meanwhile_is_renewed_and_the_stream_taken_up() {
    let mut world = World { refresh_tokens: true, ..breaking(1) };
    let mut flow = Flow::new(legacy());
    world.walk_until(&mut flow, |request| header(request, "last-event-id").is_some());
    let token = header(world.asked.last().unwrap(), "authorization").unwrap();
    let token = token.trim_start_matches("Bearer ").to_owned();
    world.refused.insert(token);
    world.walk(&mut flow);
    assert_eq!((flow.poll(), flow.results().len()), (Action::Rest, 2));
    assert_eq!(resumptions(&world)[..2], ["7", "7"]);
    let calls =
        world.calls("tools/call").filter(|request| body(request)["params"]["name"] == "whoami").count();
    assert_eq!(calls, 1, "the tool does its work once");
}

/// More may be wanted while the answer is gone after; the answer that is awaited is still the same.
///
/// Req: CL-44, CL-47
#[test]
fn a_stream_that_wants_more_scopes_is_taken_up_with_them() {
    let World { edit, .. } = breaking(1);
    let refused = std::cell::Cell::new(false);
    let mut world = World {
        edit: Box::new(move |request, response| {
            if header(request, "last-event-id").is_some() && !refused.replace(true) {
                return challenge(403, r#"Bearer error="insufficient_scope", scope="mcp:connect more""#);
            }
            edit(request, response)
        }),
        ..World::default()
    };
    let mut config = legacy();
    config.agenda = Agenda::Calls(vec![call("whoami")]);
    let flow = world.rests(config);
    assert_eq!((flow.results().len(), resumptions(&world)), (1, vec!["7", "7"]));
    assert_eq!(world.calls("tools/call").count(), 1, "the tool does its work once");
}

/// From 2026-07-28 on there is nothing to take up, and a stream without ids never could be.
#[test]
fn a_stream_that_cannot_be_taken_up_has_no_answer() {
    let mut world = breaking(1);
    assert_eq!(world.fails(modern()).clause, Some(Clause::Transport));
    assert!(resumptions(&world).is_empty());
    let mut world = edited("tools/call", |_, _| stream("data:\n\n".into()));
    assert_eq!(world.fails(legacy()).clause, Some(Clause::Transport));
    let mut world = breaking(1);
    let mut flow = Flow::new(legacy());
    world.walk_until(&mut flow, |request| header(request, "last-event-id").is_some());
    let answer = Response { status: 405, ..stream(String::new()) };
    flow.handle_response(&world.env(), answer).unwrap();
    assert_eq!(failure(&flow).clause, Some(Clause::Transport));
}

#[test]
fn a_server_cannot_make_the_client_wait_for_long() {
    for retry in [5_001, 60_000, 99_999_999_999_u64] {
        let mut world = edited("tools/call", move |_, _| stream(format!("id: 1\nretry: {retry}\ndata:\n\n")));
        let mut flow = Flow::new(legacy());
        world.walk_until(&mut flow, |request| header(request, "last-event-id").is_some());
        assert!(matches!(flow.poll(), Action::Send(outgoing) if outgoing.wait_ms == 5_000), "{retry}");
    }
}

/// The call had begun when the session ended: it may have done its work, so it is not made once more.
///
/// Req: CL-48
#[test]
fn a_call_whose_session_ends_while_its_answer_is_gone_after_is_not_repeated() {
    let mut world = breaking(1);
    let mut flow = Flow::new(legacy());
    world.walk_until(&mut flow, |request| header(request, "last-event-id").is_some());
    let gone = Response { status: 404, headers: vec![], body: String::new(), elapsed_ms: 1 };
    flow.handle_response(&world.env(), gone).unwrap();
    world.walk(&mut flow);
    assert_eq!(flow.poll(), Action::Rest);
    let answered: Vec<_> =
        flow.results().iter().map(|result| (result.call.name.as_str(), result.is_error)).collect();
    assert_eq!(answered, [("whoami", true), ("get_weather", false)]);
    let calls =
        world.calls("tools/call").filter(|request| body(request)["params"]["name"] == "whoami").count();
    assert_eq!(calls, 1);
}
