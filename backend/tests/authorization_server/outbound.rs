//! The way out: what it connects to, what it believes, and when it gives up.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use http::header::CONTENT_ENCODING;
use server_kit::outbound::{DEADLINE, FetchError, Outbound};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio_rustls::TlsAcceptor;

use crate::internet::{Authority, Internet, PUBLIC, listen, self_signed, server_name};
use crate::support::ClientHost;

const URL: &str = "https://c.example/client.json";
const LIMIT: usize = 5 * 1024;

async fn get_document(outbound: &Outbound) -> Result<Vec<u8>, FetchError> {
    outbound.get(URL, LIMIT).await.map(|fetched| fetched.body)
}

/// A site at `c.example` that answers this.
async fn site(answer: impl Fn() -> Response + Clone + Send + Sync + 'static) -> (Internet, Outbound) {
    let (internet, authority) = (Internet::default(), Authority::new());
    let router = Router::new().fallback(async move || answer());
    internet.site("c.example", PUBLIC, &authority, router).await;
    let outbound = internet.outbound(&authority);
    (internet, outbound)
}

/// Req: AS-43, X-31, C05
#[tokio::test]
async fn one_address_that_is_not_public_refuses_the_name() {
    let (internet, authority) = (Internet::default(), Authority::new());
    let outbound = internet.outbound(&authority);
    for internal in [
        "127.0.0.1",
        "10.0.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "192.168.1.1",
        "0.0.0.0",
        "::1",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "fd00::1",
        "fe80::1",
    ] {
        // Alone, as behind a CNAME, and among good ones, first or last.
        for addresses in [&[internal][..], &[PUBLIC, internal], &[internal, PUBLIC]] {
            internet.name("c.example", addresses);
            assert_eq!(get_document(&outbound).await, Err(FetchError::Forbidden), "{addresses:?}");
        }
    }
    for name in ["localhost", "localhost.", "foo.localhost", "127.0.0.1.nip.example"] {
        internet.name(name, &["127.0.0.1"]);
        let refused = outbound.get(&format!("https://{name}/c"), LIMIT).await;
        assert_eq!(refused.unwrap_err(), FetchError::Forbidden, "{name}");
    }
    internet.name("c.example", &[]);
    assert_eq!(get_document(&outbound).await, Err(FetchError::Unreachable), "a name without addresses");
    assert!(internet.connections().is_empty(), "{:?}", internet.connections());
}

/// Req: AS-43, X-31, C06
#[tokio::test]
async fn a_name_is_looked_up_once_and_the_judged_address_is_connected_to() {
    let (internet, outbound) = site(|| "document".into_response()).await;
    internet.name_in_turn("c.example", &[&[PUBLIC], &["127.0.0.1"]]);
    assert_eq!(get_document(&outbound).await.unwrap(), b"document");
    assert_eq!(internet.lookups(), ["c.example"]);
    assert_eq!(internet.connections(), [format!("{PUBLIC}:443")]);

    assert_eq!(get_document(&outbound).await, Err(FetchError::Forbidden), "the next fetch judges anew");
    assert_eq!(internet.connections().len(), 1);
}

#[tokio::test]
async fn the_next_address_is_tried_when_one_does_not_answer() {
    let (internet, outbound) = site(|| "document".into_response()).await;
    internet.name("c.example", &["2606:4700::1111", PUBLIC]);
    assert_eq!(get_document(&outbound).await.unwrap(), b"document");
    assert_eq!(internet.connections(), ["[2606:4700::1111]:443".to_owned(), format!("{PUBLIC}:443")]);
}

/// Req: AS-48
#[tokio::test]
async fn a_request_says_what_it_wants_and_carries_nothing_else() {
    let (internet, authority) = (Internet::default(), Authority::new());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let router = Router::new().fallback(async move |request: axum::extract::Request| {
        let (head, _) = request.into_parts();
        let names: Vec<String> = head.headers.keys().map(ToString::to_string).collect();
        noted.lock().unwrap().push((head.uri.to_string(), head.headers, names));
        ([("set-cookie", "a=b")], "document")
    });
    internet.site("c.example", PUBLIC, &authority, router).await;
    let outbound = internet.outbound(&authority);
    for _ in 0..2 {
        outbound.get("https://c.example/a%2Fb?v=1", LIMIT).await.unwrap();
    }
    for (uri, headers, mut names) in seen.lock().unwrap().drain(..) {
        names.sort();
        assert_eq!(names, ["accept", "accept-encoding", "connection", "host", "user-agent"]);
        assert_eq!(uri, "/a%2Fb?v=1");
        assert_eq!(headers["accept"], "application/json");
        assert_eq!(headers["accept-encoding"], "identity");
        assert_eq!(headers["host"], "c.example");
    }
}

