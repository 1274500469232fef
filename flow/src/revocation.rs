//! Giving a token back.
//!
//! Spec: RFC 7009.

use protocol::secret::Secret;
use protocol::token_endpoint::{REFRESH_TOKEN, RevocationRequest};
use serde::{Deserialize, Serialize};

use crate::client_authentication::{self, Assertion};
use crate::env::Env;
use crate::lessons::steps::Step;
use crate::session::Access;
use crate::trace::Party;
use crate::turn::Outgoing;

/// One of the two tokens that a client holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// The one that goes along with each call.
    AccessToken,
    /// The one for new tokens.
    RefreshToken,
}

/// A token to give back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Revocation {
    token: Secret,
    kind: TokenKind,
    pub(crate) assertion: Option<Assertion>,
}

impl Revocation {
    /// `None` where there is no such token, or the server takes nothing back.
    pub(crate) fn of(access: &Access, kind: TokenKind, env: &Env) -> Option<Self> {
        access.discovered.metadata.revocation_endpoint.as_ref()?;
        let token = match kind {
            TokenKind::AccessToken => access.token.secret.clone(),
            TokenKind::RefreshToken => access.token.refresh_token.clone()?,
        };
        Some(Self { token, kind, assertion: Assertion::needed(&access.registered, env) })
    }

    /// By the refresh token where there is one: it ends more.
    pub(crate) fn of_all(access: &Access, env: &Env) -> Option<Self> {
        Self::of(access, TokenKind::RefreshToken, env)
            .or_else(|| Self::of(access, TokenKind::AccessToken, env))
    }

    pub(crate) fn outgoing(&self, access: &Access, step: Step) -> Option<Outgoing> {
        let metadata = &access.discovered.metadata;
        let endpoint = metadata.revocation_endpoint.as_ref()?;
        let (hint, title) = match self.kind {
            TokenKind::AccessToken => ("access_token", "POST /revoke: the access token is given back"),
            TokenKind::RefreshToken => (REFRESH_TOKEN, "POST /revoke: the refresh token is given back"),
        };
        let revocation = RevocationRequest {
            token: self.token.clone(),
            token_type_hint: Some(hint),
            client_id: access.registered.client_id.clone(),
        };
        let method = client_authentication::method(
            &access.registered.proof,
            &metadata.revocation_endpoint_auth_methods_supported,
        );
        Some(Outgoing::new(
            step,
            Party::AuthorizationServer,
            title,
            client_authentication::authenticated(
                endpoint,
                revocation.parameters(),
                &access.registered,
                method,
                self.assertion.as_ref(),
            ),
        ))
    }
}
