//! From the URL of a client to its validated document.

use std::sync::Arc;

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use protocol::cimd::{ClientIdUrl, ClientMetadataDocument, MAX_DOCUMENT_BYTES};
use protocol::clause::Clause;
use protocol::ids::Issuer;

use super::attempts::Attempts;
use super::freshness::Freshness;
use super::kept::Kept;
use super::single_flight::SingleFlight;
use super::{WHAT, document_checks};
use crate::authorization_server::page_refusal::PageRefusal;
use server_kit::clock::Clock;
use server_kit::outbound::{FetchError, Fetched, Outbound};
use server_kit::witness::{self, checked, or_absent};

type Document = Arc<ClientMetadataDocument>;

/// The documents of all clients.
pub(in crate::authorization_server) struct Documents {
    flights: SingleFlight<ClientIdUrl, Result<Document, PageRefusal>>,
    library: Arc<Library>,
}

/// What a fetch needs; it may outlive the request that began it.
struct Library {
    outbound: Outbound,
    clock: Arc<dyn Clock>,
    issuer: Issuer,
    kept: Kept,
    attempts: Attempts,
}

impl Documents {
    pub(in crate::authorization_server) fn new(
        outbound: Outbound,
        clock: Arc<dyn Clock>,
        issuer: Issuer,
    ) -> Self {
        let outbound = outbound.on_errand(WHAT, Clause::ClientDocumentFetch);
        let library =
            Library { outbound, clock, issuer, kept: Kept::default(), attempts: Attempts::default() };
        Self { flights: SingleFlight::default(), library: Arc::new(library) }
    }

    /// The validated document of a client: kept, or else fetched; once for all who ask at the same time.
    pub(in crate::authorization_server) async fn get(
        &self,
        url: &ClientIdUrl,
    ) -> Result<Document, PageRefusal> {
        let own = names_this_server(url, &self.library.issuer);
        let found = || url.authority();
        checked(Clause::ClientIdUrl, "host of the client_id", !own, || "another server than this", found);
        if own {
            return Err(PageRefusal::OwnAddressAsClientId);
        }
        if let Some(document) = self.find_kept(url) {
            return Ok(document);
        }
        let (library, wanted) = (Arc::clone(&self.library), url.clone());
        // The fetch may go on without whoever began it; what it finds is reported to them.
        let fetch = witness::handle().scope(async move { library.fetch(&wanted).await });
        let fetched = self.flights.ask(url.clone(), fetch).await;
        fetched.unwrap_or(Err(PageRefusal::ServerFault))
    }

    /// The validated document of a client, if it was fetched lately.
    pub(in crate::authorization_server) fn find_kept(&self, url: &ClientIdUrl) -> Option<Document> {
        self.library.find(url)
    }
}

impl Library {
    fn find(&self, url: &ClientIdUrl) -> Option<Document> {
        self.kept.find(url, self.clock.now())
    }

    async fn fetch(&self, url: &ClientIdUrl) -> Result<Document, PageRefusal> {
        // The flight before this one may have landed just now.
        if let Some(document) = self.find(url) {
            return Ok(document);
        }
        // On loopback somebody is trying things out, and there is nobody to protect.
        let now = self.clock.now();
        if !url.is_on_loopback() && !self.attempts.allow(url, self.kept.knows(url), now) {
            return Err(PageRefusal::DocumentBusy);
        }
        let fetched = self.outbound.get(url.as_str(), MAX_DOCUMENT_BYTES).await;
        document_checks::report_size(&fetched);
        let fetched = fetched.map_err(refusal);
        match fetched.and_then(|fetched| Ok((validate(url, &fetched)?, fetched))) {
            Ok((document, fetched)) => {
                self.attempts.succeeded(url);
                self.keep(url, &document, &fetched);
                Ok(document)
            }
            Err(refusal) => {
                self.attempts.failed(url, self.clock.now());
                Err(refusal)
            }
        }
    }

    /// Only what passed every rule comes here.
    fn keep(&self, url: &ClientIdUrl, document: &Document, fetched: &Fetched) {
        let now = self.clock.now();
        let seconds = Freshness::of(url).seconds(&fetched.headers);
        self.kept.keep(document, fetched.body.len(), now.plus(seconds), now);
        witness::stored("the document, for a while", || {
            [("url", url.as_str().to_owned()), ("kept for", format!("{seconds} s"))]
        });
    }
}

