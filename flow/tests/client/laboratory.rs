//! What a person can do to a run in a laboratory: change what goes, use a refresh token twice, give a token back and go on.

use flow::http::{Method, Request};
use flow::lessons::steps::Step;
use flow::trace::{Check, Entry, Event, Outcome};
use flow::{Action, Flow, TokenKind, Unexpected};
use protocol::clause::Clause;
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{
    World, asked_for, call, failure, form, header, json_response, legacy, method_of, modern, registering,
};

fn pending(flow: &Flow) -> Request {
    match flow.poll() {
        Action::Send(outgoing) => outgoing.request.clone(),
        action => panic!("a request, not {action:?}"),
    }
}

fn last(flow: &Flow) -> &Entry {
    flow.trace().entries().last().unwrap()
}

fn check<'a>(flow: &'a Flow, title: &str) -> &'a Check {
    crate::world::checks(flow).find(|check| check.title == title).unwrap()
}

/// The whole is replayed too.
fn is_the_same_when_replayed(flow: &Flow) {
    assert_eq!(flow.forked(usize::MAX), *flow);
}

#[test]
fn an_edited_request_is_what_goes_and_what_the_trace_shows() {
    let mut world = World::default();
    let mut flow = Flow::new(legacy());
    world.walk_until(&mut flow, |request| request.url.ends_with("/token"));
    let own = pending(&flow);
    let mut edited = own.clone();
    edited.url.push_str("?x=1");
    edited.headers.push(("x-extra".into(), "1".into()));
    edited.body = edited.body.map(|body| body.replace("grant_type=authorization_code", "grant_type=wishes"));
    flow.edit(&world.env(), edited.clone()).unwrap();
    let Action::Send(outgoing) = flow.poll() else { panic!("still to be sent") };
    assert_eq!((&outgoing.request, outgoing.edited, outgoing.step), (&edited, true, Step::CodeExchange));

    // Changed back, it is the client's own again.
    flow.edit(&world.env(), own).unwrap();
    assert!(matches!(flow.poll(), Action::Send(outgoing) if !outgoing.edited));
    flow.edit(&world.env(), edited.clone()).unwrap();
    world.edit = Box::new(|_, _| json_response(400, &json!({ "error": "unsupported_grant_type" })));
    world.walk(&mut flow);
    assert_eq!(failure(&flow).clause, Some(Clause::TokenResponse));
    let entry = last(&flow);
    assert!(matches!(&entry.event, Event::Exchange { request, .. } if *request == edited));
    assert!(entry.edited);
    let written = serde_json::to_value(flow.trace().entries()).unwrap();
    let marks: Vec<_> = written.as_array().unwrap().iter().map(|entry| entry.get("edited")).collect();
    assert_eq!(marks.last(), Some(&Some(&Value::Bool(true))));
    assert!(marks[..marks.len() - 1].iter().all(Option::is_none), "what was not changed says nothing of it");
    is_the_same_when_replayed(&flow);
}

/// What the client checks the answer with is what it meant to send.
///
/// Req: CL-47
#[test]
fn the_client_knows_nothing_of_what_was_edited() {
    let mut world = World::default();
    let mut flow = Flow::new(legacy());
    world.walk_until(&mut flow, |request| method_of(request) == "tools/list");
    let mut edited = pending(&flow);
    let mut message: Value = serde_json::from_str(edited.body.as_deref().unwrap()).unwrap();
    message["id"] = 99.into();
    edited.body = Some(message.to_string());
    flow.edit(&world.env(), edited).unwrap();
    world.walk(&mut flow);
    assert_eq!(failure(&flow).title, "the answer is a JSON-RPC message for this request");
}

#[test]
fn only_a_request_that_is_to_be_sent_is_edited_and_its_method_stays() {
    let mut world = World::default();
    let mut flow = Flow::new(legacy());
    let before = flow.clone();
    let deletes = Request { method: Method::Delete, ..pending(&flow) };
    assert_eq!(flow.edit(&world.env(), deletes.clone()), Err(Unexpected::OtherMethod));
    assert_eq!(flow, before);
    world.walk_until_away(&mut flow);
    assert_eq!(flow.edit(&world.env(), deletes), Err(Unexpected::NoRequest));
}

