//! `trace`: text for people, JSON for machines, and an exit status that says how it ended.

use crate::program::{Ended, command, run, run_command, started};

fn parts(ended: &Ended) -> Vec<&str> {
    ended.out.lines().filter(|line| line.starts_with('[')).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journey_in_six_parts() {
    let lab = started().await;
    let ended = lab.run(&["trace"]).await.with(0);
    assert_eq!(
        parts(&ended),
        [
            "[1] Discovery",
            "[2] Authorization (CIMD + PKCE)",
            "[3] whoami",
            "[4] get_weather refused",
            "[5] Step-up",
            "[6] get_weather, retried",
        ]
    );
    assert!(
        ended.out.contains("Success: every call was answered, with a token for mcp:connect weather:read.")
    );
    assert!(!ended.out.contains('\u{1b}'), "colours are for terminals");
    assert!(ended.err.is_empty(), "{}", ended.err);
    lab.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_one_object_with_secrets_masked() {
    let lab = started().await;
    let ended = lab.run(&["trace", "--json", "--revoke"]).await.with(0);
    let run = ended.json();
    assert_eq!((run["success"].clone(), run["failure"].clone()), (true.into(), serde_json::Value::Null));
    assert_eq!(run["revision"], "2025-11-25");
    assert_eq!(run["granted"], "mcp:connect weather:read");
    assert_eq!(run["results"].as_array().unwrap().len(), 2);
    let entries = run["entries"].as_array().unwrap();
    let checks = entries.iter().flat_map(|entry| entry["checks"].as_array().unwrap());
    for check in checks {
        for member in ["title", "clause", "outcome", "expected", "found"] {
            assert!(check[member].is_string(), "{check}");
        }
    }
    assert_eq!(entries.last().unwrap()["title"], "POST /revoke: the refresh token is given back");
    assert!(!ended.out.contains("eyJ"), "tokens are masked");
    let open = lab.run(&["trace", "--json", "--show-secrets"]).await.with(0);
    assert!(open.out.contains("eyJ"));
    lab.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exit_status_says_how_it_ended() {
    let lab = started().await;
    lab.run(&["trace", "--deny"]).await.with(4);
    lab.run(&["trace", "--account", "nobody"]).await.with(4);
    let stopped = lab.run(&["trace", "--redirect-uri", "http://127.0.0.1/elsewhere"]).await.with(1);
    assert!(stopped.out.contains("rule:") && stopped.out.contains("read:"), "{}", stopped.out);
    let page = lab.page.clone();
    lab.end().await;
    let server = format!("{page}/mcp");
    let gone = run(&["trace", "--server", &server]).await.with(3);
    assert!(gone.out.contains("next:"), "it says what to do: {}", gone.out);
    for wrong in [
        &["trace", "--server", "ftp://x"][..],
        &["trace", "--server", "http://mcp.example/mcp"],
        &["trace", "--revision", "2024-11-05"],
        &["trace", "--registration", "pre"],
        &["trace", "--registration", "cimd", "--client-id", "http://evil.example/c.json"],
        // A public server has no business on this machine.
        &[
            "trace",
            "--server",
            "https://mcp.example/mcp",
            "--registration",
            "cimd",
            "--client-id",
            "http://localhost:9/c.json",
        ],
        &["trace", "--browser", "--deny"],
        &["trace", "--unknown"],
        &["nonsense"],
        &[],
    ] {
        let ended = run(wrong).await.with(2);
        assert!(ended.out.is_empty() && !ended.err.is_empty(), "{wrong:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_has_seen_enough_is_no_error() {
    let lab = started().await;
    let arguments = lab.arguments();
    let mut all = vec!["trace"];
    all.extend(arguments.iter().map(String::as_str));
    let mut child = command(&all).spawn().unwrap();
    drop(child.stdout.take());
    let status = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
    assert_eq!(status.status.code(), Some(0), "{}", String::from_utf8_lossy(&status.stderr));
    lab.end().await;
}

#[tokio::test]
async fn completions_are_for_the_shell_that_is_named() {
    for (shell, sign) in
        [("bash", "complete -F"), ("zsh", "#compdef mcp-auth-lab"), ("fish", "complete -c mcp-auth-lab")]
    {
        let ended = run(&["completions", shell]).await.with(0);
        assert!(ended.out.contains(sign), "{shell}");
    }
}

#[tokio::test]
async fn help_tells_the_exit_statuses() {
    for command in ["trace", "call", "inspect", "token", "attack", "conformance"] {
        let ended = run(&[command, "--help"]).await.with(0);
        assert!(ended.out.contains("Exit status:"), "{command}");
    }
}

#[tokio::test]
async fn the_suites_environment_is_read_strictly() {
    for (name, value) in
        [("MCP_CONFORMANCE_CONTEXT", "{"), ("MCP_CONFORMANCE_PROTOCOL_VERSION", "2024-11-05")]
    {
        let mut command = command(&["conformance", "http://localhost:9/mcp"]);
        command.env(name, value);
        run_command(command).await.with(2);
    }
    run(&["conformance", "http://localhost:9/mcp"]).await.with(3);
}
