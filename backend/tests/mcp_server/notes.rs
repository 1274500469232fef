//! Notes: the third scope, and something of the caller's own that changes.

use http::StatusCode;
use serde_json::{Value, json};

use crate::support::Server;

fn texts(notes: &Value) -> Vec<&str> {
    notes["notes"].as_array().unwrap().iter().map(|note| note["text"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_was_written_can_be_read_again() {
    let server = Server::start().await;
    let token = server.token("mcp:connect notes:write");
    let (none, text) = server.result(&token, "read_notes", json!({})).await;
    assert_eq!((none, text.as_str()), (json!({ "notes": [] }), "You have no notes yet."));
    for text in ["one", "two"] {
        server.result(&token, "write_note", json!({ "text": text })).await;
    }
    let (notes, text) = server.result(&token, "read_notes", json!({})).await;
    assert_eq!(texts(&notes), ["one", "two"]);
    assert!(text.contains("one") && text.contains("two"), "{text}");
}

#[tokio::test]
async fn nobody_sees_the_notes_of_others() {
    let server = Server::start().await;
    let (ada, grace) = (
        server.token_of("ada", "mcp:connect notes:write"),
        server.token_of("grace", "mcp:connect notes:write"),
    );
    server.result(&ada, "write_note", json!({ "text": "Ada's" })).await;
    server.result(&grace, "write_note", json!({ "text": "Grace's" })).await;
    assert_eq!(texts(&server.result(&ada, "read_notes", json!({})).await.0), ["Ada's"]);
    assert_eq!(texts(&server.result(&grace, "read_notes", json!({})).await.0), ["Grace's"]);
}

/// Req: RS-22, RS-25
#[tokio::test]
async fn reading_needs_less_than_writing() {
    let server = Server::start().await;
    let reads = server.token("mcp:connect notes:read");
    server.result(&reads, "read_notes", json!({})).await;
    let refused = server.call(&reads, "write_note", json!({ "text": "x" })).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.header("www-authenticate").contains(r#"scope="mcp:connect notes:write""#), "{refused:?}");
    let other = server.token("mcp:connect weather:read");
    assert_eq!(server.call(&other, "read_notes", json!({})).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_note_that_does_not_fit_is_explained_and_nothing_is_written() {
    let server = Server::start().await;
    let token = server.token("mcp:connect notes:write");
    let long = server.failure(&token, "write_note", json!({ "text": "é".repeat(281) })).await;
    assert_eq!(long, "The note has 281 characters, 280 at most fit.");
    assert_eq!(
        server.failure(&token, "write_note", json!({ "text": " \n" })).await,
        "A note needs some text."
    );
    for wrong in [json!({}), json!({ "text": 7 }), json!({ "text": "x", "subject": "grace" })] {
        server.failure(&token, "write_note", wrong).await;
    }
    assert!(texts(&server.result(&token, "read_notes", json!({})).await.0).is_empty());
    server.result(&token, "write_note", json!({ "text": "é".repeat(280) })).await;
}
