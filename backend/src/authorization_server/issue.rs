//! The one place where tokens are issued, whatever grant they come from.
//!
//! Spec: OAuth 2.1 §3.2.3; RFC 9068 §2.2.

use protocol::access_token::AccessTokenClaims;
use protocol::base64url;
use protocol::clause::Clause;
use protocol::ids::UnixTime;
use protocol::scope::ScopeSet;
use protocol::secret::Secret;
use protocol::token_endpoint::TokenResponse;

use super::Settings;
use super::state::Server;
use super::token::TokenDenial;
use crate::store::{Client, Family, NewRefreshToken, SecretHash};
use server_kit::witness::checked;

/// Whether there are refresh tokens for what is allowed: if the client says that it can use them, or if the person was
/// asked for them by name and agreed.
///
/// Spec: RFC 9700 §4.14.2 (decided by risk); RFC 7591 §2 (`grant_types`); MCP 2026-07-28 Authorization, Refresh Tokens.
pub(super) fn may_refresh(client: &Client, scope: &ScopeSet) -> bool {
    client.wants_refresh || scope.has_offline_access()
}

/// Whether what a person allowed is still allowed: it was not revoked, the person is still there, and so is the
/// resource.
///
/// Spec: OAuth 2.1 §4.3.1.
pub(super) fn is_still_granted(settings: &Settings, family: &Family) -> bool {
    let ended = if family.revoked {
        Some("revoked")
    } else if settings.person(family.subject.as_str()).is_none() {
        Some("the person is gone")
    } else if settings.resource(family.resource.as_str()).is_none() {
        Some("the resource is gone")
    } else {
        None
    };
    let found = || ended.unwrap_or("still allowed");
    checked(Clause::GrantActive, "what the person allowed", ended.is_none(), || "still allowed", found);
    ended.is_none()
}

/// A refresh token as it is put down.
pub(super) fn refresh_token(server: &Server, token: &Secret, now: UnixTime) -> NewRefreshToken {
    let expires_at = now.plus(server.settings.lifetimes.refresh_idle);
    NewRefreshToken { hash: SecretHash::of(token), expires_at }
}

/// Signs an access token for these scopes of a family, and answers with it. It never outlives the family.
pub(super) async fn issue(
    server: &Server,
    family: &Family,
    scope: ScopeSet,
    refresh_token: Option<Secret>,
    now: UnixTime,
) -> Result<TokenResponse, TokenDenial> {
    let expires_at = now.plus(server.settings.lifetimes.access_token).min(family.expires_at);
    let claims = AccessTokenClaims {
        iss: server.settings.issuer.clone(),
        aud: family.resource.clone(),
        sub: family.subject.clone(),
        client_id: family.client.id.clone(),
        scope: scope.clone(),
        iat: now,
        exp: expires_at,
        jti: jti(&family.id, &server.entropy.bytes()),
    };
    Ok(TokenResponse {
        access_token: server.keys.sign(&claims).await?,
        token_type: "Bearer".into(),
        expires_in: Some(expires_at.since(now)),
        scope: Some(scope),
        refresh_token,
    })
}

/// The name of an access token: that of its family, and 128 bits of its own.
fn jti(family: &str, random: &[u8; 32]) -> String {
    format!("{family}.{}", base64url(&random[..16]))
}

/// The family in the name of an access token.
pub(super) fn family_of(jti: &str) -> Option<&str> {
    jti.split_once('.').map(|(family, _)| family)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_token_carries_the_name_of_its_family() {
        let jti = jti("a-family", &[7; 32]);
        assert_eq!(jti, "a-family.BwcHBwcHBwcHBwcHBwcHBw");
        assert_eq!(family_of(&jti), Some("a-family"));
        assert_eq!(family_of("somebody's"), None);
    }
}
