//! A call that needs more than the token allows.

use flow::http::Response;
use flow::lessons::steps::Step;
use flow::trace::Outcome;
use flow::{Action, Flow, MAX_STEP_UPS};
use protocol::clause::Clause;
use protocol::revision::Revision;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{World, asked_for, call, challenge, config, departures, legacy, modern};

const ENDLESS: &str = r#"Bearer error="insufficient_scope", scope="mcp:connect weather:read""#;

fn refuses_for_ever(method: &'static str) -> World {
    World {
        edit: Box::new(move |request, response| {
            let named = request.body.as_deref().is_some_and(|body| body.contains(method));
            if named && response.status != 401 { challenge(403, ENDLESS) } else { response }
        }),
        ..World::default()
    }
}

/// Req: CL-45
#[test]
fn the_revision_says_which_scopes_are_asked_for() {
    for (config, asked) in [(legacy(), "mcp:connect weather:read"), (modern(), "mcp:connect weather:read")] {
        let flow = World::default().rests(config);
        assert_eq!(asked_for(&departures(&flow)[1], "scope").as_deref(), Some(asked));
    }
    // A server of the newer revision names only what the operation needs; a client of the older one takes it at its word.
    let narrow = || World {
        edit: Box::new(|_, response| {
            if response.status == 403 {
                challenge(403, r#"Bearer scope="weather:read", error="insufficient_scope""#)
            } else {
                response
            }
        }),
        ..World::default()
    };
    let flow = narrow().rests(legacy());
    assert_eq!(asked_for(&departures(&flow)[1], "scope").as_deref(), Some("weather:read"));
    let flow = narrow().rests(modern());
    assert_eq!(asked_for(&departures(&flow)[1], "scope").as_deref(), Some("mcp:connect weather:read"));
}

/// Req: CL-46, X-08, H10
#[test]
fn a_server_that_answers_403_for_ever_is_given_up() {
    for revision in Revision::ALL {
        for method in ["get_weather", "tools/list"] {
            let mut world = refuses_for_ever(method);
            let failure = world.fails(config(revision));
            assert_eq!(failure.clause, Some(Clause::StepUp));
            assert_eq!(world.was_asked("/token"), 1 + MAX_STEP_UPS as usize);
            assert_eq!(MAX_STEP_UPS, 2, "three authorizations in all");
        }
    }
}

/// One operation that is refused for ever does not use up the attempts of another, and a success gives them back.
///
/// Req: CL-46
#[test]
fn attempts_are_remembered_by_operation() {
    let mut world = World::default();
    let mut flow = world.rests(legacy());
    for _ in 0..2 * MAX_STEP_UPS {
        let refused = std::cell::Cell::new(false);
        world.edit = Box::new(move |request, response| {
            let named = request.body.as_deref().is_some_and(|body| body.contains("get_weather"));
            if named && !refused.replace(true) { challenge(403, ENDLESS) } else { response }
        });
        flow.call_tool(&world.env(), call("get_weather")).unwrap();
        world.walk(&mut flow);
        assert_eq!(flow.poll(), Action::Rest, "each call succeeds after one step-up");
    }
}

/// Each operation has its attempts, but a server could invent operations.
///
/// Req: CL-46
#[test]
fn a_run_does_not_step_up_without_end() {
    let mut world = World::default();
    let mut flow = world.rests(legacy());
    let before = world.was_asked("/token");
    let refused = std::cell::RefCell::new(std::collections::HashSet::new());
    world.edit = Box::new(move |request, response| {
        let body = request.body.clone().unwrap_or_default();
        let tool = body.find("tool-").map(|at| body[at..at + 8].to_owned());
        match tool {
            Some(tool) if refused.borrow_mut().insert(tool.clone()) => challenge(403, ENDLESS),
            _ => response,
        }
    });
    for n in 100..200 {
        flow.call_tool(&world.env(), call(&format!("tool-{n}"))).unwrap();
        world.walk(&mut flow);
        if flow.poll() != Action::Rest {
            break;
        }
    }
    assert_eq!(crate::world::failure(&flow).clause, Some(Clause::StepUp));
    assert_eq!(world.was_asked("/token") - before, 19, "one of the twenty was in the journey");
}

/// Req: CL-44
#[test]
fn a_403_for_another_reason_is_no_step_up() {
    for header in [
        None,
        Some(r#"Bearer error="invalid_token""#),
        Some("Basic realm=x"),
        Some(r#"Bearer error="insufficient_scope""#),
        Some(r#"Bearer error="invalid_token", scope="more""#),
        Some(r#"Bearer scope="more""#),
    ] {
        let mut world = World {
            edit: Box::new(move |request, response| match request.body.as_deref() {
                Some(body) if body.contains("get_weather") => {
                    let headers = header.map(|value| ("www-authenticate".to_owned(), value.to_owned()));
                    Response { status: 403, headers: headers.into_iter().collect(), ..response }
                }
                _ => response,
            }),
            ..World::default()
        };
        assert_eq!(world.fails(legacy()).clause, Some(Clause::InsufficientScope), "{header:?}");
        assert_eq!(world.was_asked("/token"), 1);
    }
}

/// The interrupted call is made once more for each new token, with the arguments that it had.
///
/// Req: CL-44
#[test]
fn the_call_is_made_again_by_itself() {
    for revision in Revision::ALL {
        let mut world = World::default();
        let flow = world.rests(config(revision));
        let calls: Vec<_> = world
            .calls("tools/call")
            .filter(|request| request.body.as_deref().unwrap().contains("get_weather"))
            .map(|request| {
                let message: serde_json::Value =
                    serde_json::from_str(request.body.as_deref().unwrap()).unwrap();
                message["params"]["arguments"].to_string()
            })
            .collect();
        assert_eq!(calls, [r#"{"city":"Paris"}"#, r#"{"city":"Paris"}"#]);
        assert_eq!(flow.results().len(), 2);
    }
}

#[test]
fn scopes_of_the_token_in_use_stay_visible_while_more_is_asked_for() {
    let mut world = World::default();
    let mut flow = Flow::new(legacy());
    world.walk_until(&mut flow, |request| {
        request.body.as_deref().is_some_and(|body| body.contains("get_weather"))
    });
    world.step(&mut flow);
    assert_eq!(flow.poll(), Action::Navigate);
    assert_eq!(flow.granted().unwrap().to_string(), "mcp:connect");
}

/// What else succeeds meanwhile gives an operation nothing back.
///
/// Req: CL-46
#[test]
fn a_new_session_gives_no_attempts_back() {
    let refused = std::cell::Cell::new(false);
    let mut world = World {
        edit: Box::new(move |request, response| {
            let named = request.body.as_deref().is_some_and(|body| body.contains("get_weather"));
            if !named || response.status == 401 {
                return response;
            }
            let before = refused.replace(!refused.get());
            if before {
                crate::world::json_response(404, &serde_json::Value::Null)
            } else {
                challenge(403, ENDLESS)
            }
        }),
        ..World::default()
    };
    assert_eq!(world.fails(legacy()).clause, Some(Clause::StepUp));
    assert_eq!(world.was_asked("/token"), 1 + MAX_STEP_UPS as usize);
}

/// The code for the first scope alone.
const FIRST_CODE: &str = "code=code-bWNwOmNvbm5lY3Q";

/// A world in which the person says no whenever more is asked for.
fn says_no_to_more() -> World {
    World {
        callback: Box::new(|query| match query.split_once('&') {
            Some((code, rest)) if code != FIRST_CODE => format!("error=access_denied&{rest}"),
            _ => query,
        }),
        ..World::default()
    }
}

/// A no to more leaves the client where it was: the person is told, and the token from before is used on.
///
/// Req: CL-44
#[test]
fn a_no_to_more_leaves_the_token_from_before() {
    for revision in Revision::ALL {
        let mut world = says_no_to_more();
        let mut flow = Flow::new(config(revision));
        world.walk(&mut flow);
        assert_eq!(flow.poll(), Action::Rest);
        assert_eq!(flow.granted().unwrap().to_string(), "mcp:connect");
        let answered: Vec<_> =
            flow.results().iter().map(|result| (result.call.name.as_str(), result.is_error)).collect();
        assert_eq!(answered, [("whoami", false), ("get_weather", true)]);
        let said =
            crate::world::complaints(&flow).into_iter().find(|check| check.clause == Clause::AccessDenied);
        assert_eq!(
            said.map(|check| (check.outcome, check.found.as_str())),
            Some((Outcome::Warning, "access_denied"))
        );

        let tokens = world.was_asked("/token");
        flow.call_tool(&world.env(), call("whoami")).unwrap();
        world.walk(&mut flow);
        assert_eq!((flow.poll(), flow.results().len()), (Action::Rest, 3));
        assert_eq!(world.was_asked("/token"), tokens, "with the token from before");
        assert_eq!(flow.forked(usize::MAX), flow);
    }
}

/// Req: CL-46
#[test]
fn who_said_no_is_asked_again_when_the_call_is_made_again() {
    let mut world = says_no_to_more();
    let mut flow = world.rests(modern());
    for asked in 3..8 {
        flow.call_tool(&world.env(), call("get_weather")).unwrap();
        world.walk(&mut flow);
        assert_eq!(flow.poll(), Action::Rest);
        assert_eq!(departures(&flow).len(), asked);
    }
}

/// What was declined is not asked for by the way with the next thing that is.
#[test]
fn what_was_declined_is_not_asked_for_with_something_else() {
    let mut world = says_no_to_more();
    let mut flow = world.rests(modern());
    world.edit = Box::new(|request, response| match request.body.as_deref() {
        Some(body) if body.contains("\"sum\"") => {
            challenge(403, r#"Bearer error="insufficient_scope", scope="sum:add""#)
        }
        _ => response,
    });
    flow.call_tool(&world.env(), call("sum")).unwrap();
    let url = world.walk_until_away(&mut flow);
    assert_eq!(asked_for(&url, "scope").as_deref(), Some("mcp:connect sum:add"));
}

/// Without what it was refused, nothing can be done at a server that refuses its own list.
#[test]
fn a_no_to_what_every_message_needs_ends_the_run() {
    let mut world = refuses_for_ever("tools/list");
    world.callback = says_no_to_more().callback;
    let failure = world.fails(legacy());
    assert_eq!((failure.step, failure.clause), (Step::StepUpConsent, Some(Clause::AccessDenied)));
}
