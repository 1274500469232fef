//! Every way to be known, in every revision.

use serde_json::Value;

use crate::program::{command, run, run_command, started};

fn steps(run: &Value) -> Vec<String> {
    run["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["step"].as_str().unwrap().to_owned())
        .collect()
}

/// Req: CL-15
#[tokio::test(flavor = "multi_thread")]
async fn every_registration_in_every_revision() {
    let lab = started().await;
    for (revision, found) in
        [("2025-11-25", "2025-11-25"), ("2026-07-28", "2026-07-28"), ("auto", "2026-07-28")]
    {
        for (registration, step, way) in [
            ("cimd", "client-document", "CIMD"),
            ("dcr", "registration", "DCR"),
            ("auto", "client-document", "CIMD"),
        ] {
            let ended = lab
                .run(&["trace", "--json", "--revision", revision, "--registration", registration])
                .await
                .with(0);
            let run = ended.json();
            assert_eq!(run["revision"], found);
            assert!(steps(&run).contains(&step.to_owned()), "{revision} {registration}");
            assert_eq!(
                run["granted"].as_str().unwrap().replace(" offline_access", ""),
                "mcp:connect weather:read"
            );
            let text =
                lab.run(&["trace", "--revision", revision, "--registration", registration]).await.with(0);
            assert!(text.out.contains(&format!("[2] Authorization ({way} + PKCE)")), "{}", text.out);
        }
    }
    lab.end().await;
}

/// A client that was registered by hand, with a secret: by Basic, as the server offers it first.
///
/// Req: CL-15, CL-16
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_registered_already() {
    let lab = started().await;
    let body = serde_json::json!({
        "client_name": "By hand",
        "redirect_uris": ["http://127.0.0.1/callback"],
        "token_endpoint_auth_method": "client_secret_basic",
    });
    let request = flow::http::Request::post_json(format!("{}/register", lab.authorization_server), &body);
    let answer = lab.http.send(&request).await.unwrap();
    let registered: Value = serde_json::from_str(&answer.body).unwrap();
    let (id, secret) =
        (registered["client_id"].as_str().unwrap(), registered["client_secret"].as_str().unwrap());
    let arguments = [
        "call",
        "whoami",
        "--json",
        "--show-secrets",
        "--registration",
        "pre",
        "--client-id",
        id,
        "--issuer",
        &lab.authorization_server,
        "--server",
        &lab.mcp_server,
    ];
    let mut by_environment = command(&arguments);
    by_environment.env("MCP_CLIENT_SECRET", secret);
    let ended = run_command(by_environment).await.with(0);
    assert!(ended.out.contains("Basic "));
    // The MCP server says which authorization server to use; the secret is for the one that the person names.
    let mut elsewhere = command(
        &arguments.map(|part| if part == lab.authorization_server { "https://other.example" } else { part }),
    );
    elsewhere.env("MCP_CLIENT_SECRET", secret);
    let ended = run_command(elsewhere).await.with(1);
    assert!(ended.out.contains("credentials-issuer") && !ended.out.contains(secret), "{}", ended.out);
    let mut nowhere = command(&["call", "whoami", "--client-id", id, "--server", &lab.mcp_server]);
    nowhere.env("MCP_CLIENT_SECRET", secret);
    run_command(nowhere).await.with(2);
    run(&["call", "whoami", "--password", "x", "--server", &lab.mcp_server]).await.with(2);
    // Without the secret the server refuses, and says so.
    run(&arguments).await.with(1);
    lab.end().await;
}

/// Tools of a server that nobody knows here may do harm: they are listed, and called only if so wished.
#[tokio::test(flavor = "multi_thread")]
async fn the_tools_of_others_are_listed_and_not_called() {
    let lab = started().await;
    let run = run(&["trace", "--json", "--server", &lab.mcp_server]).await.with(0).json();
    assert!(steps(&run).contains(&"tools".to_owned()));
    assert_eq!(run["results"].as_array().unwrap().len(), 0);
    lab.end().await;
}

/// Req: CL-15, CL-16
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_the_server_does_not_know_is_told_what_to_look_at() {
    let lab = started().await;
    let arguments = [
        "trace",
        "--registration",
        "pre",
        "--client-id",
        "unknown-to-the-server",
        "--server",
        &lab.mcp_server,
    ];
    let ended = run(&arguments).await.with(4);
    assert!(ended.out.contains("next:") && ended.out.contains("look at --client-id"), "{}", ended.out);
    lab.end().await;
}
