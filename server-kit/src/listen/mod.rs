//! Listening: the given addresses, a clear word when one is taken, limits for every connection, and an end within
//! seconds.

mod connection;
mod write_deadline;

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use connection::Deadlines;

/// So many connections are served at once, over all addresses of a process; the next ones wait in the system's queue.
const MAX_CONNECTIONS: usize = 16_384;
/// Requests in flight have this long to end after the signal.
const GRACE: Duration = Duration::from_secs(5);

/// Why a server cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Another program has the port.
    #[error(
        "{server}: port {port} on {ip} is in use by another program. Stop that program, or choose another port with {flag}.",
        port = .address.port(), ip = .address.ip()
    )]
    InUse {
        /// Which server wanted it.
        server: &'static str,
        /// What it wanted.
        address: SocketAddr,
        /// The flag that changes it.
        flag: &'static str,
    },
    /// The address cannot be used for another reason.
    #[error("{server}: cannot listen on {address}: {reason}. Choose another address with {flag}.")]
    Unusable {
        /// Which server wanted it.
        server: &'static str,
        /// What it wanted.
        address: SocketAddr,
        /// The flag that changes it.
        flag: &'static str,
        /// What the operating system says.
        reason: io::Error,
    },
    /// Others could read what passes.
    #[error(
        "--bind {0}: this server speaks plain http, and tokens and passwords would cross the network readably. Listen on \
         loopback, or say --behind-tls-proxy if only a proxy that ends TLS reaches this address."
    )]
    PlainHttp(SocketAddr),
}

/// Refuses addresses that others can reach, unless the operator says that a proxy ends TLS before them.
///
/// # Errors
/// [`ListenError::PlainHttp`] with the first such address.
///
/// Spec: OAuth 2.1 §1.5.
pub fn refuse_plain_http(addresses: &[SocketAddr], behind_tls_proxy: bool) -> Result<(), ListenError> {
    match addresses.iter().find(|address| !address.ip().is_loopback()) {
        Some(address) if !behind_tls_proxy => Err(ListenError::PlainHttp(*address)),
        _ => Ok(()),
    }
}

/// The addresses of both loopback families: a browser may turn `localhost` into either.
#[must_use]
pub fn loopback(port: u16) -> Vec<SocketAddr> {
    vec![
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port),
        SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), port),
    ]
}

/// Sockets that are open, before anything answers on them.
#[derive(Debug)]
pub struct Sockets {
    listeners: Vec<TcpListener>,
}

impl Sockets {
    /// Opens a socket for each address. `flag` is named when one cannot be had. An address family that this machine
    /// does not have is left out, as long as one address remains. After port 0, the others get the port that the
    /// first one got.
    ///
    /// # Errors
    /// [`ListenError`] for the first address that cannot be had.
    pub async fn bind(
        server: &'static str,
        flag: &'static str,
        addresses: &[SocketAddr],
    ) -> Result<Self, ListenError> {
        let mut sockets = Self { listeners: Vec::new() };
        let mut missing = None;
        for &(mut address) in addresses {
            if address.port() == 0 {
                address.set_port(sockets.port());
            }
            match TcpListener::bind(address).await {
                Ok(listener) => sockets.listeners.push(listener),
                Err(reason) if reason.kind() == io::ErrorKind::AddrInUse => {
                    return Err(ListenError::InUse { server, address, flag });
                }
                Err(reason) if reason.kind() == io::ErrorKind::AddrNotAvailable => {
                    missing = Some(ListenError::Unusable { server, address, flag, reason });
                }
                Err(reason) => return Err(ListenError::Unusable { server, address, flag, reason }),
            }
        }
        match missing {
            Some(error) if sockets.listeners.is_empty() => Err(error),
            _ => Ok(sockets),
        }
    }

    /// Where they listen; tells the port when port 0 was asked for.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }

    /// The port that they share; 0 while there are none.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.addresses().first().map_or(0, SocketAddr::port)
    }

    /// Lets a router answer on them.
    #[must_use]
    pub fn answer_with(self, router: Router) -> Site {
        Site { sockets: self, router }
    }
}

/// Sockets, and what answers on them.
#[derive(Debug)]
pub struct Site {
    sockets: Sockets,
    router: Router,
}

/// Serves until `shutdown` resolves; then takes no more connections and gives open requests five seconds to end. It
/// returns as soon as the last one has its answer.
pub async fn serve_until(sites: Vec<Site>, shutdown: impl Future<Output = ()>) {
    serve_with(sites, shutdown, Deadlines::default()).await;
}

