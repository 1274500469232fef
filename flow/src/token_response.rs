//! The answer of the token endpoint: a token, or a reason why not.

use protocol::access_token::open_unverified;
use protocol::clause::Clause;
use protocol::ids::UnixTime;
use protocol::oauth_error::OAuthErrorCode;
use protocol::scope::ScopeSet;
use protocol::secret::Secret;
use protocol::token_endpoint::TokenResponse;
use serde_json::Value;

use crate::check::{Checks, Stop};
use crate::http::Response;
use crate::identity::Origin;
use crate::operation::Operation;
use crate::registration;
use crate::secrecy;
use crate::session::Access;
use crate::state::State;
use crate::token_request::{self, Grant, TokenRequest};
use crate::trace::Decoded;
use crate::turn::Turn;

/// How long before its end a token is renewed, in seconds: a request takes its time too.
const EARLY: u64 = 5;

/// An access token and what it allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AccessToken {
    pub(crate) secret: Secret,
    pub(crate) granted: ScopeSet,
    /// When it ends, if the server said so. It may end sooner.
    expires_at: Option<UnixTime>,
    /// For the next one. There is at most one: a new one takes its place.
    pub(crate) refresh_token: Option<Secret>,
    /// Whether a request with it was answered. One that never worked is not renewed for its age.
    pub(crate) worked: bool,
}

impl AccessToken {
    /// Whether it is better renewed before it is used once more.
    pub(crate) fn is_worn(&self, now: UnixTime) -> bool {
        self.worked
            && self.refresh_token.is_some()
            && self.expires_at.is_some_and(|end| end.since(now) <= EARLY)
    }
}

impl TokenRequest {
    /// Reads the answer, and does with the token what was to be done.
    pub(crate) fn answered(self, turn: &mut Turn<'_>, response: &Response) -> Result<State, Stop> {
        turn.secrets.extend(secrecy::in_answer(&response.body));
        let refusal = error_code(response);
        let is = |code: OAuthErrorCode| refusal.as_deref() == Some(code.as_str());
        match &self.grant {
            Grant::Refresh { .. } if is(OAuthErrorCode::InvalidGrant) => {
                not_renewed(turn, response, "the refresh token is still good");
                return Ok(token_request::ask_again(turn, self.known));
            }
            Grant::Refresh { .. }
                if is(OAuthErrorCode::InvalidClient) && self.known.registered.origin == Origin::Dynamic =>
            {
                not_renewed(turn, response, "the server still knows the client");
                return registration::register_anew(turn, self.known);
            }
            _ => {}
        }
        let answer = read(turn, response)?;
        let token = self.token(turn, answer);
        turn.summary = format!("200 · token for {}", token.granted);
        open(turn, &self, &token);
        let known = self.known;
        let mut errand = known.errand;
        errand.session.forget_private_lists();
        errand.then = errand.then.map(Operation::with_another_token);
        let access = Access { discovered: known.discovered, registered: known.registered, token };
        Ok(State::resume(errand, access))
    }

    /// What was granted: what the answer says, else what was asked for, or granted before. A refresh token that is replaced is gone.
    fn token(&self, turn: &mut Turn<'_>, answer: TokenResponse) -> AccessToken {
        let requested = match &self.grant {
            Grant::Refresh { granted, .. } => granted.clone(),
            Grant::Code { .. } | Grant::ClientCredentials => self.scope.clone().unwrap_or_default(),
        };
        let granted = answer.scope.unwrap_or_else(|| requested.clone());
        turn.checks.note(
            Clause::ScopeNarrows,
            "granted scope",
            requested.is_empty() || granted.is_subset(&requested),
            format!("at most {requested}"),
            granted.to_string(),
        );
        let refresh_token = match (&self.grant, answer.refresh_token) {
            (Grant::Refresh { refresh_token: old, .. }, new) => {
                turn.checks.decide(
                    Clause::RefreshReplaced,
                    "the refresh token is replaced",
                    "a new one replaces the old one; without a new one the old one stays",
                    if new.is_some() {
                        "a new one: the old one is forgotten"
                    } else {
                        "none: the old one stays"
                    },
                );
                Some(new.unwrap_or_else(|| old.clone()))
            }
            (Grant::Code { .. } | Grant::ClientCredentials, new) => new,
        };
        AccessToken {
            secret: answer.access_token,
            granted,
            expires_at: answer.expires_in.map(|seconds| turn.env.now().plus(seconds)),
            refresh_token,
            worked: false,
        }
    }
}

/// Why the token is not simply renewed; there is another way to go on.
fn not_renewed(turn: &mut Turn<'_>, response: &Response, title: &'static str) {
    turn.summary = describe_error(response);
    turn.checks.note(Clause::AccessTokenRenewed, title, false, "200", turn.summary.clone());
}

/// The code of a refusal.
pub(crate) fn error_code(response: &Response) -> Option<String> {
    let body: Value = serde_json::from_str(&response.body).ok()?;
    body.get("error")?.as_str().filter(|_| response.status != 200).map(str::to_owned)
}