/// A server at `c.example` that shakes hands and notes the name that it was asked for.
async fn tls_server(internet: &Internet, acceptor: TlsAcceptor) -> mpsc::UnboundedReceiver<Option<String>> {
    let (tell, told) = mpsc::unbounded_channel();
    internet.name("c.example", &[PUBLIC]);
    let address = listen(move |stream| {
        let (acceptor, tell) = (acceptor.clone(), tell.clone());
        async move {
            // A handshake can succeed on this side before the other side refuses; a request is what counts.
            let name = match acceptor.accept(stream).await {
                Ok(mut stream) => {
                    let request = stream.read_u8().await;
                    request.ok().map(|_| server_name(&stream))
                }
                Err(_) => None,
            };
            tell.send(name).unwrap();
        }
    });
    internet.route(PUBLIC, address.await);
    told
}

/// Req: ALL-02, C23
#[tokio::test]
async fn only_a_good_certificate_for_the_name_is_believed() {
    let (internet, authority, other) = (Internet::default(), Authority::new(), Authority::new());
    let outbound = internet.outbound(&authority);
    for (what, acceptor) in [
        ("expired", authority.expired("c.example")),
        ("another name", authority.acceptor("d.example")),
        ("the address instead of the name", authority.acceptor(PUBLIC)),
        ("signed by itself", self_signed("c.example")),
        ("an unknown authority", other.acceptor("c.example")),
    ] {
        let mut asked = tls_server(&internet, acceptor).await;
        assert_eq!(get_document(&outbound).await, Err(FetchError::Untrusted), "{what}");
        assert_eq!(asked.recv().await.unwrap(), None, "{what}: no request was sent");
    }
    let mut asked = tls_server(&internet, authority.acceptor("c.example")).await;
    get_document(&outbound).await.unwrap_err();
    assert_eq!(asked.recv().await.unwrap().as_deref(), Some("c.example"), "SNI is the name");
}

/// Req: C23
#[tokio::test]
async fn old_tls_and_no_tls_are_refused() {
    // What a server says that knows nothing newer than TLS 1.1: that version, 32 random bytes, no session, an old cipher
    // suite, no compression.
    let old_hello = [&[0x16, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2][..], &[7; 32], &[0, 0, 0x2f, 0]].concat();
    let no_tls = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}".to_vec();
    let (internet, authority) = (Internet::default(), Authority::new());
    let outbound = internet.outbound(&authority);
    internet.name("c.example", &[PUBLIC]);
    for answer in [old_hello, no_tls] {
        let server = listen(move |mut stream| {
            let answer = answer.clone();
            async move {
                stream.read_u8().await.unwrap();
                stream.write_all(&answer).await.unwrap();
                drain(stream).await;
            }
        });
        internet.route(PUBLIC, server.await);
        assert_eq!(get_document(&outbound).await, Err(FetchError::Untrusted));
    }
}

/// Req: AS-41, AS-42, C11
#[tokio::test]
async fn only_status_200_is_an_answer_and_nothing_is_followed() {
    for status in [201, 202, 203, 204, 206, 300, 304, 400, 404, 410, 429, 500, 503] {
        let answered = StatusCode::from_u16(status).unwrap();
        let (_, outbound) = site(move || answered.into_response()).await;
        assert_eq!(get_document(&outbound).await, Err(FetchError::Status(status)));
    }
    for target in ["https://c.example/elsewhere", "https://127.0.0.1/", "http://169.254.169.254/"] {
        let (internet, outbound) = site(move || Redirect::temporary(target).into_response()).await;
        assert_eq!(get_document(&outbound).await, Err(FetchError::Status(307)));
        assert_eq!(internet.connections().len(), 1, "{target}");
    }
}

/// A server at `c.example` that lets this talk once a request is there; it tells when the connection was closed.
async fn talking<F, S>(talk: F) -> (Outbound, mpsc::UnboundedReceiver<()>)
where
    F: Fn(tokio_rustls::server::TlsStream<TcpStream>) -> S + Clone + Send + Sync + 'static,
    S: Future<Output = ()> + Send + 'static,
{
    let (internet, authority) = (Internet::default(), Authority::new());
    let acceptor = authority.acceptor("c.example");
    let (tell, closed) = mpsc::unbounded_channel();
    let address = listen(move |stream| {
        let (acceptor, talk, tell) = (acceptor.clone(), talk.clone(), tell.clone());
        async move {
            let mut stream = acceptor.accept(stream).await.unwrap();
            read_request(&mut stream).await;
            talk(stream).await;
            let _ = tell.send(());
        }
    });
    internet.name("c.example", &[PUBLIC]);
    internet.route(PUBLIC, address.await);
    (internet.outbound(&authority), closed)
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin)) {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        read.push(stream.read_u8().await.unwrap());
    }
}

