//! The tools, and the scopes that they need.

use http::StatusCode;
use serde_json::json;

use crate::support::{METADATA, NOW, RESOURCE, Server};

#[tokio::test]
async fn whoami_tells_what_the_verified_token_says() {
    let server = Server::start().await;
    let answer = server.call(&server.token("mcp:connect"), "whoami", json!({})).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(
        answer.json()["result"]["structuredContent"],
        json!({
            "subject": "ada",
            "client_id": "http://localhost:3000/client.json",
            "scope": "mcp:connect",
            "audience": RESOURCE,
            "issuer": server.keys.issuer,
            "expires_at": NOW + 600,
        })
    );
}

/// Req: RS-20, G21
#[tokio::test]
async fn no_answer_contains_the_token() {
    let server = Server::start().await;
    let token = server.token("mcp:connect weather:read");
    for tool in ["whoami", "get_weather", "nothing"] {
        let answer = server.call(&token, tool, json!({ "city": token })).await;
        let signature = token.rsplit('.').next().unwrap();
        let said = answer.body.replace(&format!("\"{token}\""), "");
        assert!(!said.contains(signature), "{tool}");
        assert!(answer.headers.values().all(|value| !value.as_bytes().ends_with(signature.as_bytes())));
    }
}

/// Req: RS-15, RS-22, RS-23, RS-28, X-07, F15
#[tokio::test]
async fn without_its_scope_a_tool_is_refused_with_what_to_ask_for() {
    let server = Server::start().await;
    for (granted, asked) in [
        ("mcp:connect", "mcp:connect weather:read"),
        ("mcp:connect weather:read-all", "mcp:connect weather:read"),
        ("weather:read", "mcp:connect weather:read"),
    ] {
        let answer = server.call(&server.token(granted), "get_weather", json!({ "city": "Paris" })).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{granted}");
        let challenge = answer.header("www-authenticate");
        assert!(challenge.starts_with(r#"Bearer error="insufficient_scope", "#), "{challenge}");
        assert!(challenge.contains(&format!(r#"resource_metadata="{METADATA}""#)), "{challenge}");
        for scope in asked.split(' ') {
            assert!(challenge.contains(scope), "{granted}: {challenge}");
        }
        assert_eq!(answer.body, "");
    }
}

#[tokio::test]
async fn get_weather_answers_from_its_table_and_names_the_cities_it_knows() {
    let server = Server::start().await;
    let token = server.token("mcp:connect weather:read");
    let answer = server.call(&token, "get_weather", json!({ "city": "paris" })).await.json();
    assert_eq!(answer["result"]["structuredContent"]["annual_mean_celsius"], 13);
    let unknown = server.call(&token, "get_weather", json!({ "city": "Atlantis" })).await.json();
    assert_eq!(unknown["result"]["isError"], true);
    assert!(unknown["result"]["content"][0]["text"].as_str().unwrap().contains("Reykjavik"));
    // What a model can correct is a result of the tool, not an error of the protocol (MCP 2025-11-25 Tools, Error Handling).
    let wrong = server.call(&token, "get_weather", json!({ "city": 7 })).await.json();
    assert_eq!(wrong["result"]["isError"], true, "{wrong}");
}
