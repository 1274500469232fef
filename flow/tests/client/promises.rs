//! What holds whatever the servers answer: no panic, no end without an end, nothing sent where it does not belong.

use flow::http::{Request, Response};
use flow::{Action, Flow};
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{World, config, legacy, modern, registering};

/// Every answer of the whole journey is replaced, one at a time, by each of these.
///
/// Req: CL-47
#[test]
fn every_answer_can_be_garbage() {
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let long = "x".repeat(flow::http::MAX_ANSWER_BYTES + 1);
    let bodies = [
        "",
        "null",
        "[]",
        "{}",
        "true",
        "0",
        "\"\"",
        "\u{feff}{}",
        "<html>",
        &deep,
        &long,
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":1e400}}"#,
        r#"{"a":1,"a":2}"#,
    ];
    for config in [legacy(), modern(), registering(modern())] {
        let length = {
            let mut world = World { refresh_tokens: true, ..World::default() };
            world.rests(config.clone());
            world.asked.len()
        };
        for at in 0..length {
            for status in [200, 204, 301, 307, 400, 401, 403, 404, 410, 429, 500, 999] {
                for body in bodies {
                    let mut world = World { refresh_tokens: true, ..World::default() };
                    let mut flow = Flow::new(config.clone());
                    for _ in 0..150 {
                        let strike = world.asked.len() == at;
                        if let (true, Action::Send(outgoing)) = (strike, flow.poll()) {
                            world.asked.push(outgoing.request.clone());
                            let answer = Response {
                                status,
                                headers: vec![("content-type".into(), "application/json".into())],
                                body: body.to_owned(),
                                elapsed_ms: 0,
                            };
                            flow.handle_response(&world.env(), answer).unwrap();
                        } else if !world.step(&mut flow) {
                            break;
                        }
                    }
                    assert!(
                        !matches!(flow.poll(), Action::Send(_) | Action::Navigate),
                        "no end at {at} with {status} {body:.20}"
                    );
                }
            }
            if cfg!(target_arch = "wasm32") {
                return;
            }
        }
    }
}

/// A world that answers everything with a redirect to itself, or with the same refusal: it ends soon.
///
/// Req: CL-46
#[test]
fn a_server_cannot_keep_the_client_busy() {
    type Edit = fn(&Request, Response) -> Response;
    let edits: [Edit; 3] = [
        |request, response| {
            if request.url.ends_with("/mcp") { Response { status: 401, ..response } } else { response }
        },
        |request, response| {
            if request.url.ends_with("/token") { Response { status: 500, ..response } } else { response }
        },
        |request, response| {
            let named = |name: &str| request.body.as_deref().is_some_and(|body| body.contains(name));
            if named("tools/list") {
                let id: Value =
                    serde_json::from_str::<Value>(request.body.as_deref().unwrap()).unwrap()["id"].clone();
                let page =
                    json!({ "jsonrpc": "2.0", "id": id, "result": { "tools": [], "nextCursor": "again" } });
                crate::world::json_response(200, &page)
            } else {
                response
            }
        },
    ];
    for edit in edits {
        for config in [legacy(), modern()] {
            let mut world = World { edit: Box::new(edit), refresh_tokens: true, ..World::default() };
            let mut flow = Flow::new(config);
            world.walk(&mut flow);
            assert!(world.asked.len() < 60, "{}", world.asked.len());
        }
    }
}

/// Where each secret may go: nothing that the client holds is sent anywhere else.
///
/// Req: CL-18, CL-37, CL-41
#[test]
fn secrets_go_where_they_belong() {
    for revision in protocol::revision::Revision::ALL {
        let mut world = World { refresh_tokens: true, ..World::default() };
        let mut flow = world.rests(registering(config(revision)));
        let env = world.env();
        flow.refresh(&env).unwrap();
        world.walk(&mut flow);
        for request in &world.asked {
            let text = serde_json::to_string(request).unwrap();
            let at_token_endpoint = request.url == "http://localhost:9000/token";
            for secret in ["code_verifier", "refresh-9000", "code-", "Basic "] {
                assert!(at_token_endpoint || !text.contains(secret), "{secret} in {text}");
            }
            let at_server = request.url == crate::world::SERVER;
            assert!(at_server || !text.contains("opaque-"), "{text}");
        }
    }
}

