//! The beginning of a body, read before whoever it is for; nothing of it is lost.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use http_body_util::BodyExt as _;
use hyper::body::{Frame, SizeHint};
use protocol::observation::MAX_RECOGNIZED_BYTES;
use tokio::time::{Instant, timeout_at};

/// As much is read ahead, and for so long.
pub(super) const MAX_BYTES: usize = MAX_RECOGNIZED_BYTES;
const DEADLINE: Duration = Duration::from_secs(1);

/// What came of a body ahead of its reader.
pub(super) struct ReadAhead {
    /// The whole of it, if it ended in time and is not longer than [`MAX_BYTES`].
    pub(super) whole: Option<Bytes>,
    /// The body as if nothing of it had been read.
    pub(super) body: Body,
}

/// Reads a body until it ends, takes too long, or is too long.
pub(super) async fn read_ahead(mut body: Body) -> ReadAhead {
    let deadline = Instant::now() + DEADLINE;
    let (mut frames, mut bytes, mut ended) = (VecDeque::new(), Vec::new(), false);
    while bytes.len() <= MAX_BYTES
        && let Ok(next) = timeout_at(deadline, body.frame()).await
    {
        let Some(frame) = next else {
            ended = true;
            break;
        };
        if let Some(data) = frame.as_ref().ok().and_then(Frame::data_ref) {
            bytes.extend_from_slice(data);
        }
        let broken = frame.is_err();
        frames.push_back(frame);
        if broken {
            break;
        }
    }
    let whole = (ended && bytes.len() <= MAX_BYTES).then(|| bytes.into());
    let rest = (!ended).then_some(body);
    ReadAhead { whole, body: Body::new(Replayed { frames, rest }) }
}

/// What was read, followed by the rest. A body that has ended is not asked again: not every body bears that.
struct Replayed {
    frames: VecDeque<Result<Frame<Bytes>, axum::Error>>,
    rest: Option<Body>,
}

impl hyper::body::Body for Replayed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Some(frame) = self.frames.pop_front() {
            return Poll::Ready(Some(frame));
        }
        match &mut self.rest {
            Some(rest) => Pin::new(rest).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.frames.is_empty() && self.rest.as_ref().is_none_or(hyper::body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let data = self.frames.iter().filter_map(|frame| frame.as_ref().ok()?.data_ref());
        let here: u64 = data.map(|data| data.len() as u64).sum();
        let rest = self.rest.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint);
        let mut all = SizeHint::new();
        all.set_lower(here.saturating_add(rest.lower()));
        if let Some(upper) = rest.upper() {
            all.set_upper(here.saturating_add(upper));
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use futures_core::Stream;
    use http_body_util::{Full, StreamBody};

    use hyper::body::Body as _;

    use super::*;

    /// These pieces, then an end, an error, or nothing for ever.
    struct Pieces(VecDeque<&'static [u8]>, Then);

    #[derive(Clone, Copy, PartialEq)]
    enum Then {
        Ends,
        Breaks,
        Stalls,
    }

    impl Stream for Pieces {
        type Item = Result<Frame<Bytes>, std::io::Error>;

        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            match (self.0.pop_front(), self.1) {
                (Some(piece), _) => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(piece))))),
                (None, Then::Ends) => Poll::Ready(None),
                (None, Then::Breaks) => Poll::Ready(Some(Err(std::io::Error::other("cut off")))),
                (None, Then::Stalls) => Poll::Pending,
            }
        }
    }

    fn body(pieces: &[&'static [u8]], then: Then) -> Body {
        Body::new(StreamBody::new(Pieces(pieces.iter().copied().collect(), then)))
    }

    #[tokio::test]
    async fn a_short_body_is_read_whole_and_handed_on() {
        let ahead = read_ahead(body(&[b"grant", b"_type"], Then::Ends)).await;
        assert_eq!(ahead.whole.as_deref(), Some(&b"grant_type"[..]));
        assert_eq!(ahead.body.size_hint().exact(), Some(10));
        assert_eq!(ahead.body.collect().await.unwrap().to_bytes(), "grant_type");
    }

    #[tokio::test]
    async fn of_a_long_body_the_beginning_is_read_and_nothing_lost() {
        const LONG: &[u8] = &[b'a'; MAX_BYTES];
        let ahead = read_ahead(body(&[LONG, b"b", b"c"], Then::Ends)).await;
        assert_eq!(ahead.whole, None);
        let all = ahead.body.collect().await.unwrap().to_bytes();
        assert_eq!((all.len(), &all[MAX_BYTES..]), (MAX_BYTES + 2, &b"bc"[..]));

        let ahead = read_ahead(Body::new(Full::new(Bytes::from_static(LONG)))).await;
        assert_eq!(ahead.whole.map(|bytes| bytes.len()), Some(MAX_BYTES));
        assert_eq!(ahead.body.size_hint().exact(), Some(MAX_BYTES as u64));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stalls_is_waited_for_a_second() {
        let before = Instant::now();
        let mut ahead = read_ahead(body(&[b"grant"], Then::Stalls)).await;
        assert_eq!((ahead.whole, before.elapsed()), (None, DEADLINE));
        let first = ahead.body.frame().await.unwrap().unwrap();
        assert_eq!(first.into_data().unwrap(), "grant");
        assert!(!ahead.body.is_end_stream());
    }

    #[tokio::test]
    async fn a_body_that_breaks_breaks_for_its_reader_too() {
        let ahead = read_ahead(body(&[b"grant"], Then::Breaks)).await;
        assert_eq!(ahead.whole, None);
        assert!(ahead.body.collect().await.is_err());
    }
}