fn validate(url: &ClientIdUrl, fetched: &Fetched) -> Result<Document, PageRefusal> {
    let is_json = is_json(&fetched.headers);
    let said = || or_absent(fetched.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()));
    checked(Clause::ClientDocument, "type of the document", is_json, || "application/json", said);
    if !is_json {
        return Err(PageRefusal::DocumentContentType);
    }
    let document = ClientMetadataDocument::validate(url, &fetched.body);
    document_checks::report(url, &document);
    document.map(Arc::new).map_err(PageRefusal::BadDocument)
}

/// A client that lives at this server's own address would make the server talk to itself.
///
/// On loopback, where the lab lives, all spellings are one host, and ports tell servers apart; elsewhere the host alone
/// decides, whatever the port.
fn names_this_server(url: &ClientIdUrl, issuer: &Issuer) -> bool {
    if url.is_on_loopback() {
        let port = |authority: &str| {
            let digits = authority.rsplit_once(':').map(|(_, port)| port.to_owned());
            digits.filter(|port| port.bytes().all(|b| b.is_ascii_digit())).unwrap_or_else(|| "80".to_owned())
        };
        return port(url.authority()) == port(issuer.authority());
    }
    url.host().eq_ignore_ascii_case(issuer.host())
}

/// Strangers learn what is wrong with an answer, and not why there was none: whether an address is refused, closed,
/// silent, or shows a bad certificate.
///
/// Time tells no more than that. An internal address is refused as soon as it is looked up, whatever listens there; how
/// long a public one takes, everybody can find out without this server.
fn refusal(error: FetchError) -> PageRefusal {
    tracing::info!(%error, "client metadata document not fetched");
    match error {
        FetchError::Forbidden | FetchError::Unreachable | FetchError::Untrusted | FetchError::Deadline => {
            PageRefusal::DocumentUnavailable
        }
        FetchError::Busy => PageRefusal::DocumentBusy,
        FetchError::Status(status) => PageRefusal::DocumentStatus(status),
        FetchError::Encoded => PageRefusal::DocumentEncoded,
        FetchError::TooLong(_) => PageRefusal::DocumentTooLong,
    }
}

/// `application/json`, or `application/*+json`.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let media_type = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match media_type.strip_prefix("application/") {
        Some("json") => true,
        Some(subtype) => subtype.strip_suffix("+json").is_some_and(|name| !name.is_empty()),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use protocol::loopback::LoopbackPolicy;

    use super::*;

    /// Req: AS-55
    #[test]
    fn only_json_media_types_are_json() {
        let is_json = |text: &str| {
            super::is_json(&HeaderMap::from_iter([(
                CONTENT_TYPE,
                text.parse::<http::HeaderValue>().unwrap(),
            )]))
        };
        for text in ["application/json", "Application/JSON; charset=utf-8", "application/cimd+json"] {
            assert!(is_json(text), "{text}");
        }
        for text in ["text/html", "text/json", "application/+json", "application/jsonp", ""] {
            assert!(!is_json(text), "{text}");
        }
        assert!(!super::is_json(&HeaderMap::new()));
    }

    /// Req: AS-38
    #[test]
    fn a_client_cannot_live_at_the_servers_own_address() {
        const LAB: LoopbackPolicy = LoopbackPolicy::AllowHttpOnLoopback;
        let own = |url: &str, issuer: &str| {
            names_this_server(&ClientIdUrl::parse(url, LAB).unwrap(), &Issuer::parse(issuer, LAB).unwrap())
        };
        for url in ["https://as.example/c", "https://AS.example/c", "https://as.example:443/c"] {
            assert!(own(url, "https://as.example"), "{url}");
            assert!(own(url, "https://as.example:8443"), "{url}");
        }
        assert!(!own("https://as.example.evil.example/c", "https://as.example"));
        for url in ["http://localhost:9000/c", "http://127.0.0.1:9000/c", "http://[::1]:9000/c"] {
            assert!(own(url, "http://localhost:9000"), "{url}");
        }
        assert!(!own("http://localhost:3000/c", "http://localhost:9000"));
        assert!(!own("http://[::1]/c", "http://[::1]:9000"));
        assert!(own("http://localhost/c", "http://[::1]:80"));
    }
}
