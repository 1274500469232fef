//! The program `mcp-server`: what it refuses to start with.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

fn start(flags: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mcp-server"))
        .args(["--resource", "https://mcp.example/mcp", "--issuer", "https://as.example"])
        .args(flags)
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

#[track_caller]
fn refuses(output: &Output, says: &str) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && text.contains(says), "{text}");
}

#[test]
fn a_secret_that_is_missing_or_could_be_guessed_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret").display().to_string();
    let flags = ["--introspection-secret-file", path.as_str()];
    refuses(&start(&flags, &[]), &path);
    std::fs::write(&path, "hunter2\n").unwrap();
    for mode in [0o644, 0o640, 0o602] {
        std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        refuses(&start(&flags, &[]), &format!("secret is open to other users (mode {mode:04o})"));
    }
    std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    let guessable = start(&flags, &[]);
    refuses(&guessable, "shorter than 32 characters");
    assert!(!String::from_utf8_lossy(&guessable.stderr).contains("hunter2"));
}

/// Req: ALL-02
#[test]
fn plain_http_beyond_loopback_is_refused() {
    refuses(&start(&["--bind", "0.0.0.0:0"], &[]), "--bind 0.0.0.0:0: this server speaks plain http");
}

#[test]
fn an_age_of_answers_needs_something_to_ask_with() {
    refuses(&start(&["--introspection-max-age", "1"], &[]), "--introspection-secret-file");
    refuses(&start(&[], &[("LAB_MCP_INTROSPECTION_MAXAGE", "1")]), "LAB_MCP_INTROSPECTION_MAXAGE is unknown");
}
