//! A router under observation.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::Response;
use http::header::{AUTHORIZATION, HOST};
use http::{HeaderMap, Method, Uri};
use hyper::body::Body as _;
use protocol::observation::{Observation, SeenRequest, SeenResponse, correlation};
use protocol::party::Party;
use tokio::time::Instant;

use super::ahead::{MAX_BYTES, ReadAhead, read_ahead};
use super::mask::{Mask, is_json};
use super::{Handle, Notes, Recorder};
use crate::clock::Clock;

/// Where observations go, each when its request has been answered. It is called on the task that answers: it must not wait.
pub type Sink = Arc<dyn Fn(Observation) + Send + Sync>;

/// Somebody who watches servers. Clones count together.
#[derive(Clone)]
pub struct Watcher {
    clock: Arc<dyn Clock>,
    sink: Sink,
    last: Arc<AtomicU64>,
}

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watcher").field("last", &self.last).finish_non_exhaustive()
    }
}

impl Watcher {
    /// Tells `sink` what the routers do that are [watched](Self::watch).
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, sink: Sink) -> Self {
        Self { clock, sink, last: Arc::default() }
    }

    /// The same router, watched. It answers as before, but that up to 16 kilobytes of a request's body are read, for a
    /// second at most, before the handler runs: what a request is recognized by stands in its body, also where the handler
    /// refuses before reading. Of answers only JSON of known length is read; a stream is never held back.
    ///
    /// [`Observation::seq`] counts the requests of all routers in the order in which they came. Preflights are not
    /// observed: no program sends them.
    pub fn watch(&self, router: Router, party: Party) -> Router {
        let watcher = self.clone();
        router.layer(middleware::from_fn(move |request: Request, next: Next| {
            let watcher = watcher.clone();
            async move {
                if request.method() == Method::OPTIONS {
                    return next.run(request).await;
                }
                watcher.observe(party, request, next).await
            }
        }))
    }

    async fn observe(&self, party: Party, request: Request, next: Next) -> Response {
        let seq = self.last.fetch_add(1, Ordering::SeqCst) + 1;
        let (at_ms, began) = (self.clock.now_ms(), Instant::now());
        let (head, body) = request.into_parts();
        let ReadAhead { whole, body } = read_ahead(body).await;
        let seen = Seen {
            method: head.method.to_string(),
            url: absolute(&head.headers, &head.uri),
            headers: head.headers.clone(),
            body: whole,
        };

        let recorder = Arc::new(Recorder::default());
        let answer = next.run(Request::from_parts(head, body));
        let response = Handle(Some(Arc::clone(&recorder))).scope(answer).await;

        let elapsed_us = began.elapsed().as_micros().try_into().unwrap_or(u64::MAX);
        let (body, response) = read_json(response).await;
        let Notes { visit, findings } = recorder.take();
        let mut mask = Mask::default();
        let mut observation = Observation {
            seq,
            at_ms,
            elapsed_us,
            party,
            correlation: seen.correlation(),
            visit,
            request: seen.masked(&mut mask),
            response: SeenResponse {
                status: response.status().as_u16(),
                headers: mask.headers(response.headers()),
                body: body.and_then(|body| mask.body(response.headers(), &body)),
            },
            findings,
        };
        mask.everywhere(&mut observation);
        (self.sink)(observation);
        response
    }
}

/// A request as it came, secrets and all.
struct Seen {
    method: String,
    url: String,
    headers: HeaderMap,
    body: Option<Bytes>,
}

impl Seen {
    fn correlation(&self) -> String {
        let authorization = self.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        correlation(&self.method, &self.url, authorization, self.body.as_deref().unwrap_or_default())
    }

    fn masked(self, mask: &mut Mask) -> SeenRequest {
        SeenRequest {
            method: self.method,
            url: mask.url(&self.url),
            headers: mask.headers(&self.headers),
            body: self.body.and_then(|body| mask.body(&self.headers, &body)),
        }
    }
}

/// The URL that the other side used. What is watched speaks http.
fn absolute(headers: &HeaderMap, uri: &Uri) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| uri.authority().map(http::uri::Authority::as_str)).unwrap_or_default();
    let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    format!("http://{host}{path}")
}

