//! Tokens run out, are refused, are replaced.

use flow::lessons::steps::Step;
use flow::{Action, Flow};
use protocol::clause::Clause;
use protocol::revision::Revision;
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{World, call, config, departures, failure, form, header, json_response, legacy, modern};

/// The token that was sent last.
fn token(world: &World) -> String {
    let last = world.requests("8001/mcp").last().unwrap();
    header(last, "authorization").unwrap().trim_start_matches("Bearer ").to_owned()
}

fn refreshes(world: &World) -> Vec<String> {
    world.requests("/token").filter_map(|request| form(request, "refresh_token")).collect()
}

/// Req: CL-43
#[test]
fn a_worn_token_is_renewed_before_it_is_used() {
    for revision in Revision::ALL {
        let mut world = World { refresh_tokens: true, ..World::default() };
        let mut flow = world.rests(config(revision));
        let old = token(&world);
        world.now_ms += 596_000;
        flow.call_tool(&world.env(), call("whoami")).unwrap();
        world.walk(&mut flow);
        assert_eq!(flow.poll(), Action::Rest);
        assert_ne!(token(&world), old);
        assert_eq!((refreshes(&world).len(), departures(&flow).len()), (1, 2), "the person is not asked");
        assert_eq!(world.was_asked("oauth-protected-resource"), 1, "and nothing is looked up again");
    }
}

/// Servers end tokens sooner than they said, and without a refresh token the person is asked.
///
/// Req: CL-19, CL-42, CL-43
#[test]
fn a_refused_token_is_replaced() {
    for refresh_tokens in [true, false] {
        let mut world = World { refresh_tokens, ..World::default() };
        let mut flow = world.rests(modern());
        let old = token(&world);
        world.refused.insert(old.clone());
        flow.call_tool(&world.env(), call("whoami")).unwrap();
        world.walk(&mut flow);
        assert_eq!(flow.poll(), Action::Rest);
        assert_ne!(token(&world), old);
        let asked = departures(&flow).len();
        assert_eq!((refreshes(&world).len(), asked), if refresh_tokens { (1, 2) } else { (0, 3) });
        assert_eq!(world.was_asked("oauth-protected-resource"), 2, "whose tokens count is asked anew");
        assert_eq!(flow.granted().unwrap().to_string(), "mcp:connect weather:read", "nothing is lost");
    }
}

/// Req: CL-42
#[test]
fn the_old_refresh_token_is_forgotten_when_a_new_one_comes() {
    let mut world = World { refresh_tokens: true, ..World::default() };
    let mut flow = world.rests(legacy());
    for _ in 0..3 {
        flow.refresh(&world.env()).unwrap();
        world.walk(&mut flow);
        assert_eq!(flow.poll(), Action::Rest);
    }
    let used = refreshes(&world);
    let mut distinct = used.clone();
    distinct.dedup();
    assert_eq!((used.len(), distinct.len()), (3, 3), "each is used once");

    // A server that does not rotate: the old one stays.
    world.edit = Box::new(|request, response| {
        if !request.url.ends_with("/token") {
            return response;
        }
        let mut body: Value = serde_json::from_str(&response.body).unwrap();
        body.as_object_mut().unwrap().remove("refresh_token");
        json_response(200, &body)
    });
    flow.refresh(&world.env()).unwrap();
    world.walk(&mut flow);
    let last = refreshes(&world).pop().unwrap();
    world.refused.remove(&last);
    flow.refresh(&world.env()).unwrap();
    world.walk(&mut flow);
    assert_eq!(refreshes(&world).pop().unwrap(), last);
}

/// Req: CL-42
#[test]
fn a_refresh_token_that_is_no_good_is_tried_once() {
    let mut world = World { refresh_tokens: true, ..World::default() };
    let mut flow = world.rests(legacy());
    let stolen = {
        let answered = world.requests("/token").count();
        assert_eq!(answered, 2);
        let text = serde_json::to_string(flow.trace().entries()).unwrap();
        let at = text.rfind("refresh-9000-").unwrap();
        text[at..].split(['"', '\\']).next().unwrap().to_owned()
    };
    world.refused.insert(stolen);
    world.refused.insert(token(&world));
    flow.call_tool(&world.env(), call("whoami")).unwrap();
    world.walk(&mut flow);
    assert_eq!(flow.poll(), Action::Rest);
    assert_eq!((refreshes(&world).len(), departures(&flow).len()), (1, 3), "then the person is asked");
}

