//! Sees every request that the client wants to send, and knows what it may not do.

use std::collections::BTreeSet;

use ::flow::http::{Method, Request, Response};
use protocol::basic_credentials::BasicCredentials;
use protocol::ids::{Issuer, ResourceUri};
use protocol::loopback::LoopbackPolicy;
use protocol::query::Parameters;
use protocol::well_known;
use protocol::www_authenticate::BearerChallenge;
use serde_json::Value;

use super::super::trust::{is_inside, may_be_called};
use super::secrets::{Held, Kind, Secrets};
use super::world::{World, form, header, message};

const POLICY: LoopbackPolicy = LoopbackPolicy::AllowHttpOnLoopback;

/// What an authorization server has said about itself, where its own metadata is.
#[derive(Debug, Default)]
struct Endpoints {
    issuer: String,
    authorization: String,
    token: String,
    registration: Option<String>,
    revocation: Option<String>,
    promises_iss: bool,
    has_s256: bool,
}

/// What was named, said and sent so far.
pub(crate) struct Witness {
    server: String,
    /// What the server's metadata says that it is called.
    resource: String,
    /// The authorization servers that it names.
    issuers: Vec<String>,
    /// URLs that the person or an answer has named.
    named: BTreeSet<String>,
    /// In the order in which they were told. The last one is the one that the client is at.
    servers: Vec<Endpoints>,
    /// All that was sent, to find in it what must not have been there.
    sent: String,
    ids: BTreeSet<u64>,
    /// A document was read that is a reason to stop.
    must_stop: Option<&'static str>,
}

impl Witness {
    /// Knows what the person has named.
    pub(crate) fn new(world: &World) -> Self {
        let server = ResourceUri::parse(&world.server, POLICY).expect("the address of a server");
        let places = well_known::protected_resource_metadata_candidates(&server);
        let named = places.into_iter().map(|place| place.url);
        Self {
            server: world.server.clone(),
            resource: String::new(),
            issuers: Vec::new(),
            named: named.chain([world.server.clone(), world.document.clone()]).collect(),
            servers: Vec::new(),
            sent: String::new(),
            ids: BTreeSet::new(),
            must_stop: None,
        }
    }

    /// The issuer that the client is at; empty if it has found none yet.
    pub(crate) fn current(&self) -> &str {
        self.servers.last().map_or("", |server| &server.issuer)
    }

    /// Whether that one promises `iss`.
    pub(crate) fn promises_iss(&self) -> bool {
        self.servers.last().is_some_and(|server| server.promises_iss)
    }

    /// The client wants to send this.
    pub(crate) fn sends(&mut self, place: &str, request: &Request, secrets: &mut Secrets) {
        assert_eq!(self.must_stop, None, "and yet it goes on: {request:?}");
        self.goes_where_it_may(request);
        is_well_formed(request);
        if request.method == Method::Get && place != "resume" {
            assert!(
                header(request, "authorization").is_none(),
                "a document is asked for by nobody: {request:?}"
            );
        }
        if let Some(id) = message(request)["id"].as_u64() {
            assert!(self.ids.insert(id), "the id {id} was used before");
        }
        if place == "token" {
            assert_eq!(form(request).get("resource"), Ok(Some(self.resource.as_str())));
        }
        self.keeps_secrets(place, request, secrets);
        let body = request.body.as_deref().unwrap_or_default();
        self.sent.extend([request.url.as_str(), "\n", body, "\n"]);
    }

    /// The browser is sent there.
    pub(crate) fn departs(&mut self, url: &str, secrets: &Secrets) {
        assert_eq!(self.must_stop, None, "and yet it goes on: {url:?}");
        let server = self.servers.last().expect("nobody is sent to a server that was not found");
        assert!(url.starts_with(&server.authorization), "{url:?} is not {:?}", server.authorization);
        // What the server has put there itself is its own business.
        let asked = Parameters::parse(url[server.authorization.len()..].trim_start_matches(['?', '&']));
        let asked = |name| asked.get(name).ok().flatten().unwrap_or_default();
        assert_eq!((asked("resource"), asked("code_challenge_method")), (self.resource.as_str(), "S256"));
        for fresh in [asked("state"), asked("code_challenge")] {
            assert!(fresh.len() >= 43 && !self.sent.contains(fresh), "{fresh:?} is not fresh: {url:?}");
        }
        let told = |held: &&Held| !held.told;
        for held in secrets.held.iter().filter(told) {
            assert!(!url.contains(&held.core), "{:?} in {url:?}", held.kind);
        }
        self.sent.extend([url, "\n"]);
    }

    /// An answer names where to go on.
    pub(crate) fn hears(&mut self, place: &str, request: &Request, answer: &Response) {
        if answer.status == 401
            && let Some(Ok(challenge)) = answer.header("www-authenticate").map(BearerChallenge::parse)
        {
            self.named.extend(challenge.resource_metadata);
        }
        let said: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let text = |name: &str| said[name].as_str().map(str::to_owned);
        match place {
            "resource-metadata" => {
                self.resource = text("resource").unwrap_or_default();
                if answer.status == 200 && !self.is_this_server(&request.url) {
                    self.must_stop = Some("the metadata is about another resource");
                }
                let issuers = said["authorization_servers"].as_array().into_iter().flatten();
                self.issuers = issuers.filter_map(Value::as_str).map(str::to_owned).collect();
                let issuers = self.issuers.iter().filter_map(|text| Issuer::parse(text, POLICY).ok());
                let places =
                    issuers.flat_map(|issuer| well_known::authorization_server_metadata_candidates(&issuer));
                self.named.extend(places.map(|place| place.url));
            }
            "server-metadata" if answer.status == 200 => {
                let server = Endpoints {
                    issuer: text("issuer").unwrap_or_default(),
                    authorization: text("authorization_endpoint").unwrap_or_default(),
                    token: text("token_endpoint").unwrap_or_default(),
                    registration: text("registration_endpoint"),
                    revocation: text("revocation_endpoint"),
                    promises_iss: said["authorization_response_iss_parameter_supported"] == true,
                    has_s256: said["code_challenge_methods_supported"]
                        .as_array()
                        .is_some_and(|methods| methods.iter().any(|method| method == "S256")),
                };
                self.is_introduced(request, server);
            }
            _ => {}
        }
    }

