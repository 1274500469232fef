//! Who the client is at an authorization server: the ways there are, in the order of the specification.

pub(crate) mod document;
pub(crate) mod dynamic;

use protocol::clause::Clause;
use protocol::ids::Issuer;

use crate::authorize::{self, Purpose};
use crate::check::{Checks, Stop};
use crate::config::OnBehalf;
use crate::discovery::Discovered;
use crate::identity::{Credentials, Origin, Proof, Registered};
use crate::lessons::steps::Step;
use crate::session::{Access, Errand, Session};
use crate::state::State;
use crate::token_request;
use crate::trace::Decoded;
use crate::turn::Turn;

/// A client that has found its authorization server, and is to find out who it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Newcomer {
    pub(crate) errand: Errand,
    pub(crate) discovered: Discovered,
}

/// A client that is known at its authorization server, and may ask for a token there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) errand: Errand,
    pub(crate) discovered: Discovered,
    pub(crate) registered: Registered,
}

/// Goes on at the server that was found. Where it is the one that the refused token came from, that token is renewed; at
/// any other the client begins anew, and nothing that it has from elsewhere is sent there.
pub(crate) fn choose(
    turn: &mut Turn<'_>,
    errand: Errand,
    discovered: Discovered,
    refused: Option<Access>,
) -> Result<State, Stop> {
    if let Some(access) = refused {
        let same = access.discovered.issuer == discovered.issuer;
        turn.checks.decide(
            Clause::CredentialsIssuer,
            "what the client has is used where it is from, and nowhere else",
            access.discovered.issuer.as_str(),
            if same { "the same server: renewed" } else { "another server: the client begins anew" },
        );
        if same {
            return Ok(token_request::renew(turn, errand, Access { discovered, ..access }));
        }
    }
    identify(turn, Newcomer { errand, discovered })
}

/// The server has forgotten a client that registered itself: it introduces itself once more.
pub(crate) fn register_anew(turn: &mut Turn<'_>, known: Known) -> Result<State, Stop> {
    let Known { mut errand, discovered, .. } = known;
    errand.session.forget(&discovered.issuer);
    identify(turn, Newcomer { errand, discovered })
}

/// The first way that is open: registered beforehand, metadata document, registration, asking the person.
fn identify(turn: &mut Turn<'_>, newcomer: Newcomer) -> Result<State, Stop> {
    let Newcomer { errand, discovered } = &newcomer;
    let ways = Ways::at(turn, &errand.session, discovered);
    ways.account(turn, discovered)?;
    match ways {
        Ways { registered: Some(registered), .. } => newcomer.known_as(turn, registered),
        Ways { document: true, .. } => document::begin(turn, newcomer),
        Ways { remembered: Some(registered), .. } => newcomer.known_as(turn, registered),
        Ways { dynamic: true, .. } => Ok(State::Register(Box::new(newcomer))),
        Ways { .. } => Ok(State::AskCredentials(Box::new(newcomer))),
    }
}

/// What is open to this client at this server.
struct Ways {
    registered: Option<Registered>,
    document: bool,
    remembered: Option<Registered>,
    dynamic: bool,
    /// The client has credentials, but for other servers.
    foreign: Option<Issuer>,
}

impl Ways {
    fn at(turn: &Turn<'_>, session: &Session, discovered: &Discovered) -> Self {
        let identities = &turn.config.identities;
        let issuer = &discovered.issuer;
        let known_elsewhere =
            |credentials: &Credentials| session.used_elsewhere(&credentials.client_id, issuer).cloned();
        let is_for_here = |credentials: &&Credentials| match &credentials.issuer {
            Some(good_at) => good_at == issuer,
            None => known_elsewhere(credentials).is_none(),
        };
        let registered = identities.registered.iter().find(is_for_here).map(|credentials| Registered {
            issuer: issuer.clone(),
            client_id: credentials.client_id.clone(),
            proof: credentials.proof.clone(),
            origin: Origin::Registered,
        });
        let foreign = identities
            .registered
            .iter()
            .find_map(|credentials| credentials.issuer.clone().or_else(|| known_elsewhere(credentials)));
        Self {
            foreign: foreign.filter(|_| registered.is_none()),
            registered,
            document: identities.document.is_some()
                && discovered.metadata.client_id_metadata_document_supported,
            remembered: session.known_as(issuer).cloned(),
            dynamic: identities.registration.is_some() && discovered.metadata.registration_endpoint.is_some(),
        }
    }

