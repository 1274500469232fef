//! Outgoing HTTP on behalf of strangers: a URL that somebody sent must not make this server knock on internal doors.
//!
//! - [`target`]: https only, to names, on port 443; http only to this machine, and only where [`LoopbackPolicy`] says so.
//! - [`address`]: every address that the name resolves to is judged, and one that is not public refuses all.
//! - The connection goes to a judged address: there is no second lookup that could answer differently.
//! - [`tls`]: the certificate is for the name, whatever the address is.
//! - [`exchange`]: one request on one connection. No redirects, no proxy, no cookies, no compression: none of them exists
//!   here. What is read is counted.
//! - Where somebody watches, each address that is judged and each request is reported ([`witness`]).
//! - [`slots`]: no host takes the turns of others, and one deadline covers everything from waiting to the last byte.
//!
//! Spec: Client ID Metadata Document draft -00 §6.5, §6.6, draft -01 §4; MCP Security Best Practices, SSRF.

mod address;
mod exchange;
mod network;
mod slots;
mod target;
mod tls;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request};
use http_body_util::Full;
use hyper::body::Bytes;
use protocol::clause::Clause;
use protocol::loopback::LoopbackPolicy;
use protocol::observation::{Finding, correlation};
use protocol::secret::Secret;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

pub use address::is_public;
pub use network::{Network, Soon, SystemNetwork};
pub use tls::Roots;

use slots::Slots;
use target::{Site, Target};
use tls::Tls;

use crate::witness;

/// From the wait for a turn to the last byte.
pub const DEADLINE: Duration = Duration::from_secs(5);
/// How long one address may take to accept a connection, and how many addresses are tried.
const CONNECT_DEADLINE: Duration = Duration::from_secs(1);
const MAX_ADDRESSES: usize = 3;

/// What this program calls itself.
const NAME: &str = concat!("mcp-auth-lab/", env!("CARGO_PKG_VERSION"));

/// An answer with status 200 that was read whole.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// All headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

/// Why there is no answer to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The URL, its port or one of its addresses is none that may be asked.
    #[error("this address may not be asked")]
    Forbidden,
    /// The name has no address, or nobody answered there in HTTP.
    #[error("nobody answered")]
    Unreachable,
    /// Whoever answered has no good certificate for the name, or speaks no modern TLS.
    #[error("the TLS handshake failed")]
    Untrusted,
    /// The answer was not complete in time.
    #[error("the answer took longer than {} s", DEADLINE.as_secs())]
    Deadline,
    /// Too many fetches run and wait already, in all or for this host.
    #[error("too many fetches are waiting")]
    Busy,
    /// The answer is not 200. Redirects are answers like any other.
    #[error("the answer has status {0}")]
    Status(u16),
    /// The answer is compressed, though that was not asked for.
    #[error("the answer is compressed")]
    Encoded,
    /// The body is longer than allowed.
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
}

/// The guarded client. Clones share its turns.
#[derive(Clone)]
pub struct Outbound {
    policy: LoopbackPolicy,
    network: Arc<dyn Network>,
    tls: Arc<Tls>,
    slots: Arc<Slots>,
    errand: Errand,
}

/// What somebody who watches is told about the requests of a client.
#[derive(Clone, Copy)]
struct Errand {
    /// What is asked for.
    what: &'static str,
    /// The rule by which addresses are judged.
    rule: Clause,
}

impl std::fmt::Debug for Outbound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbound").field("policy", &self.policy).finish_non_exhaustive()
    }
}

impl Outbound {
    /// A client under this policy.
    #[must_use]
    pub fn new(policy: LoopbackPolicy) -> Self {
        Self::on(policy, Arc::new(SystemNetwork::default()), Roots::System)
    }

    /// The same on another network, with other authorities: for tests of hostile names and hosts. The rules are the same.
    #[must_use]
    pub fn on(policy: LoopbackPolicy, network: Arc<dyn Network>, roots: Roots) -> Self {
        let errand = Errand { what: "a document", rule: Clause::PublicAddress };
        Self { policy, network, tls: Arc::new(Tls::new(roots)), slots: Arc::new(Slots::new()), errand }
    }

    /// The same client on an errand of its own: where somebody watches, this is what it asks for, and the rule by which it
    /// judges addresses.
    #[must_use]
    pub fn on_errand(self, what: &'static str, rule: Clause) -> Self {
        Self { errand: Errand { what, rule }, ..self }
    }

    /// Gets a document of at most `limit` bytes.
    ///
    /// # Errors
    /// [`FetchError`]. Which one must not be told to strangers in more detail than they could find out themselves.
    pub async fn get(&self, url: &str, limit: usize) -> Result<Fetched, FetchError> {
        self.ask(url, Request::new(Bytes::new()), limit).await
    }

