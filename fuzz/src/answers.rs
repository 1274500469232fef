//! Answers of an MCP server: JSON, or an event stream with the same JSON in it.

use protocol::mcp_answer::{Answer, read_answer, tool_text};

/// The id of the request, as the seeds spell it.
const ID: u64 = 2;
const JSON: &str = "application/json";
const STREAM: &str = "text/event-stream";

/// Takes the input as the body of an answer, in either form.
///
/// # Panics
/// When a promise is broken.
pub fn run(input: &[u8]) {
    let body = String::from_utf8_lossy(input);
    if let Ok(Answer::Result(result)) = read_answer(STREAM, &body, ID) {
        let _ = tool_text(&result);
    }
    let said = read_answer(JSON, &body, ID);
    if let Ok(Answer::Result(result)) = &said {
        let _ = tool_text(result);
        assert!(body.contains("result"), "{body:?}");
    }
    // JSON is the same in a stream, whatever ends a line, and wherever the message is broken into lines.
    if said.is_ok() {
        for end in ["\n", "\r\n", "\r"] {
            let lines: Vec<_> = body.split(['\n', '\r']).map(|line| format!("data: {line}{end}")).collect();
            let stream = format!(": ping{end}{end}id: 1{end}data:{end}{end}{}{end}", lines.concat());
            assert_eq!(read_answer(STREAM, &stream, ID), said, "{stream:?}");
        }
    }
}