/// The body of an answer, if it is JSON of known, moderate length; and the answer as it was.
async fn read_json(response: Response) -> (Option<Bytes>, Response) {
    let length = response.body().size_hint().exact();
    if !is_json(response.headers()) || length.is_none_or(|length| length > MAX_BYTES as u64) {
        return (None, response);
    }
    let (head, body) = response.into_parts();
    let ReadAhead { whole, body } = read_ahead(body).await;
    (whole, Response::from_parts(head, body))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use axum::Json;
    use axum::body::Body;
    use axum::routing::{get, post};
    use futures_core::Stream;
    use http::StatusCode;
    use http::header::CONTENT_TYPE;
    use protocol::clause::Clause;
    use protocol::ids::UnixTime;
    use protocol::observation::Finding;
    use tower::ServiceExt as _;

    use super::*;
    use crate::clock::FixedClock;
    use crate::witness;

    const SECRET: &str = "a-secret-of-many-letters";
    const FORM: &str = "application/x-www-form-urlencoded";

    /// A watched router, and what was seen of it.
    struct World {
        router: Router,
        seen: Arc<Mutex<Vec<Observation>>>,
    }

    impl World {
        fn of(router: Router) -> Self {
            let seen = Arc::<Mutex<Vec<Observation>>>::default();
            let told = Arc::clone(&seen);
            let clock = Arc::new(FixedClock::at(UnixTime(7)));
            let watcher =
                Watcher::new(clock, Arc::new(move |observation| told.lock().unwrap().push(observation)));
            Self { router: watcher.watch(router, Party::AuthorizationServer), seen }
        }

        async fn send(&self, request: Request) -> Response {
            self.router.clone().oneshot(request).await.unwrap()
        }

        fn seen(&self) -> Vec<Observation> {
            std::mem::take(&mut self.seen.lock().unwrap())
        }
    }

    fn token_endpoint() -> Router {
        let answer = async |body: Bytes| {
            witness::visit(|| "0123456789abcdef".into());
            witness::checked(Clause::CodeOnce, "code", true, || "unused", || format!("careless: {SECRET}"));
            (body.ends_with(SECRET.as_bytes()))
                .then(|| Json(serde_json::json!({ "access_token": SECRET, "scope": "a" })))
                .ok_or(StatusCode::BAD_REQUEST)
        };
        Router::new().route("/token", post(answer))
    }

    fn token_request() -> Request {
        Request::post("/token?x=y")
            .header(HOST, "localhost:9000")
            .header("Authorization", "Basic YTpi")
            .header(CONTENT_TYPE, FORM)
            .body(Body::from(format!("grant_type=authorization_code&code={SECRET}")))
            .unwrap()
    }

    /// Req: ALL-11
    #[tokio::test]
    async fn a_request_is_seen_with_its_answer_and_without_its_secrets() {
        let world = World::of(token_endpoint());
        let response = world.send(token_request()).await;
        let body = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
        assert!(String::from_utf8_lossy(&body).contains(SECRET), "the client gets what it shall get");

        let [seen] = world.seen().try_into().unwrap();
        let sent = format!("grant_type=authorization_code&code={SECRET}");
        let url = "http://localhost:9000/token?x=y";
        assert_eq!(seen.correlation, correlation("POST", url, Some("Basic YTpi"), sent.as_bytes()));
        assert_eq!((seen.seq, seen.at_ms, seen.party), (1, 7000, Party::AuthorizationServer));
        assert_eq!(seen.visit.as_deref(), Some("0123456789abcdef"));
        assert_eq!((seen.request.method.as_str(), seen.request.url.as_str()), ("POST", url));
        assert_eq!(seen.request.body.as_deref(), Some("grant_type=authorization_code&code=•••••"));
        assert_eq!(seen.response.status, 200);
        assert_eq!(seen.response.body.as_deref(), Some(r#"{"access_token":"•••••","scope":"a"}"#));
        assert!(matches!(&seen.findings[..], [Finding::Checked(check)] if check.found == "careless: •••••"));
        assert!(!serde_json::to_string(&seen).unwrap().contains(SECRET));
    }

    #[tokio::test]
    async fn a_request_is_recognized_also_where_nobody_reads_its_body() {
        let world = World::of(Router::new().route("/token", post(async || StatusCode::UNAUTHORIZED)));
        world.send(token_request()).await;
        let unread = world.seen().remove(0);
        let world = World::of(token_endpoint());
        world.send(token_request()).await;
        assert_eq!(unread.correlation, world.seen().remove(0).correlation);
    }

    #[tokio::test]
    async fn requests_are_counted_as_they_come_and_preflights_are_not() {
        let world = World::of(token_endpoint());
        world.send(Request::options("/token").body(Body::empty()).unwrap()).await;
        assert!(world.seen().is_empty());
        world.send(token_request()).await;
        world.send(Request::get("http://localhost/nowhere").body(Body::empty()).unwrap()).await;
        let seen: Vec<_> =
            world.seen().into_iter().map(|seen| (seen.seq, seen.response.status, seen.request.url)).collect();
        let urls = ["http://localhost:9000/token?x=y", "http://localhost/nowhere"].map(str::to_owned);
        assert_eq!(seen, [(1, 200, urls[0].clone()), (2, 404, urls[1].clone())]);
    }

    /// It has nothing to say, ever.
    struct Silence;

    impl Stream for Silence {
        type Item = Result<Bytes, std::io::Error>;

        fn poll_next(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Self::Item>> {
            std::task::Poll::Pending
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_is_never_held_back() {
        let answer = async || ([(CONTENT_TYPE, "application/json")], Body::from_stream(Silence));
        let world = World::of(Router::new().route("/", get(answer)));
        let before = Instant::now();
        let response = world.send(Request::get("/").body(Body::empty()).unwrap()).await;
        assert_eq!((response.status(), before.elapsed()), (StatusCode::OK, Duration::ZERO));
        assert_eq!(world.seen()[0].response.body, None);
    }
}
