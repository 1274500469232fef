//! Servers that mean no good, and a person with no patience.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Child;
use std::sync::{Arc, Mutex};

use flow::http::{MAX_ANSWER_BYTES, Request};
use protocol::base64url;
use protocol::ids::RedirectUri;
use protocol::query::Parameters;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use walker::http::Http;
use walker::person::{Decision, Person};

use crate::program::{Ended, command, run};

/// Commands a terminal in every way: by ESC, by its eight-bit form, by a bell; and turns the line around.
const COMMANDS: &str = "\u{1b}[2J\u{9b}2J\u{7}\u{202e}\r";

/// What was asked, as a server sees it.
pub(crate) struct Asked {
    pub(crate) line: String,
    head: String,
    body: String,
}

/// What a server says: status line, headers and body; nothing keeps the client waiting until it hangs up.
pub(crate) type Answer = Option<(&'static str, String, String)>;

/// A server on this machine, for as long as the test runs. Returns its origin.
pub(crate) fn serve(answer: impl Fn(&str, &Asked) -> Answer + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let (base, answer) = (origin.clone(), Arc::new(answer));
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (base, answer) = (base.clone(), Arc::clone(&answer));
            std::thread::spawn(move || receive(stream, &base, &*answer));
        }
    });
    origin
}

fn receive(stream: TcpStream, base: &str, answer: &dyn Fn(&str, &Asked) -> Answer) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut line, mut head) = (String::new(), String::new());
    reader.read_line(&mut line).unwrap();
    while reader.read_line(&mut head).unwrap() > 2 {}
    let head = head.to_lowercase();
    let length = head.lines().find_map(|header| header.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    let asked = Asked { line, head, body: String::from_utf8(body).unwrap() };
    let mut stream = stream;
    match answer(base, &asked) {
        Some((status, headers, body)) => {
            let length = body.len();
            // A client that has gone has heard enough.
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
            );
        }
        None => {
            let _ = reader.read_to_end(&mut Vec::new());
        }
    }
}

pub(crate) fn in_json(status: &'static str, body: &Value) -> (&'static str, String, String) {
    (status, "content-type: application/json\r\n".into(), body.to_string())
}

/// An MCP server and its authorization server in one, which say [`COMMANDS`] wherever they can.
pub(crate) fn hostile(base: &str, asked: &Asked) -> Answer {
    let path = asked.line.split(' ').nth(1).unwrap_or_default();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    match path {
        "/mcp" if !asked.head.contains("authorization:") => {
            Some(("401 Unauthorized", "www-authenticate: Bearer\r\n".into(), String::new()))
        }
        "/mcp" => mcp(asked),
        "/.well-known/oauth-protected-resource/mcp" => Some(in_json(
            "200 OK",
            &json!({ "resource": format!("{base}/mcp"), "authorization_servers": [base], "resource_name": COMMANDS }),
        )),
        "/.well-known/oauth-authorization-server" => Some(in_json(
            "200 OK",
            &json!({
                "issuer": base,
                "authorization_endpoint": format!("{base}/authorize"),
                "token_endpoint": format!("{base}/token"),
                "registration_endpoint": format!("{base}/register"),
                "code_challenge_methods_supported": ["S256", COMMANDS],
                "response_types_supported": [COMMANDS],
            }),
        )),
        "/register" => Some(in_json("201 Created", &json!({ "client_id": COMMANDS }))),
        "/authorize" => {
            let asked_for = Parameters::parse(query);
            let get = |name| asked_for.get(name).unwrap().unwrap();
            let back = format!("location: {}?code=c&state={}\r\n", get("redirect_uri"), get("state"));
            Some(("303 See Other", back, String::new()))
        }
        "/token" => {
            let part = |value: Value| base64url(value.to_string().as_bytes());
            let (header, claims) = (part(json!({ COMMANDS: COMMANDS })), part(json!({ COMMANDS: COMMANDS })));
            Some(in_json(
                "200 OK",
                &json!({ "access_token": format!("{header}.{claims}.AAAA"), "token_type": "Bearer" }),
            ))
        }
        _ => Some(in_json("404 Not Found", &json!({}))),
    }
}

