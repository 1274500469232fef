//! 401: the server says where to read on. The first time nobody has asked for permission yet; later the token was refused.

use protocol::clause::Clause;
use protocol::well_known::{Candidate, protected_resource_metadata_candidates};
use protocol::www_authenticate::BearerChallenge;

use super::{Lookup, ResourceLookup, destination};
use crate::attempts::MAX_RENEWALS;
use crate::check::Stop;
use crate::http::Response;
use crate::operation::Operation;
use crate::session::{Access, Errand, Session};
use crate::state::State;
use crate::trace::Decoded;
use crate::turn::Turn;

/// Reads a 401 and goes to look for the authorization server. Also with a refused token: it may have another one now, and
/// what came from the old one must not be sent to the new one.
pub(crate) fn unauthorized(
    turn: &mut Turn<'_>,
    mut session: Session,
    mut operation: Operation,
    refused: Option<Access>,
    response: &Response,
) -> Result<State, Stop> {
    let challenge = read(turn, refused.is_some(), response);
    turn.summary = match &challenge.scope {
        Some(scope) => format!("401 · resource_metadata, scope {scope}"),
        None => "401".into(),
    };
    if refused.is_some() {
        let so_far = session.attempts.renewals;
        let found = match &challenge.error {
            Some(error) => format!("401 {error}, {so_far} new tokens refused before"),
            None => format!("401, {so_far} new tokens refused before"),
        };
        turn.checks.complain(
            Clause::TokenValidity,
            "the token is accepted",
            so_far < MAX_RENEWALS,
            format!("at most {MAX_RENEWALS} refusals in a row"),
            found,
        )?;
        session.attempts.renewals += 1;
        operation = operation.again();
    }
    let candidates = match &challenge.resource_metadata {
        Some(url) => {
            destination::require(turn, "resource_metadata", url)?;
            vec![Candidate { url: url.clone(), reason: "named by the challenge".into() }]
        }
        None => protected_resource_metadata_candidates(&turn.config.server),
    };
    let lookup = Lookup::new(candidates).ok_or(Stop)?;
    let errand = Errand { session, then: Some(operation) };
    Ok(State::ResourceMetadata(Box::new(ResourceLookup {
        errand,
        refused,
        at_root: false,
        challenged: challenge.scope,
        lookup,
    })))
}

/// Takes the challenge apart. A missing or unreadable header is no reason to stop: the well-known places remain.
fn read(turn: &mut Turn<'_>, with_token: bool, response: &Response) -> BearerChallenge {
    let header = response.header_list("www-authenticate");
    let challenge = header.as_deref().map(BearerChallenge::parse);
    turn.checks.note(
        Clause::Challenge,
        "WWW-Authenticate has a Bearer challenge",
        matches!(challenge, Some(Ok(_))),
        "Bearer …",
        header.as_deref().unwrap_or("no such header, or CORS hides it"),
    );
    let Some(Ok(challenge)) = challenge else { return BearerChallenge::default() };
    turn.checks.note(
        Clause::Challenge,
        "the challenge names the metadata",
        challenge.resource_metadata.is_some(),
        "resource_metadata",
        challenge.resource_metadata.as_deref().unwrap_or("nothing"),
    );
    turn.checks.note(
        Clause::ChallengeScope,
        "the challenge names a scope",
        challenge.scope.is_some(),
        "scope",
        challenge.scope.as_ref().map_or_else(|| "nothing".into(), ToString::to_string),
    );
    if !with_token {
        turn.checks.note(
            Clause::ChallengeWithoutError,
            "no error, since no token was sent",
            challenge.error.is_none(),
            "no error",
            challenge.error.as_deref().unwrap_or("no error"),
        );
    }
    turn.decoded.push(decode(&challenge));
    challenge
}

/// The parts of a challenge, for the reader.
pub(crate) fn decode(challenge: &BearerChallenge) -> Decoded {
    let scope = challenge.scope.as_ref().map(ToString::to_string);
    let rows = [
        ("error", challenge.error.clone(), "why the request was refused"),
        ("error_description", challenge.error_description.clone(), "for developers"),
        ("resource_metadata", challenge.resource_metadata.clone(), "where the server describes itself"),
        ("scope", scope, "what to ask for"),
    ];
    let present = rows.into_iter().filter_map(|(name, value, meaning)| Some((name, value?, meaning)));
    Decoded::new("WWW-Authenticate: Bearer", present)
}
