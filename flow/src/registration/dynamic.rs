//! A client registers itself: it says who it is, and is given an id, and perhaps a secret.

use protocol::clause::Clause;
use protocol::client_information::{ClientInformation, ClientRegistrationRequest};
use protocol::client_metadata::AuthMethod;
use protocol::token_endpoint::{AUTHORIZATION_CODE, CLIENT_CREDENTIALS, REFRESH_TOKEN};
use serde_json::json;

use super::Newcomer;
use crate::check::Stop;
use crate::config::{Config, OnBehalf};
use crate::http::{Request, Response};
use crate::identity::{Origin, Proof, Registered};
use crate::lessons::steps::Step;
use crate::secrecy;
use crate::state::State;
use crate::token_response::describe_error;
use crate::trace::{Decoded, Party};
use crate::turn::{Outgoing, Turn};

impl Newcomer {
    /// What the client will say about itself.
    fn registration(&self, config: &Config) -> Option<ClientRegistrationRequest> {
        let about = config.identities.registration.as_ref()?;
        let offered = &self.discovered.metadata.token_endpoint_auth_methods_supported;
        let grant_types = match config.on_behalf {
            OnBehalf::Person => vec![AUTHORIZATION_CODE, REFRESH_TOKEN],
            OnBehalf::Itself => vec![CLIENT_CREDENTIALS],
        };
        Some(ClientRegistrationRequest {
            client_name: about.client_name.clone(),
            redirect_uris: vec![config.redirect_uri.clone()],
            grant_types,
            response_types: match config.on_behalf {
                OnBehalf::Person => vec!["code"],
                OnBehalf::Itself => Vec::new(),
            },
            token_endpoint_auth_method: wanted_method(config.on_behalf, offered),
            application_type: self
                .errand
                .session
                .revision
                .registers_application_type()
                .then_some(about.application_type),
        })
    }

    /// The registration, where the server lets clients register.
    pub(crate) fn outgoing(&self, config: &Config) -> Option<Outgoing> {
        let endpoint = self.discovered.metadata.registration_endpoint.as_ref()?;
        Some(Outgoing::new(
            Step::Registration,
            Party::AuthorizationServer,
            "POST the registration: who the client says it is",
            Request::post_json(endpoint, &json!(self.registration(config)?))
                .header("accept", "application/json"),
        ))
    }

    /// Reads what the server made of it. What it gives is kept for this issuer alone.
    pub(crate) fn registered(self, turn: &mut Turn<'_>, response: &Response) -> Result<State, Stop> {
        turn.secrets.extend(secrecy::in_answer(&response.body));
        let found = match response.status {
            201 => "201".to_owned(),
            _ => describe_error(response),
        };
        turn.summary.clone_from(&found);
        turn.checks.require(
            Clause::RegistrationResponse,
            "the registration is accepted",
            // Some servers answer 200; the client has its id then too.
            matches!(response.status, 200 | 201),
            "201",
            found,
        )?;
        let information: ClientInformation =
            turn.json(Clause::RegistrationResponse, "client information", response)?;
        turn.decoded.push(decode(&information));
        turn.summary = format!("{} · client_id {}", response.status, information.client_id);
        let registered = Registered {
            issuer: self.discovered.issuer.clone(),
            client_id: information.client_id.clone(),
            proof: proof(&information),
            origin: Origin::Dynamic,
        };
        self.known_as(turn, registered)
    }
}

/// A client that a person runs keeps no secret if it need not; one that acts for itself cannot do without.
fn wanted_method(on_behalf: OnBehalf, offered: &[String]) -> AuthMethod {
    let offers = |method: &AuthMethod| offered.iter().any(|name| name == method.as_str());
    let secret = || [AuthMethod::ClientSecretBasic, AuthMethod::ClientSecretPost].into_iter().find(offers);
    match on_behalf {
        OnBehalf::Person if offered.is_empty() || offers(&AuthMethod::None) => AuthMethod::None,
        OnBehalf::Person | OnBehalf::Itself => secret().unwrap_or(AuthMethod::ClientSecretBasic),
    }
}

/// How the client proves who it is: by the secret, if it got one and is to use it.
fn proof(information: &ClientInformation) -> Proof {
    let method = information.token_endpoint_auth_method.as_deref().and_then(AuthMethod::parse);
    match (&information.client_secret, method) {
        (None, _) | (_, Some(AuthMethod::None)) => Proof::Nothing,
        (Some(secret), method) => {
            Proof::Secret(secret.clone(), method.filter(|method| method.needs_secret()))
        }
    }
}

fn decode(information: &ClientInformation) -> Decoded {
    let secret = information.client_secret.as_ref().map(|secret| secret.reveal().to_owned());
    let rows = [
        ("client_id", Some(information.client_id.to_string()), "who the client is, at this server alone"),
        ("client_secret", secret, "its proof, told once"),
        (
            "token_endpoint_auth_method",
            information.token_endpoint_auth_method.clone(),
            "how it will prove that",
        ),
    ];
    let present = rows.into_iter().filter_map(|(name, value, meaning)| Some((name, value?, meaning)));
    Decoded::new("Client information", present)
}
