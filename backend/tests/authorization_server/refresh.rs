//! Refresh tokens: who gets one, what it becomes, and what ends it.

use std::sync::Arc;

use backend::authorization_server::{AuthorizationServer, Settings};
use backend::store::{Family, NewRefreshToken, Rotation, SecretHash, Store};
use http::StatusCode;
use protocol::access_token::open_unverified;
use protocol::ids::UnixTime;
use serde_json::{Value, json};
use server_kit::clock::FixedClock;
use server_kit::entropy::SeededEntropy;

use crate::support::{Form, Lab, RESOURCE, START, encode, post_form, settings, with};

const DAY: u64 = 24 * 3600;

/// Refresh tokens that could still be exchanged.
const LIVE: &str = "SELECT count(*) FROM refresh_token JOIN family ON family.id = family
                    WHERE used_at IS NULL AND revoked_at IS NULL";

fn claim(access_token: &Value, name: &str) -> Value {
    open_unverified(access_token.as_str().unwrap()).unwrap().claims[name].clone()
}

/// What grew from the same consent carries the same name.
fn family(tokens: &Value) -> String {
    claim(&tokens["access_token"], "jti").as_str().unwrap().split_once('.').unwrap().0.to_owned()
}

fn without_repair() -> Settings {
    let mut settings = settings();
    settings.lifetimes.refresh_repair = 0;
    settings
}

// --- who gets one ---

/// Req: AS-136
#[tokio::test]
async fn only_a_client_that_can_use_one_gets_a_refresh_token() {
    let plain = Lab::start().await;
    assert_eq!(plain.tokens().await.get("refresh_token"), None);
    assert_eq!(plain.count("SELECT count(*) FROM refresh_token"), 0);
    let refreshing = Lab::refreshing().await;
    assert_eq!(refreshing.tokens().await["refresh_token"].as_str().unwrap().len(), 43);
}

/// Req: AS-12, AS-136
#[tokio::test]
async fn or_one_that_was_allowed_offline_access_which_no_access_token_shows() {
    let lab = Lab::start().await;
    let request = lab.request_with("scope", Some("mcp:connect offline_access"));
    let page = lab.browser().consent_page(&request, "ada").await;
    assert!(page.body.contains("Stay connected while you are away"), "{}", page.body);
    let tokens = lab.tokens_for(&request).await;
    assert_eq!(tokens["scope"], "mcp:connect");
    assert_eq!(claim(&tokens["access_token"], "scope"), "mcp:connect");
    let refreshed = lab.refreshed(&tokens["refresh_token"]).await;
    assert_eq!(claim(&refreshed["access_token"], "scope"), "mcp:connect");
    // A client may repeat what it asked for at first.
    let again = with(lab.refresh(&refreshed["refresh_token"]), "scope", Some("mcp:connect offline_access"));
    assert_eq!(lab.token(&again).await.json()["scope"], "mcp:connect");
    assert!(lab.is_active(&refreshed["access_token"]).await);
}

/// Req: AS-136
#[tokio::test]
async fn what_is_unticked_is_not_allowed_and_staying_connected_to_nothing_is_nothing() {
    let lab = Lab::start().await;
    let submit = async |untick: &str| {
        let request = lab.request_with("scope", Some("mcp:connect offline_access"));
        let mut browser = lab.browser();
        let page = browser.consent_page(&request, "ada").await;
        let mut form = Form::find(&page.body, "/consent").with("decision", "allow");
        form.fields.retain(|(_, value)| value != untick);
        browser.submit(&form).await.redirected()
    };
    let code = submit("offline_access").await.parameter("code").unwrap();
    assert_eq!(lab.redeem(&code).await.get("refresh_token"), None);
    submit("mcp:connect").await.is_refused("access_denied");
}

/// A client that was told no scopes adds `offline_access` to none.
#[tokio::test]
async fn offline_access_alone_asks_for_the_default_scope_as_well() {
    let lab = Lab::start().await;
    let tokens = lab.tokens_for(&lab.request_with("scope", Some("offline_access"))).await;
    assert_eq!(tokens["scope"], "mcp:connect");
    assert!(tokens["refresh_token"].is_string());
}

// --- what it becomes ---

