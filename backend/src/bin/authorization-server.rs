//! The authorization server on its own, with its state in a file.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use backend::authorization_server::{
    AuthorizationServer, HashingLimits, KeySettings, Lifetimes, OfferedScope, PasswordHash, Person,
    ProtectedResource, Settings,
};
use backend::clock::SystemClock;
use backend::entropy::SystemEntropy;
use backend::listen::{Sockets, serve_until, signal};
use backend::store::{SecretHash, Store};
use backend::telemetry;
use clap::Parser;
use protocol::ids::{Issuer, ResourceUri, Subject};
use protocol::loopback::LoopbackPolicy;
use serde::Deserialize;

const CONFIG_SHAPE: &str = r#"The configuration file:
  {
    "resources": [{
      "uri": "https://mcp.example/mcp",
      "name": "Weather server",
      "scopes": [{ "token": "mcp:connect", "description": "Use the MCP server in your name" }]
    }],
    "people": [{ "subject": "ada", "name": "Ada", "password": "$argon2id$v=19$m=19456,t=2,p=1$..." }]
  }
A request that names no scope gets the first one of its resource. With "introspection_secret" (SHA-256 of the resource
server's secret, as base64url) that server may ask whether a token is still good."#;

/// OAuth 2.1 authorization server for MCP.
///
/// The issuer and every resource must be https; http on loopback exists only in the lab.
///
/// People sign in by their subject and a password, of which the configuration holds an argon2id hash.
#[derive(Debug, Parser)]
#[command(name = "authorization-server", version, after_help = CONFIG_SHAPE)]
struct Flags {
    /// The server's name and the origin of its endpoints: scheme, host and port.
    #[arg(long, env = "LAB_AS_ISSUER", value_name = "URL")]
    issuer: String,
    /// The database file. It is made if it is not there; it holds the signing key and is readable by its owner only.
    #[arg(long, env = "LAB_AS_DATABASE", value_name = "FILE")]
    database: PathBuf,
    /// Where to listen; may be given several times.
    #[arg(long, env = "LAB_AS_BIND", value_name = "ADDRESS:PORT", value_delimiter = ',',
          default_values = ["127.0.0.1:9000", "[::1]:9000"])]
    bind: Vec<SocketAddr>,
    /// A JSON file that names the resources and the people; its shape stands below.
    #[arg(long, env = "LAB_AS_CONFIG", value_name = "FILE")]
    config: PathBuf,
    /// Lifetime of an access token.
    #[arg(long, env = "LAB_AS_ACCESS_TOKEN_SECONDS", default_value_t = 600, value_name = "SECONDS",
          value_parser = clap::value_parser!(u64).range(1..=86_400))]
    access_token_seconds: u64,
    /// Lifetime of an authorization code.
    #[arg(long, env = "LAB_AS_CODE_SECONDS", default_value_t = 60, value_name = "SECONDS",
          value_parser = clap::value_parser!(u64).range(1..=600))]
    code_seconds: u64,
}

/// The configuration file. Unknown members are refused: a typing error must not go unnoticed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    resources: Vec<ResourceConfig>,
    #[serde(default)]
    people: Vec<PersonConfig>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ResourceConfig {
    uri: String,
    name: String,
    scopes: Vec<OfferedScope>,
    introspection_secret: Option<SecretHash>,
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

#[tokio::main]
async fn main() -> ExitCode {
    telemetry::init("info");
    match run(Flags::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(flags: Flags) -> Result<(), Box<dyn std::error::Error>> {
    refuse_unknown_variables()?;
    let settings = settings(&flags)?;
    let issuer = settings.issuer.clone();
    let store = Store::open(&flags.database).await?;
    let server =
        AuthorizationServer::new(settings, store, Arc::new(SystemClock), Arc::new(SystemEntropy)).await?;
    let sockets = Sockets::bind("the authorization server", "--bind", &flags.bind).await?;
    tracing::info!(%issuer, addresses = ?sockets.addresses(), "authorization server is ready");
    serve_until(vec![sockets.answer_with(server.router())], signal()).await;
    Ok(())
}

fn settings(flags: &Flags) -> Result<Settings, Box<dyn std::error::Error>> {
    let issuer = Issuer::parse(&flags.issuer, LoopbackPolicy::HttpsOnly)
        .map_err(|reason| format!("--issuer {}: {reason}. http works only in the lab.", flags.issuer))?;
    let file = flags.config.display();
    let text = std::fs::read(&flags.config).map_err(|reason| format!("--config {file}: {reason}"))?;
    let config: Config =
        serde_json::from_slice(&text).map_err(|reason| format!("--config {file}: {reason}"))?;
    let resource = |resource: ResourceConfig| {
        let uri = ResourceUri::parse(&resource.uri, LoopbackPolicy::HttpsOnly)
            .map_err(|reason| format!("--config {file}: the resource {}: {reason}", resource.uri))?;
        Ok::<_, String>(ProtectedResource {
            uri,
            name: resource.name,
            scopes: resource.scopes,
            introspection_secret: resource.introspection_secret,
        })
    };
    let person = |person: PersonConfig| {
        let subject = Subject::parse(&person.subject)
            .map_err(|reason| format!("--config {file}: the person {}: {reason}", person.subject))?;
        let password = person.password.as_deref().map(PasswordHash::parse).transpose();
        let password =
            password.map_err(|reason| format!("--config {file}: the password of {subject}: {reason}"))?;
        Ok::<_, String>(Person { subject, name: person.name, about: person.about, password })
    };
    Ok(Settings {
        issuer,
        loopback: LoopbackPolicy::HttpsOnly,
        resources: config.resources.into_iter().map(resource).collect::<Result<_, _>>()?,
        people: config.people.into_iter().map(person).collect::<Result<_, _>>()?,
        hashing: HashingLimits::default(),
        trusted_proxies: Vec::new(),
        clients: Vec::new(),
        registration: None,
        lifetimes: Lifetimes {
            access_token: flags.access_token_seconds,
            code: flags.code_seconds,
            ..Lifetimes::default()
        },
        keys: KeySettings::default(),
    })
}

/// A variable that nothing reads is a setting that somebody believes is in force.
fn refuse_unknown_variables() -> Result<(), String> {
    const KNOWN: [&str; 6] = [
        "LAB_AS_ISSUER",
        "LAB_AS_DATABASE",
        "LAB_AS_BIND",
        "LAB_AS_CONFIG",
        "LAB_AS_ACCESS_TOKEN_SECONDS",
        "LAB_AS_CODE_SECONDS",
    ];
    let unknown = std::env::vars_os()
        .map(|(name, _)| name.to_string_lossy().into_owned())
        .find(|name| name.starts_with("LAB_AS_") && !KNOWN.contains(&name.as_str()));
    match unknown {
        Some(name) => {
            Err(format!("The environment variable {name} is unknown. Known are {}.", KNOWN.join(", ")))
        }
        None => Ok(()),
    }
}
