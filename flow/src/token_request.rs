//! Asking for a token: with a code, with a refresh token, or in the client's own name. Always at the token endpoint of
//! the server that the client is known at, and always for one resource.

use protocol::ids::RedirectUri;
use protocol::pkce::CodeVerifier;
use protocol::scope::ScopeSet;
use protocol::secret::Secret;
use protocol::token_endpoint::{ClientCredentialsRequest, CodeExchange, RefreshRequest};

use crate::authorize::{self, Pending, Purpose};
use crate::callback::ValidatedCallback;
use crate::client_authentication::{self, Assertion, SigningRequest};
use crate::config::OnBehalf;
use crate::discovery::Discovered;
use crate::http::Request;
use crate::identity::Registered;
use crate::lessons::steps::Step;
use crate::registration::Known;
use crate::session::{Access, Errand};
use crate::state::State;
use crate::trace::Party;
use crate::turn::{Outgoing, Turn};

/// What is given for the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Grant {
    /// A code, and the proof that this client asked for it.
    Code { callback: ValidatedCallback, verifier: CodeVerifier, redirect_uri: RedirectUri },
    /// The newest refresh token, and what the token at its side allows.
    Refresh { refresh_token: Secret, granted: ScopeSet },
    /// The client's word, and its proof.
    ClientCredentials,
}

/// A token request: to be signed, to be sent, or under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenRequest {
    pub(crate) known: Known,
    pub(crate) grant: Grant,
    pub(crate) purpose: Purpose,
    /// What is asked for; `None` leaves the choice to the server, or means what was granted.
    pub(crate) scope: Option<ScopeSet>,
    assertion: Option<Assertion>,
}

/// Redeems a code.
pub(crate) fn redeem(turn: &mut Turn<'_>, pending: Pending, callback: ValidatedCallback) -> State {
    let Pending { known, request, verifier, purpose, .. } = pending;
    let grant = Grant::Code { callback, verifier, redirect_uri: request.redirect_uri };
    begin(turn, known, grant, purpose, request.scope)
}

/// Asks in the client's own name: for the scopes of a challenge, or those that were found at first.
pub(crate) fn in_its_own_name(
    turn: &mut Turn<'_>,
    mut known: Known,
    step_up: Option<(ScopeSet, Purpose)>,
) -> State {
    let (scope, purpose) = match step_up {
        Some((scope, purpose)) => (Some(scope), purpose),
        None => (known.discovered.scope.scopes.clone(), Purpose::First),
    };
    known.errand.session.requested = scope.clone().unwrap_or_default();
    begin(turn, known, Grant::ClientCredentials, purpose, scope)
}

/// Gets another token in place of one that was refused or ran out: by the refresh token, if there is one; else as the
/// first was got.
pub(crate) fn renew(turn: &mut Turn<'_>, errand: Errand, access: Access) -> State {
    let Access { discovered, registered, token } = access;
    let known = Known { errand, discovered, registered };
    match token.refresh_token {
        Some(refresh_token) => {
            let grant = Grant::Refresh { refresh_token, granted: token.granted };
            begin(turn, known, grant, Purpose::Again, None)
        }
        None => ask_again(turn, known),
    }
}

/// Asks as for the first token, for what was asked before and what the server wants now.
pub(crate) fn ask_again(turn: &mut Turn<'_>, known: Known) -> State {
    let mut scope = known.discovered.scope.clone();
    let before = &known.errand.session.requested;
    if !before.is_empty() {
        scope.scopes = Some(scope.scopes.unwrap_or_default().union(before));
    }
    match turn.config.on_behalf {
        OnBehalf::Person => authorize::begin(turn, known, &scope, Purpose::Again),
        OnBehalf::Itself => {
            let scopes = scope.scopes.unwrap_or_default();
            in_its_own_name(turn, known, (!scopes.is_empty()).then_some((scopes, Purpose::Again)))
        }
    }
}

fn begin(
    turn: &mut Turn<'_>,
    known: Known,
    grant: Grant,
    purpose: Purpose,
    scope: Option<ScopeSet>,
) -> State {
    let assertion = Assertion::needed(&known.registered, turn.env);
    let request = Box::new(TokenRequest { known, grant, purpose, scope, assertion });
    if request.to_sign().is_some() { State::Sign(request) } else { State::Token(request) }
}

impl TokenRequest {
    /// What the driver is to sign.
    pub(crate) fn to_sign(&self) -> Option<&SigningRequest> {
        self.assertion.as_ref().and_then(Assertion::to_sign)
    }

    /// Takes the signature.
    pub(crate) fn signed(mut self, turn: &mut Turn<'_>, signature: &str) -> State {
        let step = self.step();
        if let Some(assertion) = &mut self.assertion {
            assertion.sign(turn, step, &self.known.registered.issuer, signature);
        }
        State::Token(Box::new(self))
    }

    pub(crate) fn step(&self) -> Step {
        match (&self.grant, &self.purpose) {
            (Grant::Refresh { .. }, _) => Step::Refresh,
            (_, purpose) => purpose.exchange_step(),
        }
    }

    pub(crate) fn outgoing(&self) -> Outgoing {
        let Known { discovered, registered, .. } = &self.known;
        let (client_id, resource) = (registered.client_id.clone(), discovered.resource.clone());
        let (parameters, title) = match &self.grant {
            Grant::Code { callback, verifier, redirect_uri } => {
                let exchange = CodeExchange {
                    code: callback.code().clone(),
                    code_verifier: verifier.clone(),
                    redirect_uri: redirect_uri.clone(),
                    client_id,
                    resource,
                };
                (exchange.parameters(), "POST /token: the code, with the verifier")
            }
            Grant::Refresh { refresh_token, .. } => {
                let refresh = RefreshRequest {
                    refresh_token: refresh_token.clone(),
                    client_id,
                    resource,
                    scope: self.scope.clone(),
                };
                (refresh.parameters(), "POST /token: the refresh token")
            }
            Grant::ClientCredentials => {
                let request = ClientCredentialsRequest { scope: self.scope.clone(), resource };
                (request.parameters(), "POST /token: in the client's own name")
            }
        };
        let request = to_token_endpoint(discovered, registered, parameters, self.assertion.as_ref());
        Outgoing::new(self.step(), Party::AuthorizationServer, title, request)
    }
}

/// A form for the token endpoint, in which the client proves who it is.
pub(crate) fn to_token_endpoint(
    discovered: &Discovered,
    registered: &Registered,
    parameters: Vec<(&'static str, String)>,
    assertion: Option<&Assertion>,
) -> Request {
    let metadata = &discovered.metadata;
    let method =
        client_authentication::method(&registered.proof, &metadata.token_endpoint_auth_methods_supported);
    let endpoint = &metadata.token_endpoint;
    client_authentication::authenticated(endpoint, parameters, registered, method, assertion)
}
