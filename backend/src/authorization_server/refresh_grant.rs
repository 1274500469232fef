//! The refresh token grant: a refresh token becomes a new access token and its own successor.
//!
//! The successor is computed from the token and the server's key. So an answer that was lost can be given again, for a
//! few seconds, without the successor being stored anywhere: nothing but the token and the key together produces it.
//!
//! Spec: OAuth 2.1 §4.3, §4.3.1, §4.3.3; RFC 9700 §4.14.2; RFC 8707 §2.2.

use std::sync::Arc;

use aws_lc_rs::hmac;
use protocol::base64url;
use protocol::clause::Clause;
use protocol::query::Parameters;
use protocol::scope::ScopeSet;
use protocol::secret::Secret;
use protocol::token_endpoint::TokenResponse;

use super::client_auth::{Presented, authenticate, authenticate_at_once};
use super::issue;
use super::narrowing::Narrowing;
use super::state::Server;
use super::token::{TokenDenial, report_known};
use crate::store::{Family, Rotation, SecretHash};

/// What a client sent.
struct RefreshRequest {
    client: Presented,
    narrowing: Narrowing,
}

/// Authenticate, decide and rotate, sign.
pub(super) async fn refresh(
    server: &Arc<Server>,
    client: Presented,
    form: &Parameters,
) -> Result<TokenResponse, TokenDenial> {
    let token = form.get("refresh_token")?.ok_or(TokenDenial::MissingRefreshToken)?;
    let request = Arc::new(RefreshRequest { client, narrowing: Narrowing::read(form)? });
    let hash = SecretHash::of_text(token);
    // Where authentication has to wait for somebody, it comes first, and the token is looked up once more.
    let at_once = request.client.is_decided_at_once(&server.settings);
    if !at_once {
        let family = server.store.find_refresh_token(hash).await?;
        authenticate(server, &request.client, family.as_ref().map(|family| &family.client)).await?;
    }
    let now = server.clock.now();
    let successor = successor(server.secrets.successor_key(), token);
    let stored = issue::refresh_token(server, &successor, now);
    let repair = server.settings.lifetimes.refresh_repair;
    let judge = {
        let (server, request) = (Arc::clone(server), Arc::clone(&request));
        move |family: &Family| {
            report_known(Clause::RefreshBinding, "refresh_token", true);
            if at_once {
                authenticate_at_once(&server, &request.client, Some(&family.client))?;
            }
            decide(&server, &request, family)
        }
    };
    match server.store.rotate_refresh_token(hash, stored, judge, repair, now).await? {
        Rotation::Rotated { family, outcome: scope } | Rotation::Repaired { family, outcome: scope } => {
            issue::issue(server, &family, scope, Some(successor), now).await
        }
        Rotation::Refused(denial) => Err(denial),
        Rotation::Reused { family } => {
            tracing::warn!(%family, "a refresh token was used a second time: all of its family ends");
            Err(TokenDenial::ReusedRefreshToken)
        }
        Rotation::Expired => Err(TokenDenial::ExpiredRefreshToken),
        Rotation::Unknown => {
            if at_once {
                authenticate_at_once(server, &request.client, None)?;
            }
            report_known(Clause::RefreshBinding, "refresh_token", false);
            Err(TokenDenial::UnknownRefreshToken)
        }
    }
}

/// The decision, without consequences: the scopes of the access token, or the first reason against it. Whether the token
/// is used or expired is decided where that has consequences.
fn decide(server: &Server, request: &RefreshRequest, family: &Family) -> Result<ScopeSet, TokenDenial> {
    if !request.client.has(&family.client, Clause::RefreshBinding) {
        return Err(TokenDenial::RefreshTokenOfAnother);
    }
    if !issue::is_still_granted(&server.settings, family) {
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
