//! Finding the authorization server, and refusing what is not it.

use flow::http::{MAX_ANSWER_BYTES, Response};
use flow::lessons::steps::Step;
use flow::trace::Event;
use flow::{Action, Flow};
use protocol::clause::Clause;
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{
    ISSUER, OTHER_ISSUER, SERVER, World, asked_for, checks, departures, failure, json_response, legacy,
    modern,
};

fn urls(world: &World) -> Vec<&str> {
    world.asked.iter().map(|request| request.url.as_str()).collect()
}

fn without_challenge(response: Response) -> Response {
    if response.status == 401 { Response { headers: vec![], ..response } } else { response }
}

/// Answers requests to one URL by this document; 404 stands for none.
fn document(at: &'static str, document: Value) -> crate::world::Edit {
    Box::new(move |request, response| {
        let response = without_challenge(response);
        if request.url == at {
            json_response(if document.is_null() { 404 } else { 200 }, &document)
        } else {
            response
        }
    })
}

const PATH_FORM: &str = "http://localhost:8001/.well-known/oauth-protected-resource/mcp";
const ROOT_FORM: &str = "http://localhost:8001/.well-known/oauth-protected-resource";

/// Req: CL-02, CL-04
#[test]
fn every_place_is_looked_at_in_order_and_the_trace_says_why() {
    let mut world = World {
        edit: Box::new(|request, response| match request.url.as_str() {
            PATH_FORM => json_response(404, &Value::Null),
            ROOT_FORM => json_response(
                200,
                &json!({ "resource": SERVER, "authorization_servers": ["http://localhost:9000/t"] }),
            ),
            url if url.contains("9000") => json_response(404, &Value::Null),
            _ => without_challenge(response),
        }),
        ..World::default()
    };
    let mut flow = Flow::new(legacy());
    world.walk(&mut flow);
    assert_eq!(
        urls(&world),
        [
            SERVER,
            PATH_FORM,
            ROOT_FORM,
            "http://localhost:9000/.well-known/oauth-authorization-server/t",
            "http://localhost:9000/.well-known/openid-configuration/t",
            "http://localhost:9000/t/.well-known/openid-configuration",
        ]
    );
    assert_eq!(failure(&flow).step, Step::ServerMetadata);
    let titles: Vec<_> = flow.trace().entries().iter().skip(1).map(|entry| entry.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "GET resource metadata: well-known URI with the server's path",
            "GET resource metadata: well-known URI at the root",
            "GET server metadata: OAuth 2.0 Authorization Server Metadata",
            "GET server metadata: OpenID Connect Discovery, path inserted",
            "GET server metadata: OpenID Connect Discovery, path appended",
        ]
    );
}

/// Req: CL-02
#[test]
fn the_root_is_not_asked_when_the_path_has_the_document() {
    let mut world = World { edit: Box::new(|_, response| without_challenge(response)), ..World::default() };
    world.rests(legacy());
    assert!(urls(&world).contains(&PATH_FORM) && !urls(&world).contains(&ROOT_FORM));
}

/// Req: CL-03, X-36, H02
#[test]
fn metadata_of_another_resource_stops_the_client() {
    for other in [
        "http://localhost:8001/mcp/",
        "http://localhost:8001",
        "http://localhost:8002/mcp",
        "http://LOCALHOST:8001/mcp",
        "https://evil.example/mcp",
    ] {
        let metadata = json!({ "resource": other, "authorization_servers": [ISSUER] });
        let mut world = World { edit: document(PATH_FORM, metadata), ..World::default() };
        let failure = world.fails(modern());
        assert_eq!((failure.clause, failure.found.as_str()), (Some(Clause::ResourceIdentity), other));
        assert_eq!(world.was_asked("9000"), 0, "nobody else is asked");
    }
}

/// The document at the root is about the whole host, and tokens are for what it says.
///
/// Req: CL-03, CL-26
#[test]
fn the_document_at_the_root_may_be_about_the_host() {
    for (found, accepted) in
        [("http://localhost:8001", true), ("http://localhost:8001/", true), ("http://localhost:8002", false)]
    {
        let mut world = World {
            edit: Box::new(move |request, response| match request.url.as_str() {
                PATH_FORM => json_response(404, &Value::Null),
                ROOT_FORM => {
                    json_response(200, &json!({ "resource": found, "authorization_servers": [ISSUER] }))
                }
                _ => without_challenge(response),
            }),
            ..World::default()
        };
        let mut flow = Flow::new(legacy());
        world.walk(&mut flow);
        if accepted {
            assert_eq!(asked_for(&departures(&flow)[0], "resource").as_deref(), Some(found));
        } else {
            assert_eq!(failure(&flow).clause, Some(Clause::ResourceIdentity));
        }
    }
}

