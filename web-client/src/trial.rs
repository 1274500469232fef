//! A client's own metadata document, tried out for real: written where the lab hands it out, then named in an authorization
//! request of which only the servers' report is read.

use flow::Env;
use gloo_net::http::{Request, RequestBuilder};
use protocol::authorization_request::AuthorizationRequest;
use protocol::ids::{ClientId, RedirectUri, ResourceUri};
use protocol::loopback::LoopbackPolicy;
use protocol::pkce::CodeVerifier;
use protocol::scope::ScopeSet;
use protocol::secret::Secret;
use serde::{Deserialize, Serialize};
use web_sys::{RequestCache, RequestCredentials, RequestMode};

/// Where the servers are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Places {
    /// The page's own origin, at which documents are handed out.
    pub(crate) origin: String,
    /// Where authorization requests go.
    pub(crate) authorization_endpoint: String,
    /// What a token would be for.
    pub(crate) resource: String,
}

impl Places {
    /// The address of the document, which is the client's id.
    pub(crate) fn client_id(&self) -> String {
        [&self.origin, "/clients/mine.json"].concat()
    }

    /// Where the client is sent back to.
    pub(crate) fn redirect_uri(&self) -> String {
        [&self.origin, "/callback"].concat()
    }

    /// An authorization request of this client. Nobody keeps its verifier: it is not meant to come back.
    pub(crate) fn request(&self, env: &Env) -> Option<String> {
        let verifier: &[u8; 32] = env.entropy.first_chunk()?;
        let request = AuthorizationRequest {
            client_id: ClientId::parse(&self.client_id()).ok()?,
            redirect_uri: RedirectUri::parse(&self.redirect_uri()).ok()?,
            scope: "mcp:connect".parse::<ScopeSet>().ok(),
            state: Secret::new(protocol::base64url(&env.entropy[32..48])),
            code_challenge: CodeVerifier::from_entropy(verifier).challenge(),
            resource: ResourceUri::parse(&self.resource, LoopbackPolicy::AllowHttpOnLoopback).ok()?,
        };
        Some(request.to_url(&self.authorization_endpoint))
    }
}

/// Writes the document. `host` is the query that says how it is handed out. The error is for people.
pub(crate) async fn write(text: &str, host: &str) -> Result<(), String> {
    #[derive(Deserialize)]
    struct Refusal {
        error: String,
    }
    let request = Request::put(&["/lab/documents/mine.json?", host].concat()).body(text.to_owned());
    let response = request.map_err(|error| error.to_string())?.send().await;
    let response = response.map_err(|_| "The lab does not answer. Is it still running?")?;
    if response.ok() {
        return Ok(());
    }
    let text = response.text().await.unwrap_or_default();
    Err(protocol::json::read(&text).map_or(text, |refusal: Refusal| refusal.error))
}

/// Sends the authorization request, without any cookie. The browser keeps the answer to itself, and so whether there was
/// one.
pub(crate) async fn ask(url: &str) {
    let request = RequestBuilder::new(url)
        .mode(RequestMode::NoCors)
        .credentials(RequestCredentials::Omit)
        .cache(RequestCache::NoStore);
    let _hidden = request.send().await;
}
