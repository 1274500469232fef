//! The server as a process of its own, so that its processor time and memory are its own too.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running server. It ends when the value is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
}

impl Server {
    /// Starts this very program as a server on one processor, and waits until it says its port.
    pub(crate) fn start<A: AsRef<OsStr>>(arguments: &[A]) -> Self {
        let program = std::env::current_exe().unwrap();
        let mut command = match pinning() {
            Some(mut taskset) => {
                taskset.args(["-c", "0"]).arg(program);
                taskset
            }
            None => Command::new(program),
        };
        let mut child = command
            .arg("--serve")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().parse().expect("the server says its port");
        Self { child, port }
    }

    /// Processor time so far, in the program and in the kernel.
    pub(crate) fn cpu(&self) -> Option<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        let fields: Vec<_> = stat.rsplit_once(") ")?.1.split(' ').collect();
        let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
        // Linux counts in hundredths of a second, whatever the kernel's own tick is.
        Some(Duration::from_millis(ticks * 10))
    }

    /// Resident memory, in MiB.
    pub(crate) fn resident_mib(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `taskset`, where there is one: the server has a processor of its own, and the clients another.
fn pinning() -> Option<Command> {
    Command::new("taskset").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
    Some(Command::new("taskset"))
}

/// Moves the clients away from the server's processor.
pub(crate) fn pin_clients() -> bool {
    let pid = std::process::id().to_string();
    Command::new("taskset")
        .args(["-a", "-c", "-p", "1", &pid])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
