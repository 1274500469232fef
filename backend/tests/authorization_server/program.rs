//! The program `authorization-server`: what it refuses to start with.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::Lab;

fn config(folder: &Path, people: &str) -> String {
    let path = folder.join("as.json");
    let scope = r#"{"token":"mcp:connect","description":"Use it"}"#;
    let resource = format!(r#"{{"uri":"https://mcp.example/mcp","name":"S","scopes":[{scope}]}}"#);
    std::fs::write(&path, format!(r#"{{"resources":[{resource}],"people":[{people}]}}"#)).unwrap();
    path.display().to_string()
}

fn start(folder: &Path, people: &str, flags: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_authorization-server"))
        .args(["--database", &folder.join("as.sqlite").display().to_string()])
        .args(["--config", &config(folder, people)])
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

const ADA: &str = concat!(
    r#"{"subject":"ada","name":"Ada","password":"$argon2id$v=19$m=19456,t=2,p=1"#,
    r#"$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g"}"#
);
const HTTPS: [&str; 2] = ["--issuer", "https://as.example"];

/// Req: ALL-01, ALL-02, AS-44
#[test]
fn http_is_for_the_lab_only() {
    let folder = tempfile::tempdir().unwrap();
    let output = start(folder.path(), ADA, &["--issuer", "http://localhost:9000"], &[]);
    refuses(&output, "it does not use https. http works only in the lab.");
}

#[test]
fn people_need_passwords_and_passwords_a_good_hash() {
    let folder = tempfile::tempdir().unwrap();
    let without = r#"{"subject":"ada","name":"Ada"}"#;
    refuses(&start(folder.path(), without, &HTTPS, &[]), "ada has no password");
    let plain = ADA.replace("$argon2id", "hunter2 hunter2 hunter2");
    let output = start(folder.path(), &plain, &HTTPS, &[]);
    refuses(&output, "the password of ada: it is not a PHC string");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("hunter2"), "it may be the password itself");
    refuses(
        &start(folder.path(), &ADA.replace("t=2", "t=1"), &HTTPS, &[]),
        "the password of ada: it is too weak",
    );
}

#[test]
fn unknown_settings_stop_the_start() {
    let folder = tempfile::tempdir().unwrap();
    refuses(&start(folder.path(), ADA, &HTTPS, &[("LAB_AS_ISUER", "x")]), "LAB_AS_ISUER is unknown");
    let typing_error = r#"{"subject":"ada","nmae":"Ada"}"#;
    refuses(&start(folder.path(), typing_error, &HTTPS, &[]), "unknown field `nmae`");
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let lab = Lab::start().await;
    let folder = tempfile::tempdir().unwrap();
    let taken = lab.client.origin.strip_prefix("http://").unwrap();
    let flags = [HTTPS[0], HTTPS[1], "--bind", taken];
    let output = start(folder.path(), ADA, &flags, &[]);
    refuses(&output, taken.rsplit(':').next().unwrap());
    refuses(&output, "--bind");
}
