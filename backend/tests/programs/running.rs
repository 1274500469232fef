//! A program that runs, and what it says.

use std::fs::Permissions;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// So long that a test which runs into it has failed.
const LONG: Duration = Duration::from_secs(30);

pub(crate) struct Program {
    child: Child,
    lines: Receiver<String>,
    pub(crate) address: SocketAddr,
}

/// The configuration of an authorization server for one resource.
pub(crate) fn configuration(folder: &Path) -> String {
    let path = folder.join("as.json");
    let text = r#"{
        "resources": [{
            "uri": "https://mcp.example/mcp",
            "name": "Weather server",
            "scopes": [{ "token": "mcp:connect", "description": "Use it" }]
        }]
    }"#;
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    path.display().to_string()
}

/// What the keys of an authorization server are encrypted under.
pub(crate) fn key_secret(folder: &Path) -> String {
    let path = folder.join("as.key");
    std::fs::write(&path, [7; 32]).unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    path.display().to_string()
}

impl Program {
    /// The authorization server, with its files in this folder.
    pub(crate) fn authorization_server(folder: &Path) -> Self {
        Self::authorization_server_with(folder, &configuration(folder))
    }

    /// The same with another configuration file.
    pub(crate) fn authorization_server_with(folder: &Path, configuration: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_authorization-server"));
        command
            .args(["--issuer", "https://as.example", "--bind", "127.0.0.1:0", "--log-format", "json"])
            .args(["--database", &folder.join("as.sqlite").display().to_string()])
            .args(["--config", configuration])
            .args(["--key-secret-file", &key_secret(folder)]);
        Self::start(command)
    }

    pub(crate) fn mcp_server() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-server"));
        command.args(["--resource", "https://mcp.example/mcp", "--issuer", "https://as.example"]);
        command.args(["--bind", "127.0.0.1:0", "--log-format", "json"]);
        Self::start(command)
    }

    /// Starts it, and waits until it says that it is ready, and where.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.env("RUST_LOG", "info").stderr(Stdio::piped()).spawn().unwrap();
        let lines = lines_of(child.stderr.take().unwrap());
        let mut program = Self { child, lines, address: ([0, 0, 0, 0], 0).into() };
        let mut said = Vec::new();
        loop {
            let line = program.lines.recv_timeout(LONG);
            let Ok(line) = line else { panic!("it ended, or is not ready: {said:?}") };
            if let Some(address) = address_in(&line) {
                program.address = address;
                return program;
            }
            said.push(line);
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Opens a connection and sends this.
    pub(crate) fn connect(&self, says: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream.write_all(says.as_bytes()).unwrap();
        stream
    }

    pub(crate) fn id(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Gives it no moment to put anything in order.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// What `systemctl stop` and `docker stop` do.
    pub(crate) fn terminate(&self) {
        kill_process(self.id(), Signal::TERM).unwrap();
    }

    /// Waits for its end; gives what it said since it was ready, too.
    pub(crate) fn wait(mut self) -> (ExitStatus, String) {
        let said: Vec<_> = self.lines.iter().collect();
        (self.child.wait().unwrap(), said.join("\n"))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Its lines, read in a thread, so that it never has to wait for the test.
pub(crate) fn lines_of(output: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// The address in the line that says that the program is ready: `"addresses":"[127.0.0.1:1234]"`.
fn address_in(line: &str) -> Option<SocketAddr> {
    let event: serde_json::Value = serde_json::from_str(line).ok()?;
    event["message"].as_str().filter(|message| message.ends_with("is ready"))?;
    event["addresses"].as_str()?.trim_matches(['[', ']']).parse().ok()
}

/// Reads until the answer ends with this.
pub(crate) fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(end.as_bytes()) {
        assert_eq!(stream.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&text));
        text.push(byte[0]);
    }
    String::from_utf8(text).unwrap()
}