/// Reads until the other side closes.
async fn drain(mut stream: impl AsyncRead + Unpin) {
    let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
}

/// Writes the same again and again, until the other side does not take it any more.
async fn write_endlessly(mut stream: impl AsyncWrite + Unpin, head: &[u8], again: &[u8]) {
    let mut written = stream.write_all(head).await;
    while written.is_ok() {
        written = stream.write_all(again).await;
    }
}

/// Req: AS-47, C09
#[tokio::test]
async fn a_body_is_read_to_its_limit_and_no_further() {
    let (_, outbound) = site(|| "x".repeat(LIMIT).into_response()).await;
    assert_eq!(get_document(&outbound).await.unwrap().len(), LIMIT);
    let (_, outbound) = site(|| "x".repeat(LIMIT + 1).into_response()).await;
    assert_eq!(get_document(&outbound).await, Err(FetchError::TooLong(LIMIT)));

    for (what, head, again) in [
        ("declared", "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n", "x"),
        ("in chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "400\r\n"),
        ("until the connection ends", "HTTP/1.1 200 OK\r\n\r\n", "xxxxxxxx"),
    ] {
        let again =
            if what == "in chunks" { format!("{again}{}\r\n", "x".repeat(0x400)) } else { again.into() };
        let (outbound, mut closed) = talking(move |stream| {
            let again = again.clone();
            async move { write_endlessly(stream, head.as_bytes(), again.as_bytes()).await }
        })
        .await;
        assert_eq!(get_document(&outbound).await, Err(FetchError::TooLong(LIMIT)), "{what}");
        closed.recv().await.unwrap();
    }
}

/// Req: AS-47, C09
#[tokio::test]
async fn a_compressed_answer_is_refused_unpacked_or_not() {
    for encoding in ["gzip", "br", "identity, gzip", "x"] {
        let (_, outbound) = site(move || ([(CONTENT_ENCODING, encoding)], "document").into_response()).await;
        assert_eq!(get_document(&outbound).await, Err(FetchError::Encoded), "{encoding}");
    }
    let (_, outbound) = site(|| ([(CONTENT_ENCODING, "identity")], "document").into_response()).await;
    assert_eq!(get_document(&outbound).await.unwrap(), b"document");
}

/// Req: C09
#[tokio::test]
async fn endless_heads_end_by_their_bytes() {
    for (what, head, again) in [
        ("headers", "HTTP/1.1 200 OK\r\n", "x-more: more\r\n"),
        ("one header", "HTTP/1.1 200 OK\r\nx: ", "xxxxxxxx"),
        ("interim answers", "", "HTTP/1.1 103 Early Hints\r\n\r\n"),
        ("no HTTP at all", "", "xxxxxxxx"),
    ] {
        let (outbound, mut closed) = talking(move |stream| async move {
            write_endlessly(stream, head.as_bytes(), again.as_bytes()).await;
        })
        .await;
        assert_eq!(get_document(&outbound).await, Err(FetchError::Unreachable), "{what}");
        closed.recv().await.unwrap();
    }
}

/// A fetch that is under way when time is made to pass.
async fn ends_at_the_deadline(outbound: Outbound, stalled: oneshot::Receiver<()>) {
    let fetch = tokio::spawn(async move { get_document(&outbound).await });
    stalled.await.unwrap();
    tokio::time::pause();
    tokio::time::advance(DEADLINE.saturating_sub(Duration::from_millis(500))).await;
    assert!(!fetch.is_finished(), "not before the deadline");
    tokio::time::advance(Duration::from_millis(500)).await;
    assert_eq!(fetch.await.unwrap(), Err(FetchError::Deadline));
    tokio::time::resume();
}

/// Req: AS-48, C10
#[tokio::test]
async fn whoever_is_slow_is_given_up_at_the_deadline_and_the_socket_is_closed() {
    // The handshake stalls.
    let (internet, authority) = (Internet::default(), Authority::new());
    internet.name("c.example", &[PUBLIC]);
    let (stall, stalled) = oneshot::channel();
    let (tell, mut closed) = mpsc::unbounded_channel();
    let stall = Arc::new(Mutex::new(Some(stall)));
    let address = listen(move |mut stream| {
        let (stall, tell) = (Arc::clone(&stall), tell.clone());
        async move {
            stream.read_u8().await.unwrap();
            stall.lock().unwrap().take().unwrap().send(()).unwrap();
            drain(stream).await;
            tell.send(()).unwrap();
        }
    });
    internet.route(PUBLIC, address.await);
    ends_at_the_deadline(internet.outbound(&authority), stalled).await;
    closed.recv().await.unwrap();

    // A byte comes now and then: of the head, of the body.
    for head in ["HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"] {
        let (stall, stalled) = oneshot::channel();
        let stall = Arc::new(Mutex::new(Some(stall)));
        let (outbound, mut closed) = talking(move |mut stream| {
            let stall = Arc::clone(&stall);
            async move {
                stream.write_all(head.as_bytes()).await.unwrap();
                stall.lock().unwrap().take().unwrap().send(()).unwrap();
                while stream.write_all(b"x").await.is_ok() && stream.flush().await.is_ok() {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        })
        .await;
        ends_at_the_deadline(outbound, stalled).await;
        closed.recv().await.unwrap();
    }
}

/// Req: AS-48, C10
#[tokio::test(start_paused = true)]
async fn addresses_that_never_answer_are_given_up_within_the_deadline() {
    let (internet, authority) = (Internet::default(), Authority::new());
    let addresses: Vec<String> = (1..=20).map(|i| format!("93.184.216.{i}")).collect();
    for address in &addresses {
        internet.black_hole(address);
    }
    internet.name("c.example", &addresses.iter().map(String::as_str).collect::<Vec<_>>());
    let outbound = internet.outbound(&authority);
    let begun = tokio::time::Instant::now();
    // More than may run at once: each gives its turn back.
    for _ in 0..40 {
        assert_eq!(get_document(&outbound).await, Err(FetchError::Unreachable));
    }
    assert!(begun.elapsed() <= 40 * DEADLINE);
    assert_eq!(internet.connections().len(), 40 * 3, "the first three addresses are tried");
}

/// Req: C10
#[tokio::test(start_paused = true)]
async fn a_silent_host_does_not_take_the_turns_of_others() {
    let (internet, authority) = (Internet::default(), Authority::new());
    internet.name("silent.example", &["93.184.216.1"]);
    internet.black_hole("93.184.216.1");
    internet.name("c.example", &[PUBLIC]);
    let outbound = Arc::new(internet.outbound(&authority));
    let mut silent = tokio::task::JoinSet::new();
    for i in 0..100 {
        let outbound = Arc::clone(&outbound);
        silent.spawn(async move { outbound.get(&format!("https://silent.example/{i}"), LIMIT).await.err() });
    }
    tokio::task::yield_now().await;
    assert_eq!(internet.connections().len(), 4, "of one host so many at once");
    let other = get_document(&outbound).await;
    assert_eq!(other, Err(FetchError::Unreachable), "asked, and refused by whoever is there");
    assert_eq!(internet.connections().last().unwrap(), &format!("{PUBLIC}:443"));

    let ends = silent.join_all().await;
    let count = |wanted: FetchError| ends.iter().filter(|end| **end == Some(wanted)).count();
    assert_eq!(count(FetchError::Busy), 100 - 32, "a queue has an end");
    assert_eq!(count(FetchError::Busy) + count(FetchError::Deadline) + count(FetchError::Unreachable), 100);
}

/// The lab as a program of its own, ended with the test.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Req: AS-48
#[tokio::test]
async fn variables_that_name_a_proxy_change_nothing() {
    let came = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&came);
    let proxy = listen(move |stream| {
        counted.fetch_add(1, Ordering::SeqCst);
        drain(stream)
    });
    let proxy = format!("http://{}", proxy.await);
    let names = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"].map(str::to_owned);
    let variables = names.iter().flat_map(|name| [name.clone(), name.to_lowercase()]);
    let page = tempfile::tempdir().unwrap();
    let ports = ["--page-port", "0", "--mcp-port", "0", "--as-port", "0", "--rogue-port", "0"];
    let mut lab = Command::new(env!("CARGO_BIN_EXE_lab"))
        .args(ports)
        .args(["--no-open", "--page-dir", page.path().to_str().unwrap()])
        .envs(variables.map(|name| (name, proxy.clone())))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // Open to the end of the test: the lab goes on talking.
    let mut output = BufReader::new(lab.stdout.take().unwrap());
    let _lab = Program(lab);
    let server = output
        .by_ref()
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.trim().strip_prefix("authorization server").map(|url| url.trim().to_owned()))
        .unwrap();

    let client = ClientHost::start().await;
    let query = protocol::query::encode([
        ("client_id", client.client_id().as_str()),
        ("redirect_uri", client.redirect_uri().as_str()),
    ]);
    let browser =
        reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let answer = browser.get(format!("{server}/authorize?{query}")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!((client.hits(), came.load(Ordering::SeqCst)), (1, 0));
}
