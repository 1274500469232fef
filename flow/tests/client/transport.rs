//! Using the MCP server: sessions, stateless requests, streams, headers.

use flow::http::{Method, Request, Response};
use flow::{Action, Agenda, Era, Flow};
use protocol::clause::Clause;
use protocol::mcp::ToolCall;
use protocol::revision::Revision;
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{
    World, call, challenge, checks, config, failure, header, json_response, legacy, method_of, modern,
};

type Edit = fn(&Request, Response) -> Response;

fn body(request: &Request) -> Value {
    serde_json::from_str(request.body.as_deref().unwrap()).unwrap()
}

/// An answer to this request with this result.
fn result(request: &Request, result: &Value) -> Response {
    json_response(200, &json!({ "jsonrpc": "2.0", "id": body(request)["id"], "result": result }))
}

fn error(request: &Request, status: u16, code: i64, data: &Value) -> Response {
    let error = json!({ "code": code, "message": "no", "data": data });
    json_response(status, &json!({ "jsonrpc": "2.0", "id": body(request)["id"], "error": error }))
}

/// Answers requests of this method in this way, once there is a token.
fn edited(method: &'static str, edit: impl Fn(&Request, Response) -> Response + 'static) -> World {
    World {
        edit: Box::new(move |request, response| {
            let named = request.url.ends_with("8001/mcp") && method_of(request) == method;
            if named && response.status != 401 { edit(request, response) } else { response }
        }),
        ..World::default()
    }
}

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

/// Req: CL-49
#[test]
fn marked_arguments_go_into_headers_and_tools_with_wrong_marks_are_not_called() {
    let tools = json!({ "cacheScope": "public", "tools": [
        { "name": "good", "inputSchema": { "type": "object", "required": ["region"],
            "properties": { "region": { "type": "string", "x-mcp-header": "Region", "default": "eu" } } } },
        { "name": "bad", "inputSchema": { "type": "object",
            "properties": { "region": { "type": "string", "x-mcp-header": "a b" } } } },
    ] });
    let run = |revision| {
        let tools = tools.clone();
        let mut world = edited("tools/list", move |request, _| result(request, &tools));
        let mut config = config(revision);
        config.agenda = Agenda::EveryTool;
        let flow = world.rests(config);
        let called: Vec<_> = flow.results().iter().map(|result| result.call.name.clone()).collect();
        let call = world.calls("tools/call").next().unwrap();
        (
            called,
            header(call, "mcp-param-region").map(str::to_owned),
            checks(&flow)
                .any(|check| check.clause == Clause::ParameterHeaders && check.found.starts_with("bad: ")),
        )
    };
    assert_eq!(run(Revision::V2026_07_28), (vec!["good".into()], Some("eu".into()), true));
    assert_eq!(run(Revision::V2025_11_25), (vec!["good".into(), "bad".into()], None, false));
}

/// Req: CL-50
#[test]
fn headers_that_do_not_fit_lead_to_a_fresh_list_and_one_more_try() {
    let refused = std::cell::Cell::new(false);
    let mut world = edited("tools/call", move |request, response| {
        if refused.replace(true) { response } else { error(request, 400, -32020, &Value::Null) }
    });
    let flow = world.rests(modern());
    assert_eq!(flow.results().len(), 2);
    assert!(flow.results().iter().all(|result| !result.is_error));
    assert_eq!(world.calls("tools/list").count(), 2);

    let mut world = edited("tools/call", |request, _| error(request, 400, -32020, &Value::Null));
    let flow = world.rests(modern());
    assert!(flow.results().iter().all(|result| result.is_error), "not for ever");
    assert_eq!(world.calls("tools/call").count(), 4);

    let mut world = edited("tools/call", |request, _| error(request, 400, -32020, &Value::Null));
    world.rests(legacy());
    assert_eq!(world.calls("tools/list").count(), 1, "before, no header came from a list");
}

/// Req: CL-50, CL-51
#[test]
fn a_revision_that_is_refused_is_chosen_from_those_that_are_named() {
    let supports = |versions: Value| {
        edited("server/discover", move |request, _| {
            error(request, 400, -32022, &json!({ "supported": versions.clone(), "requested": "2026-07-28" }))
        })
    };
    let mut detecting = legacy();
    detecting.era = Era::Detect;
    let flow = supports(json!(["2025-11-25"])).rests(detecting.clone());
    assert_eq!(flow.revision(), Revision::V2025_11_25);
    let mut world = supports(json!(["2026-07-28"]));
    world.fails(detecting);
    let tried = world.calls("server/discover").count();
    assert_eq!(tried, 3, "without a token, with one, and once more");
    let mut world = supports(json!(["2025-11-25"]));
    world.fails(modern());
    assert_eq!(world.calls("initialize").count(), 0, "who wants one revision gets no other");
}