    /// Says which way is taken and why. Credentials for another server alone are a reason to stop: somebody meant them to
    /// be used, and here they must not be.
    fn account(&self, turn: &mut Turn<'_>, discovered: &Discovered) -> Result<(), Stop> {
        let identities = &turn.config.identities;
        let other_way = self.document || self.dynamic || self.remembered.is_some();
        if let Some(foreign) = &self.foreign {
            turn.checks.complain(
                Clause::CredentialsIssuer,
                "the client's credentials are for this server",
                other_way,
                discovered.issuer.as_str(),
                foreign.as_str(),
            )?;
        }
        let taken = match self {
            Self { registered: Some(_), .. } => Origin::Registered.as_str(),
            Self { document: true, .. } => Origin::Document.as_str(),
            Self { remembered: Some(registered), .. } => registered.origin.as_str(),
            Self { dynamic: true, .. } => Origin::Dynamic.as_str(),
            Self { .. } => "none is open: the person is asked",
        };
        turn.checks.decide(
            Clause::RegistrationOrder,
            "the first way that is open is taken",
            "registered beforehand, else metadata document, else registration, else the person is asked",
            taken,
        );
        let offers = |offered: bool, has: bool| match (offered, has) {
            (true, true) => "the server offers it, the client has it",
            (true, false) => "the server offers it, the client does not have it",
            (false, true) => "the client has it, the server does not offer it",
            (false, false) => "neither",
        };
        let metadata = &discovered.metadata;
        turn.decoded.push(Decoded::new(
            "Ways to be known",
            [
                (
                    Origin::Registered.as_str(),
                    if self.registered.is_some() { "the client is" } else { "the client is not" },
                    "",
                ),
                (
                    Origin::Document.as_str(),
                    offers(metadata.client_id_metadata_document_supported, identities.document.is_some()),
                    "",
                ),
                (
                    Origin::Dynamic.as_str(),
                    offers(metadata.registration_endpoint.is_some(), identities.registration.is_some()),
                    "",
                ),
            ],
        ));
        Ok(())
    }
}

impl Newcomer {
    /// Goes on as this client: the person is asked, or the client asks for itself.
    pub(crate) fn known_as(self, turn: &mut Turn<'_>, registered: Registered) -> Result<State, Stop> {
        let Self { mut errand, discovered } = self;
        let (wanted, offered) =
            (turn.config.on_behalf.grant_type(), &discovered.metadata.grant_types_supported);
        // A server that lists nothing has not said that it offers nothing.
        if !offered.is_empty() {
            turn.checks.require(
                Clause::GrantType,
                "the server offers the grant",
                offered.iter().any(|grant_type| grant_type == wanted),
                wanted,
                offered.join(" "),
            )?;
        }
        errand.session.remember(registered.clone());
        let known = Known { errand, discovered, registered };
        match turn.config.on_behalf {
            OnBehalf::Person => {
                let scope = known.discovered.scope.clone();
                Ok(authorize::begin(turn, known, &scope, Purpose::First))
            }
            OnBehalf::Itself => Ok(token_request::in_its_own_name(turn, known, None)),
        }
    }

    /// Goes on with what the person has typed in.
    pub(crate) fn entered(self, turn: &mut Turn<'_>, credentials: Credentials) -> Result<State, Stop> {
        if let Proof::Secret(secret, _) = &credentials.proof {
            turn.secrets.push(secret.clone());
        }
        let issuer = self.discovered.issuer.clone();
        let good_at = credentials.issuer.clone().unwrap_or_else(|| issuer.clone());
        let mut checks = Checks::default();
        let verdict = checks.identical(
            Clause::CredentialsIssuer,
            "the credentials are for this server",
            issuer.as_str(),
            good_at.as_str(),
        );
        let decoded = Decoded::new(
            "Entered",
            [("client_id", credentials.client_id.to_string(), "who the client is here")],
        );
        turn.work_out(Step::Registration, "the person names the client", checks, vec![decoded]);
        verdict?;
        let registered = Registered {
            issuer,
            client_id: credentials.client_id,
            proof: credentials.proof,
            origin: Origin::Entered,
        };
        self.known_as(turn, registered)
    }
}
