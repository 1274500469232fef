//! Step-up: a call was refused for its scope, so the person is asked for more, and the call is made again.

use protocol::clause::Clause;
use protocol::oauth_error::OAuthErrorCode;
use protocol::scope::ScopeSet;
use protocol::www_authenticate::BearerChallenge;
use serde_json::json;

use crate::attempts::{MAX_ALL_STEP_UPS, MAX_STEP_UPS};
use crate::authorize::{self, Pending, Purpose};
use crate::check::{Checks, Stop};
use crate::config::OnBehalf;
use crate::discovery::{ScopeChoice, ScopeSource, challenge};
use crate::http::Response;
use crate::lessons::steps::Step;
use crate::operation::Operation;
use crate::registration::Known;
use crate::session::{Access, Errand, Session, ToolResult};
use crate::state::State;
use crate::token_request;
use crate::trace::Decoded;
use crate::turn::Turn;

/// Reads a 403 and asks for more, or gives up.
pub(crate) fn forbidden(
    turn: &mut Turn<'_>,
    mut session: Session,
    operation: Operation,
    access: Option<Access>,
    response: &Response,
) -> Result<State, Stop> {
    turn.step = Some(Step::InsufficientScope);
    let challenge =
        response.header_list("www-authenticate").and_then(|header| BearerChallenge::parse(&header).ok());
    let error = challenge.as_ref().and_then(|challenge| challenge.error.as_deref());
    turn.checks.require(
        Clause::InsufficientScope,
        "the refusal is about scope",
        error == Some(OAuthErrorCode::InsufficientScope.as_str()) && access.is_some(),
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
    let (Some(challenge), Some(challenged), Some(access)) = (challenge, challenged, access) else {
        return Err(Stop);
    };
    turn.decoded.push(challenge::decode(&challenge));
    turn.summary = format!("403 · needs {}", challenged.missing_from(&access.token.granted));
    let resource = access.discovered.resource.as_str();
    let so_far = session.attempts.step_ups(resource, &operation);
    let in_all = session.attempts.all_step_ups();
    turn.checks.require(
        Clause::StepUp,
        "the attempts are not used up",
        so_far < MAX_STEP_UPS && in_all < MAX_ALL_STEP_UPS,
        format!("at most {MAX_STEP_UPS} for one operation, {MAX_ALL_STEP_UPS} in all"),
        format!("{so_far} so far for {}, {in_all} in all", operation.name()),
    )?;
    session.attempts.count_step_up(resource, &operation);

    let asked = session.revision.step_up_scopes(&session.requested, &challenged);
    account_for_scopes(turn, &session, &access, &challenged, &asked);
    let Access { discovered, registered, token } = access;
    let errand = Errand { session, then: Some(operation.again()) };
    let (known, purpose) = (Known { errand, discovered, registered }, Purpose::StepUp(token));
    Ok(match turn.config.on_behalf {
        OnBehalf::Person => {
            let scope = ScopeChoice { scopes: Some(asked), source: ScopeSource::Challenge, offline: false };
            authorize::begin(turn, known, &scope, purpose)
        }
        OnBehalf::Itself => token_request::in_its_own_name(turn, known, Some((asked, purpose))),
    })
}

/// The person said no to more. The token from before allows what it allowed: the call for which more was needed has failed,
/// and the rest goes on. `None` where nobody was asked for more, or where there is no conversation without it.
///
/// Spec: OAuth 2.1 §4.1.2.1: nothing is said there of tokens that were issued before.
pub(crate) fn declined(pending: Pending) -> Option<(Session, Access)> {
    let Pending { known: Known { errand, discovered, registered }, purpose: Purpose::StepUp(token), .. } =
        pending
    else {
        return None;
    };
    let Errand { mut session, then: Some(operation @ Operation::Call(_)) } = errand else { return None };
    // Nobody was busy in vain: the person decided, and may be asked again when the call is made again.
    session.attempts.succeeded(discovered.resource.as_str(), &operation);
    // What was declined is not asked for by the way with the next thing that is.
    session.requested.clone_from(&token.granted);
    if let Operation::Call(call) = operation {
        let message = "the person did not allow what the tool needs";
        let result = json!({ "message": message });
        session.results.push(ToolResult { call: call.what, is_error: true, result });
    }
    Some((session, Access { discovered, registered, token }))
}

fn account_for_scopes(
    turn: &mut Turn<'_>,
    session: &Session,
    access: &Access,
    challenged: &ScopeSet,
    asked: &ScopeSet,
) {
    let mut checks = Checks::default();
    let revision = session.revision.as_str();
    checks.decide(
        Clause::StepUp,
        "scopes to ask for",
        format!("as revision {revision} says, from the challenge {challenged}"),
        asked.to_string(),
    );
    let mark = |scope| if access.token.granted.contains(scope) { "granted before" } else { "new" };
    let rows: Vec<_> = asked.iter().map(|scope| (scope.to_string(), mark(scope), "")).collect();
    turn.work_out(Step::StepUpScopes, "scopes worked out", checks, vec![Decoded::new("Scopes", rows)]);
}