async fn serve_with(sites: Vec<Site>, shutdown: impl Future<Output = ()>, deadlines: Deadlines) {
    let (stop, stopped) = watch::channel(false);
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    for site in sites {
        for listener in site.sockets.listeners {
            let (room, stopped) = (Arc::clone(&room), stopped.clone());
            tokio::spawn(accept(listener, site.router.clone(), deadlines, room, stopped));
        }
    }
    drop(stopped);
    shutdown.await;
    // Without a receiver there is nothing left to stop.
    let _ = stop.send(true);
    // Everything that accepts or serves holds a receiver until it has ended.
    let _ = tokio::time::timeout(GRACE, stop.closed()).await;
}

/// Resolves on Ctrl-C, or when the system asks the process to end. From the call on, either no longer ends it by itself.
#[cfg(unix)]
pub fn signal() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};

    // Where signals cannot be heard, they end the process as ever.
    let next = |kind| {
        let listener = signal(kind).ok();
        async {
            match listener {
                Some(mut listener) => listener.recv().await.unwrap_or_default(),
                None => std::future::pending().await,
            }
        }
    };
    let (interrupt, terminate) = (next(SignalKind::interrupt()), next(SignalKind::terminate()));
    async {
        tokio::select! {
            () = interrupt => {}
            () = terminate => {}
        }
    }
}