    /// The server that was asked, or all of its host, where that describes itself.
    fn is_this_server(&self, asked: &str) -> bool {
        let origin = self.server.trim_end_matches("/mcp");
        let at_root = asked == format!("{origin}/.well-known/oauth-protected-resource");
        let whole_host = self.resource.strip_suffix('/').unwrap_or(&self.resource) == origin;
        self.resource == self.server || at_root && whole_host
    }

    /// A server speaks for itself where its metadata is, and nowhere else.
    fn is_introduced(&mut self, request: &Request, server: Endpoints) {
        let places = Issuer::parse(&server.issuer, POLICY)
            .map(|issuer| well_known::authorization_server_metadata_candidates(&issuer));
        let is_its_place = places.is_ok_and(|places| places.iter().any(|place| place.url == request.url));
        if !is_its_place || !self.issuers.contains(&server.issuer) {
            self.must_stop = Some("the metadata is about another issuer");
        } else if !server.has_s256 {
            self.must_stop = Some("the server does not offer PKCE with S256");
        } else {
            let endpoints = [Some(&server.token), server.registration.as_ref(), server.revocation.as_ref()];
            self.named.extend(endpoints.into_iter().flatten().cloned());
            self.servers.push(server);
        }
    }

    /// To a URL that was named and may be called, and from the internet not into a private network.
    fn goes_where_it_may(&self, request: &Request) {
        let url = &request.url;
        assert!(may_be_called(url), "{url:?} may not be called");
        assert!(self.named.contains(url), "nobody has named {url:?}");
        assert!(is_inside(&self.server) || !is_inside(url), "{url:?} is inside a private network");
    }

    /// Every secret in the request is one that its receiver may see, in the one place where it belongs.
    fn keeps_secrets(&self, place: &str, request: &Request, secrets: &mut Secrets) {
        let form = form(request);
        if let Ok(Some(verifier)) = form.get("code_verifier") {
            assert!(!self.sent.contains(verifier), "the verifier was sent before");
            secrets.hold(Held::new(Kind::Verifier, verifier, self.current()));
        }
        let basic = header(request, "authorization").and_then(|value| value.strip_prefix("Basic "));
        let basic = basic.and_then(|encoded| BasicCredentials::parse(encoded).ok());
        for held in secrets.held.iter_mut().filter(|held| !held.told) {
            let in_url = request.url.contains(&held.core);
            let in_body = request.body.as_ref().is_some_and(|body| body.contains(&held.core));
            let in_basic = basic.as_ref().is_some_and(|basic| basic.secret.reveal().contains(&held.core));
            let headers = request.headers.iter().filter(|(_, value)| value.contains(&held.core));
            let headers: Vec<_> = headers.map(|(name, _)| name.as_str()).collect();
            if !in_url && !in_body && !in_basic && headers.is_empty() {
                continue;
            }
            if held.issuer.is_empty() {
                self.current().clone_into(&mut held.issuer);
            }
            let seen = (in_body, in_basic, headers.as_slice());
            let fits = !in_url && self.may_be_seen(held, place, &request.url, seen);
            assert!(fits, "{held:?} goes to {place} at {}: {request:?}", request.url);
            // A session id is the client's from when it uses it.
            held.delivered = true;
        }
    }

    fn may_be_seen(
        &self,
        held: &Held,
        place: &str,
        url: &str,
        (in_body, in_basic, headers): (bool, bool, &[&str]),
    ) -> bool {
        let of_issuer = || self.servers.iter().filter(|server| server.issuer == held.issuer);
        let at_token = place == "token" && of_issuer().any(|server| server.token == url);
        let at_revocation =
            place == "revoke" && of_issuer().any(|server| server.revocation.as_deref() == Some(url));
        let alone_in_body = in_body && !in_basic && headers.is_empty();
        match held.kind {
            Kind::AccessToken => {
                let at_server = url == self.server && held.issuer == self.current();
                at_server && headers == ["authorization"] && !in_body || at_revocation && alone_in_body
            }
            Kind::RefreshToken => (at_token || at_revocation) && alone_in_body,
            Kind::Code => at_token && alone_in_body && !held.poisoned && held.issuer == self.current(),
            Kind::Verifier => at_token && alone_in_body,
            Kind::ClientSecret => {
                (at_token || at_revocation) && (alone_in_body || in_basic && !in_body && headers.is_empty())
            }
            Kind::RegistrationToken => false,
            Kind::Session => url == self.server && headers == ["mcp-session-id"] && !in_body,
        }
    }
}

/// Names and values that a header can hold, each name once; a body only where there may be one.
fn is_well_formed(request: &Request) {
    let mut names = BTreeSet::new();
    for (name, value) in &request.headers {
        let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&b);
        assert!(!name.is_empty() && name.bytes().all(legal), "{name:?} is no name of a header");
        assert!(value.bytes().all(|b| matches!(b, b' '..=b'~')), "{value:?} is no value of a header");
        assert!(names.insert(name), "{name:?} stands twice");
    }
    assert!(request.method == Method::Post || request.body.is_none(), "{request:?}");
}
