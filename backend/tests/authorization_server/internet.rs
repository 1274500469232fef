//! An internet of one's own: names, addresses and certificates as a test wants them, on real sockets of this machine.
//!
//! The way out is the production one, with all its rules; only the operating system beneath it is replaced. What it
//! asks for and connects to is written down.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::Router;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use protocol::loopback::LoopbackPolicy;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use server_kit::outbound::{Network, Outbound, Roots, Soon};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A public address of the test's choice: nothing here ever connects to it.
pub(crate) const PUBLIC: &str = "93.184.216.34";

/// Names, routes, and what was asked of them.
#[derive(Clone, Default)]
pub(crate) struct Internet(Arc<State>);

#[derive(Default)]
struct State {
    /// The answers for a name, one after the other; the last one stays.
    names: Mutex<HashMap<String, Vec<Vec<IpAddr>>>>,
    routes: Mutex<HashMap<IpAddr, Route>>,
    lookups: Mutex<Vec<String>>,
    connections: Mutex<Vec<SocketAddr>>,
}

#[derive(Clone, Copy)]
enum Route {
    To(SocketAddr),
    BlackHole,
}

impl Internet {
    /// Gives a name its addresses.
    pub(crate) fn name(&self, name: &str, addresses: &[&str]) {
        self.name_in_turn(name, &[addresses]);
    }

    /// Gives a name other addresses at each lookup.
    pub(crate) fn name_in_turn(&self, name: &str, answers: &[&[&str]]) {
        let parse = |addresses: &&[&str]| addresses.iter().map(|address| address.parse().unwrap()).collect();
        self.0.names.lock().unwrap().insert(name.into(), answers.iter().map(parse).collect());
    }

    /// Connections to this address arrive at a listener of this machine.
    pub(crate) fn route(&self, address: &str, to: SocketAddr) {
        self.0.routes.lock().unwrap().insert(address.parse().unwrap(), Route::To(to));
    }

    /// Connections to this address are never answered.
    pub(crate) fn black_hole(&self, address: &str) {
        self.0.routes.lock().unwrap().insert(address.parse().unwrap(), Route::BlackHole);
    }

    /// Which names were looked up.
    pub(crate) fn lookups(&self) -> Vec<String> {
        self.0.lookups.lock().unwrap().clone()
    }

    /// Where connections went.
    pub(crate) fn connections(&self) -> Vec<String> {
        self.0.connections.lock().unwrap().iter().map(ToString::to_string).collect()
    }

    /// The way out into it, under production's policy.
    pub(crate) fn outbound(&self, authority: &Authority) -> Outbound {
        let roots = Roots::Only(vec![authority.root.clone()]);
        Outbound::on(LoopbackPolicy::HttpsOnly, Arc::new(self.clone()), roots)
    }

    /// A site with this name and a good certificate.
    pub(crate) async fn site(&self, name: &str, address: &str, authority: &Authority, router: Router) {
        self.name(name, &[address]);
        let acceptor = authority.acceptor(name);
        let site = listen(move |stream| {
            let (acceptor, router) = (acceptor.clone(), router.clone());
            async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let service = TowerToHyperService::new(router);
                // What a client does with its connection is not this site's matter.
                let _ = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            }
        });
        self.route(address, site.await);
    }
}

impl Network for Internet {
    fn lookup(&self, name: String) -> Soon<Vec<IpAddr>> {
        self.0.lookups.lock().unwrap().push(name.clone());
        let mut names = self.0.names.lock().unwrap();
        let answer = match names.get_mut(&name) {
            Some(answers) if answers.len() > 1 => Ok(answers.remove(0)),
            Some(answers) => Ok(answers[0].clone()),
            None => Err(io::Error::other("no such name")),
        };
        Box::pin(std::future::ready(answer))
    }

    fn connect(&self, address: SocketAddr) -> Soon<TcpStream> {
        self.0.connections.lock().unwrap().push(address);
        match self.0.routes.lock().unwrap().get(&address.ip()).copied() {
            Some(Route::To(listener)) => Box::pin(TcpStream::connect(listener)),
            Some(Route::BlackHole) => Box::pin(std::future::pending()),
            None => Box::pin(std::future::ready(Err(io::ErrorKind::ConnectionRefused.into()))),
        }
    }
}

/// A listener that lets each connection be served by this, and where it listens.
pub(crate) async fn listen<F, S>(serve: F) -> SocketAddr
where
    F: Fn(TcpStream) -> S + Send + 'static,
    S: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(serve(stream));
        }
    });
    address
}

/// Vouches for names.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    root: CertificateDer<'static>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let root = params.self_signed(&key).unwrap().der().clone();
        Self { issuer: Issuer::new(params, key), root }
    }

    /// A server with a good certificate for this name.
    pub(crate) fn acceptor(&self, name: &str) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let certificate = params(name).signed_by(&key, &self.issuer).unwrap();
        acceptor(certificate.der().clone(), &key)
    }

    /// The same with a certificate that ended years ago.
    pub(crate) fn expired(&self, name: &str) -> TlsAcceptor {
        let mut params = params(name);
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
        let key = KeyPair::generate().unwrap();
        acceptor(params.signed_by(&key, &self.issuer).unwrap().der().clone(), &key)
    }
}

/// A server that vouches for itself.
pub(crate) fn self_signed(name: &str) -> TlsAcceptor {
    let key = KeyPair::generate().unwrap();
    acceptor(params(name).self_signed(&key).unwrap().der().clone(), &key)
}

fn params(name: &str) -> CertificateParams {
    CertificateParams::new(vec![name.to_owned()]).unwrap()
}

fn acceptor(certificate: CertificateDer<'static>, key: &KeyPair) -> TlsAcceptor {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// The name that a client asked for in its greeting.
pub(crate) fn server_name(stream: &TlsStream<TcpStream>) -> String {
    stream.get_ref().1.server_name().unwrap_or_default().to_owned()
}
