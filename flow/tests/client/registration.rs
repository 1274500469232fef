//! Who the client is, at which server.

use flow::http::Response;
use flow::identity::{Credentials, MetadataDocument, Proof};
use flow::lessons::steps::Step;
use flow::{Action, Config, Flow, OnBehalf};
use protocol::clause::Clause;
use protocol::client_keys::SigningAlgorithm;
use protocol::client_metadata::AuthMethod;
use protocol::ids::{ClientId, Issuer};
use protocol::loopback::LoopbackPolicy;
use protocol::secret::Secret;
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{
    ISSUER, OTHER_ISSUER, World, asked_for, checks, complaints, departures, failure, form, header, legacy,
    modern, registering,
};

fn credentials(issuer: Option<&str>, proof: Proof) -> Credentials {
    let issuer = issuer.map(|text| Issuer::parse(text, LoopbackPolicy::AllowHttpOnLoopback).unwrap());
    Credentials { issuer, client_id: ClientId::parse("mine").unwrap(), proof }
}

fn registered(mut config: Config, issuer: Option<&str>) -> Config {
    config.identities.registered.push(credentials(issuer, Proof::Secret(Secret::new("s3cret"), None)));
    config
}

fn registration(world: &World) -> Value {
    let request = world.requests("/register").next().expect("a registration");
    serde_json::from_str(request.body.as_deref().unwrap()).unwrap()
}

/// Req: CL-15, CL-16
#[test]
fn the_first_way_that_is_open_is_taken() {
    let client_id = |config: Config, metadata: Value| {
        let flow = World { metadata, ..World::default() }.rests(config);
        asked_for(&departures(&flow)[0], "client_id").unwrap()
    };
    let all = || registered(modern(), Some(ISSUER));
    assert_eq!(client_id(all(), json!({})), "mine");
    assert_eq!(client_id(modern(), json!({})), "http://localhost:3000/client.json");
    let no_documents = json!({ "client_id_metadata_document_supported": false });
    assert_eq!(client_id(modern(), no_documents), "registered-at-http://localhost:9000");
}

/// Req: CL-15, CL-16, CL-18
#[test]
fn where_no_way_is_open_the_person_is_asked() {
    let metadata = json!({ "client_id_metadata_document_supported": false, "registration_endpoint": null });
    let mut world = World { metadata, ..World::default() };
    let mut flow = Flow::new(modern());
    world.walk(&mut flow);
    assert!(matches!(flow.poll(), Action::AskCredentials(issuer) if issuer.as_str() == ISSUER));
    let mut lied_to = flow.clone();
    let elsewhere = credentials(Some(OTHER_ISSUER), Proof::Nothing);
    lied_to.provide_credentials(&world.env(), elsewhere).unwrap();
    assert_eq!(failure(&lied_to).clause, Some(Clause::CredentialsIssuer));

    let secret = Proof::Secret(Secret::new("typed-in"), Some(AuthMethod::ClientSecretPost));
    flow.provide_credentials(&world.env(), credentials(None, secret)).unwrap();
    world.walk(&mut flow);
    assert_eq!(flow.poll(), Action::Rest);
    let request = world.requests("/token").next().unwrap();
    assert_eq!(form(request, "client_secret").as_deref(), Some("typed-in"));
    assert!(!flow.trace().to_masked_json().to_string().contains("typed-in"));
}

/// Req: CL-17, CL-19
#[test]
fn a_registration_says_where_the_client_runs_from_2026_07_28_on() {
    let mut world = World::default();
    world.rests(registering(modern()));
    let body = registration(&world);
    assert_eq!(body["application_type"], "native");
    assert_eq!(body["grant_types"], json!(["authorization_code", "refresh_token"]));
    assert_eq!(body["redirect_uris"], json!(["http://localhost:3000/callback"]));
    assert_eq!(body["token_endpoint_auth_method"], "none");

    let mut world = World::default();
    world.rests(registering(legacy()));
    assert_eq!(registration(&world).get("application_type"), None);
}

