//! What only servers see: the browser on its way through the authorization server, and one server asking another.

use protocol::observation::Observation;
use protocol::party::Party;

/// A message that the client takes no part in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observed {
    /// The browser brings the authorization request.
    Arrival,
    /// The page that asks who you are.
    SignInPage,
    /// You have said it.
    SignIn,
    /// The page that asks what you allow.
    ConsentPage,
    /// You have decided, and go back to the client.
    Decision,
    /// A server reads the document behind a `client_id`.
    ClientDocument,
    /// A server uses what it has read before.
    FromCache,
    /// The MCP server looks up its authorization server.
    ServerMetadata,
    /// The MCP server fetches the keys.
    Keys,
    /// The MCP server asks whether a token is still good.
    Introspection,
}

impl Observed {
    /// All.
    pub const ALL: [Self; 10] = [
        Self::Arrival,
        Self::SignInPage,
        Self::SignIn,
        Self::ConsentPage,
        Self::Decision,
        Self::ClientDocument,
        Self::FromCache,
        Self::ServerMetadata,
        Self::Keys,
        Self::Introspection,
    ];

    /// What a server reports here, if the client did not write it down itself.
    #[must_use]
    pub fn of(observation: &Observation) -> Option<Self> {
        Self::at(observation.party, &observation.request.method, &observation.request.url)
    }

    /// What a message to this party is, if the client did not send it itself. The paths are those of this project's
    /// authorization server. [`Observed::FromCache`] is no message but a finding, so it is never the answer.
    #[must_use]
    pub fn at(party: Party, method: &str, url: &str) -> Option<Self> {
        match (party, method, path(url)) {
            (Party::ClientHost, "GET", _) => Some(Self::ClientDocument),
            (Party::AuthorizationServer, "GET", "/authorize") => Some(Self::Arrival),
            (Party::AuthorizationServer, "GET", "/sign-in") => Some(Self::SignInPage),
            (Party::AuthorizationServer, "POST", "/sign-in") => Some(Self::SignIn),
            (Party::AuthorizationServer, "GET", "/consent") => Some(Self::ConsentPage),
            (Party::AuthorizationServer, "POST", "/consent") => Some(Self::Decision),
            (Party::AuthorizationServer, "GET", "/jwks") => Some(Self::Keys),
            (Party::AuthorizationServer, "POST", "/introspect") => Some(Self::Introspection),
            (Party::AuthorizationServer, "GET", path) if path.starts_with("/.well-known/") => {
                Some(Self::ServerMetadata)
            }
            _ => None,
        }
    }

    /// What happens and why.
    #[must_use]
    pub fn what(self) -> &'static str {
        match self {
            Self::Arrival => {
                "The browser brings the client's request. The server first finds out who the client is and whether it \
                 may return to that address; only then does it read what is asked for. It sends the browser on to a page."
            }
            Self::SignInPage => {
                "The server asks who you are. The client has no part in this: it never sees an account or a password."
            }
            Self::SignIn => {
                "You have said who you are. From now on a cookie that no script can read stands for you at this server."
            }
            Self::ConsentPage => {
                "The page says who asks, for what, and where you return to. Its form carries a mark that belongs to this \
                 browser, so that no other site can answer for you."
            }
            Self::Decision => {
                "Your answer. If it is yes, the server writes a code down, bound to the client, the challenge and the \
                 scopes. Status 303 sends the browser back with a GET, so that nothing of the form reaches the client."
            }
            Self::ClientDocument => {
                "The authorization server reads the document behind the client_id by itself: without cookies, without \
                 following redirects, five kilobytes at most, and only from an address that it has vetted."
            }
            Self::FromCache => {
                "The server has read this before, and may use it for as long as the answer then allowed. So nobody is \
                 asked this time."
            }
            Self::ServerMetadata => {
                "The MCP server looks up its authorization server in the same way as the client did. The document says \
                 where the keys are."
            }
            Self::Keys => {
                "The MCP server fetches the public keys of the authorization server, and from now on verifies tokens by \
                 itself. It asks again when a token names a key that it does not know."
            }
            Self::Introspection => {
                "The MCP server asks whether this token is still good. A signature tells who issued it, not whether it \
                 was taken back since."
            }
        }
    }
}

fn path(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = after_scheme.find('/').map_or("/", |start| &after_scheme[start..]);
    path.split(['?', '#']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn what_a_server_saw_is_recognized_by_its_address() {
        let auth = |method, path: &str| {
            Observed::at(Party::AuthorizationServer, method, &format!("http://localhost:9000{path}"))
        };
        assert_eq!(auth("GET", "/authorize?client_id=x"), Some(Observed::Arrival));
        assert_eq!(auth("GET", "/sign-in?request=1"), Some(Observed::SignInPage));
        assert_eq!(auth("POST", "/sign-in"), Some(Observed::SignIn));
        assert_eq!(auth("GET", "/consent?request=1"), Some(Observed::ConsentPage));
        assert_eq!(auth("POST", "/consent"), Some(Observed::Decision));
        assert_eq!(auth("GET", "/jwks"), Some(Observed::Keys));
        assert_eq!(auth("POST", "/introspect"), Some(Observed::Introspection));
        assert_eq!(auth("GET", "/.well-known/oauth-authorization-server"), Some(Observed::ServerMetadata));
        assert_eq!(auth("POST", "/token"), None);
        assert_eq!(auth("GET", ""), None);
        let host = Observed::at(Party::ClientHost, "GET", "http://localhost:3000/client.json");
        assert_eq!(host, Some(Observed::ClientDocument));
        assert_eq!(Observed::at(Party::McpServer, "POST", "http://localhost:8001/mcp"), None);
    }

    #[test]
    fn each_has_words_of_its_own() {
        for (n, observed) in Observed::ALL.into_iter().enumerate() {
            assert!(observed.what().ends_with('.'));
            assert!(Observed::ALL[..n].iter().all(|other| other.what() != observed.what()));
        }
    }
}
