//! Clients that keep their connections: each sends its next request when it has read its last answer.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::process::Server;

/// How many clients there are at once.
pub(crate) const CLIENTS: usize = 16;

/// What a client gets to see.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// One connection.
pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, buffer: Vec::with_capacity(8192) }
    }

    /// Sends a request and reads its answer whole.
    pub(crate) async fn send(&mut self, request: &str) -> Answer {
        self.stream.write_all(request.as_bytes()).await.unwrap();
        self.buffer.clear();
        loop {
            let read = self.stream.read_buf(&mut self.buffer).await.unwrap();
            assert!(read > 0, "the server closed the connection");
            let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
            let head = std::str::from_utf8(&self.buffer[..end]).unwrap();
            let body = &self.buffer[end + 4..];
            // Pieces without an announced length are not taken apart: their end is enough.
            let complete = match header(head, "content-length") {
                Some(length) => body.len() >= length.parse().unwrap(),
                None => header(head, "transfer-encoding").is_none() || body.ends_with(b"0\r\n\r\n"),
            };
            if !complete {
                continue;
            }
            return Answer {
                status: head[9..12].parse().unwrap(),
                head: head.to_owned(),
                body: String::from_utf8(self.buffer[end + 4..].to_vec()).unwrap(),
            };
        }
    }
}

/// The value of a header, by its name in lower case.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.split("\r\n").find_map(|line| {
        let (found, value) = line.split_once(": ")?;
        found.eq_ignore_ascii_case(name).then_some(value)
    })
}

pub(crate) fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n")
}

pub(crate) fn post_form(path: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// How long each request took, and all of them together.
pub(crate) struct Timings {
    latencies: Vec<Duration>,
    pub(crate) wall: Duration,
}

impl Timings {
    pub(crate) fn count(&self) -> usize {
        self.latencies.len()
    }

    pub(crate) fn per_second(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
        let count = self.count() as f64;
        count / self.wall.as_secs_f64()
    }

    /// The latency that this share of the requests stayed below, in percent.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        self.latencies[(self.latencies.len() - 1) * percent / 100]
    }
}

/// Lets [`CLIENTS`] clients go through `next`, which performs one request of one client and says whether there is
/// another.
pub(crate) async fn run<S, F>(port: u16, states: Vec<S>, next: F) -> Timings
where
    S: Send + 'static,
    F: AsyncFn(&mut Client, &mut S) -> bool + Clone + 'static,
{
    let local = tokio::task::LocalSet::new();
    let mut clients = Vec::new();
    for state in states {
        clients.push((Client::connect(port).await, state));
    }
    let began = Instant::now();
    let tasks: Vec<_> = clients
        .into_iter()
        .map(|(mut client, mut state)| {
            let next = next.clone();
            local.spawn_local(async move {
                let mut latencies = Vec::new();
                loop {
                    let sent = Instant::now();
                    if !next(&mut client, &mut state).await {
                        return latencies;
                    }
                    latencies.push(sent.elapsed());
                }
            })
        })
        .collect();
    let mut latencies = Vec::new();
    local
        .run_until(async {
            for task in tasks {
                latencies.extend(task.await.unwrap());
            }
        })
        .await;
    let wall = began.elapsed();
    latencies.sort_unstable();
    Timings { latencies, wall }
}

/// What a run cost.
pub(crate) struct Cost {
    pub(crate) timings: Timings,
    /// Of the server, for each request.
    pub(crate) cpu: Option<Duration>,
    pub(crate) resident_mib: Option<u64>,
}

impl Cost {
    /// What was used between `before` and now.
    pub(crate) fn of(server: &Server, timings: Timings, before: Option<Duration>) -> Self {
        let count = u32::try_from(timings.count()).unwrap();
        let cpu = before.and_then(|before| Some(server.cpu()?.saturating_sub(before) / count));
        Self { timings, cpu, resident_mib: server.resident_mib() }
    }

    pub(crate) fn print_head() {
        println!(
            "{:<34} {:>9} {:>9} {:>9} {:>12} {:>9}",
            "", "per s", "p50", "p99", "CPU per call", "resident"
        );
    }

    /// A row of the table, without the end of its line.
    pub(crate) fn print(&self, name: &str) {
        let show = |value: Option<String>| value.unwrap_or_else(|| "?".into());
        print!(
            "{name:<34} {:>9.0} {:>9.0?} {:>9.0?} {:>12} {:>9}",
            self.timings.per_second(),
            self.timings.percentile(50),
            self.timings.percentile(99),
            show(self.cpu.map(|cpu| format!("{cpu:.1?}"))),
            show(self.resident_mib.map(|mib| format!("{mib} MiB"))),
        );
    }
}

/// How long something takes once: the median of many batches.
pub(crate) fn once(mut what: impl FnMut()) -> Duration {
    const BATCH: u32 = 50;
    let mut batches: Vec<_> = (0..100)
        .map(|_| {
            let began = Instant::now();
            (0..BATCH).for_each(|_| what());
            began.elapsed() / BATCH
        })
        .collect();
    batches.sort_unstable();
    batches[50]
}

/// The same request again and again, of each client its own.
pub(crate) async fn repeat(server: &Server, requests: Vec<String>, count: usize, status: u16) -> Cost {
    let before = server.cpu();
    let clients =
        (0..CLIENTS).map(|client| (requests[client % requests.len()].clone(), count / CLIENTS)).collect();
    let timings =
        run(server.port, clients, async move |client: &mut Client, (request, left): &mut (String, usize)| {
            if *left == 0 {
                return false;
            }
            *left -= 1;
            let answer = client.send(request).await;
            assert_eq!(answer.status, status, "{}\n{}", answer.head, answer.body);
            true
        })
        .await;
    Cost::of(server, timings, before)
}
