//! Rate limits on what somebody may get wrong. They count failures, so whoever gets it right never meets them; they are
//! kept by address and by what was typed, never by whether it exists, so they tell nothing.
//!
//! Each limit is a bucket that fills by one with every failure and drains steadily. All that is kept of it is the moment
//! at which it will be empty (the "generic cell rate algorithm").
//!
//! Spec: OAuth 2.1 §2.4.1, §7.7 (brute force); NIST SP 800-63B-4 §3.2.2.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use protocol::ids::UnixTime;
use sha2::{Digest as _, Sha256};

use super::peer::Peer;
use super::state::Server;

/// How many buckets are kept at most: two megabytes, whatever a flood brings.
const MAX_BUCKETS: usize = 65_536;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    /// Wrong passwords from one address for one account.
    SignInHere,
    /// Wrong passwords from one address, whatever the accounts.
    SignInAddress,
    /// Wrong passwords for one account from everywhere: so many that nobody can lock somebody else out by the way, and
    /// so few that a crowd of addresses guesses no faster than one a second.
    SignInAccount,
    /// Wrong codes, tokens and secrets of clients, from one address.
    Token,
    /// Wrong secrets of resource servers, from one address.
    Introspection,
    /// New clients from one address.
    Registration,
}

impl Limit {
    /// So many at once, and again so many in the course of so many seconds.
    fn rule(self) -> (u64, u64) {
        match self {
            Self::SignInHere => (10, 900),
            Self::SignInAddress => (100, 900),
            Self::SignInAccount => (3600, 3600),
            Self::Token | Self::Introspection => (120, 60),
            Self::Registration => (30, 3600),
        }
    }
}

/// A limit is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMany {
    /// After so many seconds the next one is heard.
    pub(super) retry_after: u64,
}

/// The buckets of all limits.
#[derive(Debug, Default)]
pub(super) struct RateLimits {
    /// The moment, in milliseconds, at which each is empty.
    buckets: Mutex<HashMap<[u8; 16], u64>>,
}

/// What is counted together. Only a hash is kept, so that a bucket has one size whatever somebody typed.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    limit: Limit,
    key: [u8; 16],
}

impl Bucket {
    fn new(limit: Limit, network: Option<IpAddr>, account: Option<&str>) -> Self {
        let hash = Sha256::digest(format!("{limit:?} {network:?} {account:?}"));
        let mut key = [0; 16];
        key.copy_from_slice(&hash[..16]);
        Self { limit, key }
    }
}

/// A try that was counted before its outcome is known: many at once cannot outrun the limit.
#[derive(Debug)]
pub(super) struct Attempt<'a> {
    limits: &'a RateLimits,
    buckets: Vec<Bucket>,
    now: UnixTime,
}

impl Attempt<'_> {
    /// It was no failure: it does not count after all.
    pub(super) fn take_back(self) {
        let mut buckets = self.limits.lock();
        for bucket in self.buckets {
            if let Some(empty_at) = buckets.get_mut(&bucket.key) {
                *empty_at = empty_at.saturating_sub(cost(bucket.limit)).max(millis(self.now));
            }
        }
    }
}

impl RateLimits {
    /// Counts a try to sign in. It stays counted unless it is taken back.
    pub(super) fn sign_in(&self, peer: Peer, account: &str, now: UnixTime) -> Result<Attempt<'_>, TooMany> {
        let network = Some(peer.network());
        let here = Bucket::new(Limit::SignInHere, network, Some(account));
        let address = Bucket::new(Limit::SignInAddress, network, None);
        let account = Bucket::new(Limit::SignInAccount, None, Some(account));
        self.attempt(vec![here, address, account], now)
    }

    /// Whether this address is still heard.
    fn check(&self, limit: Limit, peer: Peer, now: UnixTime) -> Result<(), TooMany> {
        check(&self.lock(), &[Bucket::new(limit, Some(peer.network()), None)], now)
    }

    /// Counts a failure of this address.
    fn count(&self, limit: Limit, peer: Peer, now: UnixTime) {
        count(&mut self.lock(), &[Bucket::new(limit, Some(peer.network()), None)], now);
    }

    /// Counts a registration, if this address may still register a client. It stays counted unless it is taken back.
    pub(super) fn registration(&self, peer: Peer, now: UnixTime) -> Result<Attempt<'_>, TooMany> {
        self.attempt(vec![Bucket::new(Limit::Registration, Some(peer.network()), None)], now)
    }

    fn attempt(&self, buckets: Vec<Bucket>, now: UnixTime) -> Result<Attempt<'_>, TooMany> {
        let mut kept = self.lock();
        check(&kept, &buckets, now)?;
        count(&mut kept, &buckets, now);
        drop(kept);
        Ok(Attempt { limits: self, buckets, now })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 16], u64>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers if this address is still heard, and counts what may have been a guess. Nothing is counted before its outcome
