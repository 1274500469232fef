//! What a request costs at the MCP server, beside the bare cryptography that it contains: `just bench`.
//!
//! Requests go through the whole router, in process: everything but the socket. Figures of one run can be compared
//! with each other, not with those of another machine or moment.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a benchmark that cannot go on must stop")]

use std::future::Future;
use std::time::{Duration, Instant};

use serde_json::json;

#[path = "../tests/mcp_server/support.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod support;

use support::{Key, Server, call, post};

/// Each measurement lasts about this long, after a tenth of it to warm up.
const LASTS: Duration = Duration::from_secs(2);

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        println!("one thread, whole router, no socket\n");
        let server = Server::start().await;
        let (header, claims) = (Server::header(), server.claims("mcp:connect"));
        measure("RS256 signature alone", async || {
            std::hint::black_box(Key::published().sign(&header, &claims));
        })
        .await;
        let message = call("whoami", &json!({})).to_string();
        measure("401: no credentials", async || {
            assert_eq!(server.send(post(&message, None)).await.status, 401);
        })
        .await;
        // More scopes under the signature of a real token: it is in range, so it has to be computed.
        let (real, wished) = (server.token("mcp:connect"), server.token("mcp:connect weather:read"));
        let (signed, _) = wished.rsplit_once('.').unwrap();
        let (_, signature) = real.rsplit_once('.').unwrap();
        let forged = format!("Bearer {signed}.{signature}");
        measure("401: forged signature", async || {
            assert_eq!(server.send(post(&message, Some(&forged))).await.status, 401);
        })
        .await;
        let bearer = format!("Bearer {}", server.token("mcp:connect"));
        let weather = call("get_weather", &json!({ "city": "Paris" })).to_string();
        measure("403: scope missing", async || {
            assert_eq!(server.send(post(&weather, Some(&bearer))).await.status, 403);
        })
        .await;
        measure("200: whoami", async || {
            assert_eq!(server.send(post(&message, Some(&bearer))).await.status, 200);
        })
        .await;
    });
}

/// Repeats something, and prints how long the median of a hundred batches took per repetition.
async fn measure<F: Future<Output = ()>>(name: &str, mut repeat: impl FnMut() -> F) {
    let mut count: u32 = 0;
    let began = Instant::now();
    while began.elapsed() < LASTS / 10 {
        repeat().await;
        count += 1;
    }
    let batch = (count / 10).max(1);
    let mut batches = Vec::with_capacity(100);
    for _ in 0..100 {
        let began = Instant::now();
        for _ in 0..batch {
            repeat().await;
        }
        batches.push(began.elapsed() / batch);
    }
    batches.sort_unstable();
    let (median, worst) = (batches[50], batches[99]);
    let per_second = 1.0 / median.as_secs_f64();
    println!("{name:<24} {median:>10.1?}   worst batch {worst:>10.1?}   {per_second:>8.0} per second");
}
