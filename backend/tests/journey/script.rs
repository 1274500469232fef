//! The script that a run is exported as walks it again: with sh, curl and openssl, and a person.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use flow::identity::Origin;
use flow::{Farewell, Flow};
use protocol::ids::RedirectUri;
use protocol::revision::Revision;
use record::{Record, merge};
use tempfile::TempDir;
use walker::person::{Decision, Person};

use crate::both_sides::merged;
use crate::plan::config;
use crate::support::Lab;

/// Nobody has to listen there.
const REDIRECT_PORT: &str = "3999";
const PROMPT: &str = "paste the address where the browser ends: ";

/// The script, and what it has said.
struct Shell {
    input: ChildStdin,
    output: ChildStdout,
    said: String,
}

impl Shell {
    /// Waits until the script asks for an answer; `None` when it has ended.
    async fn asks(mut self) -> (Self, Option<String>) {
        tokio::task::spawn_blocking(move || {
            let mut piece = [0; 4096];
            loop {
                if let Some((before, "")) = self.said.rsplit_once(PROMPT) {
                    let address = before.lines().rev().find(|line| line.starts_with("http"));
                    let address = address.map(str::to_owned);
                    return (self, address);
                }
                let length = self.output.read(&mut piece).unwrap();
                if length == 0 {
                    return (self, None);
                }
                self.said.push_str(&String::from_utf8_lossy(&piece[..length]));
            }
        })
        .await
        .unwrap()
    }
}

/// A folder for what a script keeps, and a curl that writes its arguments down before it does what curl does.
struct Watched(TempDir);

impl Watched {
    fn new() -> Self {
        let watched = Self(tempfile::tempdir().unwrap());
        for folder in ["bin", "kept"] {
            std::fs::create_dir(watched.path(folder)).unwrap();
        }
        let curl = "#!/bin/sh\nprintf '%s\\n' \"$@\" >>\"$CURL_SAW\"\nPATH=${PATH#*:} exec curl \"$@\"\n";
        std::fs::write(watched.path("bin/curl"), curl).unwrap();
        let executable = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(watched.path("bin/curl"), executable).unwrap();
        watched
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

/// Runs a script to its end, and does for it what it asks a person for, who may change where the browser ends. What it said,
/// and whether it went well.
async fn run(script: &str, person: &mut Person, change: Change) -> (String, bool) {
    let watched = Watched::new();
    let mut child = Command::new("sh")
        .args(["-c", script])
        .env("REDIRECT_PORT", REDIRECT_PORT)
        .env("TMPDIR", watched.path("kept"))
        .env("CURL_SAW", watched.path("arguments"))
        .env("PATH", format!("{}:{}", watched.path("bin").display(), std::env::var("PATH").unwrap()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut shell = Shell { input, output, said: String::new() };
    let back = RedirectUri::parse(&format!("http://localhost:{REDIRECT_PORT}/callback")).unwrap();
    loop {
        let (asking, address) = shell.asks().await;
        shell = asking;
        let Some(address) = address else { break };
        let callback = change(person.visit(&address, &back).await.unwrap());
        shell.input.write_all(format!("{callback}\n").as_bytes()).unwrap();
        shell.said.push('\n');
    }
    let went_well = child.wait().unwrap().success();
    // Everybody on a machine sees the arguments of a program.
    let arguments = std::fs::read_to_string(watched.path("arguments")).unwrap();
    assert!(arguments.contains("--url\n"));
    for secret in ["authorization:", "code=", "token=", "verifier=", "secret="] {
        assert!(!arguments.contains(secret), "{arguments}");
    }
    assert_eq!(std::fs::read_dir(watched.path("kept")).unwrap().count(), 0, "nothing is left behind");
    (shell.said, went_well)
}

/// What somebody does to the address where the browser ends.
type Change = fn(String) -> String;

/// Whether the machine has what the script needs: none of it is needed for anything else here.
fn has(program: &str) -> bool {
    Command::new(program).arg("--help").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

fn can_be_tried() -> bool {
    let can = has("curl") && has("openssl");
    if !can {
        eprintln!("not tried: there is no curl or no openssl here");
    }
    can
}

#[tokio::test]
async fn an_exported_run_is_walked_again_by_its_script() {
    if !can_be_tried() {
        return;
    }
    let lab = Lab::start().await;
    for (revision, way) in [
        (Revision::V2025_11_25, Origin::Document),
        (Revision::V2026_07_28, Origin::Dynamic),
        (Revision::V2025_11_25, Origin::Registered),
    ] {
        let mut flow = Flow::new(config(&lab, revision, way));
        let mut person = lab.person(Decision::Allow);
        lab.walk(&mut flow, &mut person, |_| ()).await.unwrap();
        flow.refresh(&lab.env()).unwrap();
        lab.walk(&mut flow, &mut person, |_| ()).await.unwrap();
        flow.reuse_refresh_token(&lab.env()).unwrap();
        lab.walk(&mut flow, &mut person, |_| ()).await.unwrap();
        flow.finish(&lab.env(), Farewell::RevokeTokens).unwrap();
        lab.walk(&mut flow, &mut person, |_| ()).await.unwrap();
        // Without its secrets, as it is handed on.
        let record = Record::new(revision, way.as_str(), merge(flow.trace().entries(), &[]));
        let script = record.masked(flow.trace()).to_shell_script();

        let (said, went_well) = run(&script, &mut lab.person(Decision::Allow), |callback| callback).await;
        assert!(went_well && said.ends_with("That was the run.\n"), "{script}\n{said}");
        assert!(said.contains("Paris, France"), "the tool answered: {said}");
        let (_, reuse) = said.split_once("the old refresh token, on purpose").unwrap();
        assert!(reuse.contains("invalid_grant"), "it was the old one: {said}");

        let (said, went_well) = run(&script, &mut lab.person(Decision::Deny), |callback| callback).await;
        assert!(!went_well && !said.contains("POST /token"), "who says no is believed: {said}");
    }
    lab.end().await;
}

/// What came back for another request, or from another server, is not taken.
#[tokio::test]
async fn a_script_compares_state_and_issuer() {
    if !can_be_tried() {
        return;
    }
    let lab = Lab::start().await;
    let hops = merged(&lab, lab.config()).await.1;
    let script = Record::new(Revision::V2025_11_25, "cimd", hops).to_shell_script();
    let without_promise = script.replace(" yes\n", " no\n");
    assert_ne!(without_promise, script, "the lab's server promises iss");
    let other_state = |callback: String| callback.replace("state=", "state=x");
    let other_issuer = |callback: String| callback.replace("iss=http", "iss=https");
    let no_issuer = |callback: String| callback.split("&iss=").next().unwrap().to_owned();
    let cases: [(&str, Change, bool); 5] = [
        (&script, other_state, false),
        (&script, other_issuer, false),
        (&script, no_issuer, false),
        (&without_promise, other_issuer, false),
        (&without_promise, no_issuer, true),
    ];
    for (at, (script, change, is_taken)) in cases.into_iter().enumerate() {
        let (said, went_well) = run(script, &mut lab.person(Decision::Allow), change).await;
        assert_eq!((went_well, said.contains("POST /token")), (is_taken, is_taken), "{at}: {said}");
    }
    lab.end().await;
}
