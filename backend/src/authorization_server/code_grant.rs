//! The authorization code grant: everything is checked before the code is consumed, so that nobody but its rightful
//! client can use it up.
//!
//! Spec: OAuth 2.1 §4.1.3, §7.5.3, §10.2; RFC 7636 §4.6; RFC 8707 §2.2.

use std::sync::Arc;

use protocol::clause::Clause;
use protocol::ids::UnixTime;
use protocol::pkce::CodeVerifier;
use protocol::query::Parameters;
use protocol::scope::ScopeSet;
use protocol::secret::Secret;
use protocol::token_endpoint::TokenResponse;

use super::client_auth::{Presented, authenticate, authenticate_at_once};
use super::issue;
use super::narrowing::Narrowing;
use super::state::Server;
use super::token::{TokenDenial, report_known};
use crate::store::{CodeVerdict, FoundCode, MAX_WRONG_VERIFIERS, Redemption, SecretHash};
use server_kit::witness::{checked, or_absent};

/// What a client sent.
struct CodeRequest {
    client: Presented,
    code: SecretHash,
    verifier: CodeVerifier,
    redirect_uri: Option<String>,
    narrowing: Narrowing,
}

impl CodeRequest {
    fn read(client: Presented, form: &Parameters) -> Result<Self, TokenDenial> {
        let code = form.get("code")?.ok_or(TokenDenial::MissingCode)?;
        let verifier = form.get("code_verifier")?.ok_or(TokenDenial::MissingVerifier)?;
        let parsed = CodeVerifier::parse(verifier).map_err(|_| TokenDenial::MalformedVerifier);
        let found = || format!("{} characters", verifier.len());
        let expected = || "43 to 128 unreserved characters";
        checked(Clause::PkceVerifier, "form of the code_verifier", parsed.is_ok(), expected, found);
        Ok(Self {
            client,
            code: SecretHash::of_text(code),
            verifier: parsed?,
            redirect_uri: form.get("redirect_uri")?.map(str::to_owned),
            narrowing: Narrowing::read(form)?,
        })
    }
}

/// What a code becomes.
struct Granted {
    scope: ScopeSet,
    refresh_token: Option<Secret>,
}

/// Authenticate, decide and consume, sign.
pub(super) async fn redeem(
    server: &Arc<Server>,
    client: Presented,
    form: &Parameters,
) -> Result<TokenResponse, TokenDenial> {
    let request = CodeRequest::read(client, form)?;
    let code = request.code;
    // Where authentication has to wait for somebody, it comes first, and the code is looked up once more.
    let at_once = request.client.is_decided_at_once(&server.settings);
    if !at_once {
        let found = server.store.find_code(code).await?;
        let granted_to = found.as_ref().map(|found| &found.family.client);
        authenticate(server, &request.client, granted_to).await?;
    }
    let now = server.clock.now();
    let request = Arc::new(request);
    let judge = {
        let (server, request) = (Arc::clone(server), Arc::clone(&request));
        move |found: &FoundCode| {
            report_known(Clause::CodeBinding, "code", true);
            let client = Some(&found.family.client);
            match at_once.then(|| authenticate_at_once(&server, &request.client, client)) {
                Some(Err(denial)) => CodeVerdict::Refuse(denial),
                Some(Ok(())) | None => judge(&server, &request, found, now),
            }
        }
    };
    match server.store.redeem_code(code, judge, now).await? {
        Redemption::Redeemed { family, outcome: Granted { scope, refresh_token } } => {
            issue::issue(server, &family, scope, refresh_token, now).await
        }
        Redemption::Replayed { family } => {
            tracing::warn!(%family, "a code was used a second time, with everything else right: all of it ends");
            Err(TokenDenial::ReplayedCode)
        }
        Redemption::Refused(denial) => Err(denial),
        Redemption::Unknown => {
            if at_once {
                authenticate_at_once(server, &request.client, None)?;
            }
            report_known(Clause::CodeBinding, "code", false);
            Err(TokenDenial::UnknownCode)
        }
    }
}

fn judge(
    server: &Server,
    request: &CodeRequest,
    found: &FoundCode,
    now: UnixTime,
) -> CodeVerdict<Granted, TokenDenial> {
    let scope = match decide(server, request, found, now) {
        Ok(scope) => scope,
        Err(denial @ TokenDenial::VerifierMismatch) => return CodeVerdict::WrongVerifier(denial),
        Err(denial) => return CodeVerdict::Refuse(denial),
    };
    let family = &found.family;
    let token = issue::may_refresh(&family.client, &family.scope).then(|| server.entropy.secret());
    CodeVerdict::Redeem {
        refresh_token: token.as_ref().map(|token| issue::refresh_token(server, token, now)),
        outcome: Granted { scope, refresh_token: token },
    }
}

/// The decision, without consequences: the scopes of the token, or the first reason against it.
fn decide(
    server: &Server,
    request: &CodeRequest,
    found: &FoundCode,
    now: UnixTime,
) -> Result<ScopeSet, TokenDenial> {
    let family = &found.family;
    if !request.client.has(&family.client, Clause::CodeBinding) {
        return Err(TokenDenial::OtherClient);
    }
    if !is_sent_to(request, found) {
        return Err(TokenDenial::OtherRedirectUri);
    }
    // A redeemed code goes on to where a replay is recognized, however late.
    if !found.redeemed && !is_young(found, server.settings.lifetimes.code, now) {
        return Err(TokenDenial::ExpiredCode);
    }
    if !found.redeemed && found.wrong_verifiers >= MAX_WRONG_VERIFIERS {
        let tried = || found.wrong_verifiers.to_string();
        let fewer = || format!("fewer than {MAX_WRONG_VERIFIERS}");
        checked(Clause::PkceVerified, "wrong verifiers so far", false, fewer, tried);
        return Err(TokenDenial::TooManyVerifiers);
    }
    if !is_met(request, found) {
        return Err(TokenDenial::VerifierMismatch);
    }
    if !found.redeemed && !issue::is_still_granted(&server.settings, family) {
        return Err(TokenDenial::GrantEnded);
    }
    request.narrowing.of(family)
}

/// Absent is right: OAuth 2.1 does without the parameter here.
fn is_sent_to(request: &CodeRequest, found: &FoundCode) -> bool {
    let (sent, bound) = (request.redirect_uri.as_deref(), found.redirect_uri.as_str());
    let same = sent.is_none_or(|uri| uri == bound);
    checked(Clause::CodeBinding, "redirect_uri", same, || bound, || or_absent(sent));
    same
}

fn is_young(found: &FoundCode, lifetime: u64, now: UnixTime) -> bool {
    let young = now < found.expires_at;
    let age = || format!("{} s old", (now.0 + lifetime).saturating_sub(found.expires_at.0));
    checked(Clause::CodeLifetime, "age of the code", young, || format!("less than {lifetime} s old"), age);
    young
}

fn is_met(request: &CodeRequest, found: &FoundCode) -> bool {
    let met = found.code_challenge.is_met_by(&request.verifier);
    let (challenge, hash) = (&found.code_challenge, || request.verifier.challenge().as_str().to_owned());
    checked(Clause::PkceVerified, "SHA-256 of the code_verifier", met, || challenge.as_str(), hash);
    met
}