fn mcp(asked: &Asked) -> Answer {
    if asked.line.starts_with("DELETE") {
        return Some(("200 OK", String::new(), String::new()));
    }
    let message: Value = serde_json::from_str(&asked.body).unwrap();
    let result = match message["method"].as_str().unwrap() {
        "initialize" => json!({ "protocolVersion": "2025-11-25", "serverInfo": { "name": COMMANDS } }),
        "tools/list" => json!({ "tools": [{ "name": COMMANDS, "inputSchema": { "type": "object" } }] }),
        "tools/call" if message["params"]["name"] == "slow" => return None,
        "tools/call" => json!({ "content": [{ "type": "text", "text": COMMANDS }] }),
        _ => return Some(("202 Accepted", String::new(), String::new())),
    };
    let headers = "content-type: application/json\r\nmcp-session-id: s\r\n".to_owned();
    Some(("200 OK", headers, json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }).to_string()))
}

#[track_caller]
fn commands_nothing(ended: &Ended) {
    for said in [&ended.out, &ended.err] {
        let bad = said.chars().find(|c| c.is_control() && *c != '\n' || *c == '\u{202e}');
        assert_eq!(bad, None, "{said:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_cannot_command_the_terminal() {
    let server = format!("{}/mcp", serve(hostile));
    let options = ["--server", &server, "--registration", "dcr"];
    for output in [&[][..], &["--json"], &["--show-secrets"], &["--json", "--show-secrets"]] {
        let ended = run(&[&["trace"], &options[..], output].concat()).await.with(0);
        commands_nothing(&ended);
        assert!(ended.out.contains("the token opened"), "{}", ended.out);
        commands_nothing(&run(&[&["call", "x"], &options[..], output].concat()).await.with(0));
        commands_nothing(&run(&[&["inspect", &server], output].concat()).await.with(0));
    }

    // What fails is told in the server's words, wherever it is told.
    let liar = serve(|base, asked| match hostile(base, asked) {
        Some((status, headers, body)) if asked.line.contains("oauth-protected-resource") => {
            let mut document: Value = serde_json::from_str(&body).unwrap();
            document["resource"] = COMMANDS.into();
            Some((status, headers, document.to_string()))
        }
        answer => answer,
    });
    let server = format!("{liar}/mcp");
    for arguments in [
        &["trace", "--server", &server][..],
        &["call", "x", "--server", &server],
        &["inspect", &server],
        &["token", "e30.e30.AAAA", "--server", &server],
    ] {
        let ended = run(arguments).await;
        assert_ne!(ended.status, 0);
        assert!(!(ended.out + &ended.err).is_empty());
        let ended = run(arguments).await;
        commands_nothing(&ended);
    }
}

/// Starts a call of a tool that never answers, and returns when the server has got it.
async fn slow_call(arguments: &'static [&'static str]) -> (Child, Arc<Mutex<Vec<String>>>) {
    let (called, calls) = std::sync::mpsc::channel();
    let (called, seen) = (Mutex::new(called), Arc::new(Mutex::new(Vec::new())));
    let log = Arc::clone(&seen);
    let origin = serve(move |base, asked| {
        log.lock().unwrap().push(format!("{} {}", asked.line.trim(), asked.body));
        if asked.body.contains("\"slow\"") {
            called.lock().unwrap().send(()).unwrap();
        }
        hostile(base, asked)
    });
    let child = tokio::task::spawn_blocking(move || {
        let server = format!("{origin}/mcp");
        let child =
            command(&[arguments, &["--server", &server, "--registration", "dcr"]].concat()).spawn().unwrap();
        calls.recv().unwrap();
        child
    });
    (child.await.unwrap(), seen)
}

/// Who calls a tool off has no answer: the status says so, and the session is ended all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_called_off_is_no_success() {
    for arguments in [&["call", "slow"][..], &["call", "slow", "--json"]] {
        let (child, seen) = slow_call(arguments).await;
        kill_process(Pid::from_child(&child), Signal::INT).unwrap();
        let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
        let ended = Ended::from(output).with(130);
        assert!(ended.out.is_empty() || ended.json()["success"] == false, "{}", ended.out);
        let seen = seen.lock().unwrap();
        let last: Vec<_> = seen.iter().rev().take(2).collect();
        assert!(last[0].starts_with("DELETE"), "{last:?}");
        assert!(last[1].contains("notifications/cancelled"), "{last:?}");
    }
}

