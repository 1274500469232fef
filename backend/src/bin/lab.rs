//! The lab: one command, three addresses.

use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;

use backend::lab::{Lab, Options};
use clap::Parser as _;
use server_kit::clock::SystemClock;
use server_kit::entropy::SystemEntropy;
use server_kit::listen;
use server_kit::telemetry::{self, Format};

/// Many small things, most of them short-lived: glibc's allocator spends a fifth of a call on them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    options.check(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()))?;
    if options.print_config {
        println!("{options:#?}");
        return Ok(());
    }
    telemetry::init("warn", Format::Text)?;
    let lab = Lab::start(options, Arc::new(SystemClock), Arc::new(SystemEntropy)).await?;
    let shutdown = listen::signal();
    println!("MCP Auth Lab");
    println!();
    println!("  page                  {}", lab.page());
    println!("  MCP server            {}", lab.mcp_server());
    println!("  authorization server  {}", lab.authorization_server());
    println!();
    println!("Open the page and press Next, or walk in a terminal: {}", trace_command(options, &lab));
    println!("Ctrl-C ends the lab.");
    if !options.no_open {
        open_browser(lab.page());
    }
    lab.serve_until(shutdown).await;
    Ok(())
}

/// The command that walks this very lab.
fn trace_command(options: &Options, lab: &Lab) -> String {
    if (options.page_port, options.mcp_port) == (3000, 8001) {
        return "./just trace".to_owned();
    }
    format!("./just trace --server {} --client-id {}/client.json", lab.mcp_server(), lab.page())
}

/// Opens the page where there is a desktop. Whether that works does not matter: the address is on the screen.
fn open_browser(url: &str) {
    let command = if cfg!(target_os = "macos") {
        Some(("open", &[][..]))
    } else if cfg!(windows) {
        Some(("cmd", &["/C", "start", ""][..]))
    } else if ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some()) {
        Some(("xdg-open", &[][..]))
    } else {
        None
    };
    if let Some((program, arguments)) = command {
        let quiet = Command::new(program)
            .args(arguments)
            .arg(url)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        if let Err(reason) = quiet {
            tracing::debug!(%reason, program, "no browser opened");
        }
    }
}
