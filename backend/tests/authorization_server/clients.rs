//! Who asks: the order in which clients are looked up, and that nobody is taken for somebody else.

use std::sync::Arc;

use backend::authorization_server::{AuthorizationServer, ClientIdFault, Person, Settings, StartError};
use backend::store::{Client, ClientAuthentication, Store};
use http::StatusCode;
use protocol::ids::{ClientId, RedirectUri, Subject};
use server_kit::clock::FixedClock;
use server_kit::entropy::SeededEntropy;

use crate::support::{Lab, START, settings};

const WEB: &str = "https://desk.example/callback";

fn configured(id: &str) -> Client {
    let redirect_uris = vec![RedirectUri::parse(WEB).unwrap()];
    Client::configured(
        ClientId::parse(id).unwrap(),
        "Weather desk",
        redirect_uris,
        ClientAuthentication::None,
    )
}

fn knowing(clients: Vec<Client>) -> Settings {
    Settings { clients, ..settings() }
}

/// Req: AS-24, AS-52, AS-71, AS-20
#[tokio::test]
async fn a_configured_client_is_found_first_and_nothing_is_fetched() {
    let mut lab = Lab::start().await;
    let url = lab.client.client_id();
    lab.restart_with(knowing(vec![configured(&url), configured("desk")])).await;
    for id in ["desk", &url] {
        let page = lab.browser().consent_page(&lab.request_as(id, WEB), "ada").await;
        for shown in ["Weather desk", id, "desk.example", "Weather server", "Use the MCP server in your name"]
        {
            assert!(page.body.contains(shown), "{shown}: {}", page.body);
        }
        let code = lab.code_as(id, WEB).await;
        assert_eq!(lab.token(&lab.exchange_as(&code, id, WEB)).await.status, StatusCode::OK, "{id}");
    }
    let of_the_document = lab.request_as(&url, &lab.client.redirect_uri());
    let answer = lab.browser().authorize(&of_the_document).await;
    answer.is_page(StatusCode::BAD_REQUEST, "not among the places");
    assert_eq!(lab.client.hits(), 0);
}

/// Req: AS-24, AS-21, AS-64
#[tokio::test]
async fn an_unknown_name_is_a_document_or_nobody() {
    let lab = Lab::with(knowing(vec![configured("desk")])).await;
    for id in ["Desk", "desk ", "registered-x", "x"] {
        let answer = lab.browser().authorize(&lab.request_as(id, WEB)).await;
        answer.is_page(StatusCode::BAD_REQUEST, "not known here");
    }
    let answer = lab.browser().authorize(&lab.request()).await;
    assert_eq!((answer.status, lab.client.hits()), (StatusCode::SEE_OTHER, 1));
}

#[tokio::test]
async fn who_is_taken_out_of_the_configuration_is_nobody_any_more() {
    let mut lab = Lab::start().await;
    let url = lab.client.client_id();
    for id in ["desk", &url] {
        lab.restart_with(knowing(vec![configured(id)])).await;
        let code = lab.code_as(id, WEB).await;
        lab.restart_with(settings()).await;
        let answer = lab.token(&lab.exchange_as(&code, id, WEB)).await;
        answer.is_denied(StatusCode::BAD_REQUEST, "invalid_client");
    }
}

async fn start(settings: Settings) -> Result<(), StartError> {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("as.sqlite")).await.unwrap();
    let clock = Arc::new(FixedClock::at(START));
    AuthorizationServer::new(settings, store, clock, Arc::new(SeededEntropy::new(1))).await.map(|_| ())
}

/// Req: AS-23, AS-26
#[tokio::test]
async fn nobody_is_named_like_somebody_else() {
    for (clients, fault) in [
        (vec![configured("desk"), configured("desk")], ClientIdFault::Twice),
        (vec![configured("registered-x")], ClientIdFault::Issued),
        (vec![configured("ada")], ClientIdFault::Person),
    ] {
        let error = start(knowing(clients)).await.unwrap_err();
        assert!(matches!(error, StartError::Client { reason, .. } if reason == fault), "{error}");
    }
    let mut named_like_a_client = settings();
    named_like_a_client.people.push(Person {
        subject: Subject::parse("registered-x").unwrap(),
        name: "X".into(),
        about: String::new(),
        password: None,
    });
    let error = start(named_like_a_client).await.unwrap_err();
    assert!(matches!(error, StartError::PersonNamedLikeClient(_)), "{error}");
}
