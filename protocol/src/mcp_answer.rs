//! Answers of an MCP server: one JSON-RPC message, or a stream of events with the message in it.

use serde_json::Value;

/// What a server answered to one request.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// `result`.
    Result(Value),
    /// `error`.
    Error {
        /// Its number.
        code: i64,
        /// Its text.
        message: String,
        /// What else it says; null if nothing.
        data: Value,
    },
}

/// Why a body holds no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// Neither JSON nor an event stream with JSON in it.
    #[error("the body is neither JSON nor an event stream with JSON messages")]
    NotJson,
    /// No message in it answers the request with this id.
    #[error("no message in the body answers request {0}")]
    NoAnswer(u64),
}

/// Finds the answer to request `id` in a response body, which is one JSON message or a stream of events.
///
/// # Errors
/// [`AnswerError`].
///
/// Spec: MCP 2025-11-25 Transports, Sending Messages to the Server.
pub fn read_answer(content_type: &str, body: &str, id: u64) -> Result<Answer, AnswerError> {
    let messages = if is_event_stream(content_type) {
        event_stream_messages(body)
    } else {
        vec![serde_json::from_str(body).map_err(|_| AnswerError::NotJson)?]
    };
    if messages.is_empty() {
        return Err(AnswerError::NotJson);
    }
    messages.iter().find_map(|message| answer_to(message, id)).ok_or(AnswerError::NoAnswer(id))
}

fn answer_to(message: &Value, id: u64) -> Option<Answer> {
    if message.get("id")?.as_u64()? != id || message.get("method").is_some() {
        return None;
    }
    match message.get("result") {
        Some(result) => Some(Answer::Result(result.clone())),
        None => error_in(message),
    }
}

fn error_in(message: &Value) -> Option<Answer> {
    let error = message.get("error")?;
    Some(Answer::Error {
        code: error.get("code")?.as_i64()?,
        message: error.get("message").and_then(Value::as_str).unwrap_or_default().to_owned(),
        data: error.get("data").cloned().unwrap_or_default(),
    })
}

/// The JSON-RPC error in the body of a response that is no success, whichever id it names: a server that could not read
/// the request could not read its id either.
#[must_use]
pub fn read_error(body: &str) -> Option<Answer> {
    error_in(&serde_json::from_str(body).ok()?)
}

/// Whether the answer to request `id` is already there, in what has come of a stream so far; without an id, any answer. A
/// stream may stay open behind its answer; nobody has to wait for that.
#[must_use]
pub fn is_answered(content_type: &str, so_far: &str, id: Option<u64>) -> bool {
    // An event ends with an empty line. Before that, more of it may come, and make it mean something else.
    let lines = with_one_line_end(so_far);
    let Some((events, _)) = lines.rsplit_once("\n\n") else { return false };
    let is_any = |message: &Value| message.get("id").is_some() && message.get("method").is_none();
    is_event_stream(content_type)
        && match id {
            Some(id) => read_answer(content_type, events, id).is_ok(),
            None => event_stream_messages(events).iter().any(is_any),
        }
}

/// Where a stream has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastEvent {
    /// The id of its last event that had one.
    pub id: String,
    /// How long the server wants it to be waited before the stream is taken up, in milliseconds.
    pub retry_ms: Option<u64>,
}

/// The last event of a stream that can be taken up; `None` for everything else. Ids that could not stand in a header are
/// none.
///
/// Spec: MCP 2025-11-25 Transports, Resumability and Redelivery; WHATWG HTML, Server-sent events.
#[must_use]
pub fn last_event(content_type: &str, body: &str) -> Option<LastEvent> {
    if !is_event_stream(content_type) {
        return None;
    }
    let values = |name: &'static str| {
        let lines = body.split(['\n', '\r']);
        lines.filter_map(move |line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim_start)
    };
    let id = values("id").next_back()?;
    let legal = !id.is_empty() && id.bytes().all(|b| b.is_ascii_graphic());
    let retry_ms = values("retry").next_back().and_then(|value| value.trim_end().parse().ok());
    legal.then(|| LastEvent { id: id.to_owned(), retry_ms })
}

fn is_event_stream(content_type: &str) -> bool {
    content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("text/event-stream")
}

/// The JSON messages of an event stream; events without JSON (keep-alive, priming) are passed over.
fn event_stream_messages(body: &str) -> Vec<Value> {
    let mut messages = Vec::new();
    let mut data = String::new();
    for line in with_one_line_end(body).lines().chain([""]) {
        if line.is_empty() {
            if let Ok(message) = serde_json::from_str(&data) {
                messages.push(message);
            }
            data.clear();
        } else if let Some(value) = line.strip_prefix("data:") {
            if !data.is_empty() {
                data.push('\n');
            }
            data.push_str(value.strip_prefix(' ').unwrap_or(value));
        }
    }
    messages
}

