//! Using the MCP server: sessions, stateless requests, and what every request and answer must be.

use flow::http::Response;
use flow::{Action, Agenda, Flow};
use protocol::clause::Clause;
use protocol::mcp::ToolCall;
use protocol::revision::Revision;
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::answers::{Edit, body, edited, error, result};
use crate::world::{World, call, config, failure, header, json_response, legacy, method_of, modern};

/// Req: CL-48
#[test]
fn a_session_is_named_in_every_request_after_the_first() {
    let mut world = World::default();
    world.rests(legacy());
    let later: Vec<_> =
        world.requests("8001/mcp").filter(|request| method_of(request) != "initialize").collect();
    let session = header(later[1], "mcp-session-id").unwrap();
    assert!(session.starts_with("sid-"));
    for request in later.into_iter().filter(|request| request.url.ends_with("/mcp")) {
        assert_eq!(header(request, "mcp-session-id"), Some(session), "{request:?}");
        assert_eq!(header(request, "mcp-protocol-version"), Some("2025-11-25"));
    }
    let mut world = World { sessions: false, ..World::default() };
    world.rests(legacy());
    assert!(world.asked.iter().all(|request| header(request, "mcp-session-id").is_none()));
}

/// Req: ALL-11
#[test]
fn a_session_id_is_masked_also_where_the_answer_is_refused() {
    let mut world = edited("initialize", |_, response| Response { body: "{}".into(), ..response });
    let mut flow = Flow::new(legacy());
    world.walk(&mut flow);
    failure(&flow);
    let raw = serde_json::to_string(flow.trace().entries()).unwrap();
    assert!(raw.contains("sid-") && !flow.trace().to_masked_json().to_string().contains("sid-"));
}

/// Req: CL-48
#[test]
fn a_lost_session_is_begun_anew_and_the_call_is_made() {
    let mut world = World::default();
    let mut flow = world.rests(legacy());
    let session = header(world.requests("8001/mcp").last().unwrap(), "mcp-session-id").unwrap().to_owned();
    world.gone.insert(session.clone());
    flow.call_tool(&world.env(), call("whoami")).unwrap();
    world.walk(&mut flow);
    assert_eq!((flow.poll(), flow.results().len()), (Action::Rest, 3));
    let last = world.requests("8001/mcp").last().unwrap();
    assert_ne!(header(last, "mcp-session-id"), Some(session.as_str()));
    assert_eq!(world.calls("initialize").count(), 3, "without a token, with one, and anew");

    let mut world = edited("tools/call", |_, _| json_response(404, &Value::Null));
    assert_eq!(world.fails(legacy()).clause, Some(Clause::SessionExpired), "not for ever");
    assert_eq!(world.calls("tools/call").count(), 4, "three losses are borne");

    // A client that runs for long may lose many, as long as it gets on.
    let mut world = World::default();
    let mut flow = world.rests(legacy());
    for _ in 0..5 {
        let last = world.requests("8001/mcp").last().unwrap();
        let session = header(last, "mcp-session-id").unwrap().to_owned();
        world.gone.insert(session);
        flow.call_tool(&world.env(), call("whoami")).unwrap();
        world.walk(&mut flow);
        assert_eq!(flow.poll(), Action::Rest);
    }
}

/// Req: CL-49
#[test]
fn stateless_requests_have_their_headers_and_no_session() {
    let mut world = World::default();
    world.rests(modern());
    for request in world.requests("8001/mcp").filter(|request| request.url.ends_with("/mcp")) {
        let message = body(request);
        assert_eq!(header(request, "mcp-method"), message["method"].as_str());
        assert_eq!(header(request, "mcp-name"), message["params"]["name"].as_str());
        assert_eq!(header(request, "mcp-protocol-version"), Some("2026-07-28"));
        let meta = &message["params"]["_meta"];
        assert_eq!(meta["io.modelcontextprotocol/protocolVersion"], "2026-07-28");
        assert!(meta["io.modelcontextprotocol/clientCapabilities"].is_object());
        assert_eq!(header(request, "mcp-session-id"), None);
        assert!(message["method"].is_string(), "never a response");
    }
    assert_eq!(world.calls("initialize").count(), 0);
}

#[test]
fn a_server_that_wants_no_token_gets_none() {
    for revision in Revision::ALL {
        let edit: Edit = |request, response| {
            if !request.url.ends_with("8001/mcp") {
                return response;
            }
            assert!(header(request, "authorization").is_none());
            let answer = match method_of(request).as_str() {
                "initialize" => json!({ "protocolVersion": "2025-11-25" }),
                "server/discover" => json!({ "supportedVersions": ["2026-07-28"] }),
                "notifications/initialized" => return Response { status: 202, ..response },
                "tools/list" => json!({ "tools": [] }),
                _ => json!({ "content": [] }),
            };
            result(request, &answer)
        };
        let mut world = World { edit: Box::new(edit), ..World::default() };
        let flow = world.rests(config(revision));
        assert_eq!((flow.granted(), flow.results().len()), (None, 2));
        assert!(world.asked.iter().all(|request| request.url.ends_with("/mcp")));
    }
}

