//! Reading what the servers reported: `GET /lab/observations` as a stream, `GET /lab/observations.json` at once.
//!
//! ```text
//! retry: 1000                                 how soon a browser comes back after a break
//! event: hello                                at the start of each stream
//! data: {"boot":"5f0c0a1b","seq":12}          which start of the lab this is, and what was told last
//!
//! event: gap                                  so many are not kept any more; the reader goes on with those that are
//! data: {"missed":3}
//!
//! id: 5f0c0a1b-13
//! data: {"seq":13,…}                          one Observation
//! ```
//!
//! `?after=` or `Last-Event-ID` names the observation after which a reader goes on, by its id; if it is of another start of
//! the lab, with the first that is kept (`?after=0`). Whoever names none gets what is new from now on; from the list, all.
//!
//! Spec: HTML, Server-sent events.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use http_body::Frame;
use protocol::mcp::LAST_EVENT_ID_HEADER;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::observatory::{Entry, Observatory, Position};

/// So many pages may listen at once.
const MAX_READERS: usize = 64;
/// So often a stream shows that it lives, so that neither end takes a silent one for a broken one.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// So many events wait for a slow reader; the others wait where they are kept.
const AHEAD: usize = 16;

#[derive(Clone)]
struct Desk {
    observatory: Arc<Observatory>,
    places: Arc<Semaphore>,
}

/// The two addresses.
pub(super) fn router(observatory: Arc<Observatory>) -> Router {
    let places = Arc::new(Semaphore::new(MAX_READERS));
    Router::new()
        .route("/lab/observations", get(stream))
        .route("/lab/observations.json", get(at_once))
        .with_state(Desk { observatory, places })
}

#[derive(Deserialize)]
struct Start {
    after: Option<String>,
}

impl Start {
    /// A browser that comes back repeats the address, and says in the header how far it got.
    fn position(&self, headers: &HeaderMap, observatory: &Observatory) -> Option<Position> {
        let last = headers.get(LAST_EVENT_ID_HEADER).and_then(|last| last.to_str().ok());
        last.or(self.after.as_deref()).map(|named| observatory.position(named))
    }
}

async fn stream(State(desk): State<Desk>, Query(start): Query<Start>, headers: HeaderMap) -> Response {
    let Ok(place) = desk.places.try_acquire_owned() else {
        let says = "So many pages listen to this lab already. Close one of them.\n";
        return (StatusCode::SERVICE_UNAVAILABLE, says).into_response();
    };
    let (now, newest) = desk.observatory.newest();
    let reader = Reader { newest, position: start.position(&headers, &desk.observatory).unwrap_or(now) };
    let (tell, told) = mpsc::channel(AHEAD);
    tokio::spawn(until_the_end(desk.observatory, reader, tell));
    let body = Body::new(Events { told, _place: place });
    ([(CONTENT_TYPE, "text/event-stream")], body).into_response()
}

async fn at_once(State(desk): State<Desk>, Query(start): Query<Start>, headers: HeaderMap) -> Response {
    let mut position = start.position(&headers, &desk.observatory).unwrap_or_default();
    let mut body = Vec::from(*b"[");
    loop {
        let batch = desk.observatory.after(position);
        if batch.entries.is_empty() {
            break;
        }
        for entry in &batch.entries {
            if body.len() > 1 {
                body.extend_from_slice(b",\n");
            }
            body.extend_from_slice(&entry.text);
        }
        position = batch.end;
    }
    body.extend_from_slice(b"]\n");
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

/// The body of a stream. Its place is free again when it is dropped.
struct Events {
    told: mpsc::Receiver<Bytes>,
    _place: OwnedSemaphorePermit,
}

impl http_body::Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.told.poll_recv(context).map(|event| event.map(|event| Ok(Frame::data(event))))
    }
}

/// Where a reader stands.
struct Reader {
    /// What was told last when it came.
    newest: u64,
    position: Position,
}

/// Tells until the reader has gone or the lab ends, which no reader holds up.
async fn until_the_end(observatory: Arc<Observatory>, reader: Reader, tell: mpsc::Sender<Bytes>) {
    let mut news = observatory.news();
    tokio::select! {
        _ = news.wait_for(|ended| *ended) => {}
        () = tell.closed() => {}
        _ = follow(&observatory, reader, &tell) => {}
    }
}

/// Tells what is kept, then what comes. `None` when nobody listens any more.
async fn follow(observatory: &Observatory, mut reader: Reader, tell: &mpsc::Sender<Bytes>) -> Option<()> {
    let mut news = observatory.news();
    let hello = json!({ "boot": observatory.boot(), "seq": reader.newest });
    tell.send(format!("retry: 1000\nevent: hello\ndata: {hello}\n\n").into()).await.ok()?;
    loop {
        // Whatever comes from here on is in this batch, or wakes the reader.
        news.mark_unchanged();
        let batch = observatory.after(reader.position);
        if batch.missed > 0 {
            let gap = json!({ "missed": batch.missed });
            tell.send(format!("event: gap\ndata: {gap}\n\n").into()).await.ok()?;
        }
        let is_all = batch.entries.is_empty();
        for entry in batch.entries {
            tell.send(event(observatory.boot(), &entry)).await.ok()?;
        }
        reader.position = batch.end;
        if is_all && tokio::time::timeout(KEEP_ALIVE, news.changed()).await.is_err() {
            tell.send(Bytes::from_static(b": \n\n")).await.ok()?;
        }
    }
}