/// Lines of a stream end in three ways, and a mark of the byte order may stand before the first.
fn with_one_line_end(stream: &str) -> String {
    stream.strip_prefix('\u{feff}').unwrap_or(stream).replace("\r\n", "\n").replace('\r', "\n")
}

/// The readable part of a tool's result: its text blocks, one per line, or the structured content.
#[must_use]
pub fn tool_text(result: &Value) -> String {
    let blocks = result.get("content").and_then(Value::as_array);
    let texts: Vec<&str> =
        blocks.into_iter().flatten().filter_map(|block| block.get("text").and_then(Value::as_str)).collect();
    match (texts.is_empty(), result.get("structuredContent")) {
        (true, Some(structured)) => structured.to_string(),
        _ => texts.join("\n"),
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    const ANSWER: &str = r#"{"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"text","text":"hi"}]}}"#;

    /// Req: CL-47
    #[test]
    fn reads_json_and_event_streams() {
        let json = read_answer("application/json; charset=utf-8", ANSWER, 2).unwrap();
        let stream = format!(
            ": ping\n\nid: 1\ndata:\n\ndata: {{\"jsonrpc\":\"2.0\",\"method\":\"x\"}}\n\nevent: message\ndata: {ANSWER}\n\n"
        );
        assert_eq!(read_answer("text/event-stream", &stream, 2).unwrap(), json);
        assert_eq!(read_answer("text/event-stream", &format!("data: {ANSWER}"), 2).unwrap(), json);
        let Answer::Result(result) = json else { panic!("not a result") };
        assert_eq!(tool_text(&result), "hi");
    }

    /// Req: CL-47
    #[test]
    fn lines_of_a_stream_end_in_three_ways() {
        let (head, tail) = ANSWER.split_at(ANSWER.find("\"result\"").unwrap());
        for end in ["\n", "\r\n", "\r"] {
            let stream = format!("\u{feff}data: {head}{end}data: {tail}{end}{end}");
            assert!(matches!(read_answer("text/event-stream", &stream, 2), Ok(Answer::Result(_))), "{end:?}");
        }
    }

    #[test]
    fn an_answer_to_another_request_is_none() {
        assert_eq!(read_answer("application/json", ANSWER, 3), Err(AnswerError::NoAnswer(3)));
        assert_eq!(read_answer("application/json", "<html>", 3), Err(AnswerError::NotJson));
        assert_eq!(read_answer("text/event-stream", ": nothing\n\n", 3), Err(AnswerError::NotJson));
    }

    #[test]
    fn errors_keep_their_code() {
        let body = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no such method"}}"#;
        assert_eq!(
            read_answer("application/json", body, 1),
            Ok(Answer::Error { code: -32601, message: "no such method".into(), data: Value::Null })
        );
    }

    /// Req: CL-47
    #[test]
    fn a_stream_is_answered_before_it_ends() {
        let stream = format!("id: 1\ndata:\n\ndata: {ANSWER}\n\n: still here\n");
        assert!(is_answered("text/event-stream", &stream, Some(2)));
        assert!(is_answered("text/event-stream", &stream, None));
        assert!(!is_answered("text/event-stream", &stream, Some(3)));
        assert!(!is_answered("text/event-stream", &stream[..30], Some(2)));
        let unfinished = format!("data: {ANSWER}\n");
        assert!(!is_answered("text/event-stream", &unfinished, Some(2)), "the event may go on");
        assert!(is_answered("text/event-stream", &format!("{unfinished}\r\n"), Some(2)));
        assert!(!is_answered("text/event-stream", &stream[..30], None));
        assert!(!is_answered("application/json", ANSWER, Some(2)), "that ends by itself");
    }

    #[test]
    fn a_stream_tells_where_it_can_be_taken_up() {
        let stream = "id: 0/0\nretry: 500\ndata:\n\nid: 0/1\ndata: {}\n\nretry: soon\n";
        let last = LastEvent { id: "0/1".into(), retry_ms: None };
        assert_eq!(last_event("text/event-stream; charset=utf-8", stream), Some(last));
        let first = last_event("text/event-stream", &stream[..20]).unwrap();
        assert_eq!((first.id.as_str(), first.retry_ms), ("0/0", Some(500)));
        assert_eq!(last_event("text/event-stream", "id: a\rdata:\r\r").unwrap().id, "a");
        assert_eq!(last_event("text/event-stream", "data: {}\n\n"), None);
        assert_eq!(last_event("application/json", stream), None);
        for illegal in ["id:\n", "id: a b\n", "id: \u{7f}\n", "id: ä\n"] {
            assert_eq!(last_event("text/event-stream", illegal), None, "{illegal:?}");
        }
    }

    #[test]
    fn an_error_of_a_refused_request_is_read_whatever_its_id() {
        let body = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32022,"message":"no","data":{"supported":["x"]}}}"#;
        let Some(Answer::Error { code, data, .. }) = read_error(body) else { panic!("no error") };
        assert_eq!((code, data["supported"][0].as_str()), (-32022, Some("x")));
        assert_eq!(read_error("<html>"), None);
    }
}
