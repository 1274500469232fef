//! `mcp-auth-lab`: the client in the terminal.

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};
use mcp_auth_lab::args::{Cli, Command};
use mcp_auth_lab::commands::{CommandError, attack, call, conformance, inspect, token, trace};
use mcp_auth_lab::report::harmless;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let ended = match Cli::parse().command {
        Command::Trace(args) => trace::run(&args).await,
        Command::Call(args) => call::run(&args).await,
        Command::Inspect(args) => inspect::run(&args).await,
        Command::Token(args) => token::run(&args).await,
        Command::Attack(args) => attack::run(&args).await,
        Command::Conformance(args) => conformance::run(&args).await,
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "mcp-auth-lab", &mut std::io::stdout());
            return ExitCode::SUCCESS;
        }
    };
    match ended {
        Ok(exit) => exit.into(),
        // Whoever reads the output has seen enough.
        Err(CommandError::Output(reason)) if reason.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            // What a server said may be in it.
            eprintln!("error: {}", harmless(&error.to_string()));
            error.exit().into()
        }
    }
}
