//! The authorization server on its own, with its state in a file.

mod commands;
mod config;
mod flags;
mod in_force;
mod private_file;

use std::process::ExitCode;
use std::sync::Arc;

use backend::authorization_server::AuthorizationServer;
use backend::store::Store;
use server_kit::clock::SystemClock;
use server_kit::entropy::SystemEntropy;
use server_kit::listen::{Sockets, refuse_plain_http, serve_until, signal};
use server_kit::telemetry;

use crate::flags::{Command, ServeFlags};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Many small things, most of them short-lived: glibc's allocator spends a fifth of a call on them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match run(flags::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Outcome {
    flags::refuse_unknown_variables(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()))?;
    telemetry::init("info", command.log_format())?;
    match command {
        Command::Serve(flags) => serve(&flags).await,
        Command::RotateKeys(flags) => commands::rotate(&flags).await,
        Command::ImportKey(flags) => commands::import(&flags).await,
        Command::HashPassword => commands::hash(),
    }
}

async fn serve(flags: &ServeFlags) -> Outcome {
    refuse_plain_http(&flags.bind, flags.behind_tls_proxy)?;
    let settings = config::settings(flags)?;
    if flags.print_config {
        println!("{:#}", in_force::describe(flags, &settings));
        return Ok(());
    }
    let issuer = settings.issuer.clone();
    let store = Store::open(&flags.database).await?;
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
    let server = AuthorizationServer::new(settings, store.clone(), clock, entropy).await?;
    let sockets = Sockets::bind("the authorization server", "--bind", &flags.bind).await?;
    let upkeep = tokio::spawn(server.clone().keep_up());
    let shutdown = signal();
    tracing::info!(%issuer, addresses = ?sockets.addresses(), "authorization server is ready");
    serve_until(vec![sockets.answer_with(server.router())], shutdown).await;
    upkeep.abort();
    store.close().await;
    tracing::info!("authorization server has ended");
    Ok(())
}
