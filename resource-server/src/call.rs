//! A call under way: it has a turn, and it lives no longer than its token.
//!
//! - While a tool works, the token may end, or be revoked. Then the call is over: what has not been answered is answered
//!   401, and a stream that is open ends with a comment that says why.
//! - Under 2026-07-28 the end of the answer is the end of the work: rmcp cancels what nobody listens to. Under 2025-11-25 a
//!   session goes on with it, and whoever has a good token again can resume the stream.
//! - A turn comes back when the answer has been sent, or nobody wants it any more.
//!
//! Spec: MCP 2025-11-25 Authorization, Token Handling; 2026-07-28 Transports, Cancellation.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use http::header::CONTENT_TYPE;
use http_body::Frame;

use crate::bearer::Presented;
use crate::budget::{STREAM_CHECK_SECONDS, Turn};
use crate::denial::{Denial, TokenFault};
use crate::server::Server;
use crate::token::VerifiedToken;

/// The time in which a call may be answered: its token's.
pub(crate) struct Lifetime {
    end: End,
}

impl Lifetime {
    pub(crate) fn of(server: &Arc<Server>, token: &Arc<VerifiedToken>, presented: Presented) -> Self {
        Self { end: Box::pin(end_of(Arc::clone(server), Arc::clone(token), presented)) }
    }

    /// Does something, unless the token ends before it is done.
    pub(crate) async fn bound<T>(&mut self, doing: impl Future<Output = T>) -> Result<T, Denial> {
        tokio::select! {
            biased;
            done = doing => Ok(done),
            fault = &mut self.end => Err(Denial::InvalidToken(fault)),
        }
    }

    /// The answer. If it is a stream, the call goes on with it, and ends with it.
    pub(crate) fn carry(self, response: Response, turn: Turn) -> Response {
        if is_stream(&response) {
            response.map(|stream| Body::new(UntilEnd { stream, end: Some(self.end), _turn: turn }))
        } else {
            response
        }
    }
}

fn is_stream(response: &Response) -> bool {
    let content_type = response.headers().get(CONTENT_TYPE).map(http::HeaderValue::as_bytes);
    content_type.is_some_and(|value| value.starts_with(b"text/event-stream"))
}

type End = Pin<Box<dyn Future<Output = TokenFault> + Send>>;

/// Waits until a token is no good any more. That the authorization server cannot be asked ends no call: the next one
/// will tell.
async fn end_of(server: Arc<Server>, token: Arc<VerifiedToken>, presented: Presented) -> TokenFault {
    let expires = token.claims().exp;
    loop {
        let left = expires.since(server.clock.now());
        if left == 0 {
            return TokenFault::Expired;
        }
        tokio::time::sleep(Duration::from_secs(left.min(STREAM_CHECK_SECONDS))).await;
        if let Some(introspector) = &server.introspector
            && introspector.is_active(&presented).await == Ok(false)
        {
            return TokenFault::Revoked;
        }
    }
}

/// A stream that ends with its token.
struct UntilEnd {
    stream: Body,
    /// Gone when the token has ended.
    end: Option<End>,
    _turn: Turn,
}

impl HttpBody for UntilEnd {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Some(end) = &mut self.end else { return Poll::Ready(None) };
        if let Poll::Ready(fault) = end.as_mut().poll(context) {
            self.end = None;
            // The work behind it is cancelled now, not when the client has read the last words.
            self.stream = Body::empty();
            let comment = format!(": {fault}\n\n");
            return Poll::Ready(Some(Ok(Frame::data(comment.into()))));
        }
        let frame = ready!(Pin::new(&mut self.stream).poll_frame(context));
        if frame.is_none() {
            self.end = None;
        }
        Poll::Ready(frame)
    }
}
