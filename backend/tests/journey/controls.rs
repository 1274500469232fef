//! The lab's own buttons: each has the consequence that it promises, and only the page can press them.

use protocol::access_token::AccessTokenClaims;
use protocol::base64url_decode;
use protocol::secret::Secret;
use protocol::token_endpoint::TokenResponse;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::connected::Connected;
use crate::lab::Lab;

impl Lab {
    /// From now on tokens are signed with a new key. Gives what was answered.
    pub(crate) async fn rotate(&self) -> Value {
        let (status, key) = self.press("/lab/keys/rotate", &json!({})).await;
        assert_eq!(status, StatusCode::OK, "{key}");
        key
    }

    /// Presses a button as the page does.
    pub(crate) async fn press(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let request = reqwest::Client::new().post(format!("{}{path}", self.page));
        let request = request.header("origin", &self.page).header("content-type", "application/json");
        let answer = request.body(body.to_string()).send().await.unwrap();
        let status = answer.status();
        (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap())
    }
}

fn part(token: &Secret, number: usize) -> Value {
    let part = token.reveal().split('.').nth(number).unwrap();
    serde_json::from_slice(&base64url_decode(part).unwrap()).unwrap()
}

async fn refreshed(client: &Connected) -> TokenResponse {
    let answer = client.refresh(client.refresh_token()).await;
    serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{answer:?}"))
}

#[tokio::test]
async fn when_the_clock_goes_ahead_tokens_expire() {
    let client = Connected::start().await;
    let claims: AccessTokenClaims = serde_json::from_value(part(&client.tokens.access_token, 1)).unwrap();
    let lifetime = claims.exp.since(claims.iat);
    let (status, time) = client.lab.press("/lab/clock", &json!({ "advance_seconds": lifetime - 1 })).await;
    assert_eq!((status, &time["ahead_seconds"]), (StatusCode::OK, &json!(lifetime - 1)));
    client.works(&client.tokens.access_token).await;
    let (_, time) = client.lab.press("/lab/clock", &json!({ "advance_seconds": 1 })).await;
    assert_eq!(time, json!({ "ahead_seconds": lifetime, "now": claims.exp.0 }));
    client.is_refused(&client.tokens.access_token, "expired").await;

    let newer = refreshed(&client).await.access_token;
    client.works(&newer).await;
    let (_, time) = client.lab.press("/lab/clock", &json!({ "reset": true })).await;
    assert_eq!(time["ahead_seconds"], 0);
    client.works(&client.tokens.access_token).await;
    client.lab.end().await;
}

#[tokio::test]
async fn after_a_rotation_new_tokens_have_the_new_key_and_old_ones_still_work() {
    let client = Connected::start().await;
    let old = client.tokens.access_token.clone();
    let key = client.lab.rotate().await;
    let jwks = reqwest::get(format!("{}/jwks", client.lab.authorization_server)).await.unwrap();
    let jwks: Value = serde_json::from_str(&jwks.text().await.unwrap()).unwrap();
    let kids: Vec<_> = jwks["keys"].as_array().unwrap().iter().map(|key| key["kid"].clone()).collect();
    assert_eq!(kids, [part(&old, 0)["kid"].clone(), key["kid"].clone()]);

    let new = refreshed(&client).await.access_token;
    assert_eq!(part(&new, 0)["kid"], key["kid"]);
    client.works(&new).await;
    client.works(&old).await;
    client.lab.end().await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_a_sentence() {
    let lab = crate::support::Lab::start().await;
    for body in [
        json!({}),
        json!({ "advance_seconds": 0 }),
        json!({ "advance_seconds": 40 * 86_400 + 1 }),
        json!({ "advance_seconds": -5 }),
        json!({ "advance_seconds": 5, "reset": true }),
        json!({ "advance": 5 }),
    ] {
        let (status, answer) = lab.press("/lab/clock", &body).await;
        assert!(status.is_client_error() && answer["error"].is_string(), "{body}: {status} {answer}");
    }
    let time = reqwest::get(format!("{}/lab/clock", lab.page)).await.unwrap().text().await.unwrap();
    assert!(time.contains(r#""ahead_seconds":0"#), "{time}");
    lab.end().await;
}

/// Req: X-11
#[tokio::test]
async fn no_other_page_reads_or_steers_the_lab() {
    let lab = crate::support::Lab::start().await;
    let client = reqwest::Client::new();
    let other = lab.authorization_server.as_str();
    for (method, path) in [
        (Method::GET, "/lab/observations"),
        (Method::GET, "/lab/observations.json"),
        (Method::GET, "/lab/clock"),
        (Method::POST, "/lab/clock"),
        (Method::POST, "/lab/keys/rotate"),
        (Method::PUT, "/lab/documents/mine.json"),
    ] {
        let url = format!("{}{path}", lab.page);
        let request = |headers: &[(&str, &str)]| {
            let request = client.request(method.clone(), &url).body(r#"{"advance_seconds":600}"#);
            let request = request.header("content-type", "application/json");
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).send()
        };
        let own = ("origin", lab.page.as_str());
        let mut foreign = vec![
            vec![own, ("sec-fetch-site", "cross-site")],
            vec![own, ("sec-fetch-site", "same-site")],
            vec![own, ("host", "evil.example")],
        ];
        if method != Method::GET {
            foreign.extend([vec![], vec![("origin", other)], vec![("origin", "null")]]);
        }
        for headers in foreign {
            let answer = request(&headers).await.unwrap();
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{method} {path} {headers:?}");
            let allowed = answer.headers().get("access-control-allow-origin");
            assert_eq!(allowed, None);
        }
        let answer = request(&[own, ("sec-fetch-site", "same-origin")]).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{method} {path}");
        assert_eq!(answer.headers()["cache-control"], "no-store");
    }
    // Elsewhere there is nothing of the kind.
    for server in [other, lab.mcp_server.trim_end_matches("/mcp")] {
        for path in ["/lab/observations.json", "/lab/clock", "/lab/keys/rotate"] {
            assert_eq!(
                reqwest::get(format!("{server}{path}")).await.unwrap().status(),
                StatusCode::NOT_FOUND
            );
        }
    }
    lab.end().await;
}
