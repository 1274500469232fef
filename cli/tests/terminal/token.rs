//! `token`: decoding is for everybody, believing takes the server's keys.

use std::io::Write as _;
use std::process::Stdio;

use crate::lab::Lab;
use crate::program::{Ended, command, run, started};

async fn a_token(lab: &Lab) -> String {
    let ended = lab.run(&["call", "whoami", "--json", "--show-secrets"]).await.with(0);
    let at = ended.out.find("Bearer eyJ").unwrap() + "Bearer ".len();
    ended.out[at..].split(['"', '\\']).next().unwrap().to_owned()
}

async fn by_standard_input(token: String, arguments: Vec<String>) -> Ended {
    tokio::task::spawn_blocking(move || {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut child = command(&arguments).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(format!("{token}\n").as_bytes()).unwrap();
        child.wait_with_output().unwrap().into()
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_opened_and_judged() {
    let lab = started().await;
    let token = a_token(&lab).await;
    let opened = run(&["token", &token]).await.with(0);
    assert!(opened.out.contains("at+jwt") && opened.out.contains("Not verified"), "{}", opened.out);

    let arguments = vec!["token".into(), "--json".into(), "--server".into(), lab.mcp_server.clone()];
    let judged = by_standard_input(token.clone(), arguments).await.with(0).json();
    assert_eq!(judged["verified"], true);
    let titles: Vec<_> =
        judged["checks"].as_array().unwrap().iter().map(|check| check["title"].clone()).collect();
    assert_eq!(titles, ["type", "signature", "issuer", "audience", "expiry", "not before"]);

    // One claim edited; one signature bent; one algorithm left out.
    let [header, claims, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let edited = protocol::base64url_decode(claims).unwrap();
    let edited = String::from_utf8(edited).unwrap().replace("mcp:connect", "mcp:admin");
    let edited = format!("{header}.{}.{signature}", protocol::base64url(edited.as_bytes()));
    let none = format!("{}.{claims}.", protocol::base64url(br#"{"alg":"none","typ":"at+jwt"}"#));
    for bad in [edited, none, format!("{header}.{claims}.AAAA")] {
        let ended = run(&["token", &bad, "--server", &lab.mcp_server]).await.with(1);
        assert!(ended.out.contains("✗ signature"), "{}", ended.out);
    }
    run(&["token", "opaque"]).await.with(2);
    lab.end().await;
}
