//! What the logs of a whole lab say when they may say everything.

use std::io::Write;
use std::sync::{Arc, Mutex};

use flow::{Action, Flow};
use protocol::{base64url, base64url_decode};
use serde_json::Value;
use server_kit::entropy::{Entropy as _, SeededEntropy};
use server_kit::telemetry::{Format, subscriber};
use tracing_subscriber::EnvFilter;
use walker::person::Decision;

use crate::support::Lab;

/// Keeps the lines of all threads of this process, other tests included.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// Every access token of a run.
pub(crate) fn tokens(flow: &Flow) -> Vec<String> {
    let open = serde_json::to_string(flow.trace().entries()).unwrap();
    let sent = open.split("Bearer ").skip(1).filter_map(|rest| rest.split('"').next());
    sent.filter(|token| token.matches('.').count() == 2).map(str::to_owned).collect()
}

/// The name of a token, which is no secret.
pub(crate) fn jti(token: &str) -> String {
    let claims = base64url_decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice::<Value>(&claims).unwrap()["jti"].as_str().unwrap().to_owned()
}

pub(crate) fn family(token: &str) -> String {
    jti(token).split_once('.').unwrap().0.to_owned()
}

/// Sends what is refused, each with something in it that nobody must read.
pub(crate) async fn provoke_refusals(lab: &Lab, code: &str, secrets: &mut Vec<String>) {
    let client = reqwest::Client::new();
    let token_endpoint = format!("{}/token", lab.authorization_server);
    for (n, (form, authorization)) in [
        // The code again, with its own verifier and with another.
        (format!("{code}&code_verifier=VERIFIER-SECRET-{}", "x".repeat(43)), None),
        (code.to_owned(), None),
        ("grant_type=authorization_code&code=UNKNOWN-CODE-SECRET".to_owned(), None),
        ("grant_type=password&password=PASSWORD-SECRET".to_owned(), None),
        ("client_id=x&client_secret=CLIENT-SECRET".to_owned(), Some("Basic QkFTSUMtU0VDUkVU")),
        ("refresh_token=REFRESH-SECRET&grant_type=refresh_token".to_owned(), Some("Bearer BEARER-SECRET")),
    ]
    .into_iter()
    .enumerate()
    {
        let mut request = client
            .post(&token_endpoint)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("cookie", format!("as_session=COOKIE-SECRET-{n}"))
            .body(form);
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        assert!(request.send().await.unwrap().status().is_client_error());
    }
    let page = format!("{}/consent?request=REQUEST-SECRET", lab.authorization_server);
    client.get(page).header("cookie", "as_session=COOKIE-SECRET").send().await.unwrap();
    client.post(&lab.mcp_server).header("authorization", "Bearer MCP-SECRET").send().await.unwrap();
    secrets.extend(["-SECRET".to_owned(), "QkFTSUMtU0VDUkVU".to_owned()]);
}

/// What was made up in a run.
pub(crate) struct Made {
    /// The access tokens, whole.
    pub(crate) tokens: Vec<String>,
    /// Their names. The name of a token begins with that of its family; both stand in its claims for all to read.
    pub(crate) names: Vec<String>,
    /// What the authorization server made up: codes, cookies, request ids.
    pub(crate) secrets: Vec<String>,
    /// One of them.
    pub(crate) code: String,
    /// Everything that the client wrote down, as it is.
    pub(crate) open: String,
}

/// Of a run in a lab whose entropy has the seed 1. Names of tokens come from the same source, and are no secrets.
pub(crate) fn made_in(flow: &Flow) -> Made {
    let tokens = tokens(flow);
    let names: Vec<_> = tokens.iter().flat_map(|token| [jti(token), family(token)]).collect();
    let open = serde_json::to_string(flow.trace().entries()).unwrap();
    let code = open.split("code=").nth(1).unwrap().split(['&', '"']).next().unwrap().to_owned();
    let entropy = SeededEntropy::new(1);
    let made = (0..200).map(|_| entropy.secret().reveal().to_owned());
    let secrets: Vec<_> = made.filter(|secret| !names.contains(secret)).collect();
    assert!(secrets.contains(&code), "the list is the right one");
    Made { tokens, names, secrets, code, open }
}

/// Req: ALL-11, RS-26
#[tokio::test]
async fn no_secret_is_logged_at_any_level() {
    let lines = Lines::default();
    let writer = lines.clone();
    let everything = subscriber(EnvFilter::new("trace"), Format::Text, move || writer.clone());
    tracing::subscriber::set_global_default(everything).unwrap();

    let lab = Lab::start().await;
    let mut flow = Flow::new(lab.config());
    lab.walk(&mut flow, &mut lab.person(Decision::Allow), |_| ()).await.unwrap();
    assert_eq!(flow.poll(), Action::Rest);
    let Made { tokens, names, mut secrets, code, .. } = made_in(&flow);
    // What the client made up: verifiers and states.
    secrets.extend((0..100).map(|n| base64url(&[n; 32])));
    // A token is secret as a whole; its claims without the signature are not.
    secrets.extend(tokens.iter().map(|token| token.rsplit('.').next().unwrap().to_owned()));
    let form = format!("grant_type=authorization_code&client_id={}/client.json&code={code}", lab.page);
    provoke_refusals(&lab, &form, &mut secrets).await;
    lab.end().await;

    let text = lines.text();
    for target in ["backend::authorization_server", "resource_server"] {
        assert!(text.contains(target), "{target} says nothing, so this test says nothing");
    }
    let step_up = text.lines().find(|line| line.contains("more scopes needed")).unwrap();
    for part in ["subject=ada", names[0].as_str(), "granted=mcp:connect ", "asked=mcp:connect weather:read"] {
        assert!(step_up.contains(part), "{part}: {step_up}");
    }
    assert!(text.contains("VerifierMismatch") && text.contains("signed in"), "{text}");
    let leaked = secrets.iter().find(|secret| text.contains(secret.as_str()));
    let line = leaked.and_then(|secret| text.lines().find(|line| line.contains(secret.as_str())));
    assert_eq!(line, None);
}
