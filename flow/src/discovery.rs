//! From a bare address to an authorization server: the challenge and the two metadata documents.

use protocol::authorization_server_metadata::AuthorizationServerMetadata;
use protocol::clause::Clause;
use protocol::ids::{Issuer, ResourceUri};
use protocol::mcp;
use protocol::protected_resource_metadata::ProtectedResourceMetadata;
use protocol::scope::ScopeSet;
use protocol::well_known::{
    Candidate, authorization_server_metadata_candidates, protected_resource_metadata_candidates,
};
use protocol::www_authenticate::BearerChallenge;
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::http::{Request, Response};
use crate::lessons::steps::Step;
use crate::machine::State;
use crate::trace::{Decoded, Party, Stop};
use crate::turn::{Outgoing, Turn};

/// Where the scopes of a request come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScopeSource {
    /// The `scope` of the challenge.
    Challenge,
    /// `scopes_supported` of the resource metadata.
    ResourceMetadata,
    /// Nothing named any: the parameter is left out.
    Nobody,
}

impl ScopeSource {
    /// For the reader.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Challenge => "the challenge",
            Self::ResourceMetadata => "scopes_supported of the resource metadata",
            Self::Nobody => "nobody named a scope, so the parameter is left out",
        }
    }
}

/// Which scopes to ask for, and who said so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeChoice {
    /// The scopes; `None` leaves the parameter out.
    pub scopes: Option<ScopeSet>,
    /// Who said so.
    pub source: ScopeSource,
}

impl ScopeChoice {
    /// The challenge, else the metadata, else none.
    ///
    /// Spec: MCP 2025-11-25 Authorization, Scope Selection Strategy.
    #[must_use]
    pub fn select(challenge: Option<ScopeSet>, metadata: ScopeSet) -> Self {
        match challenge {
            Some(scopes) => Self { scopes: Some(scopes), source: ScopeSource::Challenge },
            None if metadata.is_empty() => Self { scopes: None, source: ScopeSource::Nobody },
            None => Self { scopes: Some(metadata), source: ScopeSource::ResourceMetadata },
        }
    }
}

/// A list of places to look at, one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lookup {
    candidates: Vec<Candidate>,
    next: usize,
}

impl Lookup {
    fn new(candidates: Vec<Candidate>) -> Self {
        Self { candidates, next: 0 }
    }

    fn current(&self) -> Option<&Candidate> {
        self.candidates.get(self.next)
    }

    /// The same list one place further; `None` at its end.
    fn advanced(mut self) -> Option<Self> {
        self.next += 1;
        (self.next < self.candidates.len()).then_some(self)
    }

    fn outgoing(&self, step: Step, to: Party, document: &str) -> Option<Outgoing> {
        let candidate = self.current()?;
        Some(Outgoing {
            step,
            to,
            title: format!("GET {document}: {}", candidate.reason),
            request: Request::get_json(&candidate.url),
        })
    }
}

/// The first message: a request without a token.
pub(crate) fn first_contact(config: &Config) -> Outgoing {
    let message = mcp::initialize(1, config.revision);
    Outgoing {
        step: Step::Challenge,
        to: Party::McpServer,
        title: "initialize, without a token".into(),
        request: Request::post_json(config.server.as_str(), &message).header("accept", mcp::ACCEPT),
    }
}

/// Reads the refusal of the first message.
pub(crate) fn challenged(turn: &mut Turn<'_>, response: &Response) -> Result<State, Stop> {
    turn.status(Clause::Challenge, 401, response)?;
    let challenge = read_challenge(turn, response);
    turn.summary = match &challenge.scope {
        Some(scope) => format!("401 · resource_metadata, scope {scope}"),
        None => "401".into(),
    };
    let candidates = match &challenge.resource_metadata {
        Some(url) => {
            let legal = ResourceUri::parse(url, turn.config.loopback).is_ok();
            turn.checks.require(
                Clause::EndpointUrls,
                "resource_metadata is a URL to trust",
                legal,
                "an https URL",
                url,
            )?;
            vec![Candidate { url: url.clone(), reason: "named by the challenge".into() }]
        }
        None => protected_resource_metadata_candidates(&turn.config.server),
    };
    Ok(State::ResourceMetadata(ResourceLookup {
        challenged: challenge.scope,
        lookup: Lookup::new(candidates),
    }))
}

