//! The browser comes back: whom to believe.

use flow::trace::Outcome;
use flow::{Action, Flow};
use protocol::clause::Clause;
use serde_json::json;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{World, checks, config, legacy, modern};

type Edit = fn(String) -> String;

fn world(callback: Edit) -> World {
    World { callback: Box::new(callback), ..World::default() }
}

/// Req: CL-29, CL-31, CL-33, X-34, X-35, H06, H07
#[test]
fn a_callback_that_is_not_ours_never_reaches_the_token_endpoint() {
    let cases: [(Edit, Clause); 9] = [
        (|query| query.replace("%3A9000", "%3A9000%2F"), Clause::IssParameter),
        (|query| query.replace("localhost%3A9000", "LOCALHOST%3A9000"), Clause::IssParameter),
        (
            |query| query.replace("iss=http%3A%2F%2Flocalhost%3A9000", "iss=https%3A%2F%2Fevil.example"),
            Clause::IssParameter,
        ),
        (|query| query.replace("&iss=", "&x="), Clause::IssParameter),
        (|query| format!("{query}&iss=http%3A%2F%2Fevil"), Clause::IssParameter),
        (|query| query.replace("state=", "state=x"), Clause::State),
        (|query| query.replace("state=", "other="), Clause::State),
        (|query| format!("{query}&state=x"), Clause::State),
        (|query| query.replace("code=", "other="), Clause::NoParameterTwice),
    ];
    for revision in protocol::revision::Revision::ALL {
        for (callback, clause) in cases {
            let mut world = world(callback);
            let failure = world.fails(config(revision));
            assert_eq!(failure.clause, Some(clause), "{failure:?}");
            assert_eq!(world.was_asked("/token"), 0);
        }
    }
}

/// The row of the table that 9207 alone leaves open: not promised, but there.
///
/// Req: CL-31
#[test]
fn an_issuer_that_was_not_promised_is_compared_all_the_same() {
    let metadata = || json!({ "authorization_response_iss_parameter_supported": false });
    let mut silent = World { metadata: metadata(), ..world(|query| query.replace("&iss=", "&x=")) };
    silent.rests(modern());
    let mut right = World { metadata: metadata(), ..World::default() };
    right.rests(modern());
    let mut wrong = World { metadata: metadata(), ..world(|query| query.replace("%3A9000", "%3A9001")) };
    assert_eq!(wrong.fails(modern()).clause, Some(Clause::IssParameter));
    assert_eq!(wrong.was_asked("/token"), 0);
}

/// Who has sent the browser to one server only knows whose answer it is. After a second one, `iss` has to say it; the table
/// of 2026-07-28 leaves that open.
///
/// Req: CL-33
#[test]
fn who_has_asked_two_servers_is_told_whose_answer_it_is() {
    let walk = |config, with_iss: bool| {
        let mut world = World {
            metadata: json!({ "authorization_response_iss_parameter_supported": false }),
            ..world(if with_iss { |query| query } else { |query| query.replace("&iss=", "&x=") })
        };
        let mut flow = Flow::new(config);
        world.walk_until(&mut flow, |request| {
            request.body.as_deref().is_some_and(|body| body.contains("get_weather"))
        });
        world.issuers = vec![crate::world::OTHER_ISSUER];
        world.walk(&mut flow);
        flow
    };
    let refused = walk(legacy(), false);
    assert_eq!(crate::world::failure(&refused).clause, Some(Clause::IssParameter));
    assert_eq!(walk(legacy(), true).poll(), Action::Rest);
    assert_eq!(walk(modern(), false).poll(), Action::Rest);
}

/// Req: CL-32, H06
#[test]
fn an_error_from_another_issuer_is_not_shown() {
    let mut world = world(|_| "error=access_denied&error_description=BAIT&iss=http%3A%2F%2Fevil".into());
    let mut flow = Flow::new(modern());
    world.walk(&mut flow);
    let failure = crate::world::failure(&flow);
    assert_eq!(failure.clause, Some(Clause::IssParameter));
    assert!(!failure.found.contains("BAIT"));
    assert!(checks(&flow).all(|check| !check.found.contains("BAIT")));
    assert!(
        flow.trace()
            .entries()
            .iter()
            .flat_map(|entry| &entry.decoded)
            .all(|decoded| { decoded.rows.iter().all(|(_, value, _)| !value.contains("BAIT")) })
    );
}

#[test]
fn a_no_of_the_person_is_named() {
    let mut world = world(|query| format!("error=access_denied&{}", query.split_once('&').unwrap().1));
    let failure = world.fails(legacy());
    assert_eq!((failure.clause, failure.found.as_str()), (Some(Clause::AccessDenied), "access_denied"));
}

#[test]
fn another_error_is_no_no_of_the_person() {
    let mut world = world(|query| {
        format!("error=server_error&error_description=later&{}", query.split_once('&').unwrap().1)
    });
    let failure = world.fails(legacy());
    assert_eq!(failure.clause, Some(Clause::AuthorizationError));
    assert_eq!(failure.found, "server_error: later");
}

