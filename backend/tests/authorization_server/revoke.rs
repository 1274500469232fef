//! `/revoke`: whose tokens end, and that nobody learns anything by asking.

use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Answered, Lab, encode, method, post_form};

#[track_caller]
fn is_done(answer: &Answered) {
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""), "{answer:?}");
    assert_eq!(answer.header("cache-control"), "no-store");
}

async fn revoke_with(lab: &Lab, parameters: &[(&str, &str)]) -> Answered {
    lab.send(post_form("/revoke", &protocol::query::encode(parameters.iter().copied()))).await
}

async fn is_ended(lab: &Lab, tokens: &Value) {
    lab.not_refreshed(&tokens["refresh_token"], "has ended").await;
    assert!(!lab.is_active(&tokens["access_token"]).await);
}

/// Req: AS-142, AS-143, E10
#[tokio::test]
async fn any_token_of_a_grant_ends_all_of_it() {
    let lab = Lab::refreshing().await;
    for name in ["refresh_token", "access_token"] {
        let tokens = lab.tokens().await;
        is_done(&lab.revoke(&tokens[name]).await);
        is_ended(&lab, &tokens).await;
        is_done(&lab.revoke(&tokens[name]).await);
    }
    let first = lab.tokens().await;
    let second = lab.refreshed(&first["refresh_token"]).await;
    is_done(&lab.revoke(&first["refresh_token"]).await);
    is_ended(&lab, &second).await;
}

/// Req: AS-143, E10
#[tokio::test]
async fn a_wrong_hint_misleads_nobody() {
    let lab = Lab::refreshing().await;
    let client_id = lab.client.client_id();
    for (name, hint) in [
        ("refresh_token", "access_token"),
        ("access_token", "refresh_token"),
        ("refresh_token", "refresh_token"),
        ("access_token", "nonsense"),
    ] {
        let tokens = lab.tokens().await;
        let token = tokens[name].as_str().unwrap();
        let parameters = [("token", token), ("token_type_hint", hint), ("client_id", &client_id)];
        is_done(&revoke_with(&lab, &parameters).await);
        is_ended(&lab, &tokens).await;
    }
}

/// Req: AS-142, E10
#[tokio::test]
async fn what_is_unknown_or_anothers_is_answered_alike_and_ends_nothing() {
    let lab = Lab::refreshing().await;
    let tokens = lab.tokens().await;
    // What was signed, under the signature of something else.
    let (signed, _) = tokens["access_token"].as_str().unwrap().rsplit_once('.').unwrap();
    let other = lab.tokens().await;
    let (_, signature) = other["access_token"].as_str().unwrap().rsplit_once('.').unwrap();
    let forged = format!("{signed}.{signature}");
    for unknown in ["x", "' OR 1=1 --", "\0", "a.b.c", "...", &forged, &"x".repeat(10_000)] {
        is_done(&lab.revoke(&json!(unknown)).await);
    }
    let other = format!("{}/other.json", lab.client.origin);
    for name in ["refresh_token", "access_token"] {
        let token = tokens[name].as_str().unwrap();
        is_done(&revoke_with(&lab, &[("token", token), ("client_id", &other)]).await);
    }
    assert!(lab.is_active(&tokens["access_token"]).await);
    lab.refreshed(&tokens["refresh_token"]).await;
}

/// Old tokens lie in logs: they must not be good for ending what still goes on.
#[tokio::test]
async fn an_expired_access_token_ends_nothing() {
    let lab = Lab::refreshing().await;
    let tokens = lab.tokens().await;
    lab.clock.advance(600);
    is_done(&lab.revoke(&tokens["access_token"]).await);
    lab.refreshed(&tokens["refresh_token"]).await;
}

/// Req: AS-110, AS-123, AS-142
#[tokio::test]
async fn a_request_that_cannot_be_read_is_refused() {
    let lab = Lab::refreshing().await;
    let tokens = lab.tokens().await;
    let token = tokens["refresh_token"].as_str().unwrap();
    let client_id = lab.client.client_id();
    for parameters in [
        &[("client_id", client_id.as_str())][..],
        &[("client_id", &client_id), ("token", "")],
        &[("client_id", &client_id), ("token", token), ("token", token)],
        &[("client_id", &client_id), ("token", token), ("token_type_hint", "a"), ("token_type_hint", "b")],
        &[("token", token)],
    ] {
        revoke_with(&lab, parameters).await.is_denied(StatusCode::BAD_REQUEST, "invalid_request");
    }
    let in_the_query = lab.send(post_form(&format!("/revoke?token={token}&client_id={client_id}"), "")).await;
    in_the_query.is_denied(StatusCode::BAD_REQUEST, "invalid_request");
    let get = lab.send(method(&http::Method::GET, "/revoke")).await;
    get.is_denied(StatusCode::METHOD_NOT_ALLOWED, "invalid_request");
    let json = lab.send(http::Request::post("/revoke").body(axum::body::Body::from("{}")).unwrap()).await;
    json.is_denied(StatusCode::BAD_REQUEST, "invalid_request");
    lab.refreshed(&tokens["refresh_token"]).await;
}

/// Req: AS-142
#[tokio::test]
async fn credentials_of_a_client_that_has_none_are_refused() {
    let lab = Lab::refreshing().await;
    let tokens = lab.tokens().await;
    let (token, client_id) = (tokens["refresh_token"].as_str().unwrap(), lab.client.client_id());
    let parameters = [("token", token), ("client_id", &client_id), ("client_secret", "s")]
        .map(|(n, v)| (n.into(), v.into()));
    let answer = lab.send(post_form("/revoke", &encode(&parameters))).await;
    answer.is_denied(StatusCode::UNAUTHORIZED, "invalid_client");
    lab.refreshed(&tokens["refresh_token"]).await;
}

/// A code that is not redeemed yet has no token to give back; revoking an earlier grant leaves it alone.
#[tokio::test]
async fn each_consent_is_a_grant_of_its_own() {
    let lab = Lab::refreshing().await;
    let earlier = lab.tokens().await;
    let code = lab.code().await;
    is_done(&lab.revoke(&earlier["refresh_token"]).await);
    let later = lab.redeem(&code).await;
    assert!(lab.is_active(&later["access_token"]).await);
}