/// is known, so whoever gets it right is never refused for being quick.
pub(super) async fn guard<T, E: From<TooMany>>(
    server: &Server,
    limit: Limit,
    peer: Peer,
    answer: impl Future<Output = Result<T, E>>,
    is_guess: impl FnOnce(&E) -> bool,
) -> Result<T, E> {
    server.limits.check(limit, peer, server.clock.now())?;
    let answer = answer.await;
    if answer.as_ref().is_err_and(is_guess) {
        server.limits.count(limit, peer, server.clock.now());
    }
    answer
}

/// Milliseconds that one failure fills.
fn cost(limit: Limit) -> u64 {
    let (burst, seconds) = limit.rule();
    seconds * 1000 / burst
}

fn millis(time: UnixTime) -> u64 {
    time.0.saturating_mul(1000)
}

/// Milliseconds until a full bucket is empty.
fn full(limit: Limit) -> u64 {
    limit.rule().1 * 1000
}

/// How full a bucket is, in milliseconds until it is empty. One that is fuller than full was filled under another
/// clock: when a clock is set back, nobody is to be shut out until it is that late again.
fn level(kept: &HashMap<[u8; 16], u64>, bucket: Bucket, now: UnixTime) -> u64 {
    let empty_at = kept.get(&bucket.key).copied().unwrap_or(0);
    let level = empty_at.saturating_sub(millis(now));
    if level > full(bucket.limit) { 0 } else { level }
}

fn check(kept: &HashMap<[u8; 16], u64>, buckets: &[Bucket], now: UnixTime) -> Result<(), TooMany> {
    let too_full =
        |bucket: &Bucket| (level(kept, *bucket, now) + cost(bucket.limit)).saturating_sub(full(bucket.limit));
    match buckets.iter().map(too_full).max() {
        None | Some(0) => Ok(()),
        Some(millis) => Err(TooMany { retry_after: millis.div_ceil(1000) }),
    }
}

fn count(kept: &mut HashMap<[u8; 16], u64>, buckets: &[Bucket], now: UnixTime) {
    if kept.len() + buckets.len() > MAX_BUCKETS {
        make_room(kept, now);
    }
    for bucket in buckets {
        let level = (level(kept, *bucket, now) + cost(bucket.limit)).min(full(bucket.limit));
        kept.insert(bucket.key, millis(now) + level);
    }
}