/// Req: ALL-11
#[test]
fn secrets_of_an_edited_request_are_masked() {
    let mut world = World::default();
    let mut flow = Flow::new(registering(legacy()));
    world.walk_until(&mut flow, |request| request.url.ends_with("/token"));
    let mut edited = pending(&flow);
    let basic = header(&edited, "authorization").unwrap().to_owned();
    let moved = format!("{}&secret={basic}&other=1", edited.body.unwrap());
    edited.body = Some(moved);
    for (name, value) in &mut edited.headers {
        if name == "authorization" {
            *value = "Basic bWluZTpvd24=".into();
        }
    }
    flow.edit(&world.env(), edited).unwrap();
    world.walk(&mut flow);
    let masked = flow.trace().to_masked_json().to_string();
    for secret in [basic.trim_start_matches("Basic "), "bWluZTpvd24="] {
        assert!(!masked.contains(secret), "{secret}");
    }
}

/// Req: CL-29
#[test]
fn the_browser_goes_where_the_person_wants_and_the_checks_stay() {
    for (name, stays) in [("scope", true), ("state", false)] {
        let mut world = World::default();
        let mut flow = Flow::new(legacy());
        while flow.poll() != Action::Navigate {
            world.step(&mut flow);
        }
        let own = flow.clone().depart(&world.env()).unwrap();
        let changed = own.replace(&format!("{name}="), &format!("{name}=x%20"));
        flow.depart_to(&world.env(), &changed).unwrap();
        let entry = last(&flow);
        assert_eq!((&entry.event, entry.edited), (&Event::Navigation { url: changed.clone() }, true));
        let shown = entry.decoded[0].rows.iter().find(|(known, ..)| known == name).unwrap();
        assert_eq!(Some(&shown.1), asked_for(&changed, name).as_ref());
        let state = asked_for(&changed, "state").unwrap();
        let answer =
            protocol::query::encode([("code", "c"), ("state", &state), ("iss", crate::world::ISSUER)]);
        flow.handle_callback(&world.env(), &format!("http://localhost:3000/callback?{answer}")).unwrap();
        if stays {
            assert!(matches!(flow.poll(), Action::Send(_)), "{:?}", flow.poll());
        } else {
            assert_eq!(failure(&flow).title, "state is the one that was sent");
        }
        is_the_same_when_replayed(&flow);
    }
    let mut flow = Flow::new(legacy());
    assert_eq!(flow.depart_to(&World::default().env(), "x"), Err(Unexpected::NoAuthorization));
}

#[test]
fn the_browser_that_goes_where_the_client_wants_is_not_said_to_be_sent_elsewhere() {
    let mut world = World::default();
    let mut flow = Flow::new(legacy());
    let own = world.walk_until_away(&mut flow);
    assert!(!last(&flow).edited);
    flow.depart_to(&world.env(), &own).unwrap();
    assert!(!last(&flow).edited);
}

/// The refusal, then the call that fails, then the renewal that fails, then the person.
///
/// Req: CL-42
#[test]
fn a_refresh_token_that_is_used_twice_ends_in_asking_the_person() {
    for config in [legacy(), registering(modern())] {
        let mut world = World { refresh_tokens: true, ..World::default() };
        let mut flow = world.rests(config);
        let env = world.env();
        assert_eq!(flow.reuse_refresh_token(&env), Err(Unexpected::NoWornRefreshToken));
        assert!(flow.holds(TokenKind::RefreshToken) && !flow.has_worn_refresh_token());
        flow.refresh(&env).unwrap();
        assert!(!flow.holds(TokenKind::AccessToken), "a client that is busy is asked for nothing");
        let first = form(&pending(&flow), "refresh_token").unwrap();
        world.walk(&mut flow);
        assert!(flow.has_worn_refresh_token());
        flow.reuse_refresh_token(&world.env()).unwrap();
        let again = pending(&flow);
        assert_eq!(form(&again, "refresh_token"), Some(first.clone()));
        assert_eq!(form(&again, "grant_type").as_deref(), Some("refresh_token"));
        assert!(flow.granted().is_some());
        world.walk(&mut flow);
        assert_eq!(flow.poll(), Action::Rest, "the client rests, with the token that it has");
        assert_eq!(last(&flow).step, Step::RefreshReuse);
        assert_eq!(check(&flow, "a refresh token works once").outcome, Outcome::Passed);
        assert!(!flow.trace().to_masked_json().to_string().contains(&first));

        // The server has ended everything that grew from the consent.
        let ended: Vec<_> = issued(&flow);
        world.refused.extend(ended);
        flow.call_tool(&world.env(), call("whoami")).unwrap();
        while flow.poll() != Action::Navigate {
            assert!(world.step(&mut flow), "the person is asked");
        }
        is_the_same_when_replayed(&flow);
        let after = flow.trace().entries().iter().skip_while(|entry| entry.step != Step::RefreshReuse);
        let summaries = after.filter_map(|entry| match &entry.event {
            Event::Exchange { request, summary, .. } => {
                Some((request.url.rsplit('/').next()?, summary.as_str()))
            }
            _ => None,
        });
        let summaries: Vec<_> = summaries.collect();
        assert_eq!(summaries.first(), Some(&("token", "400 invalid_grant")));
        assert_eq!(summaries.last(), Some(&("token", "400 invalid_grant")), "the newest is dead too");
        world.walk(&mut flow);
        assert_eq!(flow.poll(), Action::Rest, "a new consent sets it right");
        assert_eq!(flow.results().last().unwrap().call.name, "whoami");
        let env = world.env();
        assert_eq!(
            flow.reuse_refresh_token(&env),
            Err(Unexpected::NoWornRefreshToken),
            "what was replaced in an earlier life says nothing about this one"
        );
    }
}

