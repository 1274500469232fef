//! The authorization server's metadata: where its keys are, and where it can be asked about a token.
//!
//! Spec: RFC 8414 §3, §3.3.

use protocol::authorization_server_metadata::AuthorizationServerMetadata;
use protocol::clause::Clause;
use protocol::ids::Issuer;
use protocol::loopback::LoopbackPolicy;
use protocol::strict_json;
use protocol::well_known::authorization_server_metadata_candidates;
use serde_json::Value;

use server_kit::outbound::Outbound;
use server_kit::witness::checked;

/// What whoever watches is told of.
pub(crate) const WHAT: &str = "the authorization server's metadata";
/// The longest document that is read.
pub(crate) const MAX_DOCUMENT_BYTES: usize = 64 * 1024;

/// The document at the first place that answers. The reason of a failure is for the log.
pub(crate) async fn fetch(
    outbound: &Outbound,
    issuer: &Issuer,
    policy: LoopbackPolicy,
) -> Result<AuthorizationServerMetadata, String> {
    let outbound = outbound.clone().on_errand(WHAT, Clause::PublicAddress);
    for candidate in authorization_server_metadata_candidates(issuer) {
        match outbound.get(&candidate.url, MAX_DOCUMENT_BYTES).await {
            Ok(fetched) => return read(&fetched.body, issuer, policy),
            Err(reason) => tracing::debug!(url = candidate.url, %reason, "no metadata here"),
        }
    }
    Err("the metadata cannot be fetched".to_owned())
}

fn read(body: &[u8], issuer: &Issuer, policy: LoopbackPolicy) -> Result<AuthorizationServerMetadata, String> {
    let object = strict_json::parse_object(body).map_err(|reason| reason.to_string())?;
    let metadata: AuthorizationServerMetadata =
        serde_json::from_value(Value::Object(object)).map_err(|reason| reason.to_string())?;
    let identity = metadata.verify_issuer(issuer);
    checked(Clause::IssuerIdentity, "issuer", identity.is_ok(), || issuer.as_str(), || &*metadata.issuer);
    identity.map_err(|reason| reason.to_string())?;
    metadata.verify_endpoints(policy).map_err(|reason| reason.to_string())?;
    Ok(metadata)
}