/// Req: AS-121, AS-130, AS-132
#[tokio::test]
async fn a_refresh_token_becomes_a_new_access_token_and_its_successor() {
    let lab = Lab::refreshing().await;
    let first = lab.tokens().await;
    lab.clock.advance(3600);
    let answer = lab.token(&lab.refresh(&first["refresh_token"])).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    let second = answer.json();
    let names: Vec<_> = second.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["access_token", "token_type", "expires_in", "scope", "refresh_token"]);
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    for name in ["iss", "aud", "sub", "client_id", "scope"] {
        assert_eq!(
            claim(&second["access_token"], name),
            claim(&first["access_token"], name),
            "{name} stays the same"
        );
    }
    assert_eq!(claim(&second["access_token"], "iat"), START.0 + 3600);
    assert_eq!(family(&second), family(&first));
    lab.refreshed(&second["refresh_token"]).await;
}

/// Req: AS-120, AS-133, X-25, E04
#[tokio::test]
async fn scope_may_narrow_and_widen_again_but_never_beyond_the_grant() {
    let lab = Lab::refreshing().await;
    let mut token = lab.tokens().await["refresh_token"].clone();
    for (scope, got) in [
        (Some("weather:read"), "weather:read"),
        (Some("mcp:connect weather:read"), "mcp:connect weather:read"),
        (Some("mcp:connect"), "mcp:connect"),
        (None, "mcp:connect weather:read"),
    ] {
        let answer = lab.token(&with(lab.refresh(&token), "scope", scope)).await;
        assert_eq!((answer.status, answer.json()["scope"].as_str()), (StatusCode::OK, Some(got)));
        assert_eq!(claim(&answer.json()["access_token"], "scope"), got);
        token = answer.json()["refresh_token"].clone();
    }
    for wider in ["mcp:connect notes:read", "mcp:connect weather:read offline_access", "a\"b"] {
        let answer = lab.token(&with(lab.refresh(&token), "scope", Some(wider))).await;
        answer.is_denied(StatusCode::BAD_REQUEST, "invalid_scope");
    }
    lab.refreshed(&token).await;
}

/// Req: AS-132, X-25, E06
#[tokio::test]
async fn the_resource_stays_the_one_that_was_granted() {
    let lab = Lab::refreshing().await;
    let token = lab.tokens().await["refresh_token"].clone();
    for other in ["http://localhost:8002/mcp", "http://localhost:8001/mcp/", "http://localhost:8001/mcp#x"] {
        let answer = lab.token(&with(lab.refresh(&token), "resource", Some(other))).await;
        answer.is_denied(StatusCode::BAD_REQUEST, "invalid_target");
    }
    let mut several = lab.refresh(&token);
    several.push(("resource".into(), "http://localhost:8002/mcp".into()));
    lab.token(&several).await.is_denied(StatusCode::BAD_REQUEST, "invalid_target");
    let unnamed = lab.token(&with(lab.refresh(&token), "resource", None)).await;
    assert_eq!(claim(&unnamed.json()["access_token"], "aud"), RESOURCE);
}

/// Req: C25
#[tokio::test]
async fn neither_grant_needs_anything_from_the_clients_host() {
    let lab = Lab::refreshing().await;
    let code = lab.code().await;
    let hits = lab.client.hits();
    lab.client.answer(|| axum::response::IntoResponse::into_response(StatusCode::BAD_GATEWAY));
    lab.clock.advance(10);
    let tokens = lab.redeem(&code).await;
    lab.clock.advance(5 * DAY);
    lab.refreshed(&tokens["refresh_token"]).await;
    assert_eq!(lab.client.hits(), hits);
}

// --- a second use ---

/// Req: AS-131, X-24, E01
#[tokio::test]
async fn an_exchanged_token_used_again_ends_the_family() {
    let lab = Lab::refreshing().await;
    let first = lab.tokens().await;
    let other_family = lab.tokens().await;
    let second = lab.refreshed(&first["refresh_token"]).await;
    let third = lab.refreshed(&second["refresh_token"]).await;
    assert!(lab.is_active(&third["access_token"]).await);
    lab.not_refreshed(&first["refresh_token"], "used before").await;
    lab.not_refreshed(&third["refresh_token"], "has ended").await;
    for tokens in [&first, &second, &third] {
        assert!(!lab.is_active(&tokens["access_token"]).await, "access tokens end with it");
    }
    assert!(lab.is_active(&other_family["access_token"]).await, "nothing else ends");
    lab.refreshed(&other_family["refresh_token"]).await;
}

/// Req: AS-130, AS-138
#[tokio::test]
async fn a_lost_answer_is_given_again_for_a_few_seconds() {
    let lab = Lab::refreshing().await;
    let first = lab.tokens().await;
    let lost = lab.refreshed(&first["refresh_token"]).await;
    lab.clock.advance(9);
    let again = lab.refreshed(&first["refresh_token"]).await;
    assert_eq!(again["refresh_token"], lost["refresh_token"]);
    assert_ne!(claim(&again["access_token"], "jti"), claim(&lost["access_token"], "jti"));
    assert_eq!(lab.count(LIVE), 1);
    lab.clock.advance(1);
    lab.not_refreshed(&first["refresh_token"], "used before").await;
    lab.not_refreshed(&lost["refresh_token"], "has ended").await;
}

