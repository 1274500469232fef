//! Listening: the given addresses, a clear word when one is taken, and an end within a second or two.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use http::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower::ServiceExt as _;

/// A client has this long to send the headers of a request, the first one or the next on the same connection.
const HEADER_DEADLINE: Duration = Duration::from_secs(30);
/// Requests in flight have this long to end after the signal.
const GRACE: Duration = Duration::from_secs(1);

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

/// Serves until `shutdown` resolves; then takes no more connections and gives open requests a second to end.
pub async fn serve_until(sites: Vec<Site>, shutdown: impl Future<Output = ()>) {
    let (stop, stopped) = watch::channel(false);
    let mut accepting = JoinSet::new();
    for site in sites {
        for listener in site.sockets.listeners {
            accepting.spawn(accept(listener, site.router.clone(), stopped.clone()));
        }
    }
    drop(stopped);
    shutdown.await;
    // Without a receiver there is nothing left to stop.
    let _ = stop.send(true);
    accepting.join_all().await;
}

/// Resolves on Ctrl-C, or when the system asks the process to end.
pub async fn signal() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}

async fn accept(listener: TcpListener, router: Router, mut stopped: watch::Receiver<bool>) {
    let graceful = GracefulShutdown::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.changed() => break,
        };
        match stream {
            Ok((stream, peer)) => serve_connection(stream, peer, router.clone(), &graceful),
            // Too many open files, or a client that has gone already: neither ends the server.
            Err(error) => {
                tracing::debug!(%error, "accept failed");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
    drop(listener);
    let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await;
}

fn serve_connection(stream: TcpStream, peer: SocketAddr, router: Router, graceful: &GracefulShutdown) {
    // Answers are small; waiting to fill a packet would only delay them.
    let _ = stream.set_nodelay(true);
    // Who is at the other end is known here alone; headers can say anything.
    let router = router.map_request(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_DEADLINE)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let connection = graceful.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "connection ended early");
        }
    });
}

#[cfg(test)]
mod tests {
    use axum::routing::get;

    use super::*;

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
        let sockets = Sockets::bind("test", "--port", &["127.0.0.1:0".parse().unwrap()]).await.unwrap();
        let address = sockets.addresses()[0];
        let server = tokio::spawn(serve_until(vec![sockets.answer_with(router)], std::future::pending()));
        let request =
            reqwest::Client::new().get(format!("http://{address}/")).header("x-forwarded-for", "192.0.2.1");
        assert_eq!(request.send().await.unwrap().text().await.unwrap(), "127.0.0.1");
        server.abort();
    }

    #[tokio::test]
    async fn serves_both_loopback_families_and_ends_at_once() {
        let router = Router::new().route("/", get(|| async { "hello" }));
        let sockets = Sockets::bind("test", "--port", &loopback(0)).await.unwrap();
        let addresses = sockets.addresses();
        let site = sockets.answer_with(router);
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let server = tokio::spawn(serve_until(vec![site], async {
            let _ = stopped.await;
        }));
        for address in addresses {
            let body = reqwest::get(format!("http://{address}/")).await.unwrap().text().await.unwrap();
            assert_eq!(body, "hello");
        }
        stop.send(()).unwrap();
        tokio::time::timeout(Duration::from_secs(2), server).await.unwrap().unwrap();
    }
}