/// Takes the challenge apart. A missing or unreadable header is no reason to stop: the well-known places remain.
fn read_challenge(turn: &mut Turn<'_>, response: &Response) -> BearerChallenge {
    let header = response.header("www-authenticate");
    let challenge = header.map(BearerChallenge::parse);
    turn.checks.note(
        Clause::Challenge,
        "WWW-Authenticate has a Bearer challenge",
        matches!(challenge, Some(Ok(_))),
        "Bearer …",
        header.unwrap_or("no such header, or CORS hides it"),
    );
    let Some(Ok(challenge)) = challenge else { return BearerChallenge::default() };
    turn.checks.note(
        Clause::Challenge,
        "the challenge names the metadata",
        challenge.resource_metadata.is_some(),
        "resource_metadata",
        challenge.resource_metadata.as_deref().unwrap_or("nothing"),
    );
    turn.checks.note(
        Clause::ChallengeScope,
        "the challenge names a scope",
        challenge.scope.is_some(),
        "scope",
        challenge.scope.as_ref().map_or_else(|| "nothing".into(), ToString::to_string),
    );
    turn.checks.note(
        Clause::ChallengeWithoutError,
        "no error, since no token was sent",
        challenge.error.is_none(),
        "no error",
        challenge.error.as_deref().unwrap_or("no error"),
    );
    turn.decoded.push(decode_challenge(&challenge));
    challenge
}

/// The parts of a challenge, for the reader.
pub(crate) fn decode_challenge(challenge: &BearerChallenge) -> Decoded {
    let scope = challenge.scope.as_ref().map(ToString::to_string);
    let rows = [
        ("error", challenge.error.clone(), "why the request was refused"),
        ("error_description", challenge.error_description.clone(), "for developers"),
        ("resource_metadata", challenge.resource_metadata.clone(), "where the server describes itself"),
        ("scope", scope, "what to ask for"),
    ];
    let present = rows.into_iter().filter_map(|(name, value, meaning)| Some((name, value?, meaning)));
    Decoded::new("WWW-Authenticate: Bearer", present)
}

/// Looking for the protected resource metadata.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ResourceLookup {
    challenged: Option<ScopeSet>,
    lookup: Lookup,
}

impl ResourceLookup {
    pub(crate) fn outgoing(&self) -> Option<Outgoing> {
        self.lookup.outgoing(Step::ResourceMetadata, Party::McpServer, "resource metadata")
    }

    /// The next place, when this one had nothing.
    pub(crate) fn elsewhere(self) -> Option<Self> {
        Some(Self { lookup: self.lookup.advanced()?, ..self })
    }

    pub(crate) fn answered(self, turn: &mut Turn<'_>, response: &Response) -> Result<State, Stop> {
        if response.status != 200
            && let Some(next) = self.clone().elsewhere()
        {
            note_miss(turn, Clause::ResourceMetadataLocation, response);
            return Ok(State::ResourceMetadata(next));
        }
        turn.status(Clause::ResourceMetadata, 200, response)?;
        let metadata: ProtectedResourceMetadata =
            turn.json(Clause::ResourceMetadata, "protected resource metadata", response)?;
        turn.checks.identical(
            Clause::ResourceIdentity,
            "resource is the URL that was used",
            turn.config.server.as_str(),
            &metadata.resource,
        )?;
        let issuer = metadata.first_authorization_server(turn.config.loopback);
        turn.checks.require(
            Clause::AuthorizationServers,
            "an authorization server is named",
            issuer.is_ok(),
            "at least one issuer, by https or on loopback",
            issuer.as_ref().map_or_else(ToString::to_string, ToString::to_string),
        )?;
        let Ok(issuer) = issuer else { return Err(Stop) };
        turn.decoded.push(decode_resource_metadata(&metadata));
        let scope = ScopeChoice::select(self.challenged, metadata.scopes());
        turn.summary = format!("200 · authorization server {issuer}");
        let lookup = Lookup::new(authorization_server_metadata_candidates(&issuer));
        Ok(State::ServerMetadata(ServerLookup { issuer, scope, lookup }))
    }
}

fn decode_resource_metadata(metadata: &ProtectedResourceMetadata) -> Decoded {
    let scopes = metadata.scopes();
    let rows = [
        ("resource", metadata.resource.clone(), "what the document is about"),
        ("authorization_servers", metadata.authorization_servers.join(" "), "whose tokens it accepts"),
        ("scopes_supported", scopes.to_string(), "what to ask for if the challenge did not say"),
        ("bearer_methods_supported", metadata.bearer_methods_supported.join(" "), "how to send the token"),
        ("resource_name", metadata.resource_name.clone().unwrap_or_default(), "its name for people"),
    ];
    Decoded::new("Protected resource metadata", rows.into_iter().filter(|(_, value, _)| !value.is_empty()))
}

