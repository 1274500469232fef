//! Listing tools and calling them: what is marked, what is refused, what is asked once more.

use flow::Agenda;
use flow::http::Request;
use protocol::clause::Clause;
use protocol::revision::Revision;
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::answers::{body, edited, error, result};
use crate::world::{World, call, challenge, checks, config, header, legacy, modern};

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
