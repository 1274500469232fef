//! The authorization code grant: everything is checked before the code is consumed, so that nobody but its rightful
//! client can use it up.
//!
//! Spec: OAuth 2.1 §4.1.3, §10.2; RFC 7636 §4.6; RFC 8707 §2.2; RFC 9068 §2.2.

use protocol::access_token::AccessTokenClaims;
use protocol::ids::UnixTime;
use protocol::pkce::CodeVerifier;
use protocol::query::Parameters;
use protocol::resource_indicator::narrows;
use protocol::scope::ScopeSet;
use protocol::token_endpoint::TokenResponse;

use super::client_auth::{Presented, authenticate};
use super::state::Server;
use super::token::TokenDenial;
use crate::store::{Family, FoundCode, MAX_WRONG_VERIFIERS, Redemption, SecretHash};

/// What a client sent.
struct CodeRequest<'a> {
    code: SecretHash,
    verifier: CodeVerifier,
    redirect_uri: Option<&'a str>,
    resource: Option<&'a str>,
    scope: Option<ScopeSet>,
}

impl<'a> CodeRequest<'a> {
    fn read(form: &'a Parameters) -> Result<Self, TokenDenial> {
        let code = form.get("code")?.ok_or(TokenDenial::MissingCode)?;
        let verifier = form.get("code_verifier")?.ok_or(TokenDenial::MissingVerifier)?;
        let scope = form.get("scope")?.map(str::parse).transpose();
        Ok(Self {
            code: SecretHash::of_text(code),
            verifier: CodeVerifier::parse(verifier).map_err(|_| TokenDenial::MalformedVerifier)?,
            redirect_uri: form.get("redirect_uri")?,
            // A client that names several resources wants more than any code here is for.
            resource: form.get("resource").map_err(|_| TokenDenial::OtherResource)?,
            scope: scope.map_err(|_| TokenDenial::MalformedScope)?,
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
    if !client.is(&found.family.client) {
        return Err(TokenDenial::OtherClient);
    }
    let now = server.clock.now();
    let scope = match decide(&found, &request, now) {
        Err(TokenDenial::VerifierMismatch) => {
            server.store.count_wrong_verifier(request.code).await?;
            return Err(TokenDenial::VerifierMismatch);
        }
        decided => decided?,
    };
    match server.store.redeem_code(request.code, now).await? {
        Redemption::Redeemed => {}
        Redemption::Replayed { family } => {
            tracing::warn!(%family, "a code was used a second time, with everything else right");
            return Err(TokenDenial::ReplayedCode);
        }
        Redemption::Expired => return Err(TokenDenial::ExpiredCode),
        Redemption::Unknown => return Err(TokenDenial::UnknownCode),
    }
    issue(server, &found.family, scope, now).await
}

/// The decision, without consequences: the scopes of the token, or the first reason against it.
fn decide(found: &FoundCode, request: &CodeRequest<'_>, now: UnixTime) -> Result<ScopeSet, TokenDenial> {
    let family = &found.family;
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
    if !narrows(&family.resource, request.resource) {
        return Err(TokenDenial::OtherResource);
    }
    match &request.scope {
        None => Ok(family.scope.clone()),
        Some(scope) if scope.is_subset(&family.scope) => Ok(scope.clone()),
        Some(_) => Err(TokenDenial::WiderScope),
    }
}

async fn issue(
    server: &Server,
    family: &Family,
    scope: ScopeSet,
    now: UnixTime,
) -> Result<TokenResponse, TokenDenial> {
    let lifetime = server.settings.lifetimes.access_token;
    let claims = AccessTokenClaims {
        iss: server.settings.issuer.clone(),
        aud: family.resource.clone(),
        sub: family.subject.clone(),
        client_id: family.client.id.clone(),
        scope: scope.clone(),
        iat: now,
        exp: now.plus(lifetime),
        jti: server.entropy.secret().reveal().to_owned(),
    };
    Ok(TokenResponse {
        access_token: server.keys.sign(&claims).await?,
        token_type: "Bearer".into(),
        expires_in: Some(lifetime),
        scope: Some(scope),
        refresh_token: None,
    })
}
