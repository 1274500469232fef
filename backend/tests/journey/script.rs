//! The script that a run is exported as walks it again: with sh, curl and openssl, and a person.

use std::io::{Read as _, Write as _};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use flow::identity::Origin;
use flow::{Farewell, Flow};
use mcp_auth_lab::person::{Decision, Person};
use protocol::ids::RedirectUri;
use protocol::revision::Revision;
use record::{Record, merge};

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

/// Runs a script to its end, and does for it what it asks a person for. What it said, and whether it went well.
async fn run(script: String, person: &mut Person) -> (String, bool) {
    let mut child = Command::new("sh")
        .args(["-c", &script])
        .env("REDIRECT_PORT", REDIRECT_PORT)
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
        let callback = person.visit(&address, &back).await.unwrap();
        shell.input.write_all(format!("{callback}\n").as_bytes()).unwrap();
        shell.said.push('\n');
    }
    (shell.said, child.wait().unwrap().success())
}

/// Whether the machine has what the script needs: none of it is needed for anything else here.
fn has(program: &str) -> bool {
    Command::new(program).arg("--help").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

#[tokio::test]
async fn an_exported_run_is_walked_again_by_its_script() {
    if !(has("curl") && has("openssl")) {
        eprintln!("not tried: there is no curl or no openssl here");
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
        flow.finish(&lab.env(), Farewell::RevokeTokens).unwrap();
        lab.walk(&mut flow, &mut person, |_| ()).await.unwrap();
        // Without its secrets, as it is handed on.
        let record = Record::new(revision, way.as_str(), merge(flow.trace().entries(), &[]));
        let script = record.masked(flow.trace()).to_shell_script();

        let (said, went_well) = run(script.clone(), &mut lab.person(Decision::Allow)).await;
        assert!(went_well && said.ends_with("That was the run.\n"), "{script}\n{said}");
        assert!(said.contains("Paris, France"), "the tool answered: {said}");

        let (said, went_well) = run(script, &mut lab.person(Decision::Deny)).await;
        assert!(!went_well && !said.contains("POST /token"), "who says no is believed: {said}");
    }
    lab.end().await;
}
