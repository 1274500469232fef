//! What connections cost.

use std::net::TcpStream;

use crate::running::{Program, read_until};

const MANY: usize = 400;

/// Resident memory of the program, in bytes.
#[cfg(target_os = "linux")]
fn resident(program: &Program) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", program.id().as_raw_pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

/// Req: L05
#[cfg(target_os = "linux")]
#[test]
fn connections_that_say_nothing_cost_next_to_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Program::authorization_server(folder.path());
    let ask = || {
        let mut stream = server.connect("GET /healthz HTTP/1.1\r\nhost: as.example\r\n\r\n");
        read_until(&mut stream, "ok\n");
        stream
    };
    // The first one pays for what is allocated once.
    let first = ask();
    let before = resident(&server);
    let silent: Vec<TcpStream> = (0..MANY).map(|_| server.connect("")).collect();
    // Connections are accepted in order.
    let last = ask();
    let each = resident(&server).saturating_sub(before) / MANY;
    assert!(each <= 10 * 1024, "{each} bytes each");
    drop((first, silent, last));
}
