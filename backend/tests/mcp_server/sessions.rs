//! Sessions of 2025-11-25.

use http::StatusCode;
use serde_json::json;

use crate::support::{Server, post_before};

/// Req: RS-36
#[tokio::test]
async fn the_handshake_of_2025_11_25() {
    let server = Server::start().await;
    let token = server.token("mcp:connect");
    let initialize = json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": { "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "test", "version": "1" } },
    });
    let answer = server.send(post_before(&initialize, &token, None)).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(answer.event()["result"]["protocolVersion"], "2025-11-25");
    let session = answer.header("mcp-session-id").to_owned();
    let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let answer = server.send(post_before(&initialized, &token, Some(&session))).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::ACCEPTED, ""));
    let list = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" });
    let listed = server.send(post_before(&list, &token, Some(&session))).await.event();
    let tools = listed["result"]["tools"].as_array().unwrap();
    let names: Vec<_> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["get_weather", "read_notes", "survey_cities", "whoami", "write_note"]);
}