/// Req: CL-51
#[test]
fn what_tells_the_older_era() {
    let mut detecting = legacy();
    detecting.era = Era::Detect;
    let older: [Edit; 4] = [
        |_, response| Response { status: 400, body: "Bad Request".into(), ..response },
        |_, response| Response { status: 404, body: "<html>".into(), ..response },
        |request, _| error(request, 400, -32000, &Value::Null),
        |request, _| error(request, 200, -32601, &Value::Null),
    ];
    for edit in older {
        let flow = edited("server/discover", edit).rests(detecting.clone());
        assert_eq!(flow.revision(), Revision::V2025_11_25);
        assert!(checks(&flow).any(|check| check.clause == Clause::EraDetection));
    }
    let no_answer: [Edit; 3] = [
        |_, response| Response { status: 500, body: String::new(), ..response },
        |request, _| error(request, 400, -32020, &Value::Null),
        |_, response| Response { status: 200, body: "<html>".into(), ..response },
    ];
    for edit in no_answer {
        let mut world = edited("server/discover", edit);
        let mut flow = Flow::new(detecting.clone());
        world.walk(&mut flow);
        failure(&flow);
        assert_eq!(world.calls("initialize").count(), 0);
    }
}

/// Req: CL-53
#[test]
fn the_servers_state_goes_back_as_it_came_with_the_retry_alone() {
    const STATE: &str = "\u{fffd} ä\"\\/+=%\u{0}";
    let asked = std::cell::Cell::new(0);
    let mut world = edited("tools/call", move |request, response| {
        asked.set(asked.get() + 1);
        if asked.get() == 1 {
            result(
                request,
                &json!({ "resultType": "input_required", "inputRequests": {}, "requestState": STATE }),
            )
        } else {
            response
        }
    });
    world.rests(modern());
    let states: Vec<Value> =
        world.calls("tools/call").map(|request| body(request)["params"]["requestState"].clone()).collect();
    assert_eq!(states[..3], [Value::Null, STATE.into(), Value::Null]);
    let ids: Vec<_> = world.calls("tools/call").map(|request| body(request)["id"].clone()).collect();
    assert_ne!(ids[0], ids[1]);

    for (requests, state) in
        [(json!({ "a": { "method": "elicitation/create" } }), json!("x")), (json!({}), Value::Null)]
    {
        let mut world = edited("tools/call", move |request, _| {
            result(
                request,
                &json!({ "resultType": "input_required", "inputRequests": requests.clone(), "requestState": state.clone() }),
            )
        });
        assert_eq!(world.fails(modern()).clause, Some(Clause::InputRequired));
        assert_eq!(world.calls("tools/call").count(), 1, "there is nothing to ask again with");
    }
    let mut older = edited("tools/call", |request, _| {
        result(request, &json!({ "resultType": "input_required", "requestState": "x" }))
    });
    older.rests(legacy());
    assert_eq!(older.calls("tools/call").count(), 2, "before, the member meant nothing");
    let mut endless = edited("tools/call", |request, _| {
        result(request, &json!({ "resultType": "input_required", "requestState": "x" }))
    });
    assert_eq!(endless.fails(modern()).clause, Some(Clause::InputRequired));
    assert!(endless.calls("tools/call").count() <= 4);
}

/// Req: CL-52
#[test]
fn a_private_list_is_not_used_with_another_token() {
    let mut world = World::default();
    let mut flow = world.rests(modern());
    assert_eq!(world.calls("tools/list").count(), 1);
    flow.call_tool(&world.env(), call("whoami")).unwrap();
    world.walk(&mut flow);
    assert_eq!(world.calls("tools/list").count(), 2, "the token is another one since the step-up");
    flow.call_tool(&world.env(), call("whoami")).unwrap();
    world.walk(&mut flow);
    assert_eq!(world.calls("tools/list").count(), 2, "the same token: nothing is asked again");

    let mut world = World::default();
    let mut flow = world.rests(legacy());
    flow.call_tool(&world.env(), call("whoami")).unwrap();
    world.walk(&mut flow);
    assert_eq!(world.calls("tools/list").count(), 1, "before, nothing depended on the list");
}

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

