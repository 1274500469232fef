//! Who a flow needs beside the network: a person with a browser, and whoever has the client's key.

use flow::identity::Credentials;
use flow::{Flow, SigningRequest};
use protocol::ids::Issuer;

use crate::person::{Person, PersonError};
use crate::signer::SignerError;

/// Helps a flow where messages alone do not.
pub trait Companion {
    /// Goes to a URL with a browser and comes back with the redirect to the client.
    fn visit(&mut self, flow: &Flow, url: &str) -> impl Future<Output = Result<String, PersonError>>;

    /// Signs an assertion with the client's key.
    ///
    /// # Errors
    /// [`SignerError`].
    fn sign(&mut self, _request: &SigningRequest) -> Result<Vec<u8>, SignerError> {
        Err(SignerError::NoKey)
    }

    /// Says who the client is at a server that knows no other way; `None` if nobody can say.
    fn credentials(&mut self, _issuer: &Issuer) -> Option<Credentials> {
        None
    }
}

impl Companion for Person {
    async fn visit(&mut self, flow: &Flow, url: &str) -> Result<String, PersonError> {
        self.visit(url, &flow.config().redirect_uri).await
    }
}
