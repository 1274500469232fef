//! The refresh token grant: a refresh token becomes a new access token and its own successor.
//!
//! The successor is computed from the token and the server's key. So an answer that was lost can be given again, for a
//! few seconds, without the successor being stored anywhere: nothing but the token and the key together produces it.
//!
//! Spec: OAuth 2.1 §4.3, §4.3.1, §4.3.3; RFC 9700 §4.14.2; RFC 8707 §2.2.

use aws_lc_rs::hmac;
use protocol::base64url;
use protocol::query::Parameters;
use protocol::scope::ScopeSet;
use protocol::secret::Secret;
use protocol::token_endpoint::TokenResponse;

use super::Settings;
use super::client_auth::{Presented, authenticate};
use super::issue;
use super::narrowing::Narrowing;
use super::state::Server;
use super::token::TokenDenial;
use crate::store::{Family, Rotation, SecretHash};

/// What a client sent.
struct RefreshRequest<'a> {
    token: &'a str,
    narrowing: Narrowing<'a>,
}

impl<'a> RefreshRequest<'a> {
    fn read(form: &'a Parameters) -> Result<Self, TokenDenial> {
        Ok(Self {
            token: form.get("refresh_token")?.ok_or(TokenDenial::MissingRefreshToken)?,
            narrowing: Narrowing::read(form)?,
        })
    }
}

/// Load, decide, rotate, sign.
pub(super) async fn refresh(
    server: &Server,
    client: &Presented,
    form: &Parameters,
) -> Result<TokenResponse, TokenDenial> {
    let request = RefreshRequest::read(form)?;
    let token = SecretHash::of_text(request.token);
    let family = server.store.find_refresh_token(token).await?;
    authenticate(server, client, family.as_ref().map(|family| &family.client)).await?;
    let family = family.ok_or(TokenDenial::UnknownRefreshToken)?;
    if !client.is(&family.client) {
        return Err(TokenDenial::OtherClient);
    }
    let scope = decide(&server.settings, &family, &request)?;
    let now = server.clock.now();
    let successor = successor(server.secrets.successor_key(), request.token);
    let stored = issue::refresh_token(server, &successor, now);
    let repair = server.settings.lifetimes.refresh_repair;
    match server.store.rotate_refresh_token(token, stored, repair, now).await? {
        Rotation::Rotated | Rotation::Repaired => {
            issue::issue(server, &family, scope, Some(successor), now).await
        }
        Rotation::Reused { family } => {
            tracing::warn!(%family, "a refresh token was used a second time: all of its family ends");
            Err(TokenDenial::ReusedRefreshToken)
        }
        Rotation::Expired => Err(TokenDenial::ExpiredRefreshToken),
        Rotation::Ended => Err(TokenDenial::GrantEnded),
        Rotation::Unknown => Err(TokenDenial::UnknownRefreshToken),
    }
}

/// The decision, without consequences. Whether the token is used or expired is decided where that has consequences.
fn decide(
    settings: &Settings,
    family: &Family,
    request: &RefreshRequest<'_>,
) -> Result<ScopeSet, TokenDenial> {
    if !issue::is_still_granted(settings, family) {
        return Err(TokenDenial::GrantEnded);
    }
    request.narrowing.of(family)
}

/// The one token that can follow this one.
fn successor(key: &hmac::Key, token: &str) -> Secret {
    let mut context = hmac::Context::with_key(key);
    context.update(b"successor of the refresh token ");
    context.update(token.as_bytes());
    Secret::new(base64url(context.sign().as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_successor_needs_the_token_and_the_key() {
        let key = |byte| hmac::Key::new(hmac::HMAC_SHA256, &[byte; 32]);
        let first = successor(&key(1), "token");
        assert_eq!(first.reveal().len(), 43);
        assert_eq!(first, successor(&key(1), "token"));
        assert_ne!(first, successor(&key(2), "token"));
        assert_ne!(first, successor(&key(1), "token."));
    }
}
