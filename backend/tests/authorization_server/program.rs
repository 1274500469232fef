//! The program `authorization-server`: what it refuses to start with.

use std::fs::Permissions;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use backend::authorization_server::PasswordHash;
use backend::store::Store;

use crate::support::Lab;

fn config(folder: &Path, people: &str) -> String {
    let path = folder.join("as.json");
    let scope = r#"{"token":"mcp:connect","description":"Use it"}"#;
    let resource = format!(r#"{{"uri":"https://mcp.example/mcp","name":"S","scopes":[{scope}]}}"#);
    let text = format!(r#"{{"resources":[{resource}],"people":[{people}]}}"#);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    path.display().to_string()
}

fn key_secret(folder: &Path) -> String {
    let path = folder.join("as.key");
    std::fs::write(&path, [7; 32]).unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    path.display().to_string()
}

fn start(folder: &Path, people: &str, flags: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_authorization-server"))
        .args(flags)
        .args(["--database", &folder.join("as.sqlite").display().to_string()])
        .args(["--config", &config(folder, people)])
        .args(["--key-secret-file", &key_secret(folder)])
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

/// Req: ALL-11, K04
#[test]
fn without_a_secret_for_the_keys_it_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let start = |secret: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_authorization-server"))
            .args(HTTPS)
            .args(["--database", &folder.path().join("as.sqlite").display().to_string()])
            .args(["--config", &config(folder.path(), ADA)])
            .args(secret)
            .output()
            .unwrap()
    };
    refuses(&start(&[]), "--key-secret-file <FILE>");
    let path = key_secret(folder.path());
    std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    refuses(&start(&["--key-secret-file", &path]), "is open to other users (mode 0644)");
    std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    std::fs::write(&path, "too short").unwrap();
    refuses(&start(&["--key-secret-file", &path]), "holds fewer than 32 bytes");
    assert!(!folder.path().join("as.sqlite").exists(), "nothing is made");
}

fn run(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_authorization-server"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn a_password_becomes_a_hash_for_the_configuration() {
    let output = run(&["hash-password"], "correct horse battery staple\n");
    let hash = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    assert!(PasswordHash::parse(hash.trim_end()).is_ok());
    assert!(!hash.contains("horse") && !String::from_utf8_lossy(&output.stderr).contains("horse"));
    refuses(&run(&["hash-password"], "short\n"), "it needs at least 15 characters");
}

/// Req: AS-140
#[tokio::test]
async fn keys_are_rotated_by_command() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("as.sqlite");
    let (database, secret) = (file.display().to_string(), key_secret(folder.path()));
    let flags = ["--database", &database, "--key-secret-file", &secret];
    let first = run(&[&["rotate-keys"], &flags[..], &["--key-algorithm", "ES256", "--now"]].concat(), "");
    let says = String::from_utf8_lossy(&first.stdout).into_owned();
    assert!(first.status.success() && says.contains("(ES256) signs from now on"), "{first:?}");
    let second = run(&[&["rotate-keys"], &flags[..], &["--key-algorithm", "ES256"]].concat(), "");
    assert!(String::from_utf8_lossy(&second.stdout).contains("is published: running servers"), "{second:?}");
    let keys = Store::open(&file).await.unwrap().signing_keys(0).await.unwrap();
    assert_eq!(keys.len(), 2);
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

/// Req: ALL-01
#[test]
fn plain_http_beyond_loopback_is_refused_unless_a_proxy_ends_tls() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("0.0.0.0:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let flags = [HTTPS[0], HTTPS[1], "--bind", "127.0.0.1:0", "--bind", &address];
    let says = format!("--bind {address}: this server speaks plain http");
    refuses(&start(folder.path(), "", &flags, &[]), &says);
    // Then the next obstacle is that the port is taken.
    let proxy = ("LAB_AS_BEHIND_TLS_PROXY", "1");
    refuses(&start(folder.path(), "", &flags, &[proxy]), "is in use by another program");
}

#[test]
fn a_configuration_that_everybody_can_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = config(folder.path(), "");
    for mode in [0o644, 0o642, 0o660] {
        std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_authorization-server"))
            .args(HTTPS)
            .args(["--database", &folder.path().join("as.sqlite").display().to_string()])
            .args(["--config", &path, "--print-config"])
            .args(["--key-secret-file", &key_secret(folder.path())])
            .output()
            .unwrap();
        refuses(&output, &format!("as.json: its mode is {mode:04o}"));
    }
}

#[test]
fn unknown_settings_stop_the_start() {
    let folder = tempfile::tempdir().unwrap();
    refuses(&start(folder.path(), ADA, &HTTPS, &[("LAB_AS_ISUER", "x")]), "LAB_AS_ISUER is unknown");
    let typing_error = r#"{"subject":"ada","nmae":"Ada"}"#;
    refuses(&start(folder.path(), typing_error, &HTTPS, &[]), "unknown field `nmae`");
}

#[test]
fn what_is_in_force_can_be_printed() {
    let folder = tempfile::tempdir().unwrap();
    let flags = ["serve", HTTPS[0], HTTPS[1], "--print-config", "--code-seconds", "30"];
    let output = start(folder.path(), ADA, &flags, &[]);
    let printed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed["issuer"], "https://as.example");
    assert_eq!(printed["lifetimes"]["code_seconds"], 30);
    assert_eq!(printed["resources"][0]["scopes"][0]["token"], "mcp:connect");
    assert_eq!(printed["people"][0]["subject"], "ada");
    assert_eq!(printed["people"][0]["has_password"], true);
    assert_eq!(printed["keys"]["algorithm"], "RS256");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(!text.contains("argon2id") && !text.contains("aGFzaGhhc2g"), "hashes are not printed: {text}");
    assert!(!folder.path().join("as.sqlite").exists(), "nothing is made");
}

#[test]
fn a_broken_database_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("as.sqlite");
    std::fs::write(&file, "This is no database, but it is long enough to be looked at. ".repeat(100))
        .unwrap();
    let output = start(folder.path(), ADA, &HTTPS, &[]);
    refuses(
        &output,
        "as.sqlite cannot be used: file is not a database. If it is broken, put a backup in its place.",
    );
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("This is"), "it is left as it is");
}

#[tokio::test]
async fn half_a_database_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("as.sqlite");
    Store::open(&file).await.unwrap().close().await;
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    refuses(
        &start(folder.path(), ADA, &HTTPS, &[]),
        "as.sqlite cannot be used: database disk image is malformed",
    );
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
