//! Client authentication: who a request to the token endpoint is from, and the proof.
//!
//! Spec: OAuth 2.1 §2.4, §3.2.2.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use protocol::cimd::ClientIdUrl;
use protocol::query::Parameters;

use super::token::{Scheme, TokenDenial};
use crate::store::Client;

/// What a request presents. Nothing in it is believed yet.
pub(super) struct Presented {
    client_id: String,
}

impl Presented {
    /// Reads the one place where a client may name itself.
    pub(super) fn read(headers: &HeaderMap, form: &Parameters) -> Result<Self, TokenDenial> {
        check_no_credentials(headers)?;
        if form.get("client_secret")?.is_some() || form.get("client_assertion")?.is_some() {
            return Err(TokenDenial::ClientSecret);
        }
        let client_id = form.get("client_id")?.ok_or(TokenDenial::MissingClientId)?;
        if !ClientIdUrl::is_url_shaped(client_id) {
            return Err(TokenDenial::UnknownClient);
        }
        Ok(Self { client_id: client_id.to_owned() })
    }

    /// Whether it is this client.
    pub(super) fn is(&self, client: &Client) -> bool {
        self.client_id == client.id.as_str()
    }
}

/// Spec: OAuth 2.1 §3.2.4 (answer with the scheme that was used).
fn check_no_credentials(headers: &HeaderMap) -> Result<(), TokenDenial> {
    let Some(value) = headers.get(AUTHORIZATION) else { return Ok(()) };
    let scheme = value.as_bytes().split(|byte| *byte == b' ').next().unwrap_or_default();
    Err(TokenDenial::AuthorizationHeader(match scheme.to_ascii_lowercase().as_slice() {
        b"bearer" => Scheme::Bearer,
        b"dpop" => Scheme::Dpop,
        _ => Scheme::Basic,
    }))
}
