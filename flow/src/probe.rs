//! Something that is asked only to see the answer. The client rests before and after, with what it had: what becomes of it
//! shows with the next call. Clients outside of a laboratory have no use for this.

use protocol::clause::Clause;
use protocol::oauth_error::OAuthErrorCode;
use protocol::query::Parameters;
use protocol::secret::Secret;
use protocol::token_endpoint::{REFRESH_TOKEN, RefreshRequest};

use crate::check::Checks;
use crate::client_authentication::{Assertion, SigningRequest};
use crate::http::Response;
use crate::lessons::steps::Step;
use crate::operate::Resting;
use crate::revocation::Revocation;
use crate::secrecy;
use crate::session::{Access, Session};
use crate::state::State;
use crate::token_request::to_token_endpoint;
use crate::token_response::{describe_error, error_code};
use crate::trace::{Party, Trace};
use crate::turn::{Outgoing, Turn};

/// A question, and what the client goes on with afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Probe {
    session: Session,
    access: Access,
    question: Question,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Question {
    /// What becomes of a refresh token that is used twice?
    Reuse { worn: Secret, assertion: Option<Assertion> },
    /// What is a token worth that was given back?
    Revoke(Revocation),
}

/// The refresh token that was replaced last in the life of the present one. The client has forgotten it; whoever can read
/// the account of the run has not.
pub(crate) fn worn_refresh_token(trace: &Trace, access: &Access) -> Option<Secret> {
    let last = trace.succeeded_at(&access.discovered.metadata.token_endpoint).next()?;
    let form = Parameters::parse(last);
    let get = |name| form.get(name).ok().flatten();
    // With a code, or in the client's own name, another life begins.
    let sent = get("refresh_token").filter(|_| get("grant_type") == Some(REFRESH_TOKEN))?;
    Some(Secret::new(sent)).filter(|sent| access.token.refresh_token.as_ref() != Some(sent))
}

impl Probe {
    /// Uses a refresh token once more.
    pub(crate) fn reuse(turn: &mut Turn<'_>, session: Session, access: Access, worn: Secret) -> State {
        let mut checks = Checks::default();
        checks.decide(
            Clause::RefreshReplaced,
            "the client has forgotten the old refresh token",
            "a new one replaces the old one",
            "taken from the account of this run, as a thief takes it from a log",
        );
        turn.work_out(Step::RefreshReuse, "the old refresh token turns up", checks, Vec::new());
        let assertion = Assertion::needed(&access.registered, turn.env);
        State::Probe(Box::new(Self { session, access, question: Question::Reuse { worn, assertion } }))
    }

    /// Gives a token back.
    pub(crate) fn revoke(session: Session, access: Access, revocation: Revocation) -> State {
        State::Probe(Box::new(Self { session, access, question: Question::Revoke(revocation) }))
    }

    fn step(&self) -> Step {
        match self.question {
            Question::Reuse { .. } => Step::RefreshReuse,
            Question::Revoke(_) => Step::Revocation,
        }
    }

    pub(crate) fn to_sign(&self) -> Option<&SigningRequest> {
        let (Question::Reuse { assertion, .. } | Question::Revoke(Revocation { assertion, .. })) =
            &self.question;
        assertion.as_ref()?.to_sign()
    }

    /// Takes the signature.
    pub(crate) fn signed(mut self, turn: &mut Turn<'_>, signature: &str) -> State {
        let step = self.step();
        let (Question::Reuse { assertion, .. } | Question::Revoke(Revocation { assertion, .. })) =
            &mut self.question;
        if let Some(assertion) = assertion {
            assertion.sign(turn, step, &self.access.registered.issuer, signature);
        }
        State::Probe(Box::new(self))
    }

    pub(crate) fn outgoing(&self) -> Option<Outgoing> {
        if self.to_sign().is_some() {
            return None;
        }
        let Access { discovered, registered, .. } = &self.access;
        match &self.question {
            Question::Reuse { worn, assertion } => {
                let refresh = RefreshRequest {
                    refresh_token: worn.clone(),
                    client_id: registered.client_id.clone(),
                    resource: discovered.resource.clone(),
                    scope: None,
                };
                let form = refresh.parameters();
                let request = to_token_endpoint(discovered, registered, form, assertion.as_ref());
                let title = "POST /token: the old refresh token, on purpose";
                Some(Outgoing::new(self.step(), Party::AuthorizationServer, title, request))
            }
            Question::Revoke(revocation) => revocation.outgoing(&self.access, self.step()),
        }
    }

    /// Whatever the answer is, the client changes nothing: the next call shows what has become of its tokens.
    pub(crate) fn answered(self, turn: &mut Turn<'_>, response: &Response) -> State {
        match self.question {
            Question::Reuse { .. } => {
                turn.secrets.extend(secrecy::in_answer(&response.body));
                turn.summary = describe_error(response);
                turn.checks.note(
                    Clause::RefreshRotation,
                    "a refresh token works once",
                    error_code(response).as_deref() == Some(OAuthErrorCode::InvalidGrant.as_str()),
                    "400 invalid_grant",
                    turn.summary.clone(),
                );
            }
            Question::Revoke(_) => {
                let status = response.status;
                turn.checks.note(
                    Clause::Revocation,
                    "the token is given back",
                    status == 200,
                    "200",
                    status.to_string(),
                );
                turn.checks.decide(
                    Clause::Revocation,
                    "the client keeps its copy, on purpose",
                    "what is given back is forgotten",
                    "kept: the next call shows what it is worth",
                );
            }
        }
        self.rest()
    }

    pub(crate) fn rest(self) -> State {
        State::Rest(Box::new(Resting { session: self.session, access: Some(self.access) }))
    }

    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    pub(crate) fn access(&self) -> &Access {
        &self.access
    }
}
