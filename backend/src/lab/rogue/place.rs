//! Where a rogue server is, and what it does otherwise than it should.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{FromRequestParts, Path};
use flow::lessons::attacks::Twist;
use http::StatusCode;
use http::request::Parts;

use super::super::addresses::Addresses;

/// So many attempts are remembered; the oldest makes room.
const MAX_ATTEMPTS: usize = 256;

/// What all rogue servers share.
pub(super) struct Site {
    /// Their origin.
    origin: String,
    /// The honest servers of the lab, for whoever wants to play them off against each other.
    pub(super) honest_issuer: String,
    pub(super) honest_resource: String,
    /// Attempts that were refused for their scope once.
    refused: Mutex<VecDeque<String>>,
}

impl Site {
    pub(super) fn new(addresses: &Addresses) -> Self {
        Self {
            origin: addresses.rogue.clone(),
            honest_issuer: addresses.authorization_server.clone(),
            honest_resource: addresses.mcp_server.clone(),
            refused: Mutex::default(),
        }
    }
}

/// One rogue: an MCP server and its authorization server, in one attempt.
pub(super) struct Rogue {
    pub(super) site: Arc<Site>,
    pub(super) twist: Twist,
    attempt: String,
}

impl Rogue {
    /// Who the authorization server is.
    pub(super) fn issuer(&self) -> String {
        format!("{}/{}/{}", self.site.origin, self.twist.id(), self.attempt)
    }

    /// The endpoint of the MCP server.
    pub(super) fn resource(&self) -> String {
        format!("{}/mcp", self.issuer())
    }

    /// Where the MCP server describes itself.
    pub(super) fn resource_metadata(&self) -> String {
        let Self { site, twist, attempt } = self;
        format!("{}/.well-known/oauth-protected-resource/{}/{attempt}/mcp", site.origin, twist.id())
    }

    /// A session of 2025-11-25.
    pub(super) fn session_id(&self) -> String {
        format!("session-{}", self.attempt)
    }

    /// Whether this attempt is refused for its scope for the first time.
    pub(super) fn is_first_refusal(&self) -> bool {
        let mut refused = self.site.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.contains(&self.attempt) {
            return false;
        }
        if refused.len() == MAX_ATTEMPTS {
            refused.pop_front();
        }
        refused.push_back(self.attempt.clone());
        true
    }
}

impl FromRequestParts<Arc<Site>> for Rogue {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, StatusCode> {
        let Path((twist, attempt)) = Path::<(String, String)>::from_request_parts(parts, site)
            .await
            .map_err(|_| StatusCode::NOT_FOUND)?;
        let twist = Twist::parse(&twist).ok_or(StatusCode::NOT_FOUND)?;
        if attempt.len() != 8 || !attempt.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(StatusCode::NOT_FOUND);
        }
        Ok(Self { site: Arc::clone(site), twist, attempt })
    }
}
