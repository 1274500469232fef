//! What the server says of itself and of its tools, in both revisions.

use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Server, post_before, request};

async fn listed(server: &Server, scope: &str) -> Value {
    let answer = server.post(&server.token(scope), &request("tools/list", json!({}))).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()["result"].clone()
}

/// Req: RS-52
#[tokio::test]
async fn discovery_says_what_the_handshake_would() {
    let server = Server::start().await;
    let answer = server.post(&server.token("mcp:connect"), &request("server/discover", json!({}))).await;
    let result = &answer.json()["result"];
    assert_eq!(result["resultType"], "complete", "{answer:?}");
    assert_eq!(result["supportedVersions"], json!(["2025-11-25", "2026-07-28"]));
    assert!(result["capabilities"]["tools"].is_object());
    assert!(result["instructions"].as_str().unwrap().contains("whoami"));
    assert_eq!((&result["ttlMs"], &result["cacheScope"]), (&json!(60_000), &json!("public")));
    assert_eq!(result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "mcp-auth-lab");
}

/// Req: RS-52, RS-53, RS-54, RS-55, X-15
#[tokio::test]
async fn the_list_says_what_each_tool_needs_and_is_the_callers_own() {
    let server = Server::start().await;
    let little = listed(&server, "mcp:connect").await;
    let much = listed(&server, "mcp:connect notes:write weather:read").await;
    for list in [&little, &much] {
        assert_eq!((&list["resultType"], &list["ttlMs"]), (&json!("complete"), &json!(60_000)));
        assert_eq!(list["cacheScope"], "private", "it differs from caller to caller");
        assert_eq!(list["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "mcp-auth-lab");
    }
    let granted = |list: &Value| -> Vec<(String, bool)> {
        let tools = list["tools"].as_array().unwrap().iter();
        let of = |tool: &Value| {
            let granted = tool["_meta"]["example.mcp-auth-lab/granted"].as_bool().unwrap();
            (tool["name"].as_str().unwrap().to_owned(), granted)
        };
        tools.map(of).collect()
    };
    let names = ["get_weather", "read_notes", "survey_cities", "whoami", "write_note"];
    let expected = |mine: &[&str]| -> Vec<_> {
        names.iter().map(|name| ((*name).to_owned(), mine.contains(name))).collect()
    };
    assert_eq!(granted(&little), expected(&["whoami"]));
    assert_eq!(granted(&much), expected(&names));
    assert_eq!(
        little["tools"][4]["_meta"]["example.mcp-auth-lab/scopes"],
        json!(["mcp:connect", "notes:write"])
    );
    assert_eq!(listed(&server, "mcp:connect").await, little, "the order is always the same");
}

#[tokio::test]
async fn each_tool_says_what_it_does_to_the_world() {
    let server = Server::start().await;
    let list = listed(&server, "mcp:connect").await;
    for tool in list["tools"].as_array().unwrap() {
        let hints = &tool["annotations"];
        assert!(!hints["title"].as_str().unwrap().is_empty(), "{tool}");
        // The one that writes drops what is too much, and writes again when it is called again.
        let writes = tool["name"] == "write_note";
        for (hint, expected) in [
            ("readOnlyHint", !writes),
            ("destructiveHint", writes),
            ("idempotentHint", !writes),
            ("openWorldHint", false),
        ] {
            assert_eq!(hints[hint], expected, "{hint} of {tool}");
        }
    }
}

#[tokio::test]
async fn the_bounds_of_arguments_are_in_their_schemas() {
    let server = Server::start().await;
    let list = listed(&server, "mcp:connect").await;
    let tools = list["tools"].as_array().unwrap();
    for (name, argument, bounds) in [
        ("get_weather", "city", json!({ "type": "string", "minLength": 1, "maxLength": 100 })),
        (
            "survey_cities",
            "seconds_per_city",
            json!({ "type": "integer", "minimum": 0, "maximum": 10, "default": 1 }),
        ),
        ("write_note", "text", json!({ "type": "string", "minLength": 1, "maxLength": 280 })),
    ] {
        let schema = &tools.iter().find(|tool| tool["name"] == name).unwrap()["inputSchema"];
        assert_eq!(schema["additionalProperties"], false, "{schema}");
        for (bound, expected) in bounds.as_object().unwrap() {
            assert_eq!(&schema["properties"][argument][bound], expected, "{bound} of {name}");
        }
    }
}

#[tokio::test]
async fn each_tool_describes_its_arguments_and_its_result() {
    let server = Server::start().await;
    let list = listed(&server, "mcp:connect").await;
    for tool in list["tools"].as_array().unwrap() {
        assert_eq!(tool["inputSchema"]["type"], "object", "{tool}");
        assert_eq!(tool["outputSchema"]["type"], "object", "{tool}");
        assert!(!tool["outputSchema"]["properties"].as_object().unwrap().is_empty(), "{tool}");
        assert!(!tool.to_string().contains("\"$ref\":\"http"), "{tool}");
    }
    let token = server.token("mcp:connect notes:write weather:read");
    for (name, arguments) in [
        ("whoami", json!({})),
        ("get_weather", json!({ "city": "Oslo" })),
        ("survey_cities", json!({ "seconds_per_city": 0 })),
        ("write_note", json!({ "text": "x" })),
        ("read_notes", json!({})),
    ] {
        let (result, text) = server.result(&token, name, arguments).await;
        assert!(!text.is_empty());
        let tools = list["tools"].as_array().unwrap();
        let schema = &tools.iter().find(|tool| tool["name"] == name).unwrap()["outputSchema"];
        let required: Vec<_> =
            schema["required"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        for member in &required {
            assert!(result.get(member).is_some(), "{name}: {member} is missing in {result}");
        }
        for member in result.as_object().unwrap().keys() {
            assert!(schema["properties"].get(member).is_some(), "{name}: {member} is not in the schema");
        }
    }
}

/// Req: RS-53
#[tokio::test]
async fn each_revision_gets_its_own_members_and_none_of_the_others() {
    let server = Server::start().await;
    let token = server.token("mcp:connect");
    let whoami = server.call(&token, "whoami", json!({})).await.json()["result"].clone();
    assert_eq!(whoami["resultType"], "complete");
    assert_eq!(whoami["_meta"]["io.modelcontextprotocol/serverInfo"]["title"], "Server under test");
    let session = server.session(&token).await;
    for (method, params) in [("tools/list", json!({})), ("tools/call", json!({ "name": "whoami" }))] {
        let message = json!({ "jsonrpc": "2.0", "id": 2, "method": method, "params": params });
        let result =
            server.send(post_before(&message, &token, Some(&session))).await.event()["result"].clone();
        for member in ["resultType", "ttlMs", "cacheScope", "_meta"] {
            assert_eq!(result.get(member), None, "{method}: {result}");
        }
    }
}
