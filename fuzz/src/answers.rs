//! Answers of an MCP server: JSON, or an event stream with the same JSON in it.

use protocol::mcp_answer::{Answer, is_answered, last_event, read_answer, read_error, tool_text};

/// The id of the request, as the seeds spell it.
const ID: u64 = 2;
const JSON: &str = "application/json";
const STREAM: &str = "text/event-stream";
/// Longer streams are not looked at piece by piece.
const MAX_PIECES: usize = 512;

/// Takes the input as the body of an answer, in either form.
///
/// # Panics
/// When a promise is broken.
pub fn run(input: &[u8]) {
    let body = String::from_utf8_lossy(input);
    if let Ok(Answer::Result(result)) = read_answer(STREAM, &body, ID) {
        let _ = tool_text(&result);
    }
    let _ = (read_error(&body), last_event(STREAM, &body));
    let said = read_answer(JSON, &body, ID);
    if let Ok(Answer::Result(result)) = &said {
        let _ = tool_text(result);
    }
    hanging_up_loses_nothing(&body);
    // JSON is the same in a stream, whatever ends a line, and wherever the message is broken into lines.
    if said.is_ok() {
        for end in ["\n", "\r\n", "\r"] {
            let lines: Vec<_> = body.split(['\n', '\r']).map(|line| format!("data: {line}{end}")).collect();
            let stream = format!(": ping{end}{end}id: 1{end}data:{end}{end}{}{end}", lines.concat());
            assert_eq!(read_answer(STREAM, &stream, ID), said, "{stream:?}");
        }
    }
}

/// Where a driver hangs up because the answer is there, the rest of the stream does not say otherwise.
fn hanging_up_loses_nothing(stream: &str) {
    let ends = stream.match_indices(['\n', '\r']).map(|(at, _)| at + 1).filter(|end| *end <= MAX_PIECES);
    for end in ends {
        if is_answered(STREAM, &stream[..end], Some(ID)) {
            assert_eq!(
                read_answer(STREAM, &stream[..end], ID),
                read_answer(STREAM, stream, ID),
                "{stream:?}"
            );
            return;
        }
    }
}
