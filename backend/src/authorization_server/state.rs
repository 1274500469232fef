//! What all handlers share.

use std::sync::Arc;

use axum::Router;
use protocol::ids::{IdentifierError, Issuer, Subject};
use protocol::loopback::{LoopbackPolicy, is_loopback_host};

use super::cimd::Documents;
use super::client_keys::KeySets;
use super::clients::is_issued;
use super::keys::{KeyError, KeyRing, ServerSecrets};
use super::password::Passwords;
use super::rate_limit::RateLimits;
use super::{Settings, metadata, router};
use crate::store::{Store, StoreError};
use server_kit::clock::Clock;
use server_kit::entropy::Entropy;
use server_kit::outbound::Outbound;

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
    /// Somebody whom anybody could be, outside the lab.
    #[error(
        "{0} has no password: outside the lab, everybody who can sign in needs one. `authorization-server hash-password` \
         makes what belongs into the configuration."
    )]
    NoPassword(Subject),
    /// Two people with one name.
    #[error("there are two people with the subject {0}")]
    SamePerson(Subject),
    /// A resource that nobody could get a token for.
    #[error("the resource {0} has no scopes")]
    NoScopes(String),
    /// A configured client that could be taken for something else.
    #[error("the client {client_id:?} {reason}")]
    Client {
        /// Its id.
        client_id: String,
        /// What it could be taken for.
        reason: ClientIdFault,
    },
    /// A person who could be taken for a client.
    #[error("the person {0:?} is named like a client that registered itself")]
    PersonNamedLikeClient(String),
    /// A resource with a scope that is the server's own.
    #[error("the resource {0} has the scope offline_access, which is this server's own")]
    OfflineAccessOfResource(String),
    /// Nothing to issue tokens for.
    #[error("there is no resource to issue tokens for")]
    NoResources,
    /// The store fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A key cannot be made or read.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Why a configured client cannot have its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientIdFault {
    /// Another one has it.
    #[error("is configured twice")]
    Twice,
    /// Ids that begin like this are given to clients that register themselves.
    #[error("is named like one that registered itself")]
    Issued,
    /// Its tokens could be taken for the person's.
    #[error("is named like a person")]
    Person,
    /// It could never come back.
    #[error("has no redirect URI")]
    NoRedirectUri,
}

pub(super) struct Server {
    pub(super) settings: Settings,
    pub(super) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) documents: Documents,
    pub(super) key_sets: KeySets,
    pub(super) passwords: Passwords,
    pub(super) limits: RateLimits,
    pub(super) keys: KeyRing,
    pub(super) secrets: ServerSecrets,
    pub(super) metadata: metadata::Documents,
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
    /// Checks the settings, and takes the keys from the store, or makes them at the first start.
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
        let lifetime = settings.lifetimes.access_token;
        let keys = KeyRing::start(store.clone(), settings.keys.clone(), lifetime, clock.now()).await?;
        let secrets = ServerSecrets::start(&store, &settings.keys, entropy.as_ref()).await?;
        let metadata = metadata::Documents::new(&settings);
        let documents = Documents::new(outbound.clone(), Arc::clone(&clock), settings.issuer.clone());
        let key_sets = KeySets::new(outbound, Arc::clone(&clock));
        let passwords = Passwords::new(&settings.people, settings.hashing, &*entropy);
        Ok(Self(Arc::new(Server {
            settings,
            store,
            clock,
            entropy,
            documents,
            key_sets,
            passwords,
            limits: RateLimits::default(),
            keys,
            secrets,
            metadata,
        })))
    }

    /// Looks after the signing keys: takes over what other processes changed in the store, starts a rotation when the
    /// signing key is old, and drops keys whose tokens have expired. To be called every
    /// [`KEY_WATCH_SECONDS`](super::KEY_WATCH_SECONDS).
    ///
    /// # Errors
    /// [`KeyError`]; then the keys in use are those from before.
    pub async fn maintain_keys(&self) -> Result<(), KeyError> {
        self.0.keys.maintain(self.0.clock.now()).await
    }

    pub(super) fn server(&self) -> &Server {
        &self.0
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
    check_people(settings)?;
    if settings.resources.is_empty() {
        return Err(StartError::NoResources);
    }
    for resource in &settings.resources {
        if resource.scopes.is_empty() {
            return Err(StartError::NoScopes(resource.uri.to_string()));
        }
        if resource.scope_set().has_offline_access() {
            return Err(StartError::OfflineAccessOfResource(resource.uri.to_string()));
        }
    }
    check_names(settings)
}

/// Nobody is named like somebody else: a token says in `sub` whose it is and in `client_id` who holds it.
///
/// Spec: OAuth 2.1 §7.4; Client ID Metadata Document draft -01 §6.9.
fn check_names(settings: &Settings) -> Result<(), StartError> {
    if let Some(person) = settings.people.iter().find(|person| is_issued(person.subject.as_str())) {
        return Err(StartError::PersonNamedLikeClient(person.subject.to_string()));
    }
    for (index, client) in settings.clients.iter().enumerate() {
        let id = client.id.as_str();
        let reason = if settings.clients[..index].iter().any(|other| other.id == client.id) {
            ClientIdFault::Twice
        } else if is_issued(id) {
            ClientIdFault::Issued
        } else if settings.person(id).is_some() {
            ClientIdFault::Person
        } else if client.redirect_uris.is_empty() {
            ClientIdFault::NoRedirectUri
        } else {
            continue;
        };
        return Err(StartError::Client { client_id: id.to_owned(), reason });
    }
    Ok(())
}

fn check_people(settings: &Settings) -> Result<(), StartError> {
    for (i, person) in settings.people.iter().enumerate() {
        if person.password.is_none() && settings.loopback == LoopbackPolicy::HttpsOnly {
            return Err(StartError::NoPassword(person.subject.clone()));
        }
        if settings.people[..i].iter().any(|earlier| earlier.subject == person.subject) {
            return Err(StartError::SamePerson(person.subject.clone()));
        }
    }
    Ok(())
}