/// Req: CL-17
#[test]
fn a_refused_registration_is_told_in_the_servers_words() {
    let mut world = World {
        edit: Box::new(|request, response| {
            if request.url.ends_with("/register") {
                let body =
                    json!({ "error": "invalid_redirect_uri", "error_description": "no loopback here" });
                crate::world::json_response(400, &body)
            } else {
                response
            }
        }),
        ..World::default()
    };
    let failure = world.fails(registering(modern()));
    assert_eq!((failure.step, failure.clause), (Step::Registration, Some(Clause::RegistrationResponse)));
    assert_eq!(failure.found, "400 invalid_redirect_uri: no loopback here");
}

/// The client proves itself as the registration says; where it says nothing, as the server offers.
#[test]
fn a_registered_client_uses_its_method() {
    for (offered, told, method) in [
        (json!(["client_secret_basic"]), None, "basic"),
        (json!(["client_secret_post"]), None, "post"),
        (json!(["client_secret_basic", "client_secret_post"]), Some("client_secret_post"), "post"),
        (json!(["none"]), Some("none"), "none"),
        (Value::Null, None, "basic"),
    ] {
        let mut metadata = json!({});
        if !offered.is_null() {
            metadata["token_endpoint_auth_methods_supported"] = offered.clone();
        }
        let mut world = World {
            metadata,
            edit: Box::new(move |request, response| match told {
                Some(told) if request.url.ends_with("/register") => {
                    let mut body: Value = serde_json::from_str(&response.body).unwrap();
                    body["token_endpoint_auth_method"] = told.into();
                    Response { body: body.to_string(), ..response }
                }
                _ => response,
            }),
            ..World::default()
        };
        world.rests(registering(legacy()));
        let request = world.requests("/token").next().unwrap();
        let used = match (header(request, "authorization"), form(request, "client_secret")) {
            (Some(value), None) if value.starts_with("Basic ") => "basic",
            (None, Some(_)) => "post",
            (None, None) => "none",
            both => panic!("{both:?}"),
        };
        assert_eq!(used, method, "{offered} {told:?}");
    }
}

/// Req: CL-18, X-40
#[test]
fn credentials_for_another_server_alone_are_a_reason_to_stop() {
    let mut config = registered(modern(), Some(OTHER_ISSUER));
    config.identities.document = None;
    config.identities.registration = None;
    let mut world = World::default();
    assert_eq!(world.fails(config).clause, Some(Clause::CredentialsIssuer));
    assert!(
        world.asked.iter().all(|request| !request.body.as_deref().unwrap_or_default().contains("s3cret"))
    );

    let flow = World::default().rests(registered(modern(), Some(OTHER_ISSUER)));
    assert_eq!(complaints(&flow).len(), 1, "with another way to be known it is only said");
}

/// The MCP server names another authorization server half-way: everything begins anew there, and nothing comes along.
///
/// Req: CL-07, CL-18, CL-41, ALL-14, H11, X-40
#[test]
fn nothing_of_one_server_is_ever_sent_to_another() {
    for config in [registering(modern()), registering(legacy()), registering(registered(modern(), None))] {
        let mut world = World { refresh_tokens: true, ..World::default() };
        let mut flow = Flow::new(config);
        world.walk_until(&mut flow, |request| {
            request.body.as_deref().is_some_and(|body| body.contains("get_weather"))
        });
        world.issuers = vec![OTHER_ISSUER];
        world.walk(&mut flow);
        assert_eq!(flow.poll(), Action::Rest, "{:?}", flow.poll());
        assert!(checks(&flow).any(|check| check.found == "another server: the client begins anew"));
        let mut seen = 0;
        for request in world.requests(OTHER_ISSUER) {
            let text = serde_json::to_string(request).unwrap();
            for foreign in ["registered-at-http://localhost:9000", "9000", "s3cret", "mine"] {
                assert!(!text.contains(foreign), "{foreign} in {text}");
            }
            seen += 1;
        }
        assert!(seen >= 3, "metadata, registration, token");
        assert_eq!(world.was_asked("9001/register"), 1);
        let last = departures(&flow).pop().unwrap();
        assert_eq!(asked_for(&last, "client_id").as_deref(), Some("registered-at-http://localhost:9001"));
    }
}

