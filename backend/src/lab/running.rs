//! The lab as a whole: three sites that know each other's addresses.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use axum::middleware;
use protocol::ids::{IdentifierError, Issuer, ResourceUri};
use protocol::loopback::LoopbackPolicy;
use protocol::party::Party;
use protocol::scope::InvalidScope;
use protocol::secret::Secret;

use super::addresses::Addresses;
use super::attacks::{self, Attacks};
use super::clients::demo_clients;
use super::clock::LabClock;
use super::controls::{self, Controls};
use super::documents::{self, Documents};
use super::observatory::Observatory;
use super::options::Options;
use super::people::demo_people;
use super::{client_document, observations, page, rogue, same_origin, upstream};
use crate::authorization_server::{
    self, AuthorizationServer, OfferedScope, ProtectedResource, RegistrationSettings,
};
use crate::mcp_server;
use crate::store::{SecretHash, Store, StoreError};
use resource_server::Introspection;
use server_kit::clock::Clock;
use server_kit::entropy::Entropy;
use server_kit::listen::{ListenError, Site, Sockets, serve_until};
use server_kit::witness::{Sink, Watcher};
use walker::http::Http;

/// Why the lab cannot start.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// A port or address cannot be had.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The authorization server cannot start.
    #[error("the authorization server cannot start: {0}")]
    AuthorizationServer(#[from] authorization_server::StartError),
    /// The temporary folder cannot be made.
    #[error("no temporary folder for the database: {0}. Name a file with --database.")]
    Temporary(#[from] std::io::Error),
    /// One of the lab's own names is no legal identifier: a mistake in this program.
    #[error("an address of the lab is illegal: {0}")]
    Identifier(#[from] IdentifierError),
    /// One of the lab's own scopes is none: a mistake in this program.
    #[error(transparent)]
    Scope(#[from] InvalidScope),
    /// Whoever performs the attacks cannot send anything.
    #[error("no HTTP client for the attacks: {0}")]
    Http(String),
    /// The MCP server cannot start.
    #[error("the MCP server cannot start: {0}")]
    McpServer(#[from] mcp_server::StartError),
}

/// A lab whose sockets are open and whose servers are ready.
pub struct Lab {
    addresses: Addresses,
    sites: Vec<Site>,
    observatory: Arc<Observatory>,
    server: AuthorizationServer,
    store: Store,
    // Removed with everything in it when the lab ends.
    _temporary: Option<tempfile::TempDir>,
}

impl std::fmt::Debug for Lab {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lab").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

impl Lab {
    /// Opens the sockets and prepares the servers. Port 0 takes any free port.
    ///
    /// # Errors
    /// [`LabError`].
    pub async fn start(
        options: &Options,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, LabError> {
        let machine = clock;
        let clock = Arc::new(LabClock::new(Arc::clone(&machine)));
        let ips = options.addresses();
        let page = sockets("the page", "--page-port", &ips, options.page_port).await?;
        let mcp = sockets("the MCP server", "--mcp-port", &ips, options.mcp_port).await?;
        let authorization = sockets("the authorization server", "--as-port", &ips, options.as_port).await?;
        let rogues = sockets("the rogue servers", "--rogue-port", &ips, options.rogue_port).await?;
        let addresses = Addresses {
            page: format!("http://localhost:{}", page.port()),
            mcp_server: format!("http://localhost:{}/mcp", mcp.port()),
            authorization_server: format!("http://localhost:{}", authorization.port()),
            rogue: format!("http://localhost:{}", rogues.port()),
        };

        let (database, temporary) = database(options)?;
        let store = Store::open(&database).await?;
        let observatory = Arc::new(Observatory::new(&*entropy));
        // The two servers know each other by it; it lives as long as they do.
        let secret = entropy.secret();
        let settings = as_settings(&addresses, &secret)?;
        let keys = settings.keys.clone();
        let http = Http::new().map_err(|error| LabError::Http(error.to_string()))?;
        let attacks = Attacks::new(http, &addresses, machine.clone(), entropy.clone());
        let server = AuthorizationServer::new(settings, store.clone(), clock.clone(), entropy).await?;
        let mcp_server = mcp_server::router(rs_settings(&addresses, secret)?, clock.clone())?;
        let upstream = upstream::router(&addresses, clock.clone())?;

        // An account goes by the time of those who read it, also when the servers' clock is ahead.
        let watcher = Watcher::new(machine, sink(&observatory));
        let documents = Arc::new(Documents::default());
        let client_host =
            client_document::router(&addresses.page).merge(documents::reading(documents.clone()));
        let own = observations::router(Arc::clone(&observatory))
            .merge(controls::router(Controls { clock, server: server.clone(), store: store.clone(), keys }))
            .merge(documents::writing(documents, &addresses.page))
            .merge(attacks::router(Arc::new(attacks)))
            .layer(middleware::from_fn_with_state(addresses.page_origins().into(), same_origin::only));
        let lab = own.merge(watcher.watch(client_host, Party::ClientHost));
        let sites = vec![
            page.answer_with(page::router(&options.page_dir, &addresses, observatory.boot(), lab)),
            mcp.answer_with(watcher.watch(mcp_server, Party::McpServer)),
            authorization.answer_with(watcher.watch(server.router(), Party::AuthorizationServer)),
            rogues.answer_with(
                rogue::router(&addresses, &watcher).merge(watcher.watch(upstream, Party::McpServer)),
            ),
        ];
        Ok(Self { addresses, sites, observatory, server, store, _temporary: temporary })
    }

    /// Origin of the page: `http://localhost:3000`.
    #[must_use]
    pub fn page(&self) -> &str {
        &self.addresses.page
    }

    /// Endpoint of the MCP server: `http://localhost:8001/mcp`.
    #[must_use]
    pub fn mcp_server(&self) -> &str {
        &self.addresses.mcp_server
    }

    /// Issuer of the authorization server: `http://localhost:9000`.
    #[must_use]
    pub fn authorization_server(&self) -> &str {
        &self.addresses.authorization_server
    }

    /// Origin of the rogue servers: `http://localhost:4666`.
    #[must_use]
    pub fn rogue(&self) -> &str {
        &self.addresses.rogue
    }

    /// Serves until `shutdown` resolves.
    pub async fn serve_until(self, shutdown: impl Future<Output = ()>) {
        let upkeep = tokio::spawn(self.server.keep_up());
        let observatory = self.observatory;
        let shutdown = async {
            shutdown.await;
            observatory.end();
        };
        serve_until(self.sites, shutdown).await;
        upkeep.abort();
        self.store.close().await;
    }
}

/// Observations go into the lab's own account.
fn sink(observatory: &Arc<Observatory>) -> Sink {
    let observatory = Arc::clone(observatory);
    Arc::new(move |observation| observatory.record(&observation))
}

async fn sockets(
    server: &'static str,
    flag: &'static str,
    ips: &[IpAddr],
    port: u16,
) -> Result<Sockets, ListenError> {
    let addresses: Vec<_> = ips.iter().map(|ip| SocketAddr::new(*ip, port)).collect();
    Sockets::bind(server, flag, &addresses).await
}

/// The file, and the folder that goes with the lab when the file is a temporary one.
fn database(options: &Options) -> Result<(PathBuf, Option<tempfile::TempDir>), std::io::Error> {
    if let Some(path) = &options.database {
        return Ok((path.clone(), None));
    }
    let folder = tempfile::Builder::new().prefix("mcp-auth-lab-").tempdir()?;
    Ok((folder.path().join("authorization-server.sqlite"), Some(folder)))
}

fn as_settings(
    addresses: &Addresses,
    introspection_secret: &Secret,
) -> Result<authorization_server::Settings, LabError> {
    let loopback = LoopbackPolicy::AllowHttpOnLoopback;
    let scope = |token: &str, description: &str| {
        Ok::<_, InvalidScope>(OfferedScope { token: token.parse()?, description: description.to_owned() })
    };
    let scopes = vec![
        scope("mcp:connect", "Use the MCP server in your name")?,
        scope("weather:read", "Read the weather")?,
        scope("notes:read", "Read your notes")?,
        scope("notes:write", "Write notes for you, and read them")?,
    ];
    let upstream = upstream::resource(addresses, scopes.clone())?;
    let mcp_server = ProtectedResource {
        uri: ResourceUri::parse(&addresses.mcp_server, loopback)?,
        name: "Lab MCP server".to_owned(),
        scopes,
        introspection_secret: Some(SecretHash::of(introspection_secret)),
    };
    Ok(authorization_server::Settings {
        issuer: Issuer::parse(&addresses.authorization_server, loopback)?,
        loopback,
        resources: vec![mcp_server, upstream],
        people: demo_people()?,
        hashing: authorization_server::HashingLimits::default(),
        trusted_proxies: Vec::new(),
        clients: demo_clients(&addresses.page)?,
        registration: Some(RegistrationSettings::default()),
        lifetimes: authorization_server::Lifetimes {
            // Whoever uses a refresh token twice shall see at once what follows.
            refresh_repair: 0,
            ..authorization_server::Lifetimes::default()
        },
        keys: authorization_server::KeySettings::default(),
    })
}

fn rs_settings(
    addresses: &Addresses,
    introspection_secret: Secret,
) -> Result<resource_server::Settings, LabError> {
    let loopback = LoopbackPolicy::AllowHttpOnLoopback;
    let page_port = addresses.page.rsplit(':').next().unwrap_or_default();
    Ok(resource_server::Settings {
        resource: ResourceUri::parse(&addresses.mcp_server, loopback)?,
        name: "Lab MCP server".to_owned(),
        issuer: Issuer::parse(&addresses.authorization_server, loopback)?,
        loopback,
        allowed_origins: vec![addresses.page.clone(), format!("http://127.0.0.1:{page_port}")],
        introspection: Some(Introspection {
            secret: introspection_secret,
            // Each call is asked about, so that revocation is seen at once. It costs a request over loopback and a
            // lookup in the database, less than half a millisecond; a server with much to do keeps answers for seconds.
            max_age_seconds: 0,
        }),
    })
}
