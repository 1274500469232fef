//! The authorization code grant: everything is checked before the code is consumed, so that nobody but its rightful
//! client can use it up.
//!
//! Spec: OAuth 2.1 §4.1.3, §7.5.3, §10.2; RFC 7636 §4.6; RFC 8707 §2.2.

use protocol::ids::UnixTime;
use protocol::pkce::CodeVerifier;
use protocol::query::Parameters;
use protocol::scope::ScopeSet;
use protocol::token_endpoint::TokenResponse;

use super::Settings;
use super::client_auth::{Presented, authenticate};
use super::issue;
use super::narrowing::Narrowing;
use super::state::Server;
use super::token::TokenDenial;
use crate::store::{FoundCode, MAX_WRONG_VERIFIERS, Redemption, SecretHash};

/// What a client sent.
struct CodeRequest<'a> {
    code: SecretHash,
    verifier: CodeVerifier,
    redirect_uri: Option<&'a str>,
    narrowing: Narrowing<'a>,
}

impl<'a> CodeRequest<'a> {
    fn read(form: &'a Parameters) -> Result<Self, TokenDenial> {
        let code = form.get("code")?.ok_or(TokenDenial::MissingCode)?;
        let verifier = form.get("code_verifier")?.ok_or(TokenDenial::MissingVerifier)?;
        Ok(Self {
            code: SecretHash::of_text(code),
            verifier: CodeVerifier::parse(verifier).map_err(|_| TokenDenial::MalformedVerifier)?,
            redirect_uri: form.get("redirect_uri")?,
            narrowing: Narrowing::read(form)?,
        })
    }
}

/// Load, decide, consume, sign.
pub(super) async fn redeem(
    server: &Server,
    client: &Presented,
    form: &Parameters,
) -> Result<TokenResponse, TokenDenial> {
    let request = CodeRequest::read(form)?;
    let found = server.store.find_code(request.code).await?;
    authenticate(server, client, found.as_ref().map(|found| &found.family.client)).await?;
    let found = found.ok_or(TokenDenial::UnknownCode)?;
    let family = &found.family;
    if !client.is(&family.client) {
        return Err(TokenDenial::OtherClient);
    }
    let now = server.clock.now();
    let scope = match decide(&server.settings, &found, &request, now) {
        Err(TokenDenial::VerifierMismatch) => {
            server.store.count_wrong_verifier(request.code).await?;
            return Err(TokenDenial::VerifierMismatch);
        }
        decided => decided?,
    };
    let refresh_token = issue::may_refresh(&family.client, &family.scope).then(|| server.entropy.secret());
    let stored = refresh_token.as_ref().map(|token| issue::refresh_token(server, token, now));
    match server.store.redeem_code(request.code, stored, now).await? {
        Redemption::Redeemed => issue::issue(server, family, scope, refresh_token, now).await,
        Redemption::Replayed { family } => {
            tracing::warn!(%family, "a code was used a second time, with everything else right: all of it ends");
            Err(TokenDenial::ReplayedCode)
        }
        Redemption::Expired => Err(TokenDenial::ExpiredCode),
        Redemption::Ended => Err(TokenDenial::GrantEnded),
        Redemption::Unknown => Err(TokenDenial::UnknownCode),
    }
}

/// The decision, without consequences: the scopes of the token, or the first reason against it.
fn decide(
    settings: &Settings,
    found: &FoundCode,
    request: &CodeRequest<'_>,
    now: UnixTime,
) -> Result<ScopeSet, TokenDenial> {
    if request.redirect_uri.is_some_and(|uri| uri != found.redirect_uri.as_str()) {
        return Err(TokenDenial::OtherRedirectUri);
    }
    // A redeemed code goes on to where a replay is recognized, however late.
    if !found.redeemed && found.expires_at <= now {
        return Err(TokenDenial::ExpiredCode);
    }
    if !found.redeemed && found.wrong_verifiers >= MAX_WRONG_VERIFIERS {
        return Err(TokenDenial::TooManyVerifiers);
    }
    if !found.code_challenge.is_met_by(&request.verifier) {
        return Err(TokenDenial::VerifierMismatch);
    }
    if !found.redeemed && !issue::is_still_granted(settings, &found.family) {
        return Err(TokenDenial::GrantEnded);
    }
    request.narrowing.of(&found.family)
}