/// Status, code and text of a refusal.
pub(crate) fn describe_error(response: &Response) -> String {
    let body: Value = serde_json::from_str(&response.body).unwrap_or_default();
    let text = |name| body.get(name).and_then(Value::as_str);
    match (text("error"), text("error_description")) {
        (Some(error), Some(description)) => format!("{} {error}: {description}", response.status),
        (Some(error), None) => format!("{} {error}", response.status),
        (None, _) => response.status.to_string(),
    }
}

fn read(turn: &mut Turn<'_>, response: &Response) -> Result<TokenResponse, Stop> {
    if response.status != 200 {
        let found = describe_error(response);
        turn.summary.clone_from(&found);
        turn.checks.require(
            Clause::TokenResponse,
            "the token endpoint gives a token",
            false,
            "200",
            found,
        )?;
    }
    turn.status(Clause::TokenResponse, 200, response)?;
    let answer: TokenResponse = turn.json(Clause::TokenResponse, "a token response", response)?;
    turn.checks.verify(
        Clause::TokenResponse,
        "token type",
        answer.is_bearer(),
        "Bearer",
        answer.token_type.as_str(),
    )?;
    let sendable = answer.access_token.reveal().bytes().all(|b| b.is_ascii_graphic());
    turn.checks.require(
        Clause::TokenResponse,
        "the token can stand in a header",
        sendable && !answer.access_token.reveal().is_empty(),
        "visible ASCII characters",
        if sendable { "some" } else { "others" },
    )?;
    let cache_control = response.header("cache-control").unwrap_or("nothing");
    let uncached = cache_control.to_ascii_lowercase().contains("no-store");
    turn.checks.note(
        Clause::TokenResponse,
        "nobody keeps a copy",
        uncached,
        "Cache-Control: no-store",
        cache_control,
    );
    Ok(answer)
}

/// Opens the token for the reader. The client itself decides nothing by it.
fn open(turn: &mut Turn<'_>, request: &TokenRequest, token: &AccessToken) {
    let step = match request.grant {
        Grant::Refresh { .. } => request.step(),
        Grant::Code { .. } | Grant::ClientCredentials => request.purpose.opened_step(),
    };
    let Some(jwt) = open_unverified(token.secret.reveal()) else {
        turn.work_out(step, "the token is opaque", Checks::default(), Vec::new());
        return;
    };
    let (resource, issuer) = (&request.known.discovered.resource, &request.known.discovered.issuer);
    let mut checks = Checks::default();
    let audience = jwt.claims.get("aud");
    checks.note(
        Clause::TokenAudience,
        "aud names the MCP server",
        names(audience, resource.as_str()),
        resource.as_str(),
        text(audience),
    );
    let found = text(jwt.claims.get("iss"));
    checks.note(
        Clause::TokenValidity,
        "iss names the authorization server",
        found == issuer.as_str(),
        issuer.as_str(),
        found,
    );
    let expires =
        jwt.claims.get("exp").and_then(Value::as_u64).map_or(0, |exp| UnixTime(exp).since(turn.env.now()));
    checks.note(
        Clause::TokenValidity,
        "it has not expired",
        expires > 0,
        "later than now",
        format!("in {expires} s"),
    );
    turn.work_out(step, "the token opened", checks, decode_jwt(token.secret.reveal()));
}

/// Header and claims of a JWT, for the reader; nothing for anything else.
#[must_use]
pub fn decode_jwt(token: &str) -> Vec<Decoded> {
    let Some(jwt) = open_unverified(token) else { return Vec::new() };
    let header =
        jwt.header.iter().map(|(name, value)| (name.as_str(), text(Some(value)), header_meaning(name)));
    let claims =
        jwt.claims.iter().map(|(name, value)| (name.as_str(), text(Some(value)), claim_meaning(name)));
    vec![Decoded::new("Header", header), Decoded::new("Claims", claims)]
}

pub(crate) fn text(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => "nothing".to_owned(),
    }
}

pub(crate) fn names(aud: Option<&Value>, resource: &str) -> bool {
    match aud {
        Some(Value::String(one)) => one == resource,
        Some(Value::Array(many)) => many.iter().any(|one| one == resource),
        _ => false,
    }
}

pub(crate) fn header_meaning(name: &str) -> &'static str {
    match name {
        "alg" => "how it is signed",
        "typ" => "an access token, not an ID token",
        "kid" => "which of the server's keys signed it",
        _ => "",
    }
}

pub(crate) fn claim_meaning(name: &str) -> &'static str {
    match name {
        "iss" => "who issued it",
        "aud" => "which server it is for; every other must refuse it",
        "sub" => "whose permission it carries",
        "client_id" => "which client it was issued to",
        "scope" => "what it allows",
        "iat" => "issued at, seconds since 1970",
        "exp" => "expires at, seconds since 1970",
        "jti" => "its own name",
        _ => "",
    }
}
