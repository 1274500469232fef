//! From the code to the access token.

use protocol::access_token::open_unverified;
use protocol::clause::Clause;
use protocol::ids::UnixTime;
use protocol::oauth_error::OAuthErrorBody;
use protocol::scope::ScopeSet;
use protocol::secret::Secret;
use protocol::token_endpoint::{CodeExchange, TokenResponse};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::authorize::{Pending, Purpose};
use crate::callback::ValidatedCallback;
use crate::http::{Request, Response};
use crate::machine::State;
use crate::tool_call::Session;
use crate::trace::{Checks, Decoded, Party, Stop};
use crate::turn::{Outgoing, Turn};

/// A code about to be redeemed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Exchange {
    pub(crate) pending: Pending,
    pub(crate) callback: ValidatedCallback,
}

/// An access token and what it allows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AccessToken {
    pub(crate) secret: Secret,
    pub(crate) granted: ScopeSet,
    pub(crate) expires_at: Option<UnixTime>,
}

impl Exchange {
    pub(crate) fn outgoing(&self) -> Outgoing {
        let exchange = CodeExchange {
            code: self.callback.code().clone(),
            code_verifier: self.pending.verifier.clone(),
            redirect_uri: self.pending.request.redirect_uri.clone(),
            client_id: self.pending.request.client_id.clone(),
            resource: self.pending.request.resource.clone(),
        };
        Outgoing {
            step: self.pending.purpose.exchange_step(),
            to: Party::AuthorizationServer,
            title: "POST /token: the code, with the verifier".into(),
            request: Request::post_form(
                &self.pending.discovered.metadata.token_endpoint,
                &exchange.parameters(),
            ),
        }
    }

    pub(crate) fn answered(self, turn: &mut Turn<'_>, response: &Response) -> Result<State, Stop> {
        let answer = read_token_response(turn, response)?;
        let requested = self.pending.request.scope.clone().unwrap_or_default();
        let granted = answer.scope.clone().unwrap_or_else(|| requested.clone());
        turn.checks.note(
            Clause::ScopeNarrows,
            "granted scope",
            requested.is_empty() || granted.is_subset(&requested),
            format!("at most {requested}"),
            granted.to_string(),
        );
        turn.summary = format!("200 · token for {granted}");
        let token = AccessToken {
            secret: answer.access_token,
            granted,
            expires_at: answer.expires_in.map(|seconds| turn.env.now().plus(seconds)),
        };
        open(turn, &self.pending, &token);
        Ok(match self.pending.purpose {
            Purpose::First => {
                State::Initialize(Session::new(self.pending.discovered, token, requested, turn.config))
            }
            Purpose::StepUp(interrupted) => interrupted.resume(token, requested),
        })
    }
}

fn read_token_response(turn: &mut Turn<'_>, response: &Response) -> Result<TokenResponse, Stop> {
    if response.status != 200 {
        let error = serde_json::from_str::<OAuthErrorBody>(&response.body);
        let found = error.map_or_else(
            |_| response.status.to_string(),
            |body| match body.error_description {
                Some(description) => format!("{} {}: {description}", response.status, body.error),
                None => format!("{} {}", response.status, body.error),
            },
        );
        turn.summary.clone_from(&found);
        turn.checks.require(Clause::TokenResponse, "the code was accepted", false, "200", found)?;
    }
    turn.status(Clause::TokenResponse, 200, response)?;
    let answer: TokenResponse = turn.json(Clause::TokenResponse, "a token response", response)?;
    turn.secrets.push(answer.access_token.clone());
    turn.secrets.extend(answer.refresh_token.clone());
    turn.checks.verify(
        Clause::TokenResponse,
        "token type",
        answer.is_bearer(),
        "Bearer",
        answer.token_type.as_str(),
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
fn open(turn: &mut Turn<'_>, pending: &Pending, token: &AccessToken) {
    let step = pending.purpose.opened_step();
    let Some(jwt) = open_unverified(token.secret.reveal()) else {
        turn.work_out(step, "the token is opaque", Checks::default(), Vec::new());
        return;
    };
    let text = |value: Option<&Value>| match value {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => "nothing".to_owned(),
    };
    let mut checks = Checks::default();
    let audience = text(jwt.claims.get("aud"));
    let names_server = names(jwt.claims.get("aud"), pending.request.resource.as_str());
    checks.note(
        Clause::TokenAudience,
        "aud names the MCP server",
        names_server,
        pending.request.resource.as_str(),
        audience,
    );
    let issuer = text(jwt.claims.get("iss"));
    checks.note(
        Clause::TokenValidity,
        "iss names the authorization server",
        issuer == pending.expected.issuer.as_str(),
        pending.expected.issuer.as_str(),
        issuer,
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
    let header = Decoded::new(
        "Header",
        jwt.header.iter().map(|(name, value)| (name.as_str(), text(Some(value)), header_meaning(name))),
    );
    let claims = Decoded::new(
        "Claims",
        jwt.claims.iter().map(|(name, value)| (name.as_str(), text(Some(value)), claim_meaning(name))),
    );
    turn.work_out(step, "the token opened", checks, vec![header, claims]);
}

fn names(aud: Option<&Value>, resource: &str) -> bool {
    match aud {
        Some(Value::String(one)) => one == resource,
        Some(Value::Array(many)) => many.iter().any(|one| one == resource),
        _ => false,
    }
}

fn header_meaning(name: &str) -> &'static str {
    match name {
        "alg" => "how it is signed",
        "typ" => "an access token, not an ID token",
        "kid" => "which of the server's keys signed it",
        _ => "",
    }
}

fn claim_meaning(name: &str) -> &'static str {
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