/// Req: CL-34
#[test]
fn the_redirect_uri_is_the_one_of_the_request_wherever_it_stands() {
    let mut world = World::default();
    let flow = world.rests(legacy());
    for url in crate::world::departures(&flow) {
        assert_eq!(
            crate::world::asked_for(&url, "redirect_uri").as_deref(),
            Some("http://localhost:3000/callback")
        );
    }
    for request in world.requests("/token") {
        assert_eq!(
            crate::world::form(request, "redirect_uri").as_deref(),
            Some("http://localhost:3000/callback")
        );
    }
    let mut flow = Flow::new(legacy());
    world.walk_until_away(&mut flow);
    flow.handle_callback(&world.env(), "http://localhost:3000/other?code=x").unwrap();
    assert_eq!(crate::world::failure(&flow).clause, Some(Clause::RedirectExact));
}

/// Req: CL-29
#[test]
fn a_listener_can_tell_strangers_apart_without_ending_the_flow() {
    let mut world = World::default();
    let mut flow = Flow::new(legacy());
    let url = world.walk_until_away(&mut flow);
    let state = crate::world::asked_for(&url, "state").unwrap();
    let before = flow.clone();
    for stranger in ["", "?", "?state=", "?state=x", "?code=1", &format!("?state={state}&state=x")] {
        assert!(!flow.is_answered_by(&format!("http://localhost:3000/callback{stranger}")), "{stranger}");
    }
    assert!(flow.is_answered_by(&format!("http://localhost:3000/callback?error=x&state={state}#y")));
    assert_eq!(flow, before);
    assert_eq!(flow.poll(), Action::AwaitCallback);
}

/// Req: CL-29
#[test]
fn a_callback_is_taken_once() {
    let mut world = World::default();
    let mut flow = Flow::new(legacy());
    let url = world.walk_until_away(&mut flow);
    let state = crate::world::asked_for(&url, "state").unwrap();
    let back = format!(
        "http://localhost:3000/callback?code=bWNwOmNvbm5lY3Q&state={state}&iss=http%3A%2F%2Flocalhost%3A9000"
    );
    flow.handle_callback(&world.env(), &back).unwrap();
    let env = world.env();
    assert_eq!(flow.handle_callback(&env, &back), Err(flow::Unexpected::NoAuthorization));
    world.walk(&mut flow);
    assert_eq!(flow.handle_callback(&env, &back), Err(flow::Unexpected::NoAuthorization));
}

/// A code that is not believed may still be good somewhere, and not everybody writes it as this client would.
///
/// Req: ALL-11
#[test]
fn the_code_is_masked_however_it_is_written_and_whether_or_not_it_is_believed() {
    for query in [
        "code=a%2fb~c&code=second&state=STATE",
        "code=a%2fb~c&state=other&iss=http%3A%2F%2Flocalhost%3A9000",
        "code=a%2fb~c&state=STATE&iss=https%3A%2F%2Fevil.example",
        "code=a%2fb~c&state=STATE&iss=http%3A%2F%2Flocalhost%3A9000",
    ] {
        let mut world = World::default();
        let mut flow = Flow::new(legacy());
        let url = world.walk_until_away(&mut flow);
        let query = query.replace("STATE", &crate::world::asked_for(&url, "state").unwrap());
        flow.handle_callback(&world.env(), &format!("http://localhost:3000/callback?{query}")).unwrap();
        let masked = flow.trace().to_masked_json().to_string();
        for code in ["a%2fb~c", "a/b~c", "second"] {
            assert!(!masked.contains(code), "{code} of {query}");
        }
    }
}

/// A check that passes has been made: what cannot be read in one way does not.
///
/// Req: CL-29
#[test]
fn a_state_that_stands_twice_is_not_the_one_that_was_sent() {
    let mut flow = Flow::new(modern());
    world(|query| format!("{query}&state=x")).walk(&mut flow);
    let failure = crate::world::failure(&flow);
    assert_eq!(
        (failure.clause, failure.title.as_str()),
        (Some(Clause::State), "state is the one that was sent")
    );
    assert!(checks(&flow).all(|check| check.clause != Clause::State || check.outcome == Outcome::Failed));
}

/// Req: CL-34
#[test]
fn a_redirect_uri_may_have_a_query_of_its_own() {
    let mut config = legacy();
    config.redirect_uri =
        protocol::ids::RedirectUri::parse("http://localhost:3000/callback?tenant=1").unwrap();
    config.identities.document = None;
    for (back, comes_back) in [
        ("http://localhost:3000/callback?tenant=1&", true),
        ("http://localhost:3000/callback?", false),
        ("http://localhost:3000/callback?tenant=2&", false),
        ("http://localhost:3000/callback?tenant=1?", false),
    ] {
        let mut world = World::default();
        let mut flow = Flow::new(config.clone());
        let url = world.walk_until_away(&mut flow);
        let state = crate::world::asked_for(&url, "state").unwrap();
        let query = format!("code=x&state={state}&iss=http%3A%2F%2Flocalhost%3A9000");
        flow.handle_callback(&world.env(), &format!("{back}{query}")).unwrap();
        assert_eq!(matches!(flow.poll(), Action::Send(_)), comes_back, "{back}");
    }
}
