//! Answers of an MCP server: JSON or an event stream.

use axum::response::Response;
use http_body_util::BodyExt as _;
use serde_json::Value;

use super::answered::Answered;

/// The next piece of a stream; `None` at its end.
pub(crate) async fn piece(response: &mut Response) -> Option<String> {
    let frame = response.body_mut().frame().await?.unwrap();
    Some(String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap())
}

/// Reads a stream up to and with the piece that contains something.
pub(crate) async fn piece_with(response: &mut Response, wanted: &str) -> String {
    loop {
        let piece = piece(response).await.unwrap_or_else(|| panic!("the stream ended without {wanted}"));
        if piece.contains(wanted) {
            return piece;
        }
    }
}

impl Answered {
    /// The last message of an event stream.
    pub(crate) fn event(&self) -> Value {
        assert_eq!(self.header("content-type"), "text/event-stream", "{self:?}");
        let mut data = self.body.lines().filter_map(|line| line.strip_prefix("data:"));
        let last = data.rfind(|data| !data.trim().is_empty());
        serde_json::from_str(last.unwrap_or_default()).unwrap_or_else(|_| panic!("no message: {self:?}"))
    }

    /// This status and a sentence: no JSON-RPC error, for it would be that of no request.
    #[track_caller]
    pub(crate) fn is_refused_by_http(&self, status: u16) {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(self.header("content-type"), "text/plain; charset=utf-8");
        assert!(self.body.ends_with(".\n"), "{self:?}");
    }
}