    /// Posts a form with an `Authorization` header, under the same guards, and gives an answer of at most `limit` bytes.
    ///
    /// # Errors
    /// [`FetchError`].
    pub async fn post_form(
        &self,
        url: &str,
        authorization: &Secret,
        form: String,
        limit: usize,
    ) -> Result<Fetched, FetchError> {
        let mut authorization =
            HeaderValue::from_str(authorization.reveal()).map_err(|_| FetchError::Forbidden)?;
        authorization.set_sensitive(true);
        let mut request = Request::new(Bytes::from(form));
        *request.method_mut() = Method::POST;
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, authorization);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        self.ask(url, request, limit).await
    }

    /// A request, and the report of it.
    async fn ask(&self, url: &str, request: Request<Bytes>, limit: usize) -> Result<Fetched, FetchError> {
        let watched = witness::is_watched().then(|| (correlation_of(url, &request), Instant::now()));
        let answer = self.send(url, request.map(Full::new), limit).await;
        if let Some((correlation, began)) = watched {
            witness::report(|| Finding::Fetched {
                what: self.errand.what.to_owned(),
                url: url.to_owned(),
                correlation,
                outcome: match &answer {
                    Ok(_) => Ok(200),
                    Err(FetchError::Status(status)) => Ok(*status),
                    Err(reason) => Err(reason.to_string()),
                },
                elapsed_us: began.elapsed().as_micros().try_into().unwrap_or(u64::MAX),
            });
        }
        answer
    }

    /// Everything that takes time. What is given up at the deadline frees its socket and its turn.
    async fn send(
        &self,
        url: &str,
        mut request: Request<Full<Bytes>>,
        limit: usize,
    ) -> Result<Fetched, FetchError> {
        let target = self.target(url)?;
        let host = target.authority.parse().map_err(|_| FetchError::Forbidden)?;
        *request.uri_mut() = target.path_and_query.clone();
        let headers = request.headers_mut();
        headers.insert(HOST, host);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        headers.insert(USER_AGENT, HeaderValue::from_static(NAME));
        let answer = async {
            let _turn = self.slots.turn(&target.authority).await?;
            let addresses = self.addresses(&target.site).await?;
            let stream = self.connect(&addresses, target.port).await?;
            match &target.site {
                Site::Public { name } => {
                    let stream = self.tls.handshake(name, stream).await?;
                    exchange::exchange(stream, request, limit).await
                }
                Site::ThisMachine { .. } => exchange::exchange(stream, request, limit).await,
            }
        };
        timeout(DEADLINE, answer).await.unwrap_or(Err(FetchError::Deadline))
    }

    /// Where the URL leads, if it may be asked.
    fn target(&self, url: &str) -> Result<Target, FetchError> {
        let target = Target::parse(url, self.policy);
        let expected = || match self.policy {
            LoopbackPolicy::HttpsOnly => "https to a name, on port 443",
            LoopbackPolicy::AllowHttpOnLoopback => "https to a name, on port 443, or http to this machine",
        };
        witness::checked(self.errand.rule, "where the URL leads", target.is_ok(), expected, || url);
        target
    }

    /// The addresses that may be connected to. One bad address refuses the name: whoever controls its records could
    /// have the bad one chosen.
    async fn addresses(&self, site: &Site) -> Result<Vec<IpAddr>, FetchError> {
        let (found, allowed, expected) = match site {
            Site::ThisMachine { addresses } => (addresses.clone(), true, "this machine, as the lab allows"),
            Site::Public { name } => {
                let found = self.network.lookup(name.clone()).await.map_err(|_| FetchError::Unreachable)?;
                let allowed = found.iter().all(|address| is_public(*address));
                (found, allowed, "every address of the name is a public one")
            }
        };
        let texts = || found.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        witness::checked(self.errand.rule, "addresses", allowed, || expected, texts);
        if allowed { Ok(found) } else { Err(FetchError::Forbidden) }
    }

    /// A connection to the first of these addresses that takes one. They are addresses: nothing is looked up again.
    async fn connect(&self, addresses: &[IpAddr], port: u16) -> Result<TcpStream, FetchError> {
        for address in addresses.iter().take(MAX_ADDRESSES) {
            let connected = self.network.connect(SocketAddr::new(*address, port));
            if let Ok(Ok(stream)) = timeout(CONNECT_DEADLINE, connected).await {
                return Ok(stream);
            }
        }
        Err(FetchError::Unreachable)
    }
}

fn correlation_of(url: &str, request: &Request<Bytes>) -> String {
    let authorization = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    correlation(request.method().as_str(), url, authorization, request.body())
}
