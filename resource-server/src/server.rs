//! What all requests share.

use std::sync::Arc;

use axum::response::Response;
use protocol::well_known::protected_resource_metadata_url;
use server_kit::clock::Clock;
use server_kit::witness;

use crate::budget::Calls;
use crate::denial::Denial;
use crate::introspection::Introspector;
use crate::jwks_cache::JwksCache;
use crate::metadata;
use crate::scope_table::ScopeTable;
use crate::sessions::Sessions;
use crate::settings::Settings;
use crate::verified_tokens::VerifiedTokens;

/// The settings, and what is remembered between requests.
pub(crate) struct Server {
    pub(crate) settings: Settings,
    pub(crate) scopes: ScopeTable,
    pub(crate) hosts: Vec<String>,
    pub(crate) origins: Vec<String>,
    pub(crate) keys: JwksCache,
    pub(crate) verified: VerifiedTokens,
    pub(crate) introspector: Option<Introspector>,
    pub(crate) calls: Arc<Calls>,
    pub(crate) sessions: Sessions,
    pub(crate) clock: Arc<dyn Clock>,
    /// The metadata document, as text: it does not change.
    pub(crate) metadata: String,
    metadata_url: String,
}

impl Server {
    pub(crate) fn new(
        settings: Settings,
        scopes: ScopeTable,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, serde_json::Error> {
        let introspector = settings
            .introspection
            .as_ref()
            .map(|introspection| Introspector::new(&settings, introspection, Arc::clone(&clock)));
        Ok(Self {
            hosts: settings.allowed_hosts(),
            origins: settings.origins(),
            keys: JwksCache::new(settings.issuer.clone(), settings.loopback, Arc::clone(&clock)),
            verified: VerifiedTokens::new(),
            introspector,
            calls: Arc::new(Calls::new()),
            sessions: Sessions::new(),
            clock,
            metadata: metadata::document(&settings, &scopes)?,
            metadata_url: protected_resource_metadata_url(&settings.resource),
            scopes,
            settings,
        })
    }

    /// Answers a denial, and says in the log, and to whoever watches, which rule was broken.
    pub(crate) fn refuse(&self, denial: Denial) -> Response {
        witness::refused(denial.clause(), || denial.name(), || denial.says());
        tracing::debug!(?denial, clause = denial.clause().source(), "refused");
        denial.into_response(&self.metadata_url, self.scopes.base())
    }
}
