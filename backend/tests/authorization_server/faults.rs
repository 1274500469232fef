//! A database that is locked, full or broken: what needs it is answered 503, the rest goes on, and when the fault goes,
//! so do its consequences.

use std::time::Duration;

use backend::store::{Limits, Store};
use http::StatusCode;
use http::header::LOCATION;
use rusqlite::Connection;

use crate::support::{Answered, Form, INTROSPECTION_SECRET, Lab, RESOURCE, encode, introspection, settings};

/// The database as another process has it open.
fn other_process(lab: &Lab) -> Connection {
    Connection::open(lab.folder.path().join("as.sqlite")).unwrap()
}

#[track_caller]
fn is_out_of_order(answer: &Answered) {
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
    assert_eq!(answer.header("retry-after"), "5");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(!answer.headers.contains_key(LOCATION) && !answer.headers.contains_key("set-cookie"));
}

async fn impatient_lab() -> Lab {
    let limits = Limits { busy_timeout: Duration::from_millis(20), ..Limits::default() };
    Lab::with_limits(settings(), limits).await
}

/// Req: AS-92
#[tokio::test]
async fn while_the_database_is_locked_writes_are_put_off_and_the_rest_goes_on() {
    let lab = impatient_lab().await;
    let code = lab.code().await;
    let mut ada = lab.browser();
    let consent = ada.consent_page(&lab.request(), "ada").await;
    let mut stranger = lab.browser();
    let to_sign_in = stranger.authorize(&lab.request()).await;
    let sign_in = Form::find(&stranger.follow(&to_sign_in).await.body, "/sign-in").with("person", "bob");
    let allow = Form::find(&consent.body, "/consent").with("decision", "allow");

    let lock = other_process(&lab);
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();

    let denied = lab.token(&lab.exchange(&code)).await;
    is_out_of_order(&denied);
    denied.is_denied(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable");
    is_out_of_order(&lab.get("/readyz").await);

    let page = lab.get(&format!("/authorize?{}", encode(&lab.request()))).await;
    is_out_of_order(&page);
    page.is_page(StatusCode::SERVICE_UNAVAILABLE, "Nothing was allowed");
    is_out_of_order(&stranger.submit(&sign_in).await);

    // A client can be told as soon as somebody is signed in.
    ada.authorize(&lab.request()).await.redirected().is_refused("temporarily_unavailable");
    ada.submit(&allow).await.redirected().is_refused("temporarily_unavailable");

    for path in ["/.well-known/oauth-authorization-server", "/jwks", "/healthz", "/"] {
        assert_eq!(lab.get(path).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(ada.get("/").await.status, StatusCode::OK);

    lock.execute_batch("ROLLBACK").unwrap();

    assert_eq!(lab.get("/readyz").await.status, StatusCode::OK);
    assert_eq!(lab.token(&lab.exchange(&code)).await.status, StatusCode::OK, "the code was not used up");
    assert!(ada.submit(&allow).await.redirected().parameter("code").is_some(), "nothing was decided");
    assert!(stranger.submit(&sign_in).await.header("location").starts_with("/consent"));
}

/// That somebody came back is worth a write, but not a refusal.
#[tokio::test]
async fn whoever_only_looks_is_not_refused_because_nothing_can_be_written() {
    let lab = impatient_lab().await;
    let mut ada = lab.browser();
    ada.sign_in(&lab.request(), "ada").await;
    lab.clock.advance(120);
    let lock = other_process(&lab);
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    ada.get("/").await.is_page(StatusCode::OK, "signed in as <b>Ada</b>");
    ada.get("/grants").await.is_page(StatusCode::OK, "Your grants");
}

#[tokio::test]
async fn a_full_database_refuses_what_is_new_until_there_is_room() {
    let empty = Lab::start().await;
    let pages: u32 = other_process(&empty).query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    let limits = Limits { pages: Some(pages + 8), ..Limits::default() };
    let lab = Lab::with_limits(settings(), limits).await;
    let code = lab.code().await;

    let authorize = format!("/authorize?{}", encode(&lab.request()));
    let mut answer = lab.get(&authorize).await;
    for _ in 0..1000 {
        if answer.status != StatusCode::SEE_OTHER {
            break;
        }
        answer = lab.get(&authorize).await;
    }
    is_out_of_order(&answer);
    assert_eq!(lab.token(&lab.exchange(&code)).await.status, StatusCode::OK, "this needs no room");

    lab.clock.advance(2 * 3600);
    lab.server.maintain().await.unwrap();
    assert_eq!(lab.get(&authorize).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_broken_table_takes_down_what_needs_it_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("as.sqlite");
    Store::open(&path).await.unwrap().close().await;
    let page: u64 = {
        let file = Connection::open(&path).unwrap();
        let sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_refresh_token_1'";
        file.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    let mut bytes = std::fs::read(&path).unwrap();
    let from = usize::try_from((page - 1) * 4096).unwrap();
    bytes[from..from + 4096].fill(0xff);
    std::fs::write(&path, bytes).unwrap();

    let lab = Lab::on_store(folder, Store::open(&path).await.unwrap(), settings()).await;
    is_out_of_order(&lab.token(&lab.refresh(&"a-refresh-token".into())).await);
    let code = lab.code().await;
    assert_eq!(lab.token(&lab.exchange(&code)).await.status, StatusCode::OK);
    assert_eq!(lab.get("/jwks").await.status, StatusCode::OK);
}

#[tokio::test]
async fn health_is_for_tools_and_says_little() {
    let lab = Lab::start().await;
    for (path, body) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        let answer = lab.get(path).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, body));
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
    }
    lab.store.close().await;
    let answer = lab.get("/readyz").await;
    is_out_of_order(&answer);
    assert_eq!(answer.body, "not ready: the store does not work\n");
    assert_eq!(lab.get("/healthz").await.status, StatusCode::OK, "the process is not to blame");
}

#[tokio::test]
async fn without_its_database_every_endpoint_that_needs_it_says_so() {
    let lab = Lab::refreshing().await;
    let tokens = lab.tokens().await;
    let (access, refresh) = (&tokens["access_token"], &tokens["refresh_token"]);
    let mut browser = lab.browser();
    let asked = browser.authorize(&lab.request()).await;
    let sign_in_page = browser.follow(&asked).await;
    let mut ada = lab.browser();
    let consent_page = ada.consent_page(&lab.request(), "ada").await;
    let consent = consent_page.body.as_str();
    let consent_path = format!("/consent?request={}", Form::find(consent, "/consent").value("request"));
    let grants_page = ada.get("/grants").await;
    let grants = grants_page.body.as_str();
    lab.store.close().await;

    // For clients and resource servers: an error in JSON.
    for answer in [
        lab.token(&lab.exchange("a-code")).await,
        lab.token(&lab.refresh(refresh)).await,
        lab.revoke(refresh).await,
        lab.revoke(access).await,
        lab.send(introspection(RESOURCE, INTROSPECTION_SECRET, access.as_str().unwrap())).await,
        lab.register(&lab.client.document()).await,
    ] {
        is_out_of_order(&answer);
        assert_eq!(answer.json()["error"], "temporarily_unavailable");
        assert!(answer.json()["error_uri"].as_str().unwrap().starts_with("https://"));
    }
    // For people: a page.
    for answer in [
        browser.authorize(&lab.request()).await,
        ada.authorize(&lab.request()).await,
        browser.get(asked.header("location")).await,
        ada.get(&consent_path).await,
        ada.get("/grants").await,
        ada.get("/").await,
        browser.submit(&Form::find(&sign_in_page.body, "/sign-in").with("person", "ada")).await,
        ada.submit(&Form::find(consent, "/consent").with("decision", "allow")).await,
        ada.submit(&Form::find(consent, "/sign-out")).await,
        ada.submit(&Form::find(grants, "/grants/revoke")).await,
        ada.submit(&Form::find(grants, "/grants/sign-out-everywhere")).await,
    ] {
        is_out_of_order(&answer);
        answer.is_page(StatusCode::SERVICE_UNAVAILABLE, "cannot get at its database");
    }
}
