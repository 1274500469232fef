//! Asking the person: PKCE pair, authorization request, and the browser on its way.

use protocol::authorization_request::AuthorizationRequest;
use protocol::authorization_response::Expected;
use protocol::clause::Clause;
use protocol::pkce::{CodeVerifier, S256};
use protocol::scope::ScopeSet;
use protocol::secret::Secret;
use serde::{Deserialize, Serialize};

use crate::discovery::{Discovered, ScopeChoice};
use crate::lessons::steps::Step;
use crate::machine::State;
use crate::step_up::Interrupted;
use crate::trace::{Checks, Decoded, Entry, Event, Party};
use crate::turn::Turn;

/// Why the person is asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Purpose {
    /// For the first token.
    First,
    /// For more scopes, because a call was refused.
    StepUp(Interrupted),
}

impl Purpose {
    fn pick(&self, first: Step, step_up: Step) -> Step {
        match self {
            Self::First => first,
            Self::StepUp(_) => step_up,
        }
    }

    /// The scopes of the token that is in use meanwhile.
    pub(crate) fn granted(&self) -> Option<&ScopeSet> {
        match self {
            Self::First => None,
            Self::StepUp(interrupted) => Some(interrupted.granted()),
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
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Pending {
    pub(crate) discovered: Discovered,
    pub(crate) request: AuthorizationRequest,
    pub(crate) verifier: CodeVerifier,
    pub(crate) expected: Expected,
    pub(crate) purpose: Purpose,
}

/// Makes the PKCE pair and the request. Nothing is sent yet.
pub(crate) fn begin(
    turn: &mut Turn<'_>,
    discovered: Discovered,
    scope: &ScopeChoice,
    purpose: Purpose,
) -> State {
    let verifier = CodeVerifier::from_entropy(turn.env.verifier_bytes());
    turn.secrets.push(Secret::new(verifier.reveal()));
    let request = AuthorizationRequest {
        client_id: turn.config.client_id.client_id(),
        redirect_uri: turn.config.redirect_uri.clone(),
        scope: scope.scopes.clone(),
        state: Secret::new(protocol::base64url(turn.env.state_bytes())),
        code_challenge: verifier.challenge(),
        resource: turn.config.server.clone(),
    };
    let expected = Expected {
        issuer: discovered.issuer.clone(),
        iss_promised: discovered.metadata.authorization_response_iss_parameter_supported,
        state: request.state.clone(),
    };
    let pending = Pending { discovered, request, verifier, expected, purpose };
    pending.account_for_pkce(turn);
    pending.account_for_request(turn, scope);
    State::Authorize(pending)
}

impl Pending {
    /// The URL to send the browser to.
    pub(crate) fn url(&self) -> String {
        self.request.to_url(&self.discovered.metadata.authorization_endpoint)
    }

    /// The entry that says where the browser was sent.
    pub(crate) fn departure(&self, at_ms: u64) -> Entry {
        Entry {
            step: self.purpose.consent_step(),
            from: Party::You,
            to: Party::AuthorizationServer,
            title: "the browser goes to /authorize".into(),
            at_ms,
            event: Event::Navigation { url: self.url() },
            checks: Vec::new(),
            decoded: vec![self.decoded()],
        }
    }

    fn account_for_pkce(&self, turn: &mut Turn<'_>) {
        let challenge = self.request.code_challenge.as_str();
        let mut checks = Checks::default();
        checks.note(
            Clause::PkceVerifier,
            "the verifier is fresh and long enough",
            true,
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
        checks.note(Clause::ScopeSelection, "scope", true, format!("from {}", scope.source.as_str()), asked);
        checks.note(
            Clause::ResourceParameter,
            "resource names the MCP server",
            self.request.resource == turn.config.server,
            turn.config.server.as_str(),
            self.request.resource.as_str(),
        );
        checks.note(
            Clause::IssParameter,
            "the issuer is recorded before the browser leaves",
            true,
            self.discovered.metadata.issuer.as_str(),
            self.expected.issuer.as_str(),
        );
        let step = self.purpose.pick(Step::AuthorizationRequest, Step::StepUpRequest);
        turn.work_out(step, "authorization request", checks, vec![self.decoded()]);
    }

    fn decoded(&self) -> Decoded {
        let parameters = self.request.parameters();
        let rows = parameters.into_iter().map(|(name, value)| (name, value, parameter_meaning(name)));
        Decoded::new("Authorization request", rows)
    }
}

/// What a parameter of the authorization request is for.
fn parameter_meaning(name: &str) -> &'static str {
    match name {
        "response_type" => "a code, please",
        "client_id" => "who asks: the URL of its metadata document",
        "redirect_uri" => "where to send the browser back to",
        "scope" => "what for",
        "state" => "ties the answer to this browser",
        "code_challenge" => "only who knows the verifier can redeem the code",
        "code_challenge_method" => "SHA-256",
        "resource" => "which server the token is for",
        _ => "",
    }
}
