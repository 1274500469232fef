//! What the authorization server costs, over real sockets, with its database on disk: `just bench`.
//!
//! The server is a process of its own on one processor, the clients are on another. Processor time is the server's, in
//! the program and in the kernel. Figures of one run can be compared with each other, not with those of another
//! machine or moment; so the bare cost of a signature is measured in the same run.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark that cannot go on must stop")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256};

use protocol::token_endpoint::TokenResponse;

#[path = "../common/load.rs"]
mod load;
#[path = "../common/process.rs"]
mod process;
mod server;

use load::{CLIENTS, Client, Cost, Timings, get, header, once, post_form, run};
use process::Server;

/// As the programs have it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    if let [_, flag, algorithm, database, codes] = &arguments[..]
        && flag == "--serve"
    {
        return server::serve(algorithm, Path::new(database), codes.parse().unwrap());
    }
    let pinned = process::pin_clients();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(bench(pinned));
}

async fn bench(pinned: bool) {
    let placement =
        if pinned { "server on processor 0, clients on processor 1" } else { "processors shared" };
    println!("{CLIENTS} clients, kept connections, real sockets, SQLite on disk; {placement}\n");
    let (rs256, es256) = (rs256_alone(), es256_alone());
    println!("a signature alone: RS256 {rs256:.1?}, ES256 {es256:.1?}\n");
    Cost::print_head();

    documents_and_pages().await;
    redemptions("RS256", 20_000, rs256).await;
    redemptions("ES256", 100_000, es256).await;
    refreshes(40_000, es256).await;
    println!("\nfrom the start of the program to its first answer: {:.0?}", first_answer().await);
}

async fn documents_and_pages() {
    let folder = folder();
    let server = start("ES256", &folder, 0);
    repeat(&server, "metadata", 100_000, get("/.well-known/oauth-authorization-server", ""), 200).await;
    let query = protocol::query::encode([
        ("response_type", "code"),
        ("client_id", server::CLIENT_ID),
        ("redirect_uri", server::REDIRECT_URI),
        ("scope", "mcp:connect"),
        ("state", "some-state"),
        ("code_challenge", server::verifier().challenge().as_str()),
        ("code_challenge_method", "S256"),
        ("resource", server::RESOURCE),
    ]);
    let request = get(&format!("/authorize?{query}"), "");
    let mut client = Client::connect(server.port).await;
    let answer = client.send(&request).await;
    let cookie = header(&answer.head, "set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let page = header(&answer.head, "location").unwrap().to_owned();
    repeat(&server, "authorize: request put down", 40_000, request, 303).await;
    // Meanwhile so many requests were put down that the first one had to go.
    let page = if client.send(&get(&page, &format!("Cookie: {cookie}\r\n"))).await.status == 200 {
        page
    } else {
        let query = format!("/authorize?{query}");
        let answer = client.send(&get(&query, &format!("Cookie: {cookie}\r\n"))).await;
        header(&answer.head, "location").unwrap().to_owned()
    };
    repeat(&server, "authorize: sign-in page", 40_000, get(&page, &format!("Cookie: {cookie}\r\n")), 200)
        .await;
}

async fn repeat(server: &Server, name: &str, count: usize, request: String, status: u16) {
    load::repeat(server, vec![request], count, status).await.print(name);
    println!();
}

async fn redemptions(algorithm: &str, codes: usize, signature: Duration) {
    let folder = folder();
    let server = start(algorithm, &folder, codes);
    let before = server.cpu();
    let states = (0..CLIENTS).map(|first| (first..codes).step_by(CLIENTS)).collect();
    let timings =
        run(server.port, states, async |client: &mut Client, numbers: &mut std::iter::StepBy<_>| {
            let Some(number) = numbers.next() else { return false };
            let answer = client.send(&post_form("/token", &redemption(number))).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
            true
        })
        .await;
    report(&server, &format!("code redeemed, {algorithm}"), timings, before, signature);
}

/// A client that has redeemed its code goes on with what it was given last.
struct Refreshing {
    number: usize,
    token: Option<String>,
    left: usize,
}

async fn refreshes(count: usize, signature: Duration) {
    let folder = folder();
    let server = start("ES256", &folder, CLIENTS);
    let before = server.cpu();
    let states =
        (0..CLIENTS).map(|number| Refreshing { number, token: None, left: count / CLIENTS }).collect();
    let timings = run(server.port, states, async |client: &mut Client, state: &mut Refreshing| {
        if state.left == 0 {
            return false;
        }
        state.left -= 1;
        let body = match &state.token {
            None => redemption(state.number),
            Some(token) => protocol::query::encode([
                ("grant_type", "refresh_token"),
                ("refresh_token", token.as_str()),
                ("client_id", server::CLIENT_ID),
            ]),
        };
        let answer = client.send(&post_form("/token", &body)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let tokens: TokenResponse = serde_json::from_str(&answer.body).unwrap();
        state.token = tokens.refresh_token.map(|token| token.reveal().to_owned());
        true
    })
    .await;
    report(&server, "refresh, ES256", timings, before, signature);
}

fn redemption(number: usize) -> String {
    let (code, verifier) = (server::code(number), server::verifier());
    protocol::query::encode([
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("code_verifier", verifier.reveal()),
        ("redirect_uri", server::REDIRECT_URI),
        ("client_id", server::CLIENT_ID),
        ("resource", server::RESOURCE),
    ])
}

fn report(server: &Server, name: &str, timings: Timings, before: Option<Duration>, signature: Duration) {
    let cost = Cost::of(server, timings, before);
    cost.print(name);
    if let Some(cpu) = cost.cpu {
        let share = 100.0 * cost.timings.per_second() * signature.as_secs_f64();
        print!("   {:.0?} beyond the signature; {share:.0} % of its rate", cpu.saturating_sub(signature));
    }
    println!();
}

fn rs256_alone() -> Duration {
    let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let mut signature = vec![0; key.public_modulus_len()];
    once(|| key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &[7; 600], &mut signature).unwrap())
}

fn es256_alone() -> Duration {
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    once(|| {
        key.sign(&SystemRandom::new(), &[7; 600]).unwrap();
    })
}

/// The program as it is installed, with its key made before; asked again and again until it answers.
async fn first_answer() -> Duration {
    let folder = folder();
    drop(start("ES256", &folder, 0));
    let began = Instant::now();
    let server = start("ES256", &folder, 0);
    let answer =
        Client::connect(server.port).await.send(&get("/.well-known/oauth-authorization-server", "")).await;
    assert_eq!(answer.status, 200);
    began.elapsed()
}

fn start(algorithm: &str, folder: &tempfile::TempDir, codes: usize) -> Server {
    let database = folder.path().join("as.sqlite");
    Server::start(&[algorithm.as_ref(), database.as_os_str(), codes.to_string().as_ref()])
}

/// On the disk that holds the build, not in memory.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(PathBuf::from(env!("CARGO_TARGET_TMPDIR"))).unwrap()
}
