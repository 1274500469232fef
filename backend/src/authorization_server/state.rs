//! What all handlers share.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use protocol::ids::{IdentifierError, Issuer};
use protocol::loopback::{LoopbackPolicy, is_loopback_host};

use super::cimd::Documents;
use super::signing_key::{KeyError, Signer};
use super::{Settings, metadata, router};
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::outbound::Outbound;
use crate::store::{Store, StoreError};

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The issuer breaks a rule, most often because it is http where only https is allowed.
    #[error("the issuer {issuer} cannot be used: {reason}")]
    Issuer {
        /// The issuer.
        issuer: String,
        /// The rule it breaks.
        reason: IdentifierError,
    },
    /// The issuer has a path, under which this server cannot live.
    #[error("the issuer {0} has a path; use one that is only scheme, host and port")]
    IssuerWithPath(String),
    /// The lab's exception for loopback, at a server that is not on loopback.
    #[error("http on loopback is for the lab only, but the issuer {0} is not on loopback")]
    LoopbackPolicyInPublic(String),
    /// A resource that nobody could get a token for.
    #[error("the resource {0} has no scopes")]
    NoScopes(String),
    /// Nothing to issue tokens for.
    #[error("there is no resource to issue tokens for")]
    NoResources,
    /// The store fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The signing key fails.
    #[error(transparent)]
    Key(#[from] KeyError),
}

pub(super) struct Server {
    pub(super) settings: Settings,
    pub(super) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) documents: Documents,
    pub(super) signer: Signer,
    pub(super) metadata: Bytes,
    pub(super) jwks: Bytes,
}

/// The server, ready to answer.
#[derive(Clone)]
pub struct AuthorizationServer(Arc<Server>);

impl std::fmt::Debug for AuthorizationServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuthorizationServer").field("issuer", &self.0.settings.issuer).finish_non_exhaustive()
    }
}

impl AuthorizationServer {
    /// Checks the settings, and takes the signing key from the store, or makes it at the first start.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn new(
        settings: Settings,
        store: Store,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, StartError> {
        let outbound = Outbound::new(settings.loopback);
        Self::with_outbound(settings, store, clock, entropy, outbound).await
    }

    /// The same with another way out: for tests of what it meets there.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn with_outbound(
        settings: Settings,
        store: Store,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        outbound: Outbound,
    ) -> Result<Self, StartError> {
        check(&settings)?;
        let signer = Signer::from_store(&store).await?;
        let metadata = metadata::document(&settings);
        let jwks = metadata::jwks(signer.public_key());
        let documents = Documents::new(outbound, Arc::clone(&clock), settings.issuer.clone());
        Ok(Self(Arc::new(Server { settings, store, clock, entropy, documents, signer, metadata, jwks })))
    }

    /// Everything that the server answers.
    pub fn router(&self) -> Router {
        router::router(Arc::clone(&self.0))
    }
}

fn check(settings: &Settings) -> Result<(), StartError> {
    let issuer = settings.issuer.as_str();
    Issuer::parse(issuer, settings.loopback)
        .map_err(|reason| StartError::Issuer { issuer: issuer.to_owned(), reason })?;
    if !matches!(settings.issuer.path(), "" | "/") {
        return Err(StartError::IssuerWithPath(issuer.to_owned()));
    }
    if settings.loopback == LoopbackPolicy::AllowHttpOnLoopback && !is_loopback_host(settings.issuer.host()) {
        return Err(StartError::LoopbackPolicyInPublic(issuer.to_owned()));
    }
    if settings.resources.is_empty() {
        return Err(StartError::NoResources);
    }
    match settings.resources.iter().find(|resource| resource.scopes.is_empty()) {
        Some(resource) => Err(StartError::NoScopes(resource.uri.to_string())),
        None => Ok(()),
    }
}
