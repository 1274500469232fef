//! Outgoing HTTP on behalf of strangers: a URL that somebody sent must not make this server knock on internal doors.
//!
//! - Only public addresses are connected to. Every address that a name resolves to is judged, and one bad one refuses
//!   all. The connection goes to the judged addresses: there is no second lookup that could answer differently.
//! - http is spoken only to this machine, and only where [`LoopbackPolicy`] says so; https only on port 443.
//! - No redirects, no proxy, no cookies, no compression, one deadline, and a limit of bytes counted while reading.
//!
//! Spec: Client ID Metadata Document draft -00 §6.5, §6.6, draft -01 §4; MCP Security Best Practices, SSRF.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use protocol::loopback::{LoopbackPolicy, is_loopback_host};
use protocol::secret::Secret;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// From the first lookup to the last byte.
pub const DEADLINE: Duration = Duration::from_secs(5);

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
    /// Nobody answered in HTTP.
    #[error("nobody answered")]
    Unreachable,
    /// The answer was not complete in time.
    #[error("the answer took longer than {} s", DEADLINE.as_secs())]
    Deadline,
    /// The answer is not 200. Redirects are answers like any other.
    #[error("the answer has status {0}")]
    Status(u16),
    /// The body is longer than allowed.
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
}

/// Turns names into addresses.
pub trait Lookup: Send + Sync + 'static {
    /// All addresses of a name.
    fn lookup(&self, host: String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;
}

/// The operating system's resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, host: String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        Box::pin(async move {
            Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect())
        })
    }
}

/// The guarded client.
pub struct Outbound {
    policy: LoopbackPolicy,
    lookup: Arc<dyn Lookup>,
    // Made when first needed: reading the machine's certificates takes a while, and the lab never needs them.
    public: OnceLock<Option<reqwest::Client>>,
    loopback: OnceLock<Option<reqwest::Client>>,
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
        Self::with_lookup(policy, Arc::new(SystemLookup))
    }

    /// The same with another resolver: for tests of hostile names.
    #[must_use]
    pub fn with_lookup(policy: LoopbackPolicy, lookup: Arc<dyn Lookup>) -> Self {
        Self { policy, lookup, public: OnceLock::new(), loopback: OnceLock::new() }
    }

    /// Gets a document of at most `limit` bytes.
    ///
    /// # Errors
    /// [`FetchError`]. Which one must not be told to strangers in more detail than they could find out themselves.
    pub async fn get(&self, url: &str, limit: usize) -> Result<Fetched, FetchError> {
        tokio::time::timeout(DEADLINE, self.get_without_deadline(url, limit))
            .await
            .unwrap_or(Err(FetchError::Deadline))
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
        tokio::time::timeout(DEADLINE, self.post_without_deadline(url, authorization, form, limit))
            .await
            .unwrap_or(Err(FetchError::Deadline))
    }

    async fn get_without_deadline(&self, url: &str, limit: usize) -> Result<Fetched, FetchError> {
        let url = Url::parse(url).map_err(|_| FetchError::Forbidden)?;
        let client = self.client_for(&url)?;
        read_answer(client.get(url), limit).await
    }

    async fn post_without_deadline(
        &self,
        url: &str,
        authorization: &Secret,
        form: String,
        limit: usize,
    ) -> Result<Fetched, FetchError> {
        let url = Url::parse(url).map_err(|_| FetchError::Forbidden)?;
        let client = self.client_for(&url)?;
        let mut authorization =
            HeaderValue::from_str(authorization.reveal()).map_err(|_| FetchError::Forbidden)?;
        authorization.set_sensitive(true);
        let request = client
            .post(url)
            .header(AUTHORIZATION, authorization)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        read_answer(request, limit).await
    }

    /// Which of the two clients may ask for this URL.
    fn client_for(&self, url: &Url) -> Result<&reqwest::Client, FetchError> {
        let client = match (url.scheme(), url.host()) {
            ("https", Some(Host::Domain(_))) if url.port_or_known_default() == Some(443) => {
                self.public.get_or_init(|| {
                    base().https_only(true).dns_resolver(PublicOnly(Arc::clone(&self.lookup))).build().ok()
                })
            }
            ("http", Some(_)) if self.policy.permits("http", url.host_str().unwrap_or_default()) => {
                self.loopback.get_or_init(|| {
                    // No certificate is needed for http, so none is loaded.
                    base().tls_certs_only([]).dns_resolver(ThisMachineOnly).build().ok()
                })
            }
            _ => return Err(FetchError::Forbidden),
        };
        client.as_ref().ok_or(FetchError::Unreachable)
    }
}