/// Servers clean up: a client that registered itself may be unknown when it comes back.
///
/// Req: CL-15, CL-42
#[test]
fn a_client_that_was_forgotten_registers_anew() {
    let mut world = World { refresh_tokens: true, ..World::default() };
    let mut flow = world.rests(crate::world::registering(legacy()));
    world.edit = Box::new(|request, response| {
        let renews = request.body.as_deref().is_some_and(|body| body.contains("grant_type=refresh_token"));
        if renews { json_response(401, &json!({ "error": "invalid_client" })) } else { response }
    });
    flow.refresh(&world.env()).unwrap();
    world.walk(&mut flow);
    assert_eq!(flow.poll(), Action::Rest);
    assert_eq!((world.was_asked("/register"), departures(&flow).len()), (2, 3));

    let mut flow = world.rests(legacy());
    flow.refresh(&world.env()).unwrap();
    world.walk(&mut flow);
    assert_eq!(failure(&flow).clause, Some(Clause::TokenResponse), "a metadata document is not forgotten");
}

/// A server that refuses every token must not keep anybody busy.
#[test]
fn a_server_that_refuses_every_token_is_given_up() {
    for refresh_tokens in [true, false] {
        let mut world = World { refresh_tokens, ..World::default() };
        world.edit = Box::new(|request, response| {
            if request.url.ends_with("8001/mcp") && header(request, "authorization").is_some() {
                crate::world::challenge(401, r#"Bearer error="invalid_token""#)
            } else {
                response
            }
        });
        let failure = world.fails(legacy());
        assert_eq!((failure.clause, failure.step), (Some(Clause::TokenValidity), Step::Refresh));
        assert!(world.was_asked("/token") <= 4, "{}", world.was_asked("/token"));
    }
}

/// Req: CL-43
#[test]
fn a_token_that_is_short_lived_by_design_is_no_endless_renewal() {
    let mut world = World { refresh_tokens: true, expires_in: 1, ..World::default() };
    let flow = world.rests(legacy());
    assert_eq!(flow.results().len(), 2);
    assert!(refreshes(&world).len() <= 8);
}

/// Req: ALL-12
#[test]
fn token_responses_are_checked() {
    for (member, value, clause) in [
        ("token_type", json!("DPoP"), Some(Clause::TokenResponse)),
        ("token_type", json!("bearer"), None),
        ("access_token", json!(""), Some(Clause::TokenResponse)),
        ("access_token", json!("a\r\nb"), Some(Clause::TokenResponse)),
        ("access_token", json!(7), Some(Clause::TokenResponse)),
        ("expires_in", json!(u64::MAX), None),
        ("scope", json!("mcp:connect"), None),
    ] {
        let edited = value.clone();
        let mut world = World {
            edit: Box::new(move |request, response| {
                if !request.url.ends_with("/token") {
                    return response;
                }
                let mut body: Value = serde_json::from_str(&response.body).unwrap();
                body[member] = edited.clone();
                json_response(200, &body)
            }),
            ..World::default()
        };
        let mut flow = Flow::new(legacy());
        world.walk(&mut flow);
        match clause {
            Some(clause) => assert_eq!(failure(&flow).clause, Some(clause), "{member} {value}"),
            None => assert_eq!(flow.poll(), Action::Rest, "{member} {value}"),
        }
    }
}

#[test]
fn a_refused_code_is_told_in_the_servers_words() {
    let mut world = World {
        edit: Box::new(|request, response| {
            if request.url.ends_with("/token") {
                json_response(400, &json!({ "error": "invalid_grant", "error_description": "used before" }))
            } else {
                response
            }
        }),
        ..World::default()
    };
    let failure = world.fails(legacy());
    assert_eq!(
        (failure.step, failure.found.as_str()),
        (Step::CodeExchange, "400 invalid_grant: used before")
    );
}

/// What is refused stands in the trace too, and so do members that the client has no use for.
///
/// Req: ALL-11
#[test]
fn a_token_of_an_answer_that_is_refused_is_masked_too() {
    let answer = json!({ "access_token": "AAAA", "refresh_token": "RRRR", "id_token": "IIII", "token_type": "Bearer" });
    for (status, without, accepted) in [(200, "", true), (201, "", false), (200, "token_type", false)] {
        let mut answer = answer.clone();
        answer.as_object_mut().unwrap().remove(without);
        let mut world = World {
            edit: Box::new(move |request, response| {
                if request.url.ends_with("/token") { json_response(status, &answer) } else { response }
            }),
            ..World::default()
        };
        let mut flow = Flow::new(legacy());
        world.walk_until(&mut flow, |request| request.url.ends_with("/token"));
        world.step(&mut flow);
        assert_eq!(matches!(flow.poll(), Action::Failed(_)), !accepted);
        let masked = flow.trace().to_masked_json().to_string();
        for secret in ["AAAA", "RRRR", "IIII"] {
            assert!(!masked.contains(secret), "{secret} of {status}");
        }
    }
}

/// RFC 6749 §6: a refreshed token without a scope allows what was granted, which may be less than what was asked for.
#[test]
fn a_renewed_token_allows_no_more_than_was_granted() {
    let mut world = World { refresh_tokens: true, ..World::default() };
    world.edit = Box::new(|request, response| {
        if !request.url.ends_with("/token") {
            return response;
        }
        let mut body: Value = serde_json::from_str(&response.body).unwrap();
        let body_of = body.as_object_mut().unwrap();
        match form(request, "grant_type").as_deref() {
            Some("refresh_token") => body_of.remove("scope"),
            _ => body_of.insert("scope".into(), "narrow".into()),
        };
        json_response(200, &body)
    });
    let mut config = legacy();
    config.agenda = flow::Agenda::Calls(vec![call("whoami")]);
    let mut flow = world.rests(config);
    flow.refresh(&world.env()).unwrap();
    world.walk(&mut flow);
    assert_eq!(flow.granted().unwrap().to_string(), "narrow");
}

/// Tokens may be refused now and then for as long as the client runs: only refusals in a row count.
///
/// Req: CL-43
#[test]
fn a_token_that_worked_in_between_gives_the_attempts_back() {
    let mut world = World { refresh_tokens: true, ..World::default() };
    let mut flow = world.rests(legacy());
    for _ in 0..5 {
        world.refused.insert(token(&world));
        flow.call_tool(&world.env(), call("whoami")).unwrap();
        world.walk(&mut flow);
        assert_eq!(flow.poll(), Action::Rest);
    }
    assert_eq!(refreshes(&world).len(), 5);
}

/// Req: CL-43
#[test]
fn a_token_is_used_before_it_is_renewed_for_its_age() {
    let mut world = World { refresh_tokens: true, expires_in: 1, ..World::default() };
    let mut flow = world.rests(legacy());
    let before = refreshes(&world).len();
    flow.refresh(&world.env()).unwrap();
    world.walk(&mut flow);
    flow.call_tool(&world.env(), call("whoami")).unwrap();
    world.walk(&mut flow);
    assert_eq!((flow.poll(), refreshes(&world).len()), (Action::Rest, before + 1));
}

/// What is worth knowing about a token is said, and stops nobody.
///
/// Req: ALL-12
#[test]
fn what_is_odd_about_a_token_is_told() {
    let jwt = |claims: Value| {
        let part = |value: Value| protocol::base64url(value.to_string().as_bytes());
        format!("{}.{}.AAAA", part(json!({ "alg": "ES256" })), part(claims))
    };
    let right = || json!({ "iss": crate::world::ISSUER, "aud": crate::world::SERVER, "exp": 1_900_000_000 });
    let told = |claims: Value, member: &'static str, value: Value, no_store: bool| {
        let token = jwt(claims);
        let mut world = World {
            edit: Box::new(move |request, response| {
                if !request.url.ends_with("/token") {
                    return response;
                }
                let mut body = json!({ "access_token": token, "token_type": "Bearer" });
                body[member] = value.clone();
                let mut response = json_response(200, &body);
                if !no_store {
                    response.headers.retain(|(name, _)| name != "cache-control");
                }
                response
            }),
            ..World::default()
        };
        let mut flow = Flow::new(legacy());
        world.walk_until(&mut flow, |request| request.url.ends_with("/token"));
        world.step(&mut flow);
        let titles = crate::world::complaints(&flow).into_iter().map(|check| check.title.to_string());
        titles.collect::<Vec<_>>()
    };
    let nothing = || ("expires_in", json!(60));
    let (member, value) = nothing();
    assert!(told(right(), member, value, true).is_empty());
    for (claim, value, title) in [
        ("aud", json!("https://other.example/mcp"), "aud names the MCP server"),
        ("iss", json!("https://other.example"), "iss names the authorization server"),
        ("exp", json!(1_700_000_000), "it has not expired"),
    ] {
        let mut claims = right();
        claims[claim] = value;
        let (member, value) = nothing();
        assert_eq!(told(claims, member, value, true), [title]);
    }
    assert_eq!(told(right(), "scope", json!("mcp:connect mcp:admin"), true), ["granted scope"]);
    assert_eq!(told(right(), "expires_in", json!(60), false), ["nobody keeps a copy"]);
}