/// A document that the challenge names is about the very server, wherever it is.
///
/// Req: CL-03
#[test]
fn the_document_that_the_challenge_names_is_not_about_the_host() {
    let named = format!(r#"Bearer resource_metadata="{ROOT_FORM}""#);
    let mut world = World {
        edit: Box::new(move |request, response| match request.url.as_str() {
            SERVER => crate::world::challenge(401, &named),
            ROOT_FORM => json_response(
                200,
                &json!({ "resource": "http://localhost:8001", "authorization_servers": [ISSUER] }),
            ),
            _ => response,
        }),
        ..World::default()
    };
    assert_eq!(world.fails(legacy()).clause, Some(Clause::ResourceIdentity));
}

/// Req: CL-05, CL-06, CL-08, X-36, X-37, H03, H05
#[test]
fn server_metadata_that_breaks_a_rule_stops_the_client_before_any_redirect() {
    for (member, value, clause) in [
        ("issuer", json!("http://localhost:9000/"), Clause::IssuerIdentity),
        ("issuer", json!("https://attacker.example"), Clause::IssuerIdentity),
        ("issuer", Value::Null, Clause::ServerMetadata),
        ("code_challenge_methods_supported", json!(["plain"]), Clause::PkceAdvertised),
        ("code_challenge_methods_supported", json!([]), Clause::PkceAdvertised),
        ("authorization_endpoint", json!("javascript:alert(1)"), Clause::EndpointUrls),
        ("authorization_endpoint", json!("file:///etc/passwd"), Clause::EndpointUrls),
        ("token_endpoint", json!("http://evil.example/token"), Clause::EndpointUrls),
    ] {
        let mut metadata = json!({});
        metadata[member] = value;
        let mut world = World { metadata, ..World::default() };
        let mut flow = Flow::new(legacy());
        world.walk(&mut flow);
        assert_eq!(failure(&flow).clause, Some(clause), "{member}");
        let left = flow.trace().entries().iter().any(|entry| matches!(entry.event, Event::Navigation { .. }));
        assert!(!left, "nobody was sent anywhere");
        assert_eq!(world.was_asked("9000/register") + world.was_asked("/token"), 0);
    }
}

/// Req: CL-08, CL-09, X-37
#[test]
fn a_server_cannot_send_the_client_inside() {
    for url in
        ["https://169.254.169.254/latest", "https://10.0.0.1/x", "javascript:alert(1)", "file:///etc/passwd"]
    {
        let mut config = legacy();
        config.loopback = protocol::loopback::LoopbackPolicy::HttpsOnly;
        config.server =
            protocol::ids::ResourceUri::parse("https://mcp.example/mcp", config.loopback).unwrap();
        let mut world = World::default();
        let mut flow = Flow::new(config);
        let header = format!(r#"Bearer resource_metadata="{url}""#);
        flow.handle_response(&world.env(), crate::world::challenge(401, &header)).unwrap();
        assert!(matches!(failure(&flow).clause, Some(Clause::EndpointUrls | Clause::PublicAddress)), "{url}");
    }
}

/// Req: CL-07
#[test]
fn one_of_several_authorization_servers_is_chosen_and_the_choice_explained() {
    let mut world = World { issuers: vec![ISSUER, OTHER_ISSUER], ..World::default() };
    let flow = world.rests(legacy());
    assert!(checks(&flow).any(|check| check.found == format!("{ISSUER}: it is listed first")));
    assert_eq!(world.was_asked("9001"), 0);

    let mut config = legacy();
    config.identities.registered.push(flow::identity::Credentials {
        issuer: Some(protocol::ids::Issuer::parse(OTHER_ISSUER, config.loopback).unwrap()),
        client_id: protocol::ids::ClientId::parse("mine").unwrap(),
        proof: flow::identity::Proof::Nothing,
    });
    let mut world = World { issuers: vec![ISSUER, OTHER_ISSUER], ..World::default() };
    let flow = world.rests(config);
    assert!(
        checks(&flow).any(|check| check.found == format!("{OTHER_ISSUER}: the client is registered there"))
    );
    assert_eq!(world.was_asked("9000"), 0);
}

/// Req: CL-07
#[test]
fn a_server_without_metadata_is_passed_over_for_the_next() {
    let mut world = World {
        issuers: vec![ISSUER, OTHER_ISSUER],
        edit: Box::new(|request, response| {
            if request.url.contains("9000") { json_response(404, &Value::Null) } else { response }
        }),
        ..World::default()
    };
    let flow = world.rests(legacy());
    assert!(departures(&flow).iter().all(|url| url.starts_with(OTHER_ISSUER)));
}

/// Found by fuzzing: only the first of the list was looked at closely.
///
/// Req: CL-09, X-37
#[test]
fn the_other_authorization_servers_are_few_and_not_inside() {
    let mut config = legacy();
    config.server = protocol::ids::ResourceUri::parse("https://mcp.example/mcp", config.loopback).unwrap();
    let mut issuers: Vec<_> = (0..1_000).map(|i| format!("https://as{i}.example")).collect();
    issuers.insert(1, "https://10.0.0.1".into());
    let mut world = World::default();
    let mut flow = Flow::new(config);
    flow.handle_response(&world.env(), json_response(401, &Value::Null)).unwrap();
    let document = json!({ "resource": "https://mcp.example/mcp", "authorization_servers": issuers });
    flow.handle_response(&world.env(), json_response(200, &document)).unwrap();
    let mut asked = Vec::new();
    while let Action::Send(outgoing) = flow.poll() {
        asked.push(outgoing.request.url.clone());
        flow.handle_response(&world.env(), json_response(404, &Value::Null)).unwrap();
    }
    assert!(asked.iter().all(|url| !url.contains("10.0.0.1")), "{asked:?}");
    assert_eq!(asked.len(), 10, "two places of five servers");
}

#[test]
fn an_unreachable_place_is_passed_over() {
    let mut world = World::default();
    let mut flow = Flow::new(legacy());
    world.walk_until(&mut flow, |request| request.url.contains("oauth-authorization-server"));
    flow.handle_unreachable(&world.env(), "refused").unwrap();
    world.walk_until(&mut flow, |request| request.url.contains("openid"));
    let flow::Action::Send(outgoing) = flow.poll() else { panic!("the next place") };
    assert!(outgoing.request.url.ends_with("/.well-known/openid-configuration"));
}

#[test]
fn no_authorization_server_is_a_reason_to_stop() {
    for issuers in [vec![], vec!["http://as.example"], vec!["javascript:alert(1)"]] {
        let mut world = World { issuers, ..World::default() };
        assert_eq!(world.fails(legacy()).clause, Some(Clause::AuthorizationServers));
    }
}

#[test]
fn an_answer_that_is_too_long_is_refused() {
    let mut world = World {
        edit: Box::new(|request, response| {
            if request.url.contains("oauth-protected-resource") {
                let padding = " ".repeat(MAX_ANSWER_BYTES);
                Response { body: format!("{}{padding}", response.body), ..response }
            } else {
                response
            }
        }),
        ..World::default()
    };
    let failure = world.fails(legacy());
    assert_eq!(
        (failure.clause, failure.title.as_str()),
        (Some(Clause::ResourceMetadata), "size of the answer")
    );
}

/// A server may offer other schemes too, each on a line of its own.
///
/// Req: CL-01, CL-27, CL-44
#[test]
fn the_bearer_challenge_is_found_among_others() {
    let mut world = World {
        edit: Box::new(|_, mut response| {
            if matches!(response.status, 401 | 403) {
                response.headers.insert(0, ("www-authenticate".into(), "Basic realm=\"people\"".into()));
                response.headers.push(("www-authenticate".into(), "DPoP algs=\"ES256\"".into()));
            }
            response
        }),
        ..World::default()
    };
    let flow = world.rests(legacy());
    assert_eq!(asked_for(&departures(&flow)[0], "scope").as_deref(), Some("mcp:connect"));
    assert_eq!(flow.granted().unwrap().to_string(), "mcp:connect weather:read");
}

/// A document that comes with another status than 200 is none, whatever it says.
///
/// Req: CL-03, CL-05
#[test]
fn a_document_is_one_only_with_status_200() {
    for (part, last, clause) in [
        ("oauth-protected-resource", "oauth-protected-resource/mcp", Clause::ResourceMetadata),
        ("9000/.well-known", "openid-configuration", Clause::ServerMetadata),
        ("client.json", "client.json", Clause::ClientDocument),
    ] {
        for status in [203, 404, 500] {
            let mut world = World {
                edit: Box::new(move |request, response| match request.url.as_str() {
                    url if url.ends_with(last) && url.contains("openid") => {
                        let metadata = json!({
                            "issuer": ISSUER,
                            "authorization_endpoint": format!("{ISSUER}/authorize"),
                            "token_endpoint": format!("{ISSUER}/token"),
                            "code_challenge_methods_supported": ["S256"],
                        });
                        json_response(status, &metadata)
                    }
                    url if url.contains(part) => Response { status, ..response },
                    _ => response,
                }),
                ..World::default()
            };
            assert_eq!(world.fails(legacy()).clause, Some(clause), "{part} {status}");
            assert_eq!(world.was_asked("/token"), 0);
        }
    }
}

/// The client of a public server, which is not to be sent inside.
fn outside() -> flow::Config {
    let mut config = legacy();
    config.loopback = protocol::loopback::LoopbackPolicy::HttpsOnly;
    config.server = protocol::ids::ResourceUri::parse("https://mcp.example/mcp", config.loopback).unwrap();
    config
}

/// Req: CL-08, CL-09, X-37
#[test]
fn no_document_sends_the_client_inside() {
    let inside = "https://10.0.0.1/x";
    let metadata = || {
        json!({
            "issuer": "https://as.example",
            "authorization_endpoint": "https://as.example/authorize",
            "token_endpoint": "https://as.example/token",
            "code_challenge_methods_supported": ["S256"],
        })
    };
    let walked = |issuer: &'static str, metadata: Value| {
        let mut world = World {
            edit: Box::new(move |request, _| match request.url.as_str() {
                "https://mcp.example/mcp" => crate::world::challenge(401, "Bearer"),
                url if url.contains("oauth-protected-resource") => json_response(
                    200,
                    &json!({ "resource": "https://mcp.example/mcp", "authorization_servers": [issuer] }),
                ),
                _ => json_response(200, &metadata),
            }),
            ..World::default()
        };
        let mut flow = Flow::new(outside());
        world.walk(&mut flow);
        (flow, world.was_asked("10.0.0.1"))
    };
    let (flow, asked) = walked("https://10.0.0.1", metadata());
    assert_eq!((failure(&flow).clause, asked), (Some(Clause::PublicAddress), 0));
    for endpoint in
        ["authorization_endpoint", "token_endpoint", "registration_endpoint", "revocation_endpoint"]
    {
        let mut metadata = metadata();
        metadata[endpoint] = inside.into();
        let (flow, asked) = walked("https://as.example", metadata);
        assert_eq!((failure(&flow).clause, asked), (Some(Clause::PublicAddress), 0), "{endpoint}");
    }
    let (flow, _) = walked("https://as.example", metadata());
    assert!(matches!(flow.poll(), Action::AskCredentials(_)), "without a lie it goes on");
}

/// Req: CL-08
#[test]
fn metadata_over_plain_http_is_not_asked_for() {
    let mut world = World::default();
    let mut flow = Flow::new(outside());
    let header = r#"Bearer resource_metadata="http://mcp.example/metadata""#;
    flow.handle_response(&world.env(), crate::world::challenge(401, header)).unwrap();
    assert_eq!(failure(&flow).clause, Some(Clause::EndpointUrls));
}

/// Req: CL-07
#[test]
fn a_server_that_is_named_twice_is_asked_once() {
    let mut world =
        World {
            issuers: vec![ISSUER, ISSUER, OTHER_ISSUER, OTHER_ISSUER],
            edit: Box::new(|request, response| {
                if request.url.contains("900") { json_response(404, &Value::Null) } else { response }
            }),
            ..World::default()
        };
    world.fails(legacy());
    assert_eq!((world.was_asked("9000"), world.was_asked("9001")), (2, 2), "two places each");
}