/// Req: AS-131
#[tokio::test]
async fn once_the_successor_was_used_nothing_was_lost() {
    let lab = Lab::refreshing().await;
    let first = lab.tokens().await;
    let second = lab.refreshed(&first["refresh_token"]).await;
    let third = lab.refreshed(&second["refresh_token"]).await;
    // In the same second: the successor's successor was lost, but not the successor.
    assert_eq!(lab.refreshed(&second["refresh_token"]).await["refresh_token"], third["refresh_token"]);
    lab.not_refreshed(&first["refresh_token"], "used before").await;
    lab.not_refreshed(&third["refresh_token"], "has ended").await;
}

/// The lab switches repair off, to show what a second use does. Req: AS-131, AS-138
#[tokio::test]
async fn without_repair_the_first_second_use_ends_the_family() {
    let lab = Lab::refreshing_with(without_repair()).await;
    let first = lab.tokens().await;
    let second = lab.refreshed(&first["refresh_token"]).await;
    lab.not_refreshed(&first["refresh_token"], "used before").await;
    lab.not_refreshed(&second["refresh_token"], "has ended").await;
}

/// Req: AS-132
#[tokio::test]
async fn another_client_can_neither_use_nor_end_it() {
    let lab = Lab::refreshing().await;
    let first = lab.tokens().await;
    let second = lab.refreshed(&first["refresh_token"]).await;
    let other = format!("{}/other.json", lab.client.origin);
    for token in [&first, &second] {
        let request = with(lab.refresh(&token["refresh_token"]), "client_id", Some(&other));
        let answer = lab.token(&request).await;
        answer.is_denied(StatusCode::BAD_REQUEST, "invalid_grant");
        assert!(answer.json()["error_description"].as_str().unwrap().contains("another client"));
    }
    lab.refreshed(&second["refresh_token"]).await;
}

/// Req: AS-119
#[tokio::test]
async fn a_second_use_with_something_else_wrong_ends_nothing() {
    let lab = Lab::refreshing_with(without_repair()).await;
    let first = lab.tokens().await;
    let second = lab.refreshed(&first["refresh_token"]).await;
    let wrong = with(lab.refresh(&first["refresh_token"]), "scope", Some("notes:read"));
    lab.token(&wrong).await.is_denied(StatusCode::BAD_REQUEST, "invalid_scope");
    lab.refreshed(&second["refresh_token"]).await;
}

/// Req: E07
#[tokio::test]
async fn nothing_else_is_taken_for_a_refresh_token() {
    let lab = Lab::refreshing().await;
    let unused_code = json!(lab.code().await);
    let used_code = json!(lab.code().await);
    let tokens = lab.redeem(used_code.as_str().unwrap()).await;
    for other in [&tokens["access_token"], &unused_code, &used_code, &json!("' OR 1=1 --"), &json!("\0")] {
        lab.not_refreshed(other, "no such refresh token").await;
    }
    let as_code = lab.token(&lab.exchange(tokens["refresh_token"].as_str().unwrap())).await;
    as_code.is_denied(StatusCode::BAD_REQUEST, "invalid_grant");
    lab.refreshed(&tokens["refresh_token"]).await;
    lab.redeem(unused_code.as_str().unwrap()).await;
}

/// Req: AS-123
#[tokio::test]
async fn a_request_without_token_or_with_two_is_refused() {
    let lab = Lab::refreshing().await;
    let token = lab.tokens().await["refresh_token"].clone();
    let missing = with(lab.refresh(&token), "refresh_token", None);
    lab.token(&missing).await.is_denied(StatusCode::BAD_REQUEST, "invalid_request");
    for name in ["refresh_token", "grant_type", "client_id"] {
        let mut twice = lab.refresh(&token);
        twice.push(twice.iter().find(|(known, _)| known == name).unwrap().clone());
        lab.token(&twice).await.is_denied(StatusCode::BAD_REQUEST, "invalid_request");
    }
    lab.refreshed(&token).await;
}

// --- races ---

async fn fifty_at_once(lab: &Lab, token: &Value) -> Vec<Value> {
    let body = encode(&lab.refresh(token));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (router, request) = (lab.router.clone(), post_form("/token", &body));
        tasks.spawn(async move {
            let response = tower::ServiceExt::oneshot(router, request).await.unwrap();
            let body = axum::body::to_bytes(response.into_body(), 1 << 16).await.unwrap();
            serde_json::from_slice::<Value>(&body).unwrap()
        });
    }
    tasks.join_all().await
}

