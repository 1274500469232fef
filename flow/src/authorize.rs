//! Asking the person: PKCE pair, authorization request, and the browser on its way.

use protocol::authorization_request::AuthorizationRequest;
use protocol::authorization_response::Expected;
use protocol::clause::Clause;
use protocol::pkce::{CodeVerifier, S256};
use protocol::scope::ScopeSet;
use protocol::secret::Secret;

use crate::check::Checks;
use crate::discovery::ScopeChoice;
use crate::lessons::steps::Step;
use crate::registration::Known;
use crate::state::State;
use crate::token_response::AccessToken;
use crate::trace::{Decoded, Entry, Event, Party};
use crate::turn::Turn;

/// Why a token is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The client has none yet.
    First,
    /// The one that it had was refused, or ran out, and could not be renewed.
    Again,
    /// An operation was refused for its scope. The token meanwhile is this one.
    StepUp(AccessToken),
}

impl Purpose {
    fn pick(&self, first: Step, step_up: Step) -> Step {
        match self {
            Self::First | Self::Again => first,
            Self::StepUp(_) => step_up,
        }
    }

    /// The scopes of the token that is in use meanwhile.
    pub(crate) fn granted(&self) -> Option<&ScopeSet> {
        match self {
            Self::First | Self::Again => None,
            Self::StepUp(token) => Some(&token.granted),
        }
    }

    pub(crate) fn consent_step(&self) -> Step {
        self.pick(Step::Consent, Step::StepUpConsent)
    }

    pub(crate) fn callback_step(&self) -> Step {
        self.pick(Step::Callback, Step::StepUpConsent)
    }

    pub(crate) fn exchange_step(&self) -> Step {
        self.pick(Step::CodeExchange, Step::StepUpToken)
    }

    pub(crate) fn opened_step(&self) -> Step {
        self.pick(Step::TokenOpened, Step::StepUpToken)
    }
}

/// A request whose answer has not come yet: what was sent, and what was recorded to check the answer with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pending {
    pub(crate) known: Known,
    pub(crate) request: AuthorizationRequest,
    pub(crate) verifier: CodeVerifier,
    pub(crate) expected: Expected,
    pub(crate) purpose: Purpose,
}

/// Makes the PKCE pair and the request. Nothing is sent yet.
pub(crate) fn begin(turn: &mut Turn<'_>, mut known: Known, scope: &ScopeChoice, purpose: Purpose) -> State {
    let verifier = CodeVerifier::from_entropy(turn.env.verifier_bytes());
    turn.secrets.push(Secret::new(verifier.reveal()));
    let request = AuthorizationRequest {
        client_id: known.registered.client_id.clone(),
        redirect_uri: turn.config.redirect_uri.clone(),
        scope: scope.scopes.clone(),
        state: Secret::new(protocol::base64url(turn.env.state_bytes())),
        code_challenge: verifier.challenge(),
        resource: known.discovered.resource.clone(),
    };
    known.errand.session.requested = scope.scopes.clone().unwrap_or_default();
    // Who has asked one server alone knows whose answer it is. In 2026-07-28 a table says what is tolerated.
    let asked = known.errand.session.ask(&known.discovered.issuer);
    let several_servers = asked > 1 && !known.errand.session.revision.is_stateless();
    let expected = Expected {
        issuer: known.discovered.issuer.clone(),
        iss_required: known.discovered.metadata.authorization_response_iss_parameter_supported
            || several_servers,
        state: request.state.clone(),
    };
    let pending = Pending { known, request, verifier, expected, purpose };
    pending.account_for_pkce(turn);
    pending.account_for_request(turn, scope);
    State::Authorize(Box::new(pending))
}

impl Pending {
    /// The URL to send the browser to.
    pub(crate) fn url(&self) -> String {
        self.request.to_url(&self.known.discovered.metadata.authorization_endpoint)
    }

    /// The entry that says where the browser was sent: to the client's URL, or to what the person made of it.
    pub(crate) fn departure(&self, at_ms: u64, edited: Option<&str>) -> Entry {
        let own = self.url();
        let url = edited.unwrap_or(&own);
        let ends = (Party::You, Party::AuthorizationServer);
        let (title, event) = ("the browser goes to /authorize", Event::Navigation { url: url.to_owned() });
        Entry {
            decoded: vec![decoded(url)],
            edited: url != own,
            ..Entry::new(self.purpose.consent_step(), ends, title, at_ms, event)
        }
    }

    fn account_for_pkce(&self, turn: &mut Turn<'_>) {
        let challenge = self.request.code_challenge.as_str();
        let mut checks = Checks::default();
        checks.note(
            Clause::PkceVerifier,
            "the verifier is fresh and long enough",
            CodeVerifier::parse(self.verifier.reveal()).is_ok(),
            "43 to 128 characters",
            format!("{} characters from 32 random bytes", self.verifier.reveal().len()),
        );
        checks.note(
            Clause::PkceChallenge,
            "the challenge is the hash of the verifier",
            self.request.code_challenge.is_met_by(&self.verifier),
            "BASE64URL(SHA256(verifier))",
            challenge,
        );
        let pair = Decoded::new(
            "PKCE pair",
            [
                ("code_verifier", self.verifier.reveal(), "stays with the client until the token request"),
                ("code_challenge", challenge, "goes along with the authorization request"),
                ("code_challenge_method", S256, "how one becomes the other"),
            ],
        );
        let step = self.purpose.pick(Step::Pkce, Step::StepUpRequest);
        turn.work_out(step, "PKCE pair and state", checks, vec![pair]);
    }

    fn account_for_request(&self, turn: &mut Turn<'_>, scope: &ScopeChoice) {
        let mut checks = Checks::default();
        let asked = self.request.scope.as_ref().map_or_else(|| "none".into(), ToString::to_string);
        checks.decide(Clause::ScopeSelection, "scope", format!("from {}", scope.source.as_str()), asked);
        if scope.offline {
            checks.decide(
                Clause::OfflineAccess,
                "offline_access is added, for a refresh token",
                "where the authorization server lists it",
                "it is listed",
            );
        }
        checks.note(
            Clause::ResourceParameter,
            "resource names the MCP server, as its metadata does",
            self.request.resource == self.known.discovered.resource,
            self.known.discovered.resource.as_str(),
            self.request.resource.as_str(),
        );
        checks.note(
            Clause::IssParameter,
            "the issuer is recorded before the browser leaves",
            self.expected.issuer.as_str() == self.known.discovered.metadata.issuer,
            self.known.discovered.metadata.issuer.as_str(),
            self.expected.issuer.as_str(),
        );
        let step = self.purpose.pick(Step::AuthorizationRequest, Step::StepUpRequest);
        turn.work_out(step, "authorization request", checks, vec![decoded(&self.url())]);
    }
}

/// An authorization request taken apart, as it stands in its URL.
fn decoded(url: &str) -> Decoded {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let rows = url::form_urlencoded::parse(query.as_bytes()).map(|(name, value)| {
        let meaning = parameter_meaning(&name);
        (name, value, meaning)
    });
    Decoded::new("Authorization request", rows)
}

/// What a parameter of the authorization request is for.
fn parameter_meaning(name: &str) -> &'static str {
    match name {
        "response_type" => "a code, please",
        "client_id" => "who asks",
        "redirect_uri" => "where to send the browser back to",
        "scope" => "what for",
        "state" => "ties the answer to this browser",
        "code_challenge" => "only whoever knows the verifier can redeem the code",
        "code_challenge_method" => "SHA-256",
        "resource" => "which server the token is for",
        _ => "",
    }
}