/// 401 says nothing about the era, and may come at any request.
///
/// Req: CL-01, CL-51
#[test]
fn a_server_may_want_a_token_for_some_requests_only() {
    let edit: Edit = |request, response| match method_of(request).as_str() {
        "initialize" => result(request, &json!({ "protocolVersion": "2025-11-25" })),
        "notifications/initialized" => Response { status: 202, ..response },
        _ => response,
    };
    let mut world = World { edit: Box::new(edit), ..World::default() };
    let mut config = legacy();
    config.agenda = Agenda::Calls(vec![ToolCall::new("whoami", json!({}))]);
    let flow = world.rests(config);
    assert_eq!(flow.results().len(), 1);
    assert_eq!(world.calls("initialize").count(), 1);
}

/// Req: CL-48, CL-51
#[test]
fn a_greeting_that_is_not_as_it_must_be_stops_the_client() {
    let initialize = |version: &'static str, session: &'static str| {
        edited("initialize", move |request, _| {
            let mut response = result(request, &json!({ "protocolVersion": version }));
            response.headers.push(("mcp-session-id".into(), session.into()));
            response
        })
    };
    initialize("2025-11-25", "s").rests(legacy());
    assert_eq!(initialize("2024-11-05", "s").fails(legacy()).clause, Some(Clause::ProtocolVersion));
    for session in ["", "a b", "ä", "a\r\nb"] {
        assert_eq!(initialize("2025-11-25", session).fails(legacy()).clause, Some(Clause::SessionExpired));
    }
    for status in [400, 500] {
        let mut world =
            edited("notifications/initialized", move |_, response| Response { status, ..response });
        assert_eq!(world.fails(legacy()).clause, Some(Clause::Initialize), "{status}");
    }
    let mut world = edited("server/discover", |request, _| {
        result(request, &json!({ "supportedVersions": ["2099-01-01"] }))
    });
    assert_eq!(world.fails(modern()).clause, Some(Clause::ProtocolVersion));
}

/// Req: CL-47
#[test]
fn an_answer_is_for_this_request_and_no_longer_than_is_read() {
    let mut other = edited("tools/call", |request, response| {
        let id = body(request)["id"].as_u64().unwrap();
        let answer = response.body.replace(&format!("\"id\":{id}"), &format!("\"id\":{}", id + 1));
        assert_ne!(answer, response.body);
        Response { body: answer, ..response }
    });
    let mut long = edited("tools/call", |_, response| {
        let padding = " ".repeat(flow::http::MAX_ANSWER_BYTES);
        Response { body: format!("{}{padding}", response.body), ..response }
    });
    for (world, title) in
        [(&mut other, "the answer is a JSON-RPC message for this request"), (&mut long, "size of the answer")]
    {
        let failure = world.fails(legacy());
        assert_eq!((failure.clause, failure.title.as_str()), (Some(Clause::Transport), title));
    }
}

/// Also when a request is made anew: its session was lost, its headers did not fit, it was called off.
///
/// Req: CL-49
#[test]
fn what_is_asked_anew_has_a_new_id() {
    let ids = |world: &World| {
        let posts = world.requests("8001/mcp").filter(|request| request.url.ends_with("/mcp"));
        posts.filter_map(|request| body(request)["id"].as_u64()).collect::<Vec<_>>()
    };
    let once = |status, code: Option<i64>| {
        let done = std::cell::Cell::new(false);
        edited("tools/call", move |request, response| match (done.replace(true), code) {
            (true, _) => response,
            (false, Some(code)) => error(request, status, code, &Value::Null),
            (false, None) => json_response(status, &Value::Null),
        })
    };
    let mut lost = once(404, None);
    lost.rests(legacy());
    let mut relisted = once(400, Some(-32020));
    relisted.rests(modern());
    let mut called_off = World::default();
    let mut flow = Flow::new(modern());
    called_off.walk_until(&mut flow, |request| method_of(request) == "tools/call");
    let Action::Send(outgoing) = flow.poll() else { panic!("a call") };
    called_off.asked.push(outgoing.request.clone());
    flow.cancel(&called_off.env()).unwrap();
    called_off.walk(&mut flow);
    for world in [lost, relisted, called_off] {
        let ids = ids(&world);
        assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>());
    }
}