/// A metadata document is good everywhere.
///
/// Req: CL-18
#[test]
fn a_metadata_document_goes_along() {
    let mut world = World::default();
    let mut flow = Flow::new(modern());
    world.walk_until(&mut flow, |request| {
        request.body.as_deref().is_some_and(|body| body.contains("get_weather"))
    });
    world.issuers = vec![OTHER_ISSUER];
    world.walk(&mut flow);
    assert_eq!(flow.poll(), Action::Rest);
    let last = departures(&flow).pop().unwrap();
    assert!(last.starts_with(OTHER_ISSUER));
    assert_eq!(asked_for(&last, "client_id").as_deref(), Some("http://localhost:3000/client.json"));
    assert_eq!(world.was_asked("/register"), 0);
}

/// Req: CL-15
#[test]
fn a_client_registers_once_at_one_server() {
    let mut world = World::default();
    let mut flow = Flow::new(registering(legacy()));
    world.walk_until(&mut flow, |request| {
        request.body.as_deref().is_some_and(|body| body.contains("get_weather"))
    });
    let token = flow_token(&world);
    world.refused.insert(token);
    world.walk(&mut flow);
    assert_eq!(flow.poll(), Action::Rest);
    assert_eq!(world.was_asked("/register"), 1);
}

fn flow_token(world: &World) -> String {
    let last = world.requests("8001/mcp").last().unwrap();
    header(last, "authorization").unwrap().trim_start_matches("Bearer ").to_owned()
}

/// Req: CL-37
#[test]
fn a_client_with_a_key_signs_and_the_key_stays_with_the_driver() {
    let mut config = modern();
    let key = Proof::Key(SigningAlgorithm::Es256, Some("k1".into()));
    config.identities.registered.push(credentials(Some(ISSUER), key));
    let mut world = World::default();
    let mut flow = Flow::new(config);
    while !matches!(flow.poll(), Action::Sign(_)) {
        assert!(world.step(&mut flow));
    }
    let Action::Sign(request) = flow.poll() else { panic!("something to sign") };
    assert_eq!((request.algorithm, request.key_id.as_deref()), (SigningAlgorithm::Es256, Some("k1")));
    world.walk(&mut flow);
    assert_eq!(flow.poll(), Action::Rest);
    let request = world.requests("/token").next().unwrap();
    let assertion = form(request, "client_assertion").unwrap();
    let opened = protocol::access_token::open_unverified(&assertion).unwrap();
    assert_eq!(opened.claims["aud"], ISSUER);
    assert_eq!(opened.claims["sub"], "mine");
    assert!(assertion.ends_with(&protocol::base64url(b"signature")));
    assert!(!flow.trace().to_masked_json().to_string().contains(&assertion));
}

/// Req: CL-44
#[test]
fn a_program_without_a_person_asks_in_its_own_name_and_steps_up_alone() {
    let mut config = registered(modern(), Some(ISSUER));
    config.on_behalf = OnBehalf::Itself;
    let mut world = World::default();
    let flow = world.rests(config.clone());
    assert!(departures(&flow).is_empty());
    let grants: Vec<_> =
        world.requests("/token").map(|request| form(request, "grant_type").unwrap()).collect();
    assert_eq!(grants, ["client_credentials", "client_credentials"]);
    assert_eq!(flow.granted().unwrap().to_string(), "mcp:connect weather:read");

    let metadata = json!({ "grant_types_supported": ["authorization_code"] });
    let mut world = World { metadata, ..World::default() };
    assert_eq!(world.fails(config).clause, Some(Clause::GrantType));
    assert_eq!(world.was_asked("/token"), 0);
}

#[test]
fn a_document_need_not_be_read_by_the_client() {
    let mut config = legacy();
    let url = config.identities.document.take().unwrap().url;
    config.identities.document = Some(MetadataDocument { url, read_first: false });
    let mut world = World::default();
    world.rests(config);
    assert_eq!(world.was_asked("client.json"), 0);
}

