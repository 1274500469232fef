//! The browser is back: who sent it, does it answer our question, and what does it say?

use protocol::authorization_response::{AuthorizationResponse, verify_issuer};
use protocol::clause::Clause;
use protocol::oauth_error::OAuthErrorCode;
use protocol::query::Parameters;
use protocol::secret::Secret;

use crate::authorize::Pending;
use crate::check::Stop;
use crate::state::State;
use crate::trace::Decoded;
use crate::turn::Turn;
use crate::{operate, secrecy, step_up, token_request};

/// A code that may be redeemed. Only [`validate`] makes one, after every check on the callback has passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ValidatedCallback {
    code: Secret,
}

impl ValidatedCallback {
    pub(crate) fn code(&self) -> &Secret {
        &self.code
    }
}

/// Whether a URL answers this very request, going by its `state` alone. A listener that anybody on the machine can reach
/// throws other visitors away; the one that passes is then checked in full.
pub(crate) fn answers(pending: &Pending, url: &str) -> bool {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let query = query.split('#').next().unwrap_or_default();
    let state = Parameters::parse(query).get("state").ok().flatten().map(Secret::new);
    state.as_ref() == Some(&pending.expected.state)
}

/// Checks a callback in the order in which it may be believed: address, `iss`, `state`, and then the answer.
pub(crate) fn validate(turn: &mut Turn<'_>, pending: Pending, url: &str) -> Result<State, Stop> {
    turn.secrets.extend(secrecy::in_callback(url));
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let query = query.split('#').next().unwrap_or_default();
    turn.checks.require(
        Clause::RedirectExact,
        "the browser came back to the redirect URI",
        pending.request.redirect_uri.is_reached_by(url),
        pending.request.redirect_uri.as_str(),
        address,
    )?;
    let parameters = Parameters::parse(query);
    check_issuer(turn, &pending, &parameters)?;
    let response = AuthorizationResponse::validate(query, &pending.expected);
    check_state(turn, &pending, &parameters)?;
    decode(turn, &parameters);
    let response = match response {
        Ok(response) => response,
        Err(reason) => {
            turn.checks.require(
                Clause::NoParameterTwice,
                "the response can be read in one way",
                false,
                "a code or an error",
                reason.to_string(),
            )?;
            return Err(Stop);
        }
    };
    match response {
        AuthorizationResponse::Code(code) => {
            turn.checks.require(
                Clause::AccessDenied,
                "the answer is a code, not an error",
                true,
                "code",
                "code",
            )?;
            Ok(token_request::redeem(turn, pending, ValidatedCallback { code }))
        }
        AuthorizationResponse::Error { error, description } => {
            let said_no = error == OAuthErrorCode::AccessDenied.as_str();
            let clause = if said_no { Clause::AccessDenied } else { Clause::AuthorizationError };
            let found = match description {
                Some(description) => format!("{error}: {description}"),
                None => error,
            };
            let then = if said_no { step_up::declined(pending) } else { None };
            let bearable = then.is_some();
            turn.checks.complain(clause, "the answer is a code, not an error", bearable, "code", found)?;
            let (session, access) = then.ok_or(Stop)?;
            Ok(operate::proceed(turn, session, Some(access)))
        }
    }
}

fn check_issuer(turn: &mut Turn<'_>, pending: &Pending, parameters: &Parameters) -> Result<(), Stop> {
    let iss = parameters.get("iss");
    let holds = iss.is_ok_and(|iss| verify_issuer(&pending.expected, iss).is_ok());
    let or_nothing = if pending.expected.iss_required { "" } else { " or nothing" };
    let expected = format!("{}{or_nothing}", pending.expected.issuer);
    let found = match iss {
        Ok(Some(iss)) => iss.to_owned(),
        Ok(None) => "nothing".to_owned(),
        Err(repeated) => repeated.to_string(),
    };
    turn.checks.verify(Clause::IssParameter, "iss is the issuer that was asked", holds, expected, found)
}

fn check_state(turn: &mut Turn<'_>, pending: &Pending, parameters: &Parameters) -> Result<(), Stop> {
    let state = parameters.get("state");
    let holds = state.is_ok_and(|state| state.map(Secret::new).as_ref() == Some(&pending.expected.state));
    let found = match state {
        Ok(Some(state)) => state.to_owned(),
        Ok(None) => "nothing".to_owned(),
        Err(repeated) => repeated.to_string(),
    };
    turn.checks.require(
        Clause::State,
        "state is the one that was sent",
        holds,
        pending.expected.state.reveal(),
        found,
    )
}

fn decode(turn: &mut Turn<'_>, parameters: &Parameters) {
    let meaning = |name: &str| match name {
        "code" => "to be redeemed once, with the verifier",
        "state" => "the answer to our question",
        "iss" => "who answers",
        "error" => "why not",
        "error_description" => "for developers; text from outside",
        _ => "unknown, ignored",
    };
    let rows: Vec<_> = parameters.iter().map(|(name, value)| (name, value, meaning(name))).collect();
    turn.decoded.push(Decoded::new("Authorization response", rows));
}
