//! The keys of the authorization server, while requests come and go.

use std::time::Duration;

use resource_server::Clock as _;

use crate::issuer::Key;
use crate::support::{Server, after, say};

/// Whoever sends a request and hangs up cannot keep the keys from the others.
#[tokio::test]
async fn a_fetch_of_keys_outlives_the_request_that_began_it() {
    let server = Server::start().await;
    let token = server.token("connect");
    let hangs_up = server.open(after(&say(1), &token));
    assert!(tokio::time::timeout(Duration::ZERO, hangs_up).await.is_err(), "the keys are not there yet");
    server.send(after(&say(1), &token)).await.is_ok();
    assert_eq!(server.keys.asked(), 1);
}

#[tokio::test]
async fn keys_that_grow_old_are_fetched_while_they_are_used() {
    let server = Server::start().await;
    let token = server.token("connect");
    server.send(after(&say(1), &token)).await.is_ok();
    server.clock.advance(239);
    server.send(after(&say(1), &token)).await.is_ok();
    assert_eq!(server.keys.asked(), 1);
    server.clock.advance(1);
    for _ in 0..3 {
        server.send(after(&say(1), &token)).await.is_ok();
    }
    while server.keys.asked() < 2 {
        tokio::task::yield_now().await;
    }
    server.clock.advance(239);
    server.send(after(&say(1), &token)).await.is_ok();
    assert_eq!(server.keys.asked(), 2, "they are new, and nobody has waited for them");
}

/// As the authorization server does it: a key is published before it signs, and afterwards until its last token has ended.
#[tokio::test]
async fn keys_rotate_under_calls_without_one_refusal() {
    const LEAD: u64 = 660;
    let server = Server::start().await;
    let (old, new) = (Key::p256(), Key::published());
    let mut living = Vec::new();
    for now in (0..4 * LEAD).step_by(20) {
        match now {
            120 => server.keys.publish(&[old, new]),
            1440 => server.keys.publish(&[new]),
            _ => (),
        }
        let signs_anew = now >= 120 + LEAD;
        let token = if signs_anew { server.token_by("RS256", new) } else { server.token_by("ES256", old) };
        living.push((token, now + 600));
        living.retain(|(_, ends)| now < *ends);
        let (oldest, newest) = (&living[0].0, &living[living.len() - 1].0);
        for token in [oldest, newest] {
            server.send(after(&say(1), token)).await.is_ok();
        }
        server.clock.advance(20);
    }
    server.send(after(&say(1), &server.token_by("RS256", new))).await.is_ok();
    let answer = server.send(after(&say(1), &server.token_by("ES256", old))).await;
    assert!(answer.header("www-authenticate").contains("has no such key"), "the old key is dead: {answer:?}");
}

/// What was fetched an hour ahead of the time that it is now is no reason to wait an hour for a new key.
#[tokio::test]
async fn a_clock_that_is_set_back_does_not_keep_new_keys_out() {
    let server = Server::start().await;
    let (old, new) = (Key::p256(), Key::published());
    let start = server.clock.now();
    server.clock.advance(3600);
    server.keys.publish(&[old]);
    server.send(after(&say(1), &server.token_by("ES256", old))).await.is_ok();
    server.clock.set(start);
    server.keys.publish(&[old, new]);
    server.send(after(&say(1), &server.token_by("RS256", new))).await.is_ok();
}

/// What was verified by a key that is published no more has to be verified again, and cannot be. Req: RS-13
#[tokio::test]
async fn a_remembered_token_dies_with_its_key() {
    let server = Server::start().await;
    let token = server.token("connect");
    server.send(after(&say(1), &token)).await.is_ok();
    server.keys.publish(&[Key::foreign()]);
    server.clock.advance(300);
    let answer = server.send(after(&say(1), &token)).await;
    assert!(answer.header("www-authenticate").contains("has no such key"), "{answer:?}");
}

/// Req: F01, RS-21
#[tokio::test]
async fn a_remembered_token_lends_nothing_to_one_that_looks_like_it() {
    let server = Server::start().await;
    let token = server.token("connect");
    server.send(after(&say(1), &token)).await.is_ok();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let other = server.token("connect other");
    let (other_signed, _) = other.rsplit_once('.').unwrap();
    for forged in [format!("{signed}."), format!("{other_signed}.{signature}"), format!("{token}A")] {
        let answer = server.send(after(&say(1), &forged)).await;
        assert_eq!(answer.status, http::StatusCode::UNAUTHORIZED, "{forged}");
    }
    assert_eq!(server.calls(), 1);
}
