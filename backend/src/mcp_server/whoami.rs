//! Who calls, by the claims that were verified.

use protocol::access_token::AccessTokenClaims;
use schemars::JsonSchema;
use serde::Serialize;

/// What `whoami` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Caller {
    /// The person.
    subject: String,
    /// The client that the person lets act.
    client_id: String,
    /// What was granted, separated by spaces.
    scope: String,
    /// The server that the token is for: this one.
    audience: String,
    /// Who issued the token.
    issuer: String,
    /// When it ends, in seconds since 1970.
    expires_at: u64,
}

impl Caller {
    pub(super) fn of(claims: &AccessTokenClaims) -> Self {
        Self {
            subject: claims.sub.to_string(),
            client_id: claims.client_id.to_string(),
            scope: claims.scope.to_string(),
            audience: claims.aud.to_string(),
            issuer: claims.iss.to_string(),
            expires_at: claims.exp.0,
        }
    }

    /// For people.
    pub(super) fn to_text(&self) -> String {
        format!(
            "You are {}, through the client {}, allowed {} at {}.",
            self.subject, self.client_id, self.scope, self.audience
        )
    }
}
