//! TLS on the way out: TLS 1.2 or newer, and a certificate for the name that was asked.

use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::FetchError;

/// Who vouches for the certificates of others.
#[derive(Clone, Debug)]
pub enum Roots {
    /// Whoever this machine trusts.
    System,
    /// Only these: for tests, and for a network with an authority of its own.
    Only(Vec<CertificateDer<'static>>),
}

/// Makes connections confidential.
pub(super) struct Tls {
    roots: Roots,
    connector: OnceCell<TlsConnector>,
}

impl Tls {
    pub(super) fn new(roots: Roots) -> Self {
        Self { roots, connector: OnceCell::new() }
    }

    /// Shakes hands with whoever has a certificate for this name, wherever the connection leads.
    pub(super) async fn handshake(
        &self,
        name: &str,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, FetchError> {
        let server_name = ServerName::try_from(name.to_owned()).map_err(|_| FetchError::Forbidden)?;
        let connector = self.connector.get_or_try_init(|| connector(self.roots.clone())).await?;
        connector.connect(server_name, stream).await.map_err(|error| {
            tracing::info!(%name, %error, "TLS failed");
            FetchError::Untrusted
        })
    }
}

/// Made when first needed: reading the machine's certificates takes a while, and the lab never needs them.
async fn connector(roots: Roots) -> Result<TlsConnector, FetchError> {
    let config = spawn_blocking(move || config(roots)).await.map_err(|_| FetchError::Untrusted)?;
    let config = config.map_err(|error| {
        tracing::error!(%error, "no certificates to check others by");
        FetchError::Untrusted
    })?;
    Ok(TlsConnector::from(Arc::new(config)))
}

fn config(roots: Roots) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?;
    let builder = match roots {
        Roots::System => builder.with_platform_verifier()?,
        Roots::Only(certificates) => {
            let mut store = RootCertStore::empty();
            certificates.into_iter().try_for_each(|certificate| store.add(certificate))?;
            builder.with_root_certificates(store)
        }
    };
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