/// Resolves on Ctrl-C.
#[cfg(not(unix))]
pub async fn signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn accept(
    listener: TcpListener,
    router: Router,
    deadlines: Deadlines,
    room: Arc<Semaphore>,
    mut stopped: watch::Receiver<bool>,
) {
    loop {
        let next = async {
            let place = Arc::clone(&room).acquire_owned().await.map_err(io::Error::other)?;
            Ok::<_, io::Error>((place, listener.accept().await?))
        };
        let accepted = tokio::select! {
            accepted = next => accepted,
            _ = stopped.changed() => break,
        };
        match accepted {
            Ok((place, (stream, peer))) => {
                let served = connection::serve(stream, peer, router.clone(), deadlines, stopped.clone());
                tokio::spawn(async move {
                    served.await;
                    drop(place);
                });
            }
            // Too many open files, or a client that has gone already: neither ends the server.
            Err(error) => {
                tracing::debug!(%error, "accept failed");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::ConnectInfo;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::sync::oneshot;
    use tokio::task::JoinHandle;

    use super::*;

    /// So long that a test which runs into it has failed.
    const LONG: Duration = Duration::from_secs(30);
    const BRIEF: Duration = Duration::from_millis(50);
    const PATIENT: Deadlines = Deadlines { head: LONG, write: LONG };

    struct Server {
        addresses: Vec<SocketAddr>,
        stop: oneshot::Sender<()>,
        served: JoinHandle<()>,
    }

    impl Server {
        async fn start(router: Router, deadlines: Deadlines) -> Self {
            let sockets = Sockets::bind("test", "--port", &loopback(0)).await.unwrap();
            let addresses = sockets.addresses();
            let site = sockets.answer_with(router);
            let (stop, stopped) = oneshot::channel::<()>();
            let shutdown = async {
                let _ = stopped.await;
            };
            let served = tokio::spawn(serve_with(vec![site], shutdown, deadlines));
            Self { addresses, stop, served }
        }

        async fn connect(&self, says: &str) -> TcpStream {
            let mut stream = TcpStream::connect(self.addresses[0]).await.unwrap();
            stream.write_all(says.as_bytes()).await.unwrap();
            stream
        }

        async fn end(self) {
            self.stop.send(()).unwrap();
            tokio::time::timeout(LONG, self.served).await.unwrap().unwrap();
        }
    }

    fn hello() -> Router {
        Router::new().route("/", get(|| async { "hello" }))
    }

    /// What comes until the server closes the connection.
    async fn read_all(stream: &mut TcpStream) -> String {
        let mut text = Vec::new();
        // A connection that is reset has ended as well.
        let _ = tokio::time::timeout(LONG, stream.read_to_end(&mut text)).await.unwrap();
        String::from_utf8(text).unwrap()
    }

    #[tokio::test]
    async fn a_port_in_use_is_named_with_the_way_out() {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = taken.local_addr().unwrap();
        let error = Sockets::bind("the MCP server", "--mcp-port", &[address]).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains(&address.port().to_string()) && text.contains("--mcp-port"), "{text}");
    }

    #[tokio::test]
    async fn the_peer_is_told_by_the_socket() {
        let router = Router::new()
            .route("/", get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.ip().to_string()));
        let server = Server::start(router, PATIENT).await;
        let request = reqwest::Client::new()
            .get(format!("http://{}/", server.addresses[0]))
            .header("x-forwarded-for", "192.0.2.1");
        assert_eq!(request.send().await.unwrap().text().await.unwrap(), "127.0.0.1");
    }

    #[tokio::test]
    async fn serves_both_loopback_families_and_ends_at_once() {
        let server = Server::start(hello(), PATIENT).await;
        for address in &server.addresses {
            let body = reqwest::get(format!("http://{address}/")).await.unwrap().text().await.unwrap();
            assert_eq!(body, "hello");
        }
        // Neither a connection that was opened in advance nor one that is kept for later holds anybody up.
        let mut silent = server.connect("").await;
        let mut idle = server.connect("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        let mut answer = [0; 12];
        idle.read_exact(&mut answer).await.unwrap();
        server.end().await;
        assert_eq!(read_all(&mut silent).await, "");
        read_all(&mut idle).await;
    }

    /// Req: P12
    #[tokio::test]
    async fn a_request_in_flight_is_answered_before_the_end() {
        let (arrived, has_arrived) = oneshot::channel::<()>();
        let (go, may_go) = oneshot::channel::<()>();
        let gates = Arc::new(std::sync::Mutex::new(Some((arrived, may_go))));
        let router = Router::new().route(
            "/",
            get(async move || {
                let (arrived, may_go) = gates.lock().unwrap().take().unwrap();
                arrived.send(()).unwrap();
                may_go.await.unwrap();
                "late"
            }),
        );
        let server = Server::start(router, PATIENT).await;
        let address = server.addresses[0];
        let mut stream = server.connect("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        has_arrived.await.unwrap();
        let end = tokio::spawn(server.end());
        // Nobody new is let in any more, though the request is still open.
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        go.send(()).unwrap();
        end.await.unwrap();
        let answer = read_all(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("late"), "{answer}");
    }

    /// Req: L05
    #[tokio::test]
    async fn whoever_keeps_the_server_waiting_is_cut_off() {
        let impatient = Deadlines { head: BRIEF, ..PATIENT };
        let server = Server::start(hello(), impatient).await;
        let whole = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
        for says in ["", "GET / HTTP/1.1\r\nhost", whole] {
            let mut stream = server.connect(says).await;
            let answer = read_all(&mut stream).await;
            assert_eq!(answer.starts_with("HTTP/1.1 200"), says == whole, "{says:?}: {answer}");
        }
    }

    /// Req: L05
    #[tokio::test]
    async fn whoever_does_not_take_the_answer_is_cut_off() {
        /// An endless body, which tells when it is given up.
        struct Endless(#[expect(dead_code, reason = "its end is the message")] oneshot::Sender<()>);
        impl futures_core::Stream for Endless {
            type Item = Result<&'static [u8], std::convert::Infallible>;
            fn poll_next(
                self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Option<Self::Item>> {
                std::task::Poll::Ready(Some(Ok(&[b'x'; 16 * 1024])))
            }
        }
        let (sender, given_up) = oneshot::channel();
        let sender = Arc::new(std::sync::Mutex::new(Some(sender)));
        let router = Router::new().route(
            "/",
            get(async move || Body::from_stream(Endless(sender.lock().unwrap().take().unwrap()))),
        );
        let server = Server::start(router, Deadlines { write: BRIEF, ..PATIENT }).await;
        let stream = server.connect("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert!(tokio::time::timeout(LONG, given_up).await.unwrap().is_err());
        drop(stream);
    }

    /// Req: A13
    #[tokio::test]
    async fn endless_heads_are_refused_and_the_connection_ends() {
        let server = Server::start(hello(), PATIENT).await;
        let long = "x".repeat(64 * 1024);
        let many = "a: b\r\n".repeat(200);
        for (head, status) in [
            (format!("GET /?state={long} HTTP/1.1\r\nhost: x\r\n\r\n"), "414"),
            (format!("GET /?state={long}{long} HTTP/1.1\r\nhost: x\r\n\r\n"), "431"),
            (format!("GET / HTTP/1.1\r\nhost: x\r\nx: {long}{long}\r\n\r\n"), "431"),
            (format!("GET / HTTP/1.1\r\nhost: x\r\n{many}\r\n"), "431"),
        ] {
            let mut stream = TcpStream::connect(server.addresses[0]).await.unwrap();
            // The server may close before it has read everything.
            let _ = stream.write_all(head.as_bytes()).await;
            let answer = read_all(&mut stream).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{}: {answer}", &head[..20]);
        }
    }
}