/// Req: AS-130
#[tokio::test]
async fn of_many_simultaneous_refreshes_all_get_the_one_successor() {
    let lab = Lab::refreshing().await;
    let first = lab.tokens().await;
    let answers = fifty_at_once(&lab, &first["refresh_token"]).await;
    let successor = &answers[0]["refresh_token"];
    assert!(successor.is_string() && *successor != first["refresh_token"], "{answers:?}");
    assert!(answers.iter().all(|answer| answer["refresh_token"] == *successor), "{answers:?}");
    assert_eq!(lab.count(LIVE), 1);
    lab.refreshed(successor).await;
}

/// Req: AS-131
#[tokio::test]
async fn of_many_simultaneous_refreshes_without_repair_one_wins_and_the_family_ends() {
    let lab = Lab::refreshing_with(without_repair()).await;
    let first = lab.tokens().await;
    let answers = fifty_at_once(&lab, &first["refresh_token"]).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer["error"].is_null());
    assert_eq!(won.len(), 1);
    assert!(lost.iter().all(|answer| answer["error"] == "invalid_grant"));
    lab.not_refreshed(&won[0]["refresh_token"], "has ended").await;
    assert_eq!(lab.count(LIVE), 0);
}

/// Req: AS-130
#[tokio::test]
async fn two_processes_on_one_file_rotate_a_token_once() {
    let lab = Lab::refreshing().await;
    let token = SecretHash::of_text(lab.tokens().await["refresh_token"].as_str().unwrap());
    let second = Store::open(&lab.folder.path().join("as.sqlite")).await.unwrap();
    let mut attempts = tokio::task::JoinSet::new();
    for i in 0..50 {
        let store = if i % 2 == 0 { lab.store.clone() } else { second.clone() };
        let now = lab.now();
        let successor = NewRefreshToken { hash: SecretHash::of_text("successor"), expires_at: now.plus(DAY) };
        let fits = |_: &Family| Ok::<_, ()>(());
        attempts
            .spawn(async move { store.rotate_refresh_token(token, successor, fits, 10, now).await.unwrap() });
    }
    let outcomes = attempts.join_all().await;
    let count = |is: fn(&Rotation<(), ()>) -> bool| outcomes.iter().filter(|outcome| is(outcome)).count();
    let rotated = count(|outcome| matches!(outcome, Rotation::Rotated { .. }));
    let repaired = count(|outcome| matches!(outcome, Rotation::Repaired { .. }));
    assert_eq!((rotated, repaired), (1, 49));
    assert_eq!(lab.count(LIVE), 1);
}

/// Each with its own randomness, and one key in the file. Req: AS-130
#[tokio::test]
async fn a_lost_answer_of_one_process_is_given_again_by_another() {
    let mut lab = Lab::refreshing().await;
    let first = lab.tokens().await;
    let lost = lab.refreshed(&first["refresh_token"]).await;
    lab.router = restarted(&lab, |_| ()).await;
    assert_eq!(lab.refreshed(&first["refresh_token"]).await["refresh_token"], lost["refresh_token"]);
    lab.refreshed(&lost["refresh_token"]).await;
}

// --- time ---

/// Req: AS-135, AS-137
#[tokio::test]
async fn a_token_that_nobody_uses_expires_after_a_week() {
    let lab = Lab::refreshing().await;
    let (first, idle) = (lab.tokens().await, lab.tokens().await);
    lab.clock.advance(7 * DAY - 1);
    let second = lab.refreshed(&first["refresh_token"]).await;
    lab.clock.advance(1);
    lab.not_refreshed(&idle["refresh_token"], "expired").await;
    lab.clock.advance(6 * DAY);
    lab.refreshed(&second["refresh_token"]).await;
}

/// Req: AS-135
#[tokio::test]
async fn however_often_it_is_refreshed_the_grant_ends_after_a_month() {
    let lab = Lab::refreshing().await;
    let mut tokens = lab.tokens().await;
    for _ in 0..5 {
        lab.clock.advance(5 * DAY);
        tokens = lab.refreshed(&tokens["refresh_token"]).await;
    }
    lab.clock.advance(5 * DAY - 100);
    tokens = lab.refreshed(&tokens["refresh_token"]).await;
    assert_eq!(tokens["expires_in"], 100, "the access token ends with the grant");
    assert_eq!(claim(&tokens["access_token"], "exp"), START.0 + 30 * DAY);
    lab.clock.advance(100);
    lab.not_refreshed(&tokens["refresh_token"], "expired").await;
    assert!(!lab.is_active(&tokens["access_token"]).await);
}

