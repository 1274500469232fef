//! Notes: the third scope, and something of the caller's own that changes.

use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Key, Server};

fn texts(notes: &Value) -> Vec<&str> {
    notes["notes"].as_array().unwrap().iter().map(|note| note["text"].as_str().unwrap()).collect()
}

/// Who may write may read, without being granted it. Req: RS-25
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

/// Not even from the numbers can anybody tell what the others do.
#[tokio::test]
async fn nobody_sees_the_notes_of_others() {
    let server = Server::start().await;
    for person in ["ada", "grace"] {
        let token = server.token_of(person, "mcp:connect notes:write");
        let (none, _) = server.result(&token, "read_notes", json!({})).await;
        assert_eq!(none, json!({ "notes": [] }));
        server.result(&token, "write_note", json!({ "text": person })).await;
    }
    for person in ["ada", "grace"] {
        let token = server.token_of(person, "mcp:connect notes:read");
        let (notes, _) = server.result(&token, "read_notes", json!({})).await;
        assert_eq!(notes, json!({ "notes": [{ "number": 1, "text": person }] }));
    }
}

#[tokio::test]
async fn they_are_the_persons_whatever_the_client() {
    let server = Server::start().await;
    let mut claims = server.claims("mcp:connect notes:write");
    claims["client_id"] = json!("another-client");
    let other = Key::published().sign(&Server::header(), &claims);
    server.result(&server.token("mcp:connect notes:write"), "write_note", json!({ "text": "mine" })).await;
    assert_eq!(texts(&server.result(&other, "read_notes", json!({})).await.0), ["mine"]);
}

#[tokio::test]
async fn beyond_twenty_the_oldest_goes_and_that_is_said() {
    let server = Server::start().await;
    let token = server.token("mcp:connect notes:write");
    for n in 1..=20 {
        let (written, _) = server.result(&token, "write_note", json!({ "text": n.to_string() })).await;
        assert_eq!((&written["count"], &written["dropped"]), (&json!(n), &Value::Null));
    }
    let (written, text) = server.result(&token, "write_note", json!({ "text": "21" })).await;
    assert_eq!((&written["count"], &written["dropped"]["text"]), (&json!(20), &json!("1")));
    assert!(text.ends_with("The oldest, number 1, had to go."), "{text}");
    let (notes, _) = server.result(&token, "read_notes", json!({})).await;
    assert_eq!((texts(&notes).first(), texts(&notes).last()), (Some(&"2"), Some(&"21")));
}

/// Req: RS-22
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