/// All tokens that were ever issued.
fn issued(flow: &Flow) -> Vec<String> {
    let raw = serde_json::to_string(flow.trace().entries()).unwrap();
    let of = |name: &str| {
        let parts: Vec<_> = raw.split(&format!(r#"\"{name}\":\""#)).skip(1).map(str::to_owned).collect();
        parts.into_iter().filter_map(|rest| Some(rest.split('\\').next()?.to_owned()))
    };
    of("access_token").chain(of("refresh_token")).collect()
}

#[test]
fn a_server_that_takes_a_refresh_token_twice_is_complained_of() {
    let mut world = World { refresh_tokens: true, ..World::default() };
    let mut flow = world.rests(legacy());
    flow.refresh(&world.env()).unwrap();
    world.walk(&mut flow);
    let granted = flow.granted().cloned();
    flow.reuse_refresh_token(&world.env()).unwrap();
    world.refused.clear();
    world.walk(&mut flow);
    let complaint = check(&flow, "a refresh token works once");
    assert_eq!((complaint.outcome, complaint.found.as_str()), (Outcome::Warning, "200"));
    assert_eq!((flow.poll(), flow.granted().cloned()), (Action::Rest, granted));
    let masked = flow.trace().to_masked_json().to_string();
    assert!(issued(&flow).iter().all(|token| !masked.contains(token)), "what was issued so is a secret too");
}

#[test]
fn a_server_that_replaces_no_refresh_token_leaves_none_to_use_twice() {
    let mut world = World { refresh_tokens: true, ..World::default() };
    let mut flow = world.rests(legacy());
    world.edit = Box::new(|request, mut response| {
        if request.url.ends_with("/token") {
            let mut body: Value = serde_json::from_str(&response.body).unwrap();
            body.as_object_mut().unwrap().remove("refresh_token");
            response.body = body.to_string();
        }
        response
    });
    flow.refresh(&world.env()).unwrap();
    world.walk(&mut flow);
    let env = world.env();
    assert_eq!(flow.reuse_refresh_token(&env), Err(Unexpected::NoWornRefreshToken));
}

#[test]
fn a_token_is_given_back_and_the_client_goes_on_with_it() {
    for (kind, hint) in [(TokenKind::AccessToken, "access_token"), (TokenKind::RefreshToken, "refresh_token")]
    {
        let mut world = World { refresh_tokens: true, ..World::default() };
        let mut flow = world.rests(registering(legacy()));
        let calls = world.calls("tools/call").count();
        flow.revoke(&world.env(), kind).unwrap();
        let request = pending(&flow);
        assert_eq!(form(&request, "token_type_hint").as_deref(), Some(hint));
        let token = form(&request, "token").unwrap();
        assert_eq!(token.starts_with("opaque-"), kind == TokenKind::AccessToken);
        assert!(header(&request, "authorization").is_some(), "the client proves itself");
        world.walk(&mut flow);
        assert_eq!((flow.poll(), last(&flow).step), (Action::Rest, Step::Revocation));
        assert_eq!(check(&flow, "the token is given back").outcome, Outcome::Passed);
        world.refused.insert(token);
        flow.call_tool(&world.env(), call("whoami")).unwrap();
        world.walk(&mut flow);
        assert_eq!(flow.poll(), Action::Rest);
        let renewed = world.requests("/token").filter_map(|request| form(request, "grant_type"));
        let renewed = renewed.filter(|grant| grant == "refresh_token").count();
        let made = world.calls("tools/call").count() - calls;
        match kind {
            TokenKind::AccessToken => assert_eq!((renewed, made), (1, 2), "refused, renewed, made again"),
            TokenKind::RefreshToken => {
                assert_eq!((renewed, made), (0, 1), "the access token still works here");
            }
        }
        is_the_same_when_replayed(&flow);
    }
}

#[test]
fn what_cannot_be_given_back_is_said_at_once() {
    let mut world = World::default();
    let mut flow = world.rests(legacy());
    let env = world.env();
    assert!(flow.holds(TokenKind::AccessToken) && !flow.holds(TokenKind::RefreshToken));
    assert_eq!(flow.revoke(&env, TokenKind::RefreshToken), Err(Unexpected::NothingToRevoke));
    let mut world = World { metadata: json!({ "revocation_endpoint": null }), ..World::default() };
    let mut flow = world.rests(legacy());
    assert_eq!(flow.revoke(&env, TokenKind::AccessToken), Err(Unexpected::NothingToRevoke));
    let mut flow = Flow::new(legacy());
    assert_eq!(flow.revoke(&env, TokenKind::AccessToken), Err(Unexpected::NotAtRest));
    assert_eq!(flow.reuse_refresh_token(&env), Err(Unexpected::NotAtRest));
}

#[test]
fn nobody_there_leaves_the_client_at_rest() {
    let mut world = World { refresh_tokens: true, ..World::default() };
    let mut flow = world.rests(legacy());
    flow.revoke(&world.env(), TokenKind::AccessToken).unwrap();
    flow.handle_unreachable(&world.env(), "gone").unwrap();
    assert_eq!((flow.poll(), last(&flow).step), (Action::Rest, Step::Revocation));
    flow.refresh(&world.env()).unwrap();
    world.walk(&mut flow);
    assert_eq!(flow.poll(), Action::Rest);
}

/// A client with a key signs for each of them, with an assertion of its own.
#[test]
fn a_client_with_a_key_signs_here_too() {
    let mut config = legacy();
    config.identities.registered.push(flow::identity::Credentials {
        issuer: None,
        client_id: protocol::ids::ClientId::parse("mine").unwrap(),
        proof: flow::identity::Proof::Key(protocol::client_keys::SigningAlgorithm::Es256, None),
    });
    let mut world = World { refresh_tokens: true, ..World::default() };
    let mut flow = world.rests(config);
    flow.refresh(&world.env()).unwrap();
    world.walk(&mut flow);
    flow.reuse_refresh_token(&world.env()).unwrap();
    assert!(matches!(flow.poll(), Action::Sign(_)));
    world.walk(&mut flow);
    flow.revoke(&world.env(), TokenKind::RefreshToken).unwrap();
    assert!(matches!(flow.poll(), Action::Sign(_)));
    world.walk(&mut flow);
    assert_eq!(flow.poll(), Action::Rest);
    let asked = world.asked.iter().filter(|request| request.url.contains(":9000/") && request.body.is_some());
    let mut assertions: Vec<_> = asked.filter_map(|request| form(request, "client_assertion")).collect();
    let count = assertions.len();
    assertions.sort();
    assertions.dedup();
    assert_eq!((count, assertions.len()), (5, 5), "three tokens, the old one again, the revocation");
}

/// A token that the person took out was not refused: the server asks for one, as it did at the start.
#[test]
fn a_request_without_the_token_that_the_client_has_is_no_renewal() {
    for takes_out in [true, false] {
        let mut world = World::default();
        let mut flow = Flow::new(legacy());
        world.walk_until(&mut flow, |request| header(request, "authorization").is_some());
        let mut edited = pending(&flow);
        if takes_out {
            edited.headers.retain(|(name, _)| name != "authorization");
        } else {
            world.refused.insert(header(&edited, "authorization").unwrap().replace("Bearer ", ""));
        }
        flow.edit(&world.env(), edited).unwrap();
        world.step(&mut flow);
        let answered = last(&flow);
        assert!(answered.event.is_refused());
        assert_eq!(answered.step, if takes_out { Step::Challenge } else { Step::Refresh });
    }
}
