//! One request and its answer over one connection, both given up together.

use std::pin::pin;

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};

use super::{FetchError, Fetched};

/// The most that status line and headers may take.
const MAX_HEAD_BYTES: usize = 16 * 1024;
const MAX_HEADERS: usize = 100;

/// Sends the request and reads an answer of status 200 with a body of at most `limit` bytes.
pub(super) async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    request: Request<Full<Bytes>>,
    limit: usize,
) -> Result<Fetched, FetchError> {
    // Whatever a server invents (headers, interim answers, tiny chunks, trailers), it is bytes: so many are read.
    let (reader, writer) = tokio::io::split(stream);
    let stream = tokio::io::join(reader.take(most_bytes(limit)), writer);
    let (mut sender, connection) = http1::Builder::new()
        .max_header_size(MAX_HEAD_BYTES)
        .max_headers(MAX_HEADERS)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| unreachable(&error))?;
    let answer = pin!(async {
        let response = sender.send_request(request).await.map_err(|error| unreachable(&error))?;
        let (head, body) = response.into_parts();
        judge(head.status, &head.headers, limit)?;
        Ok(Fetched { body: read(body, limit).await?, headers: head.headers })
    });
    // The connection is no task of its own: it ends with this future, whoever gives it up, and its socket is closed.
    together(answer, pin!(connection)).await
}

/// Room for the head, for the body, and for what chunking adds to it.
fn most_bytes(limit: usize) -> u64 {
    (MAX_HEAD_BYTES + 2 * limit) as u64
}

/// Runs both; the answer may still be on its way when the connection has ended.
async fn together(
    mut answer: std::pin::Pin<&mut impl Future<Output = Result<Fetched, FetchError>>>,
    connection: std::pin::Pin<&mut impl Future>,
) -> Result<Fetched, FetchError> {
    tokio::select! {
        biased;
        answer = &mut answer => return answer,
        _ = connection => {}
    }
    answer.await
}

/// What the head alone decides.
fn judge(status: StatusCode, headers: &HeaderMap, limit: usize) -> Result<(), FetchError> {
    if status != StatusCode::OK {
        return Err(FetchError::Status(status.as_u16()));
    }
    // Nothing is ever unpacked: ten kilobytes can become a gigabyte.
    let is_plain = |value: &http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if !headers.get_all(CONTENT_ENCODING).iter().all(is_plain) {
        return Err(FetchError::Encoded);
    }
    // What is declared is a hint that saves reading; what is read is counted all the same.
    let declared = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limit as u64) {
        return Err(FetchError::TooLong(limit));
    }
    Ok(())
}

async fn read(mut body: Incoming, limit: usize) -> Result<Vec<u8>, FetchError> {
    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| unreachable(&error))?;
        let Some(data) = frame.data_ref() else { continue };
        if read.len() + data.len() > limit {
            return Err(FetchError::TooLong(limit));
        }
        read.extend_from_slice(data);
    }
    Ok(read)
}

fn unreachable(error: &hyper::Error) -> FetchError {
    tracing::info!(%error, "no answer in HTTP");
    FetchError::Unreachable
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::pin::Pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Poll};

    use tokio::io::ReadBuf;

    use super::*;

    /// Once something is asked, it answers the same bytes without end (or until a test has failed), and counts them.
    struct Endless {
        begins: &'static [u8],
        goes_on: &'static [u8],
        asked: bool,
        read: Arc<AtomicUsize>,
    }

    impl AsyncRead for Endless {
        fn poll_read(
            self: Pin<&mut Self>,
            context: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            if !self.asked {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            while buffer.remaining() > 0 && self.read.load(Ordering::SeqCst) < 1 << 20 {
                let at = self.read.fetch_add(1, Ordering::SeqCst);
                let after = at.saturating_sub(self.begins.len());
                buffer
                    .put_slice(&[*self.begins.get(at).unwrap_or(&self.goes_on[after % self.goes_on.len()])]);
            }
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Endless {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
            self.asked = true;
            Poll::Ready(Ok(data.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    /// Req: AS-47, C09
    #[tokio::test]
    async fn whatever_comes_it_is_counted() {
        const LIMIT: usize = 5 * 1024;
        const OK: &[u8] = b"HTTP/1.1 200 OK\r\n";
        const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        for (begins, goes_on, expected) in [
            (OK, &b"a: b\r\n"[..], FetchError::Unreachable),
            (OK, b"a", FetchError::Unreachable),
            (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", FetchError::Unreachable),
            (b"HTTP/1.1 200 OK\r\n\r\n", b"a", FetchError::TooLong(LIMIT)),
            (CHUNKED, b"400\r\n", FetchError::Unreachable),
            (CHUNKED, b"1;extension=1\r\na\r\n", FetchError::Unreachable),
            (CHUNKED, b"0", FetchError::Unreachable),
        ] {
            let read = Arc::new(AtomicUsize::new(0));
            let stream = Endless { begins, goes_on, asked: false, read: Arc::clone(&read) };
            let request = Request::get("/c").body(Full::default()).unwrap();
            let error = exchange(stream, request, LIMIT).await.unwrap_err();
            assert_eq!(error, expected, "{goes_on:?}");
            let read = read.load(Ordering::SeqCst) as u64;
            assert!(read <= most_bytes(LIMIT), "{read} bytes of {goes_on:?}");
        }
    }
}
