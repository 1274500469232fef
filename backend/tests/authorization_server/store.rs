//! The store under races: in one process, and in two on one file.

use backend::authorization_server::{AuthorizationServer, Settings, StartError};
use backend::store::{
    Client, ClientAuthentication, ClientSource, CodeVerdict, FoundCode, MAX_PENDING, NewRequest, Redemption,
    SecretHash, Standing, Store,
};
use protocol::ids::{ClientId, Issuer, RedirectUri};
use protocol::loopback::LoopbackPolicy;
use server_kit::clock::FixedClock;
use server_kit::entropy::SeededEntropy;
use std::sync::Arc;

use crate::support::{Lab, START, settings};

/// Finds nothing against any code.
fn fits(_: &FoundCode) -> CodeVerdict<(), ()> {
    CodeVerdict::Redeem { refresh_token: None, outcome: () }
}

/// Req: AS-118
#[tokio::test]
async fn two_processes_on_one_file_redeem_a_code_once() {
    let lab = Lab::start().await;
    let code = SecretHash::of_text(&lab.code().await);
    let second = Store::open(&lab.folder.path().join("as.sqlite")).await.unwrap();
    let mut attempts = tokio::task::JoinSet::new();
    for i in 0..50 {
        let store = if i % 2 == 0 { lab.store.clone() } else { second.clone() };
        let now = lab.now();
        attempts.spawn(async move { store.redeem_code(code, fits, now).await.unwrap() });
    }
    let outcomes = attempts.join_all().await;
    let won = outcomes.iter().filter(|outcome| matches!(outcome, Redemption::Redeemed { .. })).count();
    let replayed = outcomes.iter().filter(|outcome| matches!(outcome, Redemption::Replayed { .. })).count();
    assert_eq!((won, replayed), (1, 49));
}

#[tokio::test]
async fn a_code_nobody_issued_is_unknown() {
    let lab = Lab::start().await;
    let outcome = lab.store.redeem_code(SecretHash::of_text("x"), fits, lab.now()).await.unwrap();
    assert!(matches!(outcome, Redemption::Unknown), "{outcome:?}");
}

/// A new file is switched to WAL by one at a time: otherwise the others are told that it is busy.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_can_open_a_new_file_at_once() {
    for _ in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("as.sqlite");
        let opened: Vec<_> = (0..8)
            .map(|_| {
                let path = path.clone();
                tokio::spawn(async move { Store::open(&path).await.map(drop) })
            })
            .collect();
        for opening in opened {
            opening.await.unwrap().unwrap();
        }
    }
}

fn client() -> Client {
    Client {
        id: ClientId::parse("https://c.example/c").unwrap(),
        source: ClientSource::Document,
        name: "C".into(),
        redirect_uris: vec![RedirectUri::parse("https://c.example/cb").unwrap()],
        authentication: ClientAuthentication::None,
        wants_refresh: false,
        fingerprint: String::new(),
    }
}

#[tokio::test]
async fn of_too_many_requests_the_oldest_go() {
    let lab = Lab::start().await;
    let request = NewRequest {
        client: client(),
        redirect_uri: RedirectUri::parse("https://c.example/cb").unwrap(),
        state: None,
        login_hint: None,
        must_ask: false,
        must_sign_in: false,
        standing: Standing::Refused("UnknownScope".into()),
    };
    let cookie = SecretHash::of_text("cookie");
    let mut attempts = tokio::task::JoinSet::new();
    for i in 0..MAX_PENDING + 5 {
        if attempts.len() == 500 {
            attempts.join_next().await.unwrap().unwrap();
        }
        let (store, request, now) = (lab.store.clone(), request.clone(), lab.now());
        let id = SecretHash::of_text(&i.to_string());
        attempts.spawn(async move { store.begin_authorization(id, cookie, request, now).await.unwrap() });
    }
    attempts.join_all().await;
    assert_eq!(lab.store.count_pending().await.unwrap(), MAX_PENDING);
}

/// Req: AS-03, AS-44, C26
#[tokio::test]
async fn settings_that_contradict_each_other_stop_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("as.sqlite")).await.unwrap();
    let start = async |change: fn(&mut Settings)| {
        let mut settings = settings();
        change(&mut settings);
        let clock = Arc::new(FixedClock::at(START));
        AuthorizationServer::new(settings, store.clone(), clock, Arc::new(SeededEntropy::new(0))).await.err()
    };
    let http = start(|settings| settings.loopback = LoopbackPolicy::HttpsOnly).await;
    assert!(matches!(http, Some(StartError::Issuer { .. })), "{http:?}");
    let public = start(|settings| settings.issuer = parse_issuer("https://as.example")).await;
    assert!(matches!(public, Some(StartError::LoopbackPolicyInPublic(_))), "{public:?}");
    let path = start(|settings| settings.issuer = parse_issuer("http://localhost:9000/tenant")).await;
    assert!(matches!(path, Some(StartError::IssuerWithPath(_))), "{path:?}");
    let nothing = start(|settings| settings.resources.clear()).await;
    assert!(matches!(nothing, Some(StartError::NoResources)), "{nothing:?}");
    let reserved = start(|settings| {
        let scope = &mut settings.resources[0].scopes[0];
        scope.token = "offline_access".parse().unwrap();
    })
    .await;
    assert!(matches!(reserved, Some(StartError::OfflineAccessOfResource(_))), "{reserved:?}");
    let no_scopes = start(|settings| settings.resources[0].scopes.clear()).await;
    assert!(matches!(no_scopes, Some(StartError::NoScopes(_))), "{no_scopes:?}");
}

fn parse_issuer(text: &str) -> Issuer {
    Issuer::parse(text, LoopbackPolicy::AllowHttpOnLoopback).unwrap()
}
