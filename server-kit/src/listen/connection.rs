//! One connection: what it may cost, and when it ends.
//!
//! | who | ends after |
//! |---|---|
//! | sends nothing, or headers byte by byte | [`Deadlines::head`] |
//! | sends a body byte by byte | the deadline of whoever reads the body |
//! | does not take its answer | [`Deadlines::write`] |
//! | sends a body in pieces | its answer |
//! | sends a head longer than [`MAX_HEAD_BYTES`], or more than 100 headers | at once, with status 414 or 431 |

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use http::header::{CONNECTION, TRANSFER_ENCODING};
use http::{HeaderValue, Request};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tower::ServiceExt as _;

use super::write_deadline::WriteDeadline;

/// Longest request line and headers together. hyper refuses addresses beyond 64 KiB as such, and the routes much
/// shorter ones.
const MAX_HEAD_BYTES: usize = 72 * 1024;

/// How long a client may leave a connection waiting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadlines {
    /// For the head of a request, the first one or the next.
    pub(super) head: Duration,
    /// For taking some more of an answer.
    pub(super) write: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self { head: Duration::from_secs(30), write: Duration::from_secs(30) }
    }
}

/// Serves one connection until it ends, or until `stopped`: then the request in flight is the last one.
pub(super) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    deadlines: Deadlines,
    mut stopped: watch::Receiver<bool>,
) {
    let mut first = [0];
    // Nothing is allocated for a connection before it says something, and at the end nobody waits for it.
    tokio::select! {
        biased;
        first = tokio::time::timeout(deadlines.head, stream.peek(&mut first)) => {
            if !matches!(first, Ok(Ok(1))) {
                return;
            }
        }
        _ = stopped.changed() => return,
    }
    // Boxed, since a task is as large as the largest thing that it will hold.
    Box::pin(answer(stream, peer, router, deadlines, stopped)).await;
}

async fn answer(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    deadlines: Deadlines,
    mut stopped: watch::Receiver<bool>,
) {
    // Answers are small; waiting to fill a packet would only delay them.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |mut request: Request<Incoming>| {
        let ends = has_unclear_length(&request);
        // Who is at the other end is known here alone; headers can say anything.
        request.extensions_mut().insert(ConnectInfo(peer));
        let answering = router.clone().oneshot(request);
        async move {
            let mut response = answering.await?;
            if ends {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(response)
        }
    });
    let stream = TokioIo::new(WriteDeadline::new(stream, deadlines.write));
    let mut connection = pin!(
        hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(deadlines.head)
            .max_buf_size(MAX_HEAD_BYTES)
            .serve_connection(stream, service)
    );
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended early");
    }
}

/// A body that comes in pieces may have had a length as well, and somebody in between may have believed that one: what
/// follows on this connection could be a request that nobody sent. hyper takes the length out, so it cannot be seen here.
///
/// Spec: RFC 9112 §6.1.
fn has_unclear_length(request: &Request<Incoming>) -> bool {
    request.headers().contains_key(TRANSFER_ENCODING)
}
