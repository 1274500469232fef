//! `mcp-auth-lab`: the journey in the terminal.

use std::io;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use flow::{Action, Config, Flow};
use mcp_auth_lab::driver::{DriveError, system_env, walk};
use mcp_auth_lab::http::Http;
use mcp_auth_lab::person::{Decision, Person};
use mcp_auth_lab::report::{Palette, Report};
use protocol::cimd::ClientIdUrl;
use protocol::ids::{RedirectUri, ResourceUri};
use protocol::loopback::LoopbackPolicy;
use protocol::revision::Revision;
use serde_json::json;

#[derive(Debug, Parser)]
#[command(version, about = "Walks an MCP client through MCP authorization and shows every message")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The whole journey: discovery, CIMD + PKCE, `whoami`, `get_weather` refused, step-up, `get_weather` answered.
    ///
    /// Signs in and consents by submitting the authorization server's own forms. Exit status: 0 when every call was
    /// answered, 1 when the journey stopped (the failing hop is named), 2 for wrong arguments.
    Trace(TraceArgs),
}

#[derive(Debug, Args)]
struct TraceArgs {
    /// The MCP server.
    #[arg(long, value_name = "URL", default_value = "http://localhost:8001/mcp")]
    server: String,
    /// The client's metadata document, which is its client id.
    #[arg(long, value_name = "URL", default_value = "http://localhost:3000/client.json")]
    client_id: String,
    /// Where the authorization server is to send the browser back to; the document must list it.
    #[arg(long, value_name = "URI", default_value = "http://127.0.0.1/callback")]
    redirect_uri: String,
    /// Who signs in: by default somebody else than most people choose on the page, so that each sees a first consent.
    #[arg(long, value_name = "NAME", default_value = "grace")]
    account: String,
    /// Press Deny on the consent page.
    #[arg(long)]
    deny: bool,
    /// Print one JSON object when the journey has ended, instead of text as it goes.
    #[arg(long)]
    json: bool,
    /// Print codes, verifiers and tokens instead of masking them.
    #[arg(long)]
    show_secrets: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Command::Trace(args) = Cli::parse().command;
    match config(&args) {
        Ok(config) => trace(&args, config).await.unwrap_or_else(|error| {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }),
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::from(2)
        }
    }
}

/// http is accepted on loopback only when the server itself is there.
fn config(args: &TraceArgs) -> Result<Config, String> {
    let loopback = if args.server.starts_with("http://") {
        LoopbackPolicy::AllowHttpOnLoopback
    } else {
        LoopbackPolicy::HttpsOnly
    };
    Ok(Config {
        server: ResourceUri::parse(&args.server, loopback).map_err(|reason| format!("--server: {reason}"))?,
        revision: Revision::default(),
        loopback,
        client_id: ClientIdUrl::parse(&args.client_id, loopback)
            .map_err(|reason| format!("--client-id: {reason}"))?,
        redirect_uri: RedirectUri::parse(&args.redirect_uri)
            .map_err(|reason| format!("--redirect-uri: {reason}"))?,
        calls: Config::lab_calls(),
    })
}

async fn trace(args: &TraceArgs, config: Config) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let http = Http::new()?;
    let decision = if args.deny { Decision::Deny } else { Decision::Allow };
    let mut person = Person::new(http.clone(), &args.account, decision);
    let mut report = Report::new(io::stdout(), Palette::for_stdout(), args.show_secrets);
    let mut printing = Ok(());
    let mut flow = Flow::new(config);
    let walked = walk(&mut flow, &http, &mut person, system_env, |flow| {
        if !args.json && printing.is_ok() {
            printing = report.update(flow.trace());
        }
    })
    .await;
    printing?;
    if args.json {
        return Ok(print_json(args, &flow, walked));
    }
    if let Err(error) = walked {
        eprintln!("\nFailed: {error}");
        return Ok(ExitCode::FAILURE);
    }
    if let Action::Failed(failure) = flow.poll() {
        report.failure(flow.trace(), failure)?;
        return Ok(ExitCode::FAILURE);
    }
    report.success(&flow)?;
    Ok(ExitCode::SUCCESS)
}

fn print_json(args: &TraceArgs, flow: &Flow, walked: Result<(), DriveError>) -> ExitCode {
    let failure = match (walked, flow.poll()) {
        (Err(error), _) => Some(json!({ "found": error.to_string() })),
        (Ok(()), Action::Failed(failure)) => Some(json!(failure)),
        (Ok(()), _) => None,
    };
    let entries =
        if args.show_secrets { json!(flow.trace().entries()) } else { flow.trace().to_masked_json() };
    println!(
        "{:#}",
        json!({
            "server": flow.config().server,
            "revision": flow.config().revision,
            "success": failure.is_none(),
            "granted": flow.granted(),
            "failure": failure,
            "entries": entries,
        })
    );
    if failure.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