/// Whoever reads the output has seen enough, also of JSON.
#[tokio::test(flavor = "multi_thread")]
async fn a_closed_pipe_is_no_panic() {
    let server = format!("{}/mcp", serve(hostile));
    for arguments in [
        &["trace", "--json", "--server", &server, "--registration", "dcr"][..],
        &["call", "x", "--server", &server, "--registration", "dcr"],
        &["inspect", &server, "--json"],
        &["token", "e30.e30.AAAA", "--json"],
    ] {
        let mut child = command(arguments).spawn().unwrap();
        drop(child.stdout.take());
        let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
        Ended::from(output).with(0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorization_server_that_does_not_answer_is_a_server_that_does_not_answer() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = serve(move |base, asked| match hostile(base, asked) {
        Some((status, headers, body)) if asked.line.contains("oauth-authorization-server") => {
            let mut document: Value = serde_json::from_str(&body).unwrap();
            document["authorization_endpoint"] = format!("http://{nobody}/authorize").into();
            Some((status, headers, document.to_string()))
        }
        answer => answer,
    });
    run(&["trace", "--server", &format!("{server}/mcp"), "--registration", "dcr"]).await.with(3);
}

/// A client can be sent from one authorization server to another, and so can its browser.
///
/// Req: CL-07
#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_goes_back_to_where_it_is_from() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let other = serve(move |_, asked| {
        log.lock().unwrap().push(asked.head.clone());
        let home = asked.line.split(['=', ' ']).nth(2).unwrap();
        Some(("303 See Other", format!("location: {home}/again\r\n"), String::new()))
    });
    let log = Arc::clone(&seen);
    let first = serve(move |base, asked| {
        log.lock().unwrap().push(asked.head.clone());
        let location = if asked.line.contains("/again") {
            "http://127.0.0.1/callback?code=c".to_owned()
        } else {
            format!("{other}/away?home={base}")
        };
        Some((
            "303 See Other",
            format!("set-cookie: session=s3cret; Path=/\r\nlocation: {location}\r\n"),
            String::new(),
        ))
    });
    let mut person = Person::new(Http::new().unwrap(), "ada", Decision::Allow);
    let redirect_uri = RedirectUri::parse("http://127.0.0.1/callback").unwrap();
    person.visit(&format!("{first}/authorize"), &redirect_uri).await.unwrap();
    let sent: Vec<bool> = seen.lock().unwrap().iter().map(|head| head.contains("session=s3cret")).collect();
    assert_eq!(sent, [false, false, true]);
}

/// Only a page that came as it was meant to is answered, and only by POST: what a form of GET sends stands in addresses.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_fills_in_no_form_of_an_error_page_and_none_that_is_sent_by_get() {
    for (status, method) in [("500 Oops", "post"), ("200 OK", "get")] {
        let posted = Arc::new(Mutex::new(false));
        let log = Arc::clone(&posted);
        let server = serve(move |base, asked| {
            if asked.line.contains("/sign-in") {
                *log.lock().unwrap() = true;
            }
            if !asked.line.starts_with("GET /authorize") {
                return hostile(base, asked);
            }
            let form = "<input name=account><input name=password type=password><button>Allow</button>";
            let page = format!("<h1>Sign in</h1><form method={method} action=/sign-in>{form}</form>");
            Some((status, "content-type: text/html\r\n".into(), page))
        });
        run(&["trace", "--server", &format!("{server}/mcp"), "--registration", "dcr"]).await.with(4);
        assert!(!*posted.lock().unwrap(), "{status} {method}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_read_up_to_a_limit() {
    let http = Http::new().unwrap();
    for (size, is_read) in [(MAX_ANSWER_BYTES, true), (MAX_ANSWER_BYTES + 1, false)] {
        let server = serve(move |_, _| Some(("200 OK", String::new(), "x".repeat(size))));
        let answer = http.send(&Request::get_json(&server)).await;
        assert_eq!(answer.is_ok_and(|answer| answer.body.len() == size), is_read, "{size}");
    }
}