/// JSON has no line breaks outside its strings, and none unescaped inside.
fn event(boot: &str, entry: &Entry) -> Bytes {
    let mut head = String::with_capacity(32);
    // Writing to a string does not fail.
    let _ = write!(head, "id: {boot}-{}\ndata: ", entry.seq);
    [head.as_bytes(), &entry.text, b"\n\n"].concat().into()
}

#[cfg(test)]
mod tests {
    use http::Request;
    use http_body_util::BodyExt as _;
    use protocol::observation::{Observation, SeenRequest, SeenResponse};
    use protocol::party::Party;
    use server_kit::entropy::SeededEntropy;
    use tower::ServiceExt as _;

    use super::*;

    struct Lab {
        observatory: Arc<Observatory>,
        router: Router,
    }

    impl Lab {
        fn after(observations: u64) -> Self {
            let observatory = Arc::new(Observatory::new(&SeededEntropy::new(1)));
            for seq in 1..=observations {
                observatory.record(&observation(seq));
            }
            Self { router: router(Arc::clone(&observatory)), observatory }
        }

        async fn get(&self, path: &str) -> Response {
            self.router.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap()
        }
    }

    fn observation(seq: u64) -> Observation {
        Observation {
            seq,
            at_ms: 0,
            elapsed_us: 0,
            party: Party::ClientHost,
            correlation: String::new(),
            visit: None,
            request: SeenRequest {
                method: "GET".to_owned(),
                url: String::new(),
                headers: Vec::new(),
                body: Some("two\nlines".to_owned()),
            },
            response: SeenResponse { status: 200, headers: Vec::new(), body: None },
            findings: Vec::new(),
        }
    }

    async fn next(response: &mut Response) -> Option<String> {
        let frame = response.body_mut().frame().await?.unwrap();
        Some(String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_reader_who_comes_late_is_told_of_the_gap_and_goes_on() {
        let lab = Lab::after(5003);
        let boot = lab.observatory.boot();
        let mut stream = lab.get(&format!("/lab/observations?after={boot}-1")).await;
        let hello = format!("retry: 1000\nevent: hello\ndata: {{\"boot\":\"{boot}\",\"seq\":5003}}\n\n");
        assert_eq!(next(&mut stream).await, Some(hello));
        assert_eq!(next(&mut stream).await.unwrap(), "event: gap\ndata: {\"missed\":3}\n\n");
        for seq in 4..=5003 {
            let event = next(&mut stream).await.unwrap();
            assert!(event.starts_with(&format!("id: {boot}-{seq}\ndata: {{\"seq\":{seq},")), "{event}");
            assert_eq!(event.lines().count(), 3, "one line of data");
        }
        lab.observatory.record(&observation(5004));
        assert!(next(&mut stream).await.unwrap().starts_with(&format!("id: {boot}-5004\n")));
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_stream_shows_that_it_lives() {
        let lab = Lab::after(1);
        let mut stream = lab.get("/lab/observations").await;
        assert!(next(&mut stream).await.unwrap().contains("hello"));
        assert_eq!(next(&mut stream).await.unwrap(), ": \n\n", "what was before is not told");
    }

    #[tokio::test]
    async fn the_end_of_the_lab_is_the_end_of_the_stream() {
        let lab = Lab::after(0);
        let mut stream = lab.get("/lab/observations").await;
        assert!(next(&mut stream).await.unwrap().contains("hello"));
        lab.observatory.end();
        assert_eq!(next(&mut stream).await, None);
        let mut late = lab.get("/lab/observations").await;
        while next(&mut late).await.is_some() {}
    }

    #[tokio::test]
    async fn there_are_so_many_readers_at_once() {
        let lab = Lab::after(0);
        let mut streams = Vec::new();
        for _ in 0..MAX_READERS {
            streams.push(lab.get("/lab/observations").await);
        }
        assert!(streams.iter().all(|stream| stream.status() == StatusCode::OK));
        assert_eq!(lab.get("/lab/observations").await.status(), StatusCode::SERVICE_UNAVAILABLE);
        streams.pop();
        assert_eq!(lab.get("/lab/observations").await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn the_list_is_one_json_array() {
        for (path, expected) in
            [("", 130), ("?after=0", 130), ("?after={boot}-128", 2), ("?after={boot}-130", 0)]
        {
            let lab = Lab::after(130);
            let path = format!("/lab/observations.json{}", path.replace("{boot}", lab.observatory.boot()));
            let body = lab.get(&path).await.into_body().collect().await.unwrap().to_bytes();
            let list: Vec<Observation> = serde_json::from_slice(&body).unwrap();
            assert_eq!(list.len(), expected, "{path}");
            assert!(list.iter().rev().zip((1..=130).rev()).all(|(one, seq)| one.seq == seq), "{path}");
        }
    }
}
