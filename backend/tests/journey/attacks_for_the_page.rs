//! The page has the lab perform an attack: the answer is what came of it, and nobody else's run notices.

use attack::{Outcome, Verdict};
use protocol::observation::{Finding, MASK};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::connected::Connected;
use crate::support::Lab;

const WISH: &str = r#"{"revision":"2026-07-28"}"#;

#[tokio::test]
async fn the_answer_is_the_outcome_with_the_run_from_both_sides() {
    let lab = Lab::start().await;
    let (status, answer) =
        lab.press("/lab/attacks/wrong-verifier", &json!({ "revision": "2026-07-28" })).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let outcome: Outcome = serde_json::from_value(answer).unwrap();
    assert_eq!((outcome.id.as_str(), outcome.verdict), ("wrong-verifier", Verdict::Refused));
    let changed = &outcome.changes[0];
    assert_eq!((changed.name.as_str(), changed.was.as_deref()), ("code_verifier", Some(MASK)));
    let hop = outcome.run.hops.iter().find(|hop| Some(hop.id) == outcome.at).unwrap();
    let told = &hop.seen.as_ref().unwrap().findings;
    let refused =
        |finding: &Finding| matches!(finding, Finding::Refused { name, .. } if name == "VerifierMismatch");
    assert!(told.iter().any(refused), "{told:?}");
    assert!(outcome.run.to_json().contains(MASK), "the run is masked, too");
    lab.end().await;
}

#[tokio::test]
async fn whoever_is_connected_stays_so() {
    let client = Connected::start().await;
    for id in ["wrong-verifier", "code-twice"] {
        let (status, answer) =
            client.lab.press(&format!("/lab/attacks/{id}"), &json!({ "revision": "2025-11-25" })).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }
    client.works(&client.tokens.access_token).await;
    client.lab.end().await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_a_sentence() {
    let lab = Lab::start().await;
    for (id, body, expected) in [
        ("no-such-attack", json!({ "revision": "2025-11-25" }), StatusCode::NOT_FOUND),
        ("wrong-verifier", json!({ "revision": "2024-11-05" }), StatusCode::UNPROCESSABLE_ENTITY),
        ("wrong-verifier", json!({}), StatusCode::UNPROCESSABLE_ENTITY),
        ("wrong-verifier", json!({ "revision": "2025-11-25", "at": 1 }), StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let (status, answer) = lab.press(&format!("/lab/attacks/{id}"), &body).await;
        assert!(status == expected && answer["error"].is_string(), "{id} {body}: {status} {answer}");
    }
    lab.end().await;
}

/// Req: X-11
#[tokio::test]
async fn no_other_page_has_attacks_performed() {
    let lab = Lab::start().await;
    let client = reqwest::Client::new();
    let url = format!("{}/lab/attacks/no-challenge", lab.page);
    let ask = |headers: &[(&str, &str)]| {
        let request = client.post(&url).header("content-type", "application/json").body(WISH);
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).send()
    };
    let own = ("origin", lab.page.as_str());
    for headers in [
        &[][..],
        &[("origin", lab.authorization_server.as_str())],
        &[("origin", lab.rogue.as_str())],
        &[("origin", "null")],
        &[own, ("sec-fetch-site", "cross-site")],
        &[own, ("host", "evil.example")],
    ] {
        assert_eq!(ask(headers).await.unwrap().status(), StatusCode::FORBIDDEN, "{headers:?}");
    }
    let answer = ask(&[own, ("sec-fetch-site", "same-origin")]).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let outcome: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(outcome["verdict"], "refused");
    lab.end().await;
}
