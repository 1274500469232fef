//! The MCP server's metadata: what it is called, and whose tokens it accepts.

use protocol::clause::Clause;
use protocol::ids::{Issuer, ResourceUri};
use protocol::protected_resource_metadata::ProtectedResourceMetadata;
use protocol::scope::ScopeSet;

use super::{Lookup, ScopeChoice, ServerLookup, destination, lookup};
use crate::check::Stop;
use crate::http::Response;
use crate::lessons::steps::Step;
use crate::session::{Access, Errand};
use crate::state::State;
use crate::trace::{Decoded, Party};
use crate::turn::{Outgoing, Turn};

/// How many other authorization servers are tried where the chosen one has no metadata: the list has no end of its own.
const MAX_OTHERS: usize = 4;

/// Looking for the protected resource metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResourceLookup {
    pub(crate) errand: Errand,
    /// The permission that was refused, if this is not the first time.
    pub(crate) refused: Option<Access>,
    /// Whether the document is looked up at the root of the host, by the client's own rule.
    pub(crate) at_root: bool,
    /// The scopes of the challenge.
    pub(crate) challenged: Option<ScopeSet>,
    pub(crate) lookup: Lookup,
}

impl ResourceLookup {
    pub(crate) fn outgoing(&self) -> Outgoing {
        self.lookup.outgoing(Step::ResourceMetadata, Party::McpServer, "resource metadata")
    }

    /// The next place, when this one had nothing.
    pub(crate) fn elsewhere(self) -> Option<Self> {
        // There are two places: with the path, and the root.
        Some(Self { lookup: self.lookup.advanced()?, at_root: true, ..self })
    }

    pub(crate) fn answered(self, turn: &mut Turn<'_>, response: &Response) -> Result<State, Stop> {
        if response.status != 200
            && let Some(next) = self.clone().elsewhere()
        {
            lookup::note_miss(turn, Clause::ResourceMetadataLocation, response);
            return Ok(State::ResourceMetadata(Box::new(next)));
        }
        turn.status(Clause::ResourceMetadata, 200, response)?;
        let metadata: ProtectedResourceMetadata =
            turn.json(Clause::ResourceMetadata, "protected resource metadata", response)?;
        let resource = self.verify_resource(turn, &metadata)?;
        let issuers = choose_issuers(turn, &metadata, self.refused.as_ref())?;
        turn.decoded.push(decode(&metadata));
        let scope = ScopeChoice::select(self.challenged, metadata.scopes());
        turn.summary = format!("200 · authorization server {}", issuers.0);
        let lookup = ServerLookup::new(self.errand, self.refused, resource, scope, issuers).ok_or(Stop)?;
        Ok(State::ServerMetadata(Box::new(lookup)))
    }

    /// The document must be about the server that was asked. One that was looked up at the root may be about the whole host:
    /// that is what its address was built from. One that the challenge named may not. A bare host is the same with and
    /// without its slash (RFC 3986 §6.2.3).
    fn verify_resource(
        &self,
        turn: &mut Turn<'_>,
        metadata: &ProtectedResourceMetadata,
    ) -> Result<ResourceUri, Stop> {
        let server = &turn.config.server;
        let found = metadata.resource.as_str();
        let is_host = |text: &str| text.strip_suffix('/').unwrap_or(text) == server.origin();
        let about_host = self.at_root || is_host(server.as_str());
        let holds = found == server.as_str() || about_host && is_host(found);
        turn.checks.verify(
            Clause::ResourceIdentity,
            "resource is the URL that was used",
            holds,
            server.as_str(),
            found,
        )?;
        ResourceUri::parse(found, turn.config.loopback).map_err(|_| Stop)
    }
}

/// The authorization servers that the client may use, in the order in which it tries them: where its token is from, where
/// it is known already, then as the document lists them. What may not be asked at all is passed over.
fn choose_issuers(
    turn: &mut Turn<'_>,
    metadata: &ProtectedResourceMetadata,
    refused: Option<&Access>,
) -> Result<(Issuer, Vec<Issuer>), Stop> {
    let mut usable: Vec<Issuer> = Vec::new();
    for issuer in metadata
        .authorization_servers
        .iter()
        .filter_map(|text| Issuer::parse(text, turn.config.loopback).ok())
    {
        if !usable.contains(&issuer) {
            usable.push(issuer);
        }
    }
    turn.checks.require(
        Clause::AuthorizationServers,
        "an authorization server is named",
        !usable.is_empty(),
        "at least one issuer, by https or on loopback",
        match metadata.authorization_servers.as_slice() {
            [] => "none".to_owned(),
            named => named.join(" "),
        },
    )?;
    let is_known = |issuer: &Issuer| {
        turn.config.identities.registered.iter().any(|known| known.issuer.as_ref() == Some(issuer))
    };
    let gave_token = |issuer: &Issuer| refused.is_some_and(|access| access.discovered.issuer == *issuer);
    // The document's order is kept among equals.
    let (before, others): (Vec<_>, Vec<_>) = usable.into_iter().partition(gave_token);
    let (known, unknown): (Vec<_>, Vec<_>) = others.into_iter().partition(is_known);
    let mut chosen = before.into_iter().chain(known).chain(unknown);
    let first = chosen.next().ok_or(Stop)?;
    destination::require(turn, "the authorization server", first.as_str())?;
    let may_be_tried = |issuer: &Issuer| !destination::leads_inside(turn.config, issuer.as_str());
    let others: Vec<Issuer> = chosen.filter(may_be_tried).take(MAX_OTHERS).collect();
    if !others.is_empty() {
        let why = match (gave_token(&first), is_known(&first)) {
            (true, _) => "the client has its token from there",
            (false, true) => "the client is registered there",
            (false, false) => "it is listed first",
        };
        turn.checks.decide(
            Clause::AuthorizationServers,
            "one of several authorization servers is chosen",
            "the client's choice",
            format!("{first}: {why}"),
        );
    }
    Ok((first, others))
}

fn decode(metadata: &ProtectedResourceMetadata) -> Decoded {
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
