//! The authorization server's metadata: its endpoints, and what it can do.

use protocol::authorization_server_metadata::AuthorizationServerMetadata;
use protocol::clause::Clause;
use protocol::ids::{Issuer, ResourceUri};
use protocol::well_known::authorization_server_metadata_candidates;

use super::{Discovered, Lookup, ScopeChoice, lookup};
use crate::check::Stop;
use crate::http::Response;
use crate::lessons::steps::Step;
use crate::registration;
use crate::session::{Access, Errand};
use crate::state::State;
use crate::trace::{Decoded, Party};
use crate::turn::{Outgoing, Turn};

/// Looking for the authorization server metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerLookup {
    errand: Errand,
    refused: Option<Access>,
    resource: ResourceUri,
    scope: ScopeChoice,
    issuer: Issuer,
    /// Other servers that the resource accepts, should this one have no metadata.
    others: Vec<Issuer>,
    lookup: Lookup,
}

impl ServerLookup {
    pub(crate) fn new(
        errand: Errand,
        refused: Option<Access>,
        resource: ResourceUri,
        scope: ScopeChoice,
        (issuer, others): (Issuer, Vec<Issuer>),
    ) -> Option<Self> {
        let lookup = Lookup::new(authorization_server_metadata_candidates(&issuer))?;
        Some(Self { errand, refused, resource, scope, issuer, others, lookup })
    }

    pub(crate) fn errand(&self) -> &Errand {
        &self.errand
    }

    pub(crate) fn outgoing(&self) -> Outgoing {
        self.lookup.outgoing(Step::ServerMetadata, Party::AuthorizationServer, "server metadata")
    }

    /// The next place, when this one had nothing; behind the last, the next authorization server.
    pub(crate) fn elsewhere(self) -> Option<Self> {
        if let Some(lookup) = self.lookup.clone().advanced() {
            return Some(Self { lookup, ..self });
        }
        let mut others = self.others.into_iter();
        let issuer = others.next()?;
        Self::new(self.errand, self.refused, self.resource, self.scope, (issuer, others.collect()))
    }

    pub(crate) fn answered(self, turn: &mut Turn<'_>, response: &Response) -> Result<State, Stop> {
        if response.status != 200
            && let Some(next) = self.clone().elsewhere()
        {
            lookup::note_miss(turn, Clause::ServerMetadataLocation, response);
            return Ok(State::ServerMetadata(Box::new(next)));
        }
        turn.status(Clause::ServerMetadata, 200, response)?;
        let metadata: AuthorizationServerMetadata =
            turn.json(Clause::ServerMetadata, "authorization server metadata", response)?;
        verify(turn, &self.issuer, &metadata)?;
        turn.decoded.push(decode(&metadata));
        turn.summary = "200 · endpoints, S256".into();
        let scope = self.scope.with_offline_access(self.errand.session.revision, &metadata.scopes_supported);
        let discovered = Discovered { issuer: self.issuer, metadata, resource: self.resource, scope };
        registration::choose(turn, self.errand, discovered, self.refused)
    }
}

/// What must hold before anything in the document is used.
fn verify(turn: &mut Turn<'_>, issuer: &Issuer, metadata: &AuthorizationServerMetadata) -> Result<(), Stop> {
    turn.checks.identical(
        Clause::IssuerIdentity,
        "issuer is the one that was looked up",
        issuer.as_str(),
        &metadata.issuer,
    )?;
    turn.checks.verify(
        Clause::PkceAdvertised,
        "PKCE with S256 is offered",
        metadata.verify_pkce().is_ok(),
        "S256",
        match metadata.code_challenge_methods_supported.as_slice() {
            [] => "nothing".to_owned(),
            methods => methods.join(" "),
        },
    )?;
    let endpoints = metadata.verify_endpoints(turn.config.loopback);
    turn.checks.verify(
        Clause::EndpointUrls,
        "the endpoints are URLs to trust",
        endpoints.is_ok(),
        "https, or http on loopback in the lab",
        endpoints.err().map_or_else(|| "they are".into(), |reason| reason.to_string()),
    )?;
    let asked = [
        Some(&metadata.authorization_endpoint),
        Some(&metadata.token_endpoint),
        metadata.registration_endpoint.as_ref(),
        metadata.revocation_endpoint.as_ref(),
        metadata.jwks_uri.as_ref(),
    ];
    let endpoints: Vec<&str> = asked.into_iter().flatten().map(String::as_str).collect();
    super::destination::require_public(turn, "the endpoints", &endpoints)
}

fn decode(metadata: &AuthorizationServerMetadata) -> Decoded {
    let yes = |flag: bool| if flag { "true".to_owned() } else { String::new() };
    let optional = |url: &Option<String>| url.clone().unwrap_or_default();
    let rows = [
        ("issuer", metadata.issuer.clone(), "the server's name, the same text everywhere"),
        ("authorization_endpoint", metadata.authorization_endpoint.clone(), "where the browser goes"),
        ("token_endpoint", metadata.token_endpoint.clone(), "where a code becomes a token"),
        (
            "registration_endpoint",
            optional(&metadata.registration_endpoint),
            "where clients register themselves",
        ),
        ("revocation_endpoint", optional(&metadata.revocation_endpoint), "where tokens are given back"),
        ("jwks_uri", optional(&metadata.jwks_uri), "the keys behind its signatures"),
        (
            "token_endpoint_auth_methods_supported",
            metadata.token_endpoint_auth_methods_supported.join(" "),
            "how clients may prove who they are",
        ),
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
