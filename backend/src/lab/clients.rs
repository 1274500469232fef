//! Two clients that the authorization server knows from its configuration.

use protocol::ids::{ClientId, IdentifierError, RedirectUri};

use crate::store::{Client, ClientAuthentication, SecretHash};

/// It names itself, and PKCE protects its codes.
pub(super) const PREREGISTERED: &str = "lab-preregistered";
/// It proves who it is with a secret. Everybody can read this one: it opens nothing but the lab.
const CONFIDENTIAL: &str = "lab-confidential";
const SECRET: &str = "lab-confidential-secret";

/// The demo clients, which return to the page or to a terminal.
pub(super) fn demo_clients(page_origin: &str) -> Result<Vec<Client>, IdentifierError> {
    let secret = ClientAuthentication::ClientSecretBasic(SecretHash::of_text(SECRET));
    let client = |id, name, authentication| {
        let redirect_uris = vec![
            RedirectUri::parse(&format!("{page_origin}/callback"))?,
            // The terminal has no fixed port.
            RedirectUri::parse("http://127.0.0.1/callback")?,
        ];
        Ok(Client::configured(ClientId::parse(id)?, name, redirect_uris, authentication))
    };
    Ok(vec![
        client(PREREGISTERED, "Pre-registered lab client", ClientAuthentication::None)?,
        client(CONFIDENTIAL, "Confidential lab client", secret)?,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_clients_return_to_the_page_and_to_a_terminal() {
        let clients = demo_clients("http://localhost:3000").unwrap();
        assert_eq!(clients.len(), 2);
        for client in clients {
            let accepts = |text: &str| {
                let requested = RedirectUri::parse(text).unwrap();
                client.redirect_uris.iter().any(|registered| registered.accepts(&requested))
            };
            assert!(accepts("http://localhost:3000/callback"));
            assert!(accepts("http://127.0.0.1:51004/callback"));
        }
    }
}