#[test]
fn pages_of_a_list_are_followed_up_to_a_limit() {
    let mut world = edited("tools/list", |request, _| {
        let page = body(request)["params"]["cursor"].as_str().map_or(0, |cursor| cursor.parse().unwrap());
        let next: u32 = page + 1;
        result(request, &json!({ "tools": [{ "name": format!("t{page}") }], "nextCursor": next.to_string() }))
    });
    world.rests(legacy());
    assert_eq!(world.calls("tools/list").count(), 10);
}

#[test]
fn an_error_of_a_tool_is_a_result_and_the_next_one_is_called() {
    let mut world = edited("tools/call", |request, response| {
        if body(request)["params"]["name"] == "whoami" {
            error(request, 200, -32602, &json!("why"))
        } else {
            response
        }
    });
    let flow = world.rests(legacy());
    let failed: Vec<_> = flow.results().iter().map(|result| result.is_error).collect();
    assert_eq!(failed, [true, false]);
    assert_eq!(flow.results()[0].result, json!({ "code": -32602, "message": "no", "data": "why" }));
    let mut world = edited("tools/call", |request, _| {
        result(request, &json!({ "isError": true, "content": [{ "type": "text", "text": "bad city" }] }))
    });
    assert!(world.rests(legacy()).results().iter().all(|result| result.is_error));
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

/// What one token was shown is not mixed with what another is, and a page is no success that gives attempts back.
///
/// Req: CL-46, CL-52
#[test]
fn a_list_that_is_interrupted_begins_anew_and_not_for_ever() {
    let page = |request: &Request, n: u32, next: Option<u32>| {
        let next = next.map(|next| next.to_string());
        result(request, &json!({ "tools": [{ "name": format!("t{n}") }], "nextCursor": next }))
    };
    let asked_for = |request: &Request| body(request)["params"]["cursor"].as_str().map(str::to_owned);
    // The second page wants another token, once.
    let refused = std::cell::Cell::new(false);
    let mut world = edited("tools/list", move |request, _| match asked_for(request) {
        None => page(request, if refused.get() { 2 } else { 1 }, Some(2)),
        Some(_) if refused.replace(true) => page(request, 3, None),
        Some(_) => challenge(401, r#"Bearer error="invalid_token""#),
    });
    world.refresh_tokens = true;
    let mut everything = modern();
    everything.agenda = Agenda::EveryTool;
    let flow = world.rests(everything);
    let called: Vec<_> = flow.results().iter().map(|result| result.call.name.as_str()).collect();
    assert_eq!(called, ["t2", "t3"], "t1 was listed for the old token");

    for status in [401, 403] {
        let mut world = edited("tools/list", move |request, _| match asked_for(request) {
            None => page(request, 1, Some(2)),
            Some(_) if status == 401 => challenge(401, r#"Bearer error="invalid_token""#),
            Some(_) => challenge(403, r#"Bearer error="insufficient_scope", scope="more""#),
        });
        world.refresh_tokens = true;
        world.fails(modern());
        assert_eq!(world.was_asked("/token"), 3, "the first token, and two more");
    }
}

/// Req: CL-46
#[test]
fn a_wish_to_be_asked_again_gives_no_attempts_back() {
    let turn = std::cell::Cell::new(0);
    let mut world = edited("tools/call", move |request, _| {
        turn.set(turn.get() + 1);
        if turn.get() % 3 == 0 {
            result(request, &json!({ "resultType": "input_required", "requestState": "x" }))
        } else {
            challenge(403, r#"Bearer error="insufficient_scope", scope="more""#)
        }
    });
    assert_eq!(world.fails(modern()).clause, Some(Clause::StepUp));
    assert_eq!(world.was_asked("/token"), 3);
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

/// A list that is read again, for another token, is no second round.
#[test]
fn every_tool_is_called_once() {
    let list = json!({ "tools": [{ "name": "get_weather" }, { "name": "whoami" }] });
    let mut world = edited("tools/list", move |request, _| result(request, &list));
    let mut everything = modern();
    everything.agenda = Agenda::EveryTool;
    let flow = world.rests(everything);
    let called: Vec<_> = flow.results().iter().map(|result| result.call.name.as_str()).collect();
    assert_eq!(called, ["get_weather", "whoami"]);
    assert_eq!(world.calls("tools/list").count(), 2, "the step-up brought another token");
}
