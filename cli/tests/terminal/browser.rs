//! `--browser`: the listener on this machine, and whom it lets in.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Child;

use flow::http::{Method, Request};
use protocol::ids::RedirectUri;
use protocol::query::Parameters;
use rustix::process::{Pid, Signal, kill_process};
use walker::person::Decision;

use crate::lab::Lab;
use crate::program::{command, started};

/// Starts a call that waits for a browser, and returns where it wants the browser to go.
async fn waiting(lab: &Lab) -> (Child, String) {
    let arguments = lab.arguments();
    let mut all = vec!["call", "whoami", "--browser"];
    all.extend(arguments.iter().map(String::as_str));
    let mut command = command(&all);
    tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let url = loop {
            let mut line = String::new();
            assert_ne!(said.read_line(&mut line).unwrap(), 0, "it ended without asking for a browser");
            if line.trim_start().starts_with("http") {
                break line.trim().to_owned();
            }
        };
        // Whatever it says later must not fill the pipe.
        std::thread::spawn(move || said.read_to_end(&mut Vec::new()));
        (child, url)
    })
    .await
    .unwrap()
}

fn get(url: &str, headers: &[(&str, &str)], method: Method) -> Request {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Request { method, url: url.to_owned(), headers, body: None }
}

/// Req: CL-29, CL-34, CL-35
#[tokio::test(flavor = "multi_thread")]
async fn the_browser_comes_back_and_strangers_change_nothing() {
    let lab = started().await;
    let (child, url) = waiting(&lab).await;
    let query = url.split_once('?').unwrap().1;
    let redirect_uri = Parameters::parse(query).get("redirect_uri").unwrap().unwrap().to_owned();
    assert!(redirect_uri.starts_with("http://127.0.0.1:"), "{redirect_uri}");
    let origin = redirect_uri.trim_end_matches("/callback");

    for (path, headers, method, status) in [
        ("/callback", &[][..], Method::Get, 400),
        ("/callback?code=x&state=guess", &[], Method::Get, 400),
        ("/callback?code=x&state=guess", &[], Method::Post, 403),
        ("/callback?code=x", &[("host", "evil.example")], Method::Get, 403),
        ("/favicon.ico", &[], Method::Get, 404),
    ] {
        let answer = lab.http.send(&get(&format!("{origin}{path}"), headers, method)).await.unwrap();
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.header("content-security-policy").unwrap().contains("default-src 'none'"));
    }

    let parsed = RedirectUri::parse(&redirect_uri).unwrap();
    let callback = lab.person(Decision::Allow).visit(&url, &parsed).await.unwrap();
    let back = lab.http.send(&get(&callback, &[], Method::Get)).await.unwrap();
    assert_eq!(
        (back.status, back.header("location")),
        (303, Some("/done")),
        "code and state leave the address bar"
    );
    assert_eq!(back.header("referrer-policy"), Some("no-referrer"));
    let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("You are ada"));
    lab.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_gives_up() {
    let lab = started().await;
    let (child, _) = waiting(&lab).await;
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
    assert_eq!(output.status.code(), Some(130));
    lab.end().await;
}