#[tokio::test]
async fn a_clock_that_goes_back_revives_nothing() {
    let lab = Lab::refreshing().await;
    let (used, idle) = (lab.tokens().await, lab.tokens().await);
    lab.clock.advance(DAY);
    let second = lab.refreshed(&used["refresh_token"]).await;
    // An exchanged token stays exchanged, and the seconds of repair do not begin again.
    lab.clock.set(UnixTime(START.0 + 60));
    lab.not_refreshed(&used["refresh_token"], "used before").await;
    lab.not_refreshed(&second["refresh_token"], "has ended").await;
    // What was found expired stays so.
    lab.clock.set(UnixTime(START.0 + 8 * DAY));
    lab.not_refreshed(&idle["refresh_token"], "expired").await;
    lab.clock.set(START);
    lab.not_refreshed(&idle["refresh_token"], "has ended").await;
    assert!(!lab.is_active(&idle["access_token"]).await);
}

// --- the grant ---

/// The same store under other settings, as after a restart.
async fn restarted(lab: &Lab, change: impl FnOnce(&mut Settings)) -> axum::Router {
    let mut settings = settings();
    change(&mut settings);
    let clock = Arc::new(FixedClock::at(lab.now()));
    let entropy = Arc::new(SeededEntropy::new(8));
    AuthorizationServer::new(settings, lab.store.clone(), clock, entropy).await.unwrap().router()
}

/// Req: AS-134
#[tokio::test]
async fn without_the_person_or_the_resource_there_is_nothing_to_refresh() {
    let mut lab = Lab::refreshing().await;
    let tokens = lab.tokens().await;
    let unchanged = lab.router.clone();
    lab.router = restarted(&lab, |settings| {
        settings.people.remove(0);
    })
    .await;
    lab.not_refreshed(&tokens["refresh_token"], "has ended").await;
    assert!(!lab.is_active(&tokens["access_token"]).await);
    lab.router = restarted(&lab, |settings| {
        settings.resources.remove(0);
    })
    .await;
    lab.not_refreshed(&tokens["refresh_token"], "has ended").await;
    lab.router = unchanged;
    lab.refreshed(&tokens["refresh_token"]).await;
}

/// Req: AS-137
#[tokio::test]
async fn what_was_allowed_without_offline_access_ends_at_sign_out() {
    let lab = Lab::refreshing().await;
    let mut browser = lab.browser();
    let mut allow = async |scope: &str| {
        let answer = browser.allow(&lab.request_with("scope", Some(scope)), "ada").await;
        lab.redeem(&answer.redirected().parameter("code").unwrap()).await
    };
    let bound = allow("mcp:connect").await;
    let offline = allow("mcp:connect offline_access").await;
    let elsewhere = lab.tokens().await;
    let home = browser.get("/").await;
    assert!(browser.submit(&Form::find(&home.body, "/sign-out")).await.status.is_redirection());
    lab.not_refreshed(&bound["refresh_token"], "has ended").await;
    assert!(!lab.is_active(&bound["access_token"]).await);
    lab.refreshed(&offline["refresh_token"]).await;
    lab.refreshed(&elsewhere["refresh_token"]).await;
}

/// Req: AS-137
#[tokio::test]
async fn a_new_sign_in_keeps_what_the_same_person_allowed_and_ends_what_another_did() {
    let lab = Lab::refreshing().await;
    let mut browser = lab.browser();
    let answer = browser.allow(&lab.request(), "ada").await;
    let tokens = lab.redeem(&answer.redirected().parameter("code").unwrap()).await;
    let anew = lab.request_with("prompt", Some("login"));
    browser.sign_in(&anew, "ada").await;
    let tokens = lab.refreshed(&tokens["refresh_token"]).await;
    browser.sign_in(&anew, "bob").await;
    lab.not_refreshed(&tokens["refresh_token"], "has ended").await;
}

/// Req: ALL-11
#[tokio::test]
async fn the_database_holds_no_refresh_token_and_no_access_token() {
    let lab = Lab::refreshing().await;
    let first = lab.tokens().await;
    let second = lab.refreshed(&first["refresh_token"]).await;
    for entry in std::fs::read_dir(lab.folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for tokens in [&first, &second] {
            for secret in [&tokens["refresh_token"], &tokens["access_token"]] {
                let secret = secret.as_str().unwrap().as_bytes();
                assert!(!bytes.windows(secret.len()).any(|window| window == secret));
            }
        }
    }
}
