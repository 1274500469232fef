//! The MCP server on its own, for tokens of any authorization server that it can reach.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use backend::mcp_server;
use clap::{CommandFactory as _, Parser};
use protocol::ids::{Issuer, ResourceUri};
use protocol::loopback::LoopbackPolicy;
use protocol::secret::Secret;
use resource_server::{Introspection, Settings};
use server_kit::clock::SystemClock;
use server_kit::listen::{Sockets, refuse_plain_http, serve_until, signal};
use server_kit::private_file;
use server_kit::telemetry::{self, Format};

/// Many small things, most of them short-lived: glibc's allocator spends a fifth of a call on them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// MCP server that accepts access tokens of one authorization server.
///
/// The resource and the issuer must be https; http on loopback exists only in the lab. Put a proxy that ends TLS
/// before it, and pass the Host header through.
#[derive(Debug, Parser)]
#[command(name = "mcp-server", version)]
struct Flags {
    /// The server's identifier and the URL of its endpoint, as clients see it.
    #[arg(long, env = "LAB_MCP_RESOURCE", value_name = "URL")]
    resource: String,
    /// The issuer of the authorization server.
    #[arg(long, env = "LAB_MCP_ISSUER", value_name = "URL")]
    issuer: String,
    /// A name for people.
    #[arg(long, env = "LAB_MCP_NAME", default_value = "MCP server")]
    name: String,
    /// Where to listen; may be given several times.
    #[arg(long, env = "LAB_MCP_BIND", value_name = "ADDRESS:PORT", value_delimiter = ',',
          default_values = ["127.0.0.1:8001", "[::1]:8001"])]
    bind: Vec<SocketAddr>,
    /// Say that a proxy ends TLS before this server, and that nobody else reaches its addresses. Needed beyond loopback.
    #[arg(long, env = "LAB_MCP_BEHIND_TLS_PROXY", value_parser = clap::builder::FalseyValueParser::new())]
    behind_tls_proxy: bool,
    /// Origins of web pages that may call the server; may be given several times.
    #[arg(long, env = "LAB_MCP_ALLOW_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    allow_origin: Vec<String>,
    /// A file with the secret by which the authorization server knows this resource. With it, that server is asked
    /// whether a token was revoked; without it, a revoked token works until it expires.
    #[arg(long, env = "LAB_MCP_INTROSPECTION_SECRET_FILE", value_name = "FILE")]
    introspection_secret_file: Option<PathBuf>,
    /// How old an answer about a token may be: for so long at most a revoked token still works. 0 asks at each call.
    #[arg(long, env = "LAB_MCP_INTROSPECTION_MAX_AGE", value_name = "SECONDS", default_value_t = 5,
          requires = "introspection_secret_file", value_parser = clap::value_parser!(u64).range(0..=600))]
    introspection_max_age: u64,
    /// How log lines are written. `RUST_LOG` chooses which: `info` unless set.
    #[arg(long, env = "LAB_MCP_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    log_format: Format,
}

#[tokio::main]
async fn main() -> ExitCode {
    let flags = Flags::parse();
    match run(flags).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(flags: Flags) -> Result<(), Box<dyn std::error::Error>> {
    refuse_unknown_variables()?;
    telemetry::init("info", flags.log_format)?;
    refuse_plain_http(&flags.bind, flags.behind_tls_proxy)?;
    let policy = LoopbackPolicy::HttpsOnly;
    let settings = Settings {
        resource: ResourceUri::parse(&flags.resource, policy).map_err(|reason| {
            format!("--resource {}: {reason}. http works only in the lab.", flags.resource)
        })?,
        name: flags.name,
        issuer: Issuer::parse(&flags.issuer, policy)
            .map_err(|reason| format!("--issuer {}: {reason}. http works only in the lab.", flags.issuer))?,
        loopback: policy,
        allowed_origins: flags.allow_origin,
        introspection: flags
            .introspection_secret_file
            .as_deref()
            .map(|file| introspection(file, flags.introspection_max_age))
            .transpose()?,
    };
    let resource = settings.resource.clone();
    let router = mcp_server::router(settings, Arc::new(SystemClock))?;
    let sockets = Sockets::bind("the MCP server", "--bind", &flags.bind).await?;
    let shutdown = signal();
    tracing::info!(%resource, addresses = ?sockets.addresses(), "MCP server is ready");
    serve_until(vec![sockets.answer_with(router)], shutdown).await;
    tracing::info!("MCP server has ended");
    Ok(())
}

/// The shortest secret that is taken: 128 random bits as hexadecimal digits.
const MIN_SECRET_BYTES: usize = 32;

fn introspection(file: &Path, max_age_seconds: u64) -> Result<Introspection, String> {
    let flag = format!("--introspection-secret-file {}", file.display());
    let content = private_file::read(file, private_file::MAX_SECRET_BYTES)
        .map_err(|reason| format!("--introspection-secret-file {reason}"))?;
    let text = String::from_utf8(content).map_err(|_| format!("{flag}: it is not text"))?;
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.len() < MIN_SECRET_BYTES {
        return Err(format!("{flag}: the secret is shorter than {MIN_SECRET_BYTES} characters"));
    }
    Ok(Introspection { secret: Secret::new(secret), max_age_seconds })
}

/// A variable that nothing reads is a setting that somebody believes is in force. `LAB_MCP_PORT` is the lab's.
fn refuse_unknown_variables() -> Result<(), String> {
    let command = Flags::command();
    let known: Vec<_> = command.get_arguments().filter_map(clap::Arg::get_env).collect();
    let stray = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).find(|name| {
        name.starts_with("LAB_MCP_") && name != "LAB_MCP_PORT" && !known.iter().any(|k| *k == name.as_str())
    });
    stray.map_or(Ok(()), |name| {
        Err(format!("the environment variable {name} is unknown; --help lists the ones read"))
    })
}