/// Whoever has the token of RFC 7592 can change the registration; and what is refused stands in the trace too.
///
/// Req: ALL-11
#[test]
fn every_secret_of_a_registration_is_masked() {
    for client_id in [json!("mine"), json!(7)] {
        let answer =
            json!({ "client_id": client_id, "client_secret": "SSSS", "registration_access_token": "RRRR" });
        let mut world = World {
            edit: Box::new(move |request, response| {
                if request.url.ends_with("/register") {
                    crate::world::json_response(201, &answer)
                } else {
                    response
                }
            }),
            ..World::default()
        };
        let mut flow = Flow::new(registering(modern()));
        world.walk_until(&mut flow, |request| request.url.ends_with("/register"));
        world.step(&mut flow);
        let masked = flow.trace().to_masked_json().to_string();
        assert!(!masked.contains("SSSS") && !masked.contains("RRRR"), "{masked}");
    }
}

/// Given beforehand, it is secret from the first message on.
///
/// Req: ALL-11
#[test]
fn a_secret_that_was_given_beforehand_is_masked() {
    let mut config = modern();
    let proof = Proof::Secret(Secret::new("s3cret"), Some(AuthMethod::ClientSecretPost));
    config.identities.registered.push(credentials(Some(ISSUER), proof));
    let mut world = World::default();
    let flow = world.rests(config);
    assert_eq!(form(world.requests("/token").next().unwrap(), "client_secret").as_deref(), Some("s3cret"));
    assert!(!flow.trace().to_masked_json().to_string().contains("s3cret"));
}

/// The client reads its document as the authorization server will.
#[test]
fn a_document_that_no_server_would_take_stops_the_client() {
    let document = || {
        json!({
            "client_id": "http://localhost:3000/client.json",
            "client_name": "Test",
            "redirect_uris": ["http://localhost:3000/callback"],
        })
    };
    let read = |document: Value, content_type: &'static str| {
        let mut world = World {
            edit: Box::new(move |request, response| {
                if !request.url.ends_with("client.json") {
                    return response;
                }
                let headers = vec![("content-type".to_owned(), content_type.to_owned())];
                Response { headers, ..crate::world::json_response(200, &document) }
            }),
            ..World::default()
        };
        let mut flow = Flow::new(legacy());
        world.walk(&mut flow);
        flow
    };
    for (member, value, clause) in [
        ("client_id", json!("http://localhost:3000/other.json"), Clause::ClientIdIdentity),
        ("redirect_uris", json!(["http://localhost:3000/other"]), Clause::RedirectExact),
    ] {
        let mut document = document();
        document[member] = value;
        assert_eq!(failure(&read(document, "application/json")).clause, Some(clause), "{member}");
    }
    assert_eq!(failure(&read(document(), "text/html")).clause, Some(Clause::ClientDocument));
    assert_eq!(read(document(), "application/cimd+json; charset=utf-8").poll(), Action::Rest);
    let mut long = document();
    long["x"] = " ".repeat(protocol::cimd::MAX_DOCUMENT_BYTES).into();
    let told = checks(&read(long, "application/json")).any(|check| {
        check.clause == Clause::ClientDocumentSize && check.outcome != flow::trace::Outcome::Passed
    });
    assert!(told);
}

/// The order of a list is no reason to begin anew: as long as the server of the token is in it, the token is renewed there.
///
/// Req: CL-07
#[test]
fn a_server_that_is_still_accepted_stays_the_clients_choice() {
    let mut world = World { refresh_tokens: true, ..World::default() };
    let mut flow = world.rests(registering(legacy()));
    world.refused.insert(flow_token(&world));
    world.issuers = vec![OTHER_ISSUER, ISSUER];
    flow.call_tool(&world.env(), crate::world::call("whoami")).unwrap();
    world.walk(&mut flow);
    assert_eq!((flow.poll(), world.was_asked("9001")), (Action::Rest, 0));
    let why = format!("{ISSUER}: the client has its token from there");
    assert!(checks(&flow).any(|check| check.found == why));
}
