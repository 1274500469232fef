//! What the layers in front of an MCP server cost, over real sockets: `just bench`.
//!
//! The same small rmcp service is served protected and unprotected, and beside it a few lines of bare axum, each as a
//! process of its own on one processor; the clients are on another. Processor time is the server's, in the program and in
//! the kernel. Figures of one run can be compared with each other, not with those of another machine or moment; so the
//! bare cost of checking a signature is measured in the same run.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark that cannot go on must stop")]

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

#[path = "../../../resource-server/tests/layers/issuer.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod issuer;
#[path = "../common/load.rs"]
#[expect(dead_code, reason = "the authorization server's benchmark needs more of it")]
mod load;
#[path = "../common/process.rs"]
mod process;
mod requests;
mod server;

use issuer::{Key, Keys};
use load::{CLIENTS, Client, Cost, repeat, run};
use process::Server;
use requests::{Tokens, call_2025, call_2026, initialize, without_token};
use resource_server::budget::{SESSIONS, SESSIONS_OF_ONE};

/// As the programs have it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    if let [_, flag, kind, issuer] = &arguments[..]
        && flag == "--serve"
    {
        return server::serve(kind, issuer);
    }
    let pinned = process::pin_clients();
    // The keys are served from a thread of their own.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let keys = runtime.block_on(Keys::start());
    keys.publish(&[Key::published(), Key::p256()]);
    let local = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    local.block_on(bench(pinned, &keys.issuer));
}

async fn bench(pinned: bool, issuer: &str) {
    let placement =
        if pinned { "server on processor 0, clients on processor 1" } else { "processors shared" };
    println!("{CLIENTS} clients, kept connections, real sockets; {placement}\n");
    let tokens = Tokens::of(issuer);
    Cost::print_head();

    let bare = Server::start(&["bare-401", issuer]);
    let bare_401 = row(&bare, "bare axum: 401", without_token(), 200_000, 401).await;
    drop(bare);
    let bare = Server::start(&["bare-json", issuer]);
    row(&bare, "bare axum: reads JSON, answers", call_2026(""), 200_000, 200).await;
    drop(bare);

    // The very same requests: a token costs something before anybody looks at it.
    let open = Server::start(&["unprotected", issuer]);
    let token = tokens.make(Key::p256(), "ES256", 0);
    let open_2026 = row(&open, "unprotected: call, 2026-07-28", call_2026(&token), 80_000, 200).await;
    let open_2025 = row_2025(&open, "unprotected: call, 2025-11-25", &token, 40_000).await;
    drop(open);

    // No token is sent twice, so that each has to be checked; and the check is measured where it happens, for a processor
    // that does nothing else is faster.
    let checking = Server::start(&["signature", issuer]);
    let mut checks = Vec::new();
    for (key, algorithm) in keys() {
        let call =
            row_new(&checking, &format!("only the signature, {algorithm}"), &tokens, key, algorithm).await;
        let forged = call_2026(&forged(&tokens.make(key, algorithm, 0)));
        let bad = row(&checking, &format!("only the signature, {algorithm}, bad"), forged, 40_000, 401).await;
        checks.push((call.cpu, bad.cpu));
    }
    drop(checking);

    let server = Server::start(&["protected", issuer]);
    let challenge = row(&server, "401 challenge", without_token(), 200_000, 401).await;
    compare("of bare axum's rate", challenge.timings.per_second() / bare_401.timings.per_second());
    for ((key, algorithm), (check, bad)) in keys().into_iter().zip(checks) {
        let token = tokens.make(key, algorithm, 0);
        let seen =
            row(&server, &format!("call, 2026, {algorithm}, seen"), call_2026(&token), 80_000, 200).await;
        beyond("the unprotected call", &seen, open_2026.cpu);
        let seen = row_2025(&server, &format!("call, 2025, {algorithm}, seen"), &token, 40_000).await;
        beyond("the unprotected call", &seen, open_2025.cpu);
        let new = row_new(&server, &format!("call, 2026, {algorithm}, new"), &tokens, key, algorithm).await;
        beyond("only the signature", &new, check);
        let forged = call_2026(&forged(&token));
        let refused = row(&server, &format!("bad signature, {algorithm}"), forged, 40_000, 401).await;
        beyond("only the signature", &refused, bad);
    }
    println!();
    for flooding in [0, CLIENTS - GOOD] {
        beside_a_flood(&server, &tokens, flooding).await;
    }
    let tool_refused = call_2026(&tokens.without_scope(Key::p256()));
    row(&server, "403: scope missing", tool_refused, 100_000, 403).await;
    println!("\n");
    drop(server);
    all_sessions(&Server::start(&["protected", issuer]), &tokens).await;
}