/// Drops empty buckets; if that is not enough, the quarter that would be empty first. So a flood of single failures
/// cannot wash away the fullest ones, and the work is done once in a quarter of a flood.
fn make_room(kept: &mut HashMap<[u8; 16], u64>, now: UnixTime) {
    let now = millis(now);
    kept.retain(|_, empty_at| *empty_at > now);
    if kept.len() > MAX_BUCKETS / 4 * 3 {
        let mut moments: Vec<u64> = kept.values().copied().collect();
        let (_, limit, _) = moments.select_nth_unstable(MAX_BUCKETS / 4);
        let limit = *limit;
        kept.retain(|_, empty_at| *empty_at > limit);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const NOW: UnixTime = UnixTime(1_800_000_000);

    fn peer(last: u32) -> Peer {
        Peer::from(IpAddr::V4(Ipv4Addr::from_bits(0xc000_0200 + last)))
    }

    #[test]
    fn ten_wrong_passwords_then_one_every_ninety_seconds() {
        let limits = RateLimits::default();
        for _ in 0..10 {
            limits.sign_in(peer(1), "ada", NOW).unwrap();
        }
        assert_eq!(limits.sign_in(peer(1), "ada", NOW).unwrap_err(), TooMany { retry_after: 90 });
        assert_eq!(limits.sign_in(peer(1), "ada", NOW.plus(89)).unwrap_err(), TooMany { retry_after: 1 });
        assert!(limits.sign_in(peer(1), "ada", NOW.plus(90)).is_ok());
        assert!(limits.sign_in(peer(1), "ada", NOW.plus(90)).is_err());
        assert!(limits.sign_in(peer(1), "bob", NOW).is_ok(), "another account");
        assert!(
            limits.sign_in(peer(2), "ada", NOW).is_ok(),
            "another address: nobody is locked out by a stranger"
        );
    }

    #[test]
    fn one_address_cannot_try_many_accounts() {
        let limits = RateLimits::default();
        for i in 0..100 {
            limits.sign_in(peer(1), &format!("name{i}"), NOW).unwrap();
        }
        assert_eq!(limits.sign_in(peer(1), "ada", NOW).unwrap_err(), TooMany { retry_after: 9 });
        assert!(limits.sign_in(peer(2), "ada", NOW).is_ok());
    }

    #[test]
    fn a_crowd_guesses_at_one_account_no_faster_than_once_a_second() {
        let limits = RateLimits::default();
        let mut heard = 0;
        for i in 0..5000 {
            heard += u32::from(limits.sign_in(peer(i), "ada", NOW).is_ok());
        }
        assert_eq!(heard, 3600);
        assert_eq!(limits.sign_in(peer(6000), "ada", NOW).unwrap_err(), TooMany { retry_after: 1 });
        assert!(limits.sign_in(peer(6000), "ada", NOW.plus(1)).is_ok());
    }

    #[test]
    fn what_is_taken_back_never_counted() {
        let limits = RateLimits::default();
        for _ in 0..1000 {
            limits.sign_in(peer(1), "ada", NOW).unwrap().take_back();
        }
        let both =
            (limits.sign_in(peer(1), "ada", NOW).unwrap(), limits.sign_in(peer(1), "ada", NOW).unwrap());
        both.0.take_back();
        let left = (0..20).filter(|_| limits.sign_in(peer(1), "ada", NOW).is_ok()).count();
        assert_eq!(left, 9);
    }

    #[test]
    fn a_clock_that_is_set_back_shuts_nobody_out() {
        let limits = RateLimits::default();
        for _ in 0..120 {
            limits.count(Limit::Token, peer(1), NOW.plus(1_000_000_000));
        }
        assert!(limits.check(Limit::Token, peer(1), NOW.plus(1_000_000_000)).is_err());
        for _ in 0..120 {
            assert!(limits.check(Limit::Token, peer(1), NOW).is_ok());
            limits.count(Limit::Token, peer(1), NOW);
        }
        assert_eq!(limits.check(Limit::Token, peer(1), NOW), Err(TooMany { retry_after: 1 }));
    }

    #[test]
    fn failures_that_were_under_way_together_fill_no_more_than_the_bucket() {
        let limits = RateLimits::default();
        for _ in 0..1000 {
            limits.count(Limit::Token, peer(1), NOW);
        }
        assert_eq!(limits.check(Limit::Token, peer(1), NOW), Err(TooMany { retry_after: 1 }));
        assert!(limits.check(Limit::Token, peer(1), NOW.plus(1)).is_ok());
    }

    #[test]
    fn a_flood_of_addresses_costs_bounded_memory_and_forgets_the_worst_last() {
        let limits = RateLimits::default();
        for _ in 0..120 {
            limits.count(Limit::Token, peer(0), NOW);
        }
        for i in 1..200_000 {
            limits.count(Limit::Token, peer(i), NOW);
        }
        assert!(limits.lock().len() <= MAX_BUCKETS);
        assert!(limits.check(Limit::Token, peer(0), NOW).is_err());
        limits.count(Limit::Token, peer(0), NOW.plus(3600));
        for i in 0..MAX_BUCKETS {
            limits.count(Limit::Token, peer(u32::try_from(i).unwrap()), NOW.plus(3600));
        }
        assert!(limits.check(Limit::Token, peer(1), NOW.plus(3600)).is_ok(), "what is over makes room");
    }

    #[test]
    fn registrations_are_counted_by_address() {
        let limits = RateLimits::default();
        for _ in 0..30 {
            limits.registration(peer(1), NOW).unwrap();
        }
        assert_eq!(limits.registration(peer(1), NOW).unwrap_err(), TooMany { retry_after: 120 });
        assert!(limits.registration(peer(2), NOW).is_ok());
    }
}
