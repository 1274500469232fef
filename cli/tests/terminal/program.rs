//! Runs the program.

use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use serde_json::Value;
use server_kit::clock::SystemClock;

use crate::lab::Lab;

/// A lab with the machine's own clock: the program has no other.
pub(crate) async fn started() -> Lab {
    Lab::start(Arc::new(SystemClock)).await
}

/// How the program ended, and what it said.
pub(crate) struct Ended {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap()
    }

    /// Demands an exit status.
    #[track_caller]
    pub(crate) fn with(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{}\n{}", self.out, self.err);
        self
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self {
            status: output.status.code().unwrap_or(-1),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-auth-lab"));
    // Whoever runs the tests may have settings of their own, and a desktop.
    for name in ["MCP_CLIENT_SECRET", "MCP_PASSWORD", "DISPLAY", "WAYLAND_DISPLAY", "MCP_CONFORMANCE_CONTEXT"]
    {
        command.env_remove(name);
    }
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the program to its end, beside the lab.
pub(crate) async fn run(arguments: &[&str]) -> Ended {
    run_command(command(arguments)).await
}

pub(crate) async fn run_command(mut command: Command) -> Ended {
    tokio::task::spawn_blocking(move || command.output().unwrap().into()).await.unwrap()
}

impl Lab {
    /// Arguments that lead to this lab, as its own client.
    pub(crate) fn arguments(&self) -> [String; 4] {
        let document = self.document();
        ["--server".into(), self.mcp_server.clone(), "--client-id".into(), document.as_str().to_owned()]
    }

    /// Runs the program against this lab.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        let lab = self.arguments();
        let all: Vec<&str> = arguments.iter().copied().chain(lab.iter().map(String::as_str)).collect();
        run(&all).await
    }
}