/// What the client refuses is secret all the same: the code of a mix-up is good where it was issued, and so is the token in
/// an answer that breaks off.
///
/// Req: ALL-11
#[test]
fn what_is_refused_is_masked_too() {
    let masked_by = |world: &mut World| {
        let mut flow = Flow::new(registering(modern()));
        world.walk(&mut flow);
        assert!(matches!(flow.poll(), Action::Failed(_)));
        flow.trace().to_masked_json().to_string()
    };
    let mut mixed_up = World {
        callback: Box::new(|query| query.replace("&iss=", "&code=code-2&iss=x").replace("code-", "c%2fode-")),
        ..World::default()
    };
    assert!(!masked_by(&mut mixed_up).contains("ode-"));
    for broken in [r#"{"access_token":"t0ken","expires"#, r#"{"access_token":"t0ken","expires_in":-1}"#] {
        let edit = |request: &Request, response: Response| {
            if request.url.ends_with("/token") {
                Response { body: broken.into(), ..response }
            } else {
                response
            }
        };
        let mut broken = World { edit: Box::new(edit), ..World::default() };
        assert!(!masked_by(&mut broken).contains("t0ken"));
    }
}

/// Req: ALL-11
#[test]
fn what_a_registration_gives_is_masked() {
    let mut world = World {
        edit: Box::new(|request, response| {
            if !request.url.ends_with("/register") {
                return response;
            }
            let body = json!({
                "client_id": "c",
                "client_secret": "a/\"s3cret\"",
                "registration_access_token": "management-s3cret",
            });
            crate::world::json_response(201, &body)
        }),
        ..World::default()
    };
    let flow = world.rests(registering(modern()));
    assert!(!flow.trace().to_masked_json().to_string().contains("s3cret"));
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use flow::http::Response;
    use flow::{Action, Flow};
    use proptest::prelude::*;

    use crate::world::{World, config};

    proptest! {
        /// Req: CL-47
        #[test]
        fn random_answers_never_panic_and_always_end(
            answers in prop::collection::vec((100u16..600, "[ -~]{0,80}", "\\PC{0,200}"), 1..12),
            callback in "[ -~]{0,120}",
            modern: bool,
        ) {
            let mut flow = Flow::new(config(protocol::revision::Revision::ALL[usize::from(modern)]));
            let mut world = World::default();
            for (status, header, body) in answers {
                let env = world.env();
                match flow.poll() {
                    Action::Send(_) => {
                        let headers = vec![("www-authenticate".into(), header), ("content-type".into(), "application/json".into())];
                        flow.handle_response(&env, Response { status, headers, body, elapsed_ms: 0 }).unwrap();
                    }
                    Action::Navigate | Action::AwaitCallback => {
                        flow.depart(&env).unwrap();
                        flow.handle_callback(&env, &callback).unwrap();
                    }
                    _ => break,
                }
            }
        }

        /// A callback is believed only if it carries the state and the issuer of this very request.
        ///
        /// Req: CL-29, CL-31
        #[test]
        fn no_random_callback_is_believed(query in "([a-z_]{1,8}=[ -~]{0,40}&?){0,6}") {
            let mut world = World::default();
            let mut flow = Flow::new(config(protocol::revision::Revision::V2026_07_28));
            world.walk_until_away(&mut flow);
            let env = world.env();
            flow.handle_callback(&env, &format!("http://localhost:3000/callback?{query}")).unwrap();
            prop_assert!(matches!(flow.poll(), Action::Failed(_)));
        }
    }
}
