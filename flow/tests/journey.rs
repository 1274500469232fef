//! The journey against a world in memory: as it should be, and with one thing wrong at a time.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a world in memory that does not fit has failed the test"
)]

mod support;

use flow::http::Response;
use flow::lessons::steps::Step;
use flow::trace::Event;
use flow::{Action, Flow, MAX_STEP_UPS, Unexpected};
use protocol::clause::Clause;
use serde_json::Value;
use support::{World, config, env, failed_checks};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Replaces a text in the body of answers from one URL.
fn with_body(response: Response, edit: impl Fn(&str) -> String) -> Response {
    Response { body: edit(&response.body), ..response }
}

/// Req: CL-01, CL-15, CL-25, CL-26, CL-27, CL-40, CL-44
#[test]
fn the_whole_journey() {
    let mut flow = Flow::new(config());
    let mut world = World::default();
    world.walk(&mut flow);
    assert_eq!(flow.poll(), Action::Rest);
    assert_eq!(flow.granted().unwrap().to_string(), "mcp:connect weather:read");
    assert_eq!(failed_checks(&flow), Vec::<&flow::trace::Check>::new());
    let mut steps: Vec<Step> = flow.trace().entries().iter().map(|entry| entry.step).collect();
    steps.dedup();
    assert_eq!(steps, Step::ALL, "each step happens, in order");
    assert_eq!(world.was_asked("/token"), 2);
    assert_eq!(world.was_asked("openid-configuration"), 0);
}

/// Req: CL-25, CL-29
#[test]
fn verifier_and_state_are_fresh_for_each_request() {
    let mut flow = Flow::new(config());
    World::default().walk(&mut flow);
    let urls: Vec<_> = flow
        .trace()
        .entries()
        .iter()
        .filter_map(|entry| match &entry.event {
            Event::Navigation { url } => Some(url.clone()),
            _ => None,
        })
        .collect();
    let [first, second] = urls.as_slice() else { panic!("two departures") };
    for name in ["state", "code_challenge"] {
        let value = |url: &str| {
            protocol::query::Parameters::parse(url.split_once('?').unwrap().1)
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(_, v)| v.to_owned())
        };
        assert_ne!(value(first), value(second), "{name}");
    }
}

/// Req: ALL-11, H13
#[test]
fn a_masked_trace_holds_no_secret() {
    let mut flow = Flow::new(config());
    World::default().walk(&mut flow);
    let raw = serde_json::to_string(flow.trace().entries()).unwrap();
    let masked = flow.trace().to_masked_json().to_string();
    assert!(raw.contains("opaque-"), "the raw trace is the whole truth");
    assert!(!masked.contains("opaque-"));
    let verifier = raw.split("code_verifier=").nth(1).unwrap().split('&').next().unwrap();
    assert!(!masked.contains(verifier));
}

/// Req: CL-30
#[test]
fn a_flow_can_be_put_away_while_the_browser_is_gone() {
    let mut flow = Flow::new(config());
    let mut counter = 0;
    while let Action::Send(outgoing) = flow.poll() {
        let request = outgoing.request.clone();
        let mut world = World::default();
        let mut step = flow.clone();
        world.walk(&mut step);
        // One exchange at a time: take the answer that the world gave to this very request.
        let Event::Exchange { answer: flow::trace::Answer::Response(response), .. } = step
            .trace()
            .entries()
            .iter()
            .find(|e| matches!(&e.event, Event::Exchange { request: r, .. } if *r == request))
            .unwrap()
            .event
            .clone()
        else {
            panic!("an exchange")
        };
        flow.handle_response(&env(&mut counter), response).unwrap();
    }
    flow.depart(&env(&mut counter)).unwrap();
    let stored = serde_json::to_string(&flow).unwrap();
    let restored: Flow = serde_json::from_str(&stored).unwrap();
    assert_eq!(restored.poll(), Action::AwaitCallback);
    assert_eq!(serde_json::to_string(&restored).unwrap(), stored);
}

/// Req: CL-02
#[test]
fn a_hidden_challenge_leaves_the_well_known_places() {
    let mut world = World {
        edit: |_, response| match response.status {
            401 => Response { headers: vec![], ..response },
            _ => response,
        },
        ..World::default()
    };
    // Without a challenged scope and without scopes_supported the client asks for none.
    world.callback = |query| query;
    let mut flow = Flow::new(config());
    let mut counter = 0;
    while let Action::Send(outgoing) = flow.poll() {
        if outgoing.step > Step::ServerMetadata {
            break;
        }
        let url = outgoing.request.url.clone();
        world.asked.push(url.clone());
        let response = match url.as_str() {
            "http://localhost:8001/mcp" => {
                Response { status: 401, headers: vec![], body: String::new(), elapsed_ms: 0 }
            }
            "http://localhost:8001/.well-known/oauth-protected-resource/mcp" => {
                support::json_response(404, &Value::Null)
            }
            "http://localhost:8001/.well-known/oauth-protected-resource" => support::json_response(
                200,
                &serde_json::json!({ "resource": "http://localhost:8001/mcp", "authorization_servers": ["http://localhost:9000/t"] }),
            ),
            _ => support::json_response(404, &Value::Null),
        };
        flow.handle_response(&env(&mut counter), response).unwrap();
    }
    assert_eq!(
        world.asked,
        [
            "http://localhost:8001/mcp",
            "http://localhost:8001/.well-known/oauth-protected-resource/mcp",
            "http://localhost:8001/.well-known/oauth-protected-resource",
            "http://localhost:9000/.well-known/oauth-authorization-server/t",
            "http://localhost:9000/.well-known/openid-configuration/t",
            "http://localhost:9000/t/.well-known/openid-configuration",
        ]
    );
    assert!(matches!(flow.poll(), Action::Failed(failure) if failure.step == Step::ServerMetadata));
}

