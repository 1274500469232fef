//! What happens when a program is asked to end.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::running::{Program, lines_of, read_until};

/// A request of which the server has seen the head and asked for the body.
fn request_in_flight(mut stream: TcpStream) -> TcpStream {
    let head = "POST /token HTTP/1.1\r\nhost: as.example\r\nexpect: 100-continue\r\ncontent-length: 12\r\n\
                content-type: application/x-www-form-urlencoded\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    assert!(read_until(&mut stream, "\r\n\r\n").starts_with("HTTP/1.1 100 "));
    stream
}

/// Sends the rest of the request, and reads until the server closes the connection.
fn finish(mut stream: TcpStream) -> String {
    stream.write_all(b"grant_type=x").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn wait_until_nobody_is_let_in(address: SocketAddr) {
    while TcpStream::connect(address).is_ok() {
        std::thread::yield_now();
    }
}

/// Whether something is left beside the database that is not in it yet.
fn has_log(database: &Path) -> bool {
    std::fs::metadata(database.with_extension("sqlite-wal")).is_ok_and(|wal| wal.len() > 0)
}

/// Req: P12
#[test]
fn the_authorization_server_answers_what_is_in_flight_and_closes_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let server = Program::authorization_server(folder.path());
    let address = server.address;
    let in_flight: Vec<_> = (0..20).map(|_| request_in_flight(server.connect(""))).collect();
    let idle = server.connect("");
    let halfway = server.connect("GET /healthz HTTP/1.1\r\nho");
    server.terminate();
    wait_until_nobody_is_let_in(address);
    for stream in in_flight {
        let answer = finish(stream);
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("unsupported_grant_type"), "{answer}");
    }
    drop(halfway);
    let (status, said) = server.wait();
    assert!(status.success(), "{status}: {said}");
    assert!(said.contains("authorization server has ended"), "{said}");
    assert!(!has_log(&folder.path().join("as.sqlite")));
    drop(idle);
}

/// Req: P12
#[test]
fn whoever_does_not_finish_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let server = Program::authorization_server(folder.path());
    let never_finished = request_in_flight(server.connect(""));
    server.terminate();
    let (status, said) = server.wait();
    assert!(status.success() && said.contains("has ended"), "{status}: {said}");
    drop(never_finished);
}

/// Req: P12
#[test]
fn the_mcp_server_ends_in_order() {
    let server = Program::mcp_server();
    let mut idle = server.connect("GET /healthz HTTP/1.1\r\nhost: mcp.example\r\n\r\n");
    read_until(&mut idle, "ok\n");
    server.terminate();
    let (status, said) = server.wait();
    assert!(status.success() && said.contains("MCP server has ended"), "{status}: {said}");
}

/// Req: P12
#[test]
fn the_lab_ends_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("as.sqlite");
    let mut lab = Command::new(env!("CARGO_BIN_EXE_lab"))
        .args(["--no-open", "--page-port", "0", "--mcp-port", "0", "--as-port", "0", "--rogue-port", "0"])
        .args(["--page-dir", &folder.path().display().to_string()])
        .args(["--database", &database.display().to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = lines_of(lab.stdout.take().unwrap());
    let line = lines.iter().find(|line| line.contains("authorization server")).unwrap();
    let port = line.rsplit(':').next().unwrap().parse().unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let in_flight = request_in_flight(TcpStream::connect(address).unwrap());
    kill_process(Pid::from_child(&lab), Signal::INT).unwrap();
    wait_until_nobody_is_let_in(address);
    assert!(finish(in_flight).starts_with("HTTP/1.1 400 "));
    assert!(lab.wait().unwrap().success());
    assert!(!has_log(&database));
}
