//! The two things that are asked of the operating system: which addresses a name has, and a connection to one of them.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::pin::Pin;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// How many threads wait for the system's resolver at most.
const MAX_LOOKUPS: usize = 64;

/// What a network does, some time later.
pub type Soon<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

/// Names and connections. Nothing is judged here: that happens between the two calls.
pub trait Network: Send + Sync + 'static {
    /// All addresses of a name.
    fn lookup(&self, name: String) -> Soon<Vec<IpAddr>>;
    /// A connection to exactly this address.
    fn connect(&self, address: SocketAddr) -> Soon<TcpStream>;
}

/// The operating system.
#[derive(Clone, Debug)]
pub struct SystemNetwork {
    lookups: Arc<Semaphore>,
}

impl Default for SystemNetwork {
    fn default() -> Self {
        Self { lookups: Arc::new(Semaphore::new(MAX_LOOKUPS)) }
    }
}

impl Network for SystemNetwork {
    fn lookup(&self, name: String) -> Soon<Vec<IpAddr>> {
        let lookups = Arc::clone(&self.lookups);
        Box::pin(async move {
            let permit = lookups.acquire_owned().await.map_err(io::Error::other)?;
            // The system's resolver cannot be interrupted. The permit stays with its thread, so that lookups which
            // nobody waits for any more are counted all the same.
            let lookup = spawn_blocking(move || {
                let _permit = permit;
                Ok((name.as_str(), 0).to_socket_addrs()?.map(|address| address.ip()).collect())
            });
            lookup.await.map_err(io::Error::other)?
        })
    }

    fn connect(&self, address: SocketAddr) -> Soon<TcpStream> {
        Box::pin(TcpStream::connect(address))
    }
}