/// Req: CL-03, X-36, H02
#[test]
fn metadata_of_another_resource_stops_the_client() {
    for other in ["http://localhost:8001/mcp/", "http://localhost:8001", "http://localhost:8002/mcp"] {
        let mut flow = Flow::new(config());
        let mut counter = 0;
        let challenge = Response { status: 401, headers: vec![], body: String::new(), elapsed_ms: 0 };
        flow.handle_response(&env(&mut counter), challenge).unwrap();
        let metadata =
            serde_json::json!({ "resource": other, "authorization_servers": ["http://localhost:9000"] });
        flow.handle_response(&env(&mut counter), support::json_response(200, &metadata)).unwrap();
        let Action::Failed(failure) = flow.poll() else { panic!("must fail for {other}") };
        assert_eq!((failure.clause, failure.found.as_str()), (Some(Clause::ResourceIdentity), other));
    }
}

/// Req: CL-05, CL-06, CL-08, X-36, X-37, H03, H05
#[test]
fn server_metadata_that_breaks_a_rule_stops_the_client_before_any_redirect() {
    type Edit = fn(&str) -> String;
    let cases: [(Edit, Clause); 5] = [
        (
            |body| {
                body.replace(r#""issuer":"http://localhost:9000""#, r#""issuer":"http://localhost:9000/""#)
            },
            Clause::IssuerIdentity,
        ),
        (|body| body.replace("S256", "plain"), Clause::PkceAdvertised),
        (|body| body.replace("code_challenge_methods_supported", "x"), Clause::PkceAdvertised),
        (|body| body.replace("http://localhost:9000/authorize", "javascript:alert(1)"), Clause::EndpointUrls),
        (
            |body| body.replace("http://localhost:9000/token", "http://evil.example/token"),
            Clause::EndpointUrls,
        ),
    ];
    for (edit, clause) in cases {
        let mut flow = Flow::new(config());
        let mut counter = 0;
        let mut seen = false;
        while let Action::Send(outgoing) = flow.poll() {
            let step = outgoing.step;
            let mut probe = flow.clone();
            World::default().walk(&mut probe);
            let response = probe.trace().entries().iter().find_map(|entry| match &entry.event {
                Event::Exchange { answer: flow::trace::Answer::Response(response), .. }
                    if entry.step == step =>
                {
                    Some(response.clone())
                }
                _ => None,
            });
            let response = response.unwrap();
            let response = if step == Step::ServerMetadata {
                seen = true;
                with_body(response, edit)
            } else {
                response
            };
            flow.handle_response(&env(&mut counter), response).unwrap();
        }
        assert!(seen);
        let Action::Failed(failure) = flow.poll() else { panic!("must fail: {clause:?}") };
        assert_eq!(failure.clause, Some(clause));
        let left = flow.trace().entries().iter().any(|entry| matches!(entry.event, Event::Navigation { .. }));
        assert!(!left, "nobody was sent anywhere");
    }
}

/// Req: CL-29, CL-31, CL-32, X-34, X-35, H06, H07
#[test]
fn a_callback_that_is_not_ours_never_reaches_the_token_endpoint() {
    type Edit = fn(String) -> String;
    let cases: [(Edit, Clause); 6] = [
        (
            |query| {
                query.replace("iss=http%3A%2F%2Flocalhost%3A9000", "iss=http%3A%2F%2Flocalhost%3A9000%2F")
            },
            Clause::IssParameter,
        ),
        (|query| query.replace("&iss=", "&x="), Clause::IssParameter),
        (|query| format!("{query}&iss=http%3A%2F%2Fevil"), Clause::IssParameter),
        (|query| query.replace("state=", "state=x"), Clause::State),
        (|query| query.replace("state=", "other="), Clause::State),
        (|query| query.replace("code=", "other="), Clause::NoParameterTwice),
    ];
    for (callback, clause) in cases {
        let mut world = World { callback, ..World::default() };
        assert_eq!(world.fails().clause, Some(clause));
        assert_eq!(world.was_asked("/token"), 0);
    }
}

/// Req: CL-32
#[test]
fn an_error_from_another_issuer_is_not_shown() {
    let mut world = World {
        callback: |_| "error=access_denied&error_description=BAIT&iss=http%3A%2F%2Fevil".into(),
        ..World::default()
    };
    assert!(!world.fails().found.contains("BAIT"));
}

#[test]
fn a_no_of_the_person_is_named() {
    let mut world = World {
        callback: |query| format!("error=access_denied&{}", query.split_once('&').unwrap().1),
        ..World::default()
    };
    let failure = world.fails();
    assert_eq!((failure.clause, failure.found.as_str()), (Some(Clause::AccessDenied), "access_denied"));
}

/// Req: CL-46, X-08, H10
#[test]
fn a_server_that_answers_403_for_ever_is_given_up() {
    let mut world = World {
        edit: |request, response| {
            let is_weather = request.body.as_deref().is_some_and(|body| body.contains("get_weather"));
            if is_weather {
                let header = r#"Bearer error="insufficient_scope", scope="mcp:connect weather:read""#;
                return Response {
                    status: 403,
                    headers: vec![("www-authenticate".into(), header.into())],
                    ..response
                };
            }
            response
        },
        ..World::default()
    };
    let failure = world.fails();
    assert_eq!(failure.clause, Some(Clause::StepUp));
    assert_eq!(world.was_asked("/token"), 1 + MAX_STEP_UPS as usize);
}

/// Req: CL-44
#[test]
fn a_403_for_another_reason_is_no_step_up() {
    let mut world = World {
        edit: |request, response| match request.body.as_deref() {
            Some(body) if body.contains("get_weather") => {
                Response { status: 403, headers: vec![], ..response }
            }
            _ => response,
        },
        ..World::default()
    };
    assert_eq!(world.fails().clause, Some(Clause::InsufficientScope));
    assert_eq!(world.was_asked("/token"), 1);
}

#[test]
fn an_answer_that_is_too_long_is_refused() {
    let mut world = World {
        edit: |request, response| {
            if request.url.contains("oauth-protected-resource") {
                Response { body: " ".repeat(flow::http::MAX_ANSWER_BYTES + 1), ..response }
            } else {
                response
            }
        },
        ..World::default()
    };
    assert_eq!(world.fails().clause, Some(Clause::ResourceMetadata));
}

#[test]
fn nobody_there_is_said_plainly() {
    let mut flow = Flow::new(config());
    flow.handle_unreachable(&env(&mut 0), "connection refused").unwrap();
    let Action::Failed(failure) = flow.poll() else { panic!("must fail") };
    assert_eq!((failure.found.as_str(), failure.clause), ("connection refused", None));
}

#[test]
fn what_does_not_fit_the_state_changes_nothing() {
    let mut flow = Flow::new(config());
    let before = serde_json::to_string(&flow).unwrap();
    assert_eq!(flow.depart(&env(&mut 0)), Err(Unexpected::NoAuthorization));
    assert_eq!(
        flow.handle_callback(&env(&mut 0), "http://localhost:3000/callback"),
        Err(Unexpected::NoAuthorization)
    );
    assert_eq!(flow.call_tool(protocol::mcp::ToolCall::new("x", Value::Null)), Err(Unexpected::NotAtRest));
    assert_eq!(serde_json::to_string(&flow).unwrap(), before);
}

#[test]
fn another_call_can_follow() {
    let mut flow = Flow::new(config());
    let mut world = World::default();
    world.walk(&mut flow);
    flow.call_tool(protocol::mcp::ToolCall::new("get_weather", serde_json::json!({ "city": "Oslo" })))
        .unwrap();
    world.walk(&mut flow);
    assert_eq!(flow.poll(), Action::Rest);
    assert_eq!(world.was_asked("/token"), 2, "no new token is needed");
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use flow::http::Response;
    use flow::{Action, Flow};
    use proptest::prelude::*;

    use super::support::{config, env};

    proptest! {
        /// Req: CL-47
        #[test]
        fn random_answers_never_panic_and_always_end(
            answers in prop::collection::vec((100u16..600, "[ -~]{0,80}", "\\PC{0,200}"), 1..12),
            callback in "[ -~]{0,120}",
        ) {
            let mut flow = Flow::new(config());
            let mut counter = 0;
            for (status, header, body) in answers {
                match flow.poll() {
                    Action::Send(_) => {
                        let headers = vec![("www-authenticate".into(), header), ("content-type".into(), "application/json".into())];
                        flow.handle_response(&env(&mut counter), Response { status, headers, body, elapsed_ms: 0 }).unwrap();
                    }
                    Action::Navigate | Action::AwaitCallback => {
                        flow.depart(&env(&mut counter)).unwrap();
                        flow.handle_callback(&env(&mut counter), &callback).unwrap();
                    }
                    Action::Rest | Action::Failed(_) => break,
                }
            }
        }
    }
}
