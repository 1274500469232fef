//! Step-up: a call was refused for its scope, so the person is asked for more, and the call is made again.

use protocol::clause::Clause;
use protocol::oauth_error::OAuthErrorCode;
use protocol::scope::ScopeSet;
use protocol::www_authenticate::BearerChallenge;
use serde::{Deserialize, Serialize};

use crate::authorize::{self, Purpose};
use crate::discovery::{ScopeChoice, ScopeSource, decode_challenge};
use crate::http::Response;
use crate::lessons::steps::Step;
use crate::machine::State;
use crate::token::AccessToken;
use crate::tool_call::{Call, Session};
use crate::trace::{Checks, Decoded, Stop};
use crate::turn::Turn;

/// How often one call may lead to a step-up. A server that answers 403 for ever must not keep the person busy.
///
/// Spec: MCP 2025-11-25 Authorization, Step-Up Authorization Flow (a few attempts).
pub const MAX_STEP_UPS: u32 = 3;

/// A session waiting for a larger token, and the call to make with it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Interrupted {
    session: Box<Session>,
    call: Call,
}

impl Interrupted {
    /// The scopes of the token that the session still has.
    pub(crate) fn granted(&self) -> &ScopeSet {
        self.session.granted()
    }

    /// Makes the call again with the new token.
    pub(crate) fn resume(self, token: AccessToken, requested: ScopeSet) -> State {
        let session = self.session.with_token(token, requested);
        State::Call(session, Call { repeated: true, ..self.call })
    }
}

/// Reads a 403 and asks for more, or gives up.
pub(crate) fn refused(
    turn: &mut Turn<'_>,
    mut session: Session,
    call: Call,
    response: &Response,
) -> Result<State, Stop> {
    let challenge =
        response.header("www-authenticate").and_then(|header| BearerChallenge::parse(header).ok());
    let error = challenge.as_ref().and_then(|challenge| challenge.error.as_deref());
    turn.checks.require(
        Clause::InsufficientScope,
        "the refusal is about scope",
        error == Some(OAuthErrorCode::InsufficientScope.as_str()),
        "403 insufficient_scope",
        format!("403 {}", error.unwrap_or("without an error code, or CORS hides it")),
    )?;
    let challenged = challenge.as_ref().and_then(|challenge| challenge.scope.clone());
    turn.checks.require(
        Clause::InsufficientScope,
        "the refusal names the scopes to ask for",
        challenged.is_some(),
        "scope",
        challenged.as_ref().map_or_else(|| "nothing".into(), ToString::to_string),
    )?;
    let (Some(challenge), Some(challenged)) = (challenge, challenged) else { return Err(Stop) };
    turn.decoded.push(decode_challenge(&challenge));
    turn.summary = format!("403 · needs {}", challenged.missing_from(session.granted()));
    turn.checks.require(
        Clause::StepUp,
        "the attempts are not used up",
        session.step_ups < MAX_STEP_UPS,
        format!("at most {MAX_STEP_UPS} for one call"),
        format!("{} so far", session.step_ups),
    )?;
    session.step_ups += 1;

    let asked = turn.config.revision.step_up_scopes(&session.requested, &challenged);
    account_for_scopes(turn, &session, &challenged, &asked);
    let scope = ScopeChoice { scopes: Some(asked), source: ScopeSource::Challenge };
    let discovered = session.discovered.clone();
    let interrupted = Interrupted { session: Box::new(session), call };
    Ok(authorize::begin(turn, discovered, &scope, Purpose::StepUp(interrupted)))
}

fn account_for_scopes(turn: &mut Turn<'_>, session: &Session, challenged: &ScopeSet, asked: &ScopeSet) {
    let mut checks = Checks::default();
    checks.note(
        Clause::StepUp,
        "scopes to ask for",
        true,
        format!("as revision {} says, from the challenge {challenged}", turn.config.revision.as_str()),
        asked.to_string(),
    );
    let mark = |scope| if session.granted().contains(scope) { "granted before" } else { "new" };
    let rows: Vec<_> = asked.iter().map(|scope| (scope.to_string(), mark(scope), "")).collect();
    turn.work_out(Step::StepUpScopes, "scopes worked out", checks, vec![Decoded::new("Scopes", rows)]);
}