/// Sends a request, and reads the answer up to a limit.
async fn read_answer(request: reqwest::RequestBuilder, limit: usize) -> Result<Fetched, FetchError> {
    let mut response = request
        .header(ACCEPT, "application/json")
        .send()
        .await
        .map_err(|error| refused_or_unreachable(&error))?;
    if response.status() != http::StatusCode::OK {
        return Err(FetchError::Status(response.status().as_u16()));
    }
    // What is declared is a hint that saves reading; what is read is counted all the same.
    if response.content_length().is_some_and(|length| length > limit as u64) {
        return Err(FetchError::TooLong(limit));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| FetchError::Unreachable)? {
        if body.len() + chunk.len() > limit {
            return Err(FetchError::TooLong(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Fetched { headers: response.headers().clone(), body })
}

fn base() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .http1_only()
        .pool_max_idle_per_host(0)
        .user_agent(concat!("mcp-auth-lab/", env!("CARGO_PKG_VERSION")))
}

/// A name that resolves to something else than public addresses.
#[derive(Debug, thiserror::Error)]
#[error("not a public address")]
struct NotPublic;

fn refused_or_unreachable(error: &reqwest::Error) -> FetchError {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if cause.is::<NotPublic>() {
            return FetchError::Forbidden;
        }
        source = cause.source();
    }
    FetchError::Unreachable
}

struct PublicOnly(Arc<dyn Lookup>);

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let lookup = self.0.lookup(name.as_str().to_owned());
        Box::pin(async move {
            let addresses = lookup.await?;
            if addresses.is_empty() || !addresses.iter().all(|address| is_public(*address)) {
                return Err(NotPublic.into());
            }
            Ok(with_any_port(addresses))
        })
    }
}

/// Knows one name; addresses never reach a resolver.
struct ThisMachineOnly;

impl Resolve for ThisMachineOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let known = is_loopback_host(name.as_str());
        Box::pin(async move {
            if !known {
                return Err(NotPublic.into());
            }
            Ok(with_any_port(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]))
        })
    }
}

/// Port 0 lets the URL decide.
fn with_any_port(addresses: Vec<IpAddr>) -> Addrs {
    Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)))
}

/// Whether an address belongs to the public internet, after the special-purpose registries of IANA.
///
/// IPv6 is an allow rule: only `2000::/3` is handed out at all, which leaves out loopback, link-local, unique-local,
/// multicast, IPv4-mapped and NAT64 spellings together.
///
/// Spec: RFC 6890; IANA IPv4 and IPv6 Special-Purpose Address Registries.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !SPECIAL_V4.iter().any(|(net, bits)| within(address.to_bits(), *net, *bits)),
        IpAddr::V6(address) => {
            let segments = address.segments();
            let special = match segments[0] {
                // IETF protocol assignments (Teredo, ORCHID, benchmarking …) and documentation.
                0x2001 => segments[1] < 0x0200 || segments[1] == 0x0db8,
                // 6to4 wraps any IPv4 address.
                0x2002 => true,
                0x3fff => segments[1] < 0x1000,
                first => !(0x2000..=0x3fff).contains(&first),
            };
            !special
        }
    }
}

const SPECIAL_V4: [(Ipv4Addr, u32); 17] = [
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 31, 196, 0), 24),
    (Ipv4Addr::new(192, 52, 193, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

fn within(address: u32, net: Ipv4Addr, bits: u32) -> bool {
    (address ^ net.to_bits()) >> (32 - bits) == 0
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Req: AS-43, X-31
    #[test]
    fn only_public_addresses_are_public() {
        for text in
            ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001::1", "172.32.0.1", "100.128.0.1"]
        {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
        for text in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.31.255.255",
            "192.0.0.8",
            "192.168.1.1",
            "198.19.0.1",
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::a00:1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "100::1",
            "5f00::1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
    }

    struct Answers(Vec<IpAddr>, Arc<AtomicUsize>);

    impl Lookup for Answers {
        fn lookup(&self, _: String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
            self.1.fetch_add(1, Ordering::SeqCst);
            let addresses = self.0.clone();
            Box::pin(async move { Ok(addresses) })
        }
    }

    /// Req: AS-43, X-31
    #[tokio::test]
    async fn one_internal_address_refuses_the_name() {
        for internal in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fd00::1"] {
            let lookups = Arc::new(AtomicUsize::new(0));
            let addresses = vec!["8.8.8.8".parse().unwrap(), internal.parse().unwrap()];
            let lookup = Arc::new(Answers(addresses, Arc::clone(&lookups)));
            let outbound = Outbound::with_lookup(LoopbackPolicy::AllowHttpOnLoopback, lookup);
            let result = outbound.get("https://c.example/client.json", 10).await;
            assert_eq!(result.unwrap_err(), FetchError::Forbidden, "{internal}");
            assert_eq!(lookups.load(Ordering::SeqCst), 1, "there is no second lookup that could differ");
        }
    }

    /// Req: AS-43, AS-44
    #[tokio::test]
    async fn urls_outside_the_rules_are_refused_without_a_lookup() {
        let lookups = Arc::new(AtomicUsize::new(0));
        let nowhere = || Arc::new(Answers(Vec::new(), Arc::clone(&lookups)));
        let lab = Outbound::with_lookup(LoopbackPolicy::AllowHttpOnLoopback, nowhere());
        let production = Outbound::with_lookup(LoopbackPolicy::HttpsOnly, nowhere());
        for url in [
            "https://c.example:22/x",
            "https://c.example:8443/x",
            "https://127.0.0.1/x",
            "https://[::1]/x",
            "http://c.example/x",
            "http://127.0.0.2/x",
            "http://localhost./x",
            "http://foo.localhost/x",
            "file:///etc/passwd",
            "not a url",
        ] {
            assert_eq!(lab.get(url, 10).await.unwrap_err(), FetchError::Forbidden, "{url}");
        }
        for url in ["http://localhost:3000/x", "http://127.0.0.1:3000/x", "http://[::1]:3000/x"] {
            assert_eq!(production.get(url, 10).await.unwrap_err(), FetchError::Forbidden, "{url}");
        }
        assert_eq!(lookups.load(Ordering::SeqCst), 0);
    }
}