fn decode_server_metadata(metadata: &AuthorizationServerMetadata) -> Decoded {
    let yes = |flag: bool| if flag { "true".to_owned() } else { String::new() };
    let rows = [
        ("issuer", metadata.issuer.clone(), "the server's name, the same text everywhere"),
        ("authorization_endpoint", metadata.authorization_endpoint.clone(), "where the browser goes"),
        ("token_endpoint", metadata.token_endpoint.clone(), "where a code becomes a token"),
        ("jwks_uri", metadata.jwks_uri.clone().unwrap_or_default(), "the keys behind its signatures"),
        ("code_challenge_methods_supported", metadata.code_challenge_methods_supported.join(" "), "PKCE"),
        (
            "client_id_metadata_document_supported",
            yes(metadata.client_id_metadata_document_supported),
            "a client_id may be the URL of a document",
        ),
        (
            "authorization_response_iss_parameter_supported",
            yes(metadata.authorization_response_iss_parameter_supported),
            "every callback says who sent it",
        ),
    ];
    Decoded::new("Authorization server metadata", rows.into_iter().filter(|(_, value, _)| !value.is_empty()))
}

fn note_miss(turn: &mut Turn<'_>, clause: Clause, response: &Response) {
    turn.checks.note(clause, "the document is here", false, "200", response.status.to_string());
    turn.summary = format!("{} · not here", response.status);
}

/// Looking for the authorization server metadata.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ServerLookup {
    issuer: Issuer,
    scope: ScopeChoice,
    lookup: Lookup,
}

/// An authorization server whose metadata passed every check.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Discovered {
    pub(crate) issuer: Issuer,
    pub(crate) metadata: AuthorizationServerMetadata,
    pub(crate) scope: ScopeChoice,
}

impl ServerLookup {
    pub(crate) fn outgoing(&self) -> Option<Outgoing> {
        self.lookup.outgoing(Step::ServerMetadata, Party::AuthorizationServer, "server metadata")
    }

    /// The next place, when this one had nothing.
    pub(crate) fn elsewhere(self) -> Option<Self> {
        Some(Self { lookup: self.lookup.advanced()?, ..self })
    }

    pub(crate) fn answered(self, turn: &mut Turn<'_>, response: &Response) -> Result<State, Stop> {
        if response.status != 200
            && let Some(next) = self.clone().elsewhere()
        {
            note_miss(turn, Clause::ServerMetadataLocation, response);
            return Ok(State::ServerMetadata(next));
        }
        turn.status(Clause::ServerMetadata, 200, response)?;
        let metadata: AuthorizationServerMetadata =
            turn.json(Clause::ServerMetadata, "authorization server metadata", response)?;
        turn.checks.identical(
            Clause::IssuerIdentity,
            "issuer is the one that was looked up",
            self.issuer.as_str(),
            &metadata.issuer,
        )?;
        turn.checks.verify(
            Clause::PkceAdvertised,
            "PKCE with S256 is offered",
            metadata.verify_pkce().is_ok(),
            "S256",
            metadata.code_challenge_methods_supported.join(" "),
        )?;
        let endpoints = metadata.verify_endpoints(turn.config.loopback);
        turn.checks.verify(
            Clause::EndpointUrls,
            "the endpoints are URLs to trust",
            endpoints.is_ok(),
            "https, or http on loopback in the lab",
            endpoints.err().map_or_else(|| "they are".into(), |reason| reason.to_string()),
        )?;
        turn.decoded.push(decode_server_metadata(&metadata));
        turn.summary = "200 · endpoints, S256".into();
        Ok(State::ClientDocument(Discovered { issuer: self.issuer, metadata, scope: self.scope }))
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn set(text: &str) -> ScopeSet {
        text.parse().unwrap()
    }

    /// Req: CL-27, CL-28
    #[test]
    fn the_challenge_is_authoritative_for_scopes() {
        let choice = ScopeChoice::select(Some(set("files:write")), set("files:read"));
        assert_eq!((choice.scopes, choice.source), (Some(set("files:write")), ScopeSource::Challenge));
        let choice = ScopeChoice::select(None, set("files:read"));
        assert_eq!((choice.scopes, choice.source), (Some(set("files:read")), ScopeSource::ResourceMetadata));
        let choice = ScopeChoice::select(None, ScopeSet::default());
        assert_eq!((choice.scopes, choice.source), (None, ScopeSource::Nobody));
    }
}
