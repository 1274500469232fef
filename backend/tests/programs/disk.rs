//! A disk that takes nothing more.

#![cfg(target_os = "linux")]

use std::process::Command;

use rustix::process::{Resource, Rlimit, prlimit};

use crate::running::{Program, configuration, key_secret};

fn limit_files(program: &Program, bytes: Option<u64>) {
    prlimit(Some(program.id()), Resource::Fsize, Rlimit { current: bytes, maximum: None }).unwrap();
}

#[tokio::test]
async fn while_the_disk_takes_nothing_the_server_says_so_and_afterwards_it_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    // Without this the system would end a program that writes more than it may.
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_authorization-server")])
        .args(["--issuer", "https://as.example", "--bind", "127.0.0.1:0", "--log-format", "json"])
        .args(["--database", &folder.path().join("as.sqlite").display().to_string()])
        .args(["--config", &configuration(folder.path())])
        .args(["--key-secret-file", &key_secret(folder.path())]);
    let server = Program::start(command);
    let status = async |path: &str| reqwest::get(server.url(path)).await.unwrap().status().as_u16();
    assert_eq!(status("/readyz").await, 200);

    limit_files(&server, Some(1));
    assert_eq!(status("/readyz").await, 503);
    assert_eq!(status("/jwks").await, 200);
    assert_eq!(status("/healthz").await, 200);

    limit_files(&server, None);
    assert_eq!(status("/readyz").await, 200);
}
