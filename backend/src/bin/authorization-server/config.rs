//! The configuration file: what is too long for flags.

use std::path::Path;

use backend::authorization_server::{
    ClientConfig, HashingLimits, OfferedScope, PasswordHash, Person, ProtectedResource, RegistrationSettings,
    Settings,
};
use backend::store::{Client, SecretHash};
use protocol::ids::{Issuer, ResourceUri, Subject};
use protocol::loopback::LoopbackPolicy;
use serde::Deserialize;

use crate::flags::ServeFlags;
use crate::private_file;

/// Stands in the help; a test reads the example as a configuration.
pub(crate) const SHAPE: &str = r#"The configuration file:
  {
    "resources": [{
      "uri": "https://mcp.example/mcp",
      "name": "Weather server",
      "scopes": [{ "token": "mcp:connect", "description": "Use the MCP server in your name" }],
      "introspection_secret_sha256": "64 hexadecimal digits"
    }],
    "people": [{
      "subject": "ada",
      "name": "Ada",
      "about": "tries things first",
      "password": "$argon2id$v=19$m=19456,t=2,p=1$..."
    }],
    "clients": [{
      "client_id": "weather-desk",
      "client_name": "Weather desk",
      "redirect_uris": ["https://desk.example/callback"],
      "token_endpoint_auth_method": "client_secret_basic",
      "client_secret_sha256": "64 hexadecimal digits"
    }],
    "registration": { "most_unused": 5000, "unused_seconds": 3600, "family_seconds": 604800 }
  }
Only "resources" has to be there.
- A request that names no scope gets the first one of its resource.
- With "introspection_secret_sha256" the resource's server may ask whether a token is still good.
- The hash of a password comes from the command hash-password.
- Clients without "token_endpoint_auth_method" are public; those with "private_key_jwt" have "jwks" or "jwks_uri".
- Without "registration" no client can register itself; {} stands for the numbers above.
A secret and its hash: secret=$(openssl rand -hex 32); printf %s "$secret" | sha256sum; echo "$secret""#;

/// The configuration file. Unknown members are refused: a typing error must not go unnoticed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    resources: Vec<ResourceConfig>,
    #[serde(default)]
    people: Vec<PersonConfig>,
    #[serde(default)]
    clients: Vec<ClientConfig>,
    registration: Option<RegistrationSettings>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ResourceConfig {
    uri: String,
    name: String,
    scopes: Vec<OfferedScope>,
    introspection_secret_sha256: Option<String>,
}

impl ResourceConfig {
    fn resource(self) -> Result<ProtectedResource, String> {
        let uri = ResourceUri::parse(&self.uri, LoopbackPolicy::HttpsOnly)
            .map_err(|reason| format!("the resource {}: {reason}", self.uri))?;
        let hash = |text: String| {
            SecretHash::from_hex(&text).ok_or_else(|| {
                format!(
                    "the resource {uri}: introspection_secret_sha256 must be the SHA-256 of the secret, as 64 \
                     hexadecimal digits"
                )
            })
        };
        let introspection_secret = self.introspection_secret_sha256.map(hash).transpose()?;
        Ok(ProtectedResource { uri, name: self.name, scopes: self.scopes, introspection_secret })
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonConfig {
    subject: String,
    name: String,
    #[serde(default)]
    about: String,
    password: Option<String>,
}

impl PersonConfig {
    fn person(self) -> Result<Person, String> {
        let subject = Subject::parse(&self.subject)
            .map_err(|reason| format!("the person {}: {reason}", self.subject))?;
        let password = self.password.as_deref().map(PasswordHash::parse).transpose();
        let password = password.map_err(|reason| format!("the password of {}: {reason}", self.subject))?;
        Ok(Person { subject, name: self.name, about: self.about, password })
    }
}

/// Flags and file together. What is unsafe is refused here, by a sentence that names the flag.
pub(crate) fn settings(flags: &ServeFlags) -> Result<Settings, String> {
    let issuer = Issuer::parse(&flags.issuer, LoopbackPolicy::HttpsOnly)
        .map_err(|reason| format!("--issuer {}: {reason}. http works only in the lab.", flags.issuer))?;
    let config = read(&flags.config)?;
    let in_file = |reason| format!("--config {}: {reason}", flags.config.display());
    let resources = config.resources.into_iter().map(ResourceConfig::resource).collect::<Result<_, _>>();
    let people = config.people.into_iter().map(PersonConfig::person).collect::<Result<_, _>>();
    let clients = config.clients.into_iter().map(Client::try_from).collect::<Result<_, _>>();
    Ok(Settings {
        issuer,
        loopback: LoopbackPolicy::HttpsOnly,
        resources: resources.map_err(in_file)?,
        people: people.map_err(in_file)?,
        hashing: HashingLimits::default(),
        trusted_proxies: flags.trusted_proxy.clone(),
        clients: clients.map_err(|reason| in_file(reason.to_string()))?,
        registration: config.registration,
        lifetimes: (&flags.lifetimes).into(),
        keys: flags.keys.settings()?,
    })
}

fn read(file: &Path) -> Result<Config, String> {
    private_file::check("--config", file)?;
    let text = std::fs::read(file).map_err(|reason| format!("--config {}: {reason}", file.display()))?;
    serde_json::from_slice(&text).map_err(|reason| format!("--config {}: {reason}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_in_the_help_is_a_configuration() {
        let (from, to) = (SHAPE.find('{').unwrap(), SHAPE.find("Only").unwrap());
        let config: Config = serde_json::from_str(&SHAPE[from..to]).unwrap();
        assert_eq!(config.registration, Some(RegistrationSettings::default()));
        // The hashes are left out of the example, and nothing else is wrong with it.
        let hash = || Some("0".repeat(64));
        for resource in config.resources {
            let resource = ResourceConfig { introspection_secret_sha256: hash(), ..resource };
            resource.resource().unwrap();
        }
        for person in config.people {
            assert!(person.person().unwrap_err().contains("the password of ada"));
        }
        for client in config.clients {
            Client::try_from(ClientConfig { client_secret_sha256: hash(), ..client }).unwrap();
        }
    }
}