async fn row(server: &Server, name: &str, request: String, count: usize, status: u16) -> Cost {
    // What happens once, happens before.
    repeat(server, vec![request.clone()], CLIENTS * 100, status).await;
    let cost = repeat(server, vec![request], count, status).await;
    println!();
    cost.print(name);
    cost
}

/// Two clients share a session: one caller has no more of them.
async fn row_2025(server: &Server, name: &str, token: &str, count: usize) -> Cost {
    let mut requests = Vec::new();
    for pair in 0..CLIENTS / 2 {
        let mut client = Client::connect(server.port).await;
        let answer = client.send(&initialize(token)).await;
        let session = load::header(&answer.head, "mcp-session-id").expect("a session").to_owned();
        client.send(&requests::initialized(token, &session)).await;
        requests.extend([2 * pair, 2 * pair + 1].map(|id| call_2025(token, &session, id)));
    }
    repeat(server, requests.clone(), CLIENTS * 100, 200).await;
    let cost = repeat(server, requests, count, 200).await;
    println!();
    cost.print(name);
    cost
}

/// No token is sent twice.
async fn row_new(server: &Server, name: &str, tokens: &Tokens, key: &Key, algorithm: &str) -> Cost {
    const COUNT: usize = 16_000;
    let states: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let numbers = (1..=COUNT / CLIENTS).map(move |n| n * CLIENTS + client);
            let calls: Vec<_> = numbers.map(|n| call_2026(&tokens.make(key, algorithm, n))).collect();
            calls.into_iter()
        })
        .collect();
    let before = server.cpu();
    let timings =
        run(server.port, states, async |client: &mut Client, calls: &mut std::vec::IntoIter<String>| {
            let Some(call) = calls.next() else { return false };
            let answer = client.send(&call).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
            true
        })
        .await;
    let cost = Cost::of(server, timings, before);
    println!();
    cost.print(name);
    cost
}

/// Clients that call with a good token while others send bad ones.
const GOOD: usize = 2;

/// How long good calls take while so many others send tokens with bad signatures, each of which has to be checked.
async fn beside_a_flood(server: &Server, tokens: &Tokens, flooding: usize) {
    const CALLS: usize = 4_000;
    let good = call_2026(&tokens.make(Key::p256(), "ES256", 0));
    let bad = call_2026(&forged(&tokens.make(Key::p256(), "ES256", 1)));
    let latencies = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&latencies);
    let clients = (0..GOOD + flooding).map(|client| client < GOOD).collect();
    run(server.port, clients, async move |client: &mut Client, is_good: &mut bool| {
        if seen.borrow().len() >= CALLS {
            return false;
        }
        let (request, status) = if *is_good { (&good, 200) } else { (&bad, 401) };
        let sent = Instant::now();
        assert_eq!(client.send(request).await.status, status);
        if *is_good {
            seen.borrow_mut().push(sent.elapsed());
        }
        true
    })
    .await;
    let mut latencies = latencies.take();
    latencies.sort_unstable();
    let percentile = |percent: usize| latencies[(latencies.len() - 1) * percent / 100];
    println!();
    print!(
        "{GOOD} good clients beside {flooding:>2} with bad tokens    p50 {:.0?}   p99 {:.0?}",
        percentile(50),
        percentile(99)
    );
}

/// What all sessions that there may be take in memory.
async fn all_sessions(server: &Server, tokens: &Tokens) {
    let mut client = Client::connect(server.port).await;
    client.send(&without_token()).await;
    let before = server.resident_mib().unwrap_or_default();
    for session in 0..SESSIONS {
        let token = tokens.of_person(Key::p256(), &format!("p{}", session / SESSIONS_OF_ONE));
        let begun = client.send(&initialize(&token)).await;
        let id = load::header(&begun.head, "mcp-session-id").expect("a session").to_owned();
        client.send(&requests::initialized(&token, &id)).await;
        assert_eq!(client.send(&call_2025(&token, &id, 1)).await.status, 200);
    }
    let resident = server.resident_mib().unwrap_or_default();
    println!("{SESSIONS} sessions: {resident} MiB resident, {before} before");
}

fn compare(what: &str, share: f64) {
    print!("   {:.0} % {what}", 100.0 * share);
}

fn beyond(what: &str, cost: &Cost, other: Option<Duration>) {
    if let (Some(cpu), Some(other)) = (cost.cpu, other) {
        let micros = (cpu.as_secs_f64() - other.as_secs_f64()) * 1e6;
        print!("   {micros:+.1} µs to {what}");
    }
}

fn keys() -> [(&'static Key, &'static str); 2] {
    [(Key::p256(), "ES256"), (Key::published(), "RS256")]
}

/// The same token with another signature of the right length.
fn forged(token: &str) -> String {
    format!("{}AAAAAA", &token[..token.len() - 6])
}
