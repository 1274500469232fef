//! Who asks in vain has to wait: fetches cost others something, and a stranger can ask for any number of them.
//!
//! Nothing is remembered about what was answered: no error stands in for a later answer. It is only not asked again
//! right away.
//!
//! Spec: Client ID Metadata Document draft -00 §4.4 (errors are not cached), §6.6.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use protocol::cimd::ClientIdUrl;
use protocol::ids::UnixTime;

/// So often a URL may fail in a row before it has to wait: somebody is repairing a document.
const FREE_FAILURES: u32 = 3;
/// Then it is asked once in so many seconds.
const PAUSE: u64 = 10;
/// A host is asked so often a minute for URLs at which there was no valid document lately.
const MAX_PER_HOST: u32 = 60;
/// How many URLs and hosts are remembered, and for how long after their last attempt.
const MAX_REMEMBERED: usize = 4096;
const REMEMBERED: u64 = 60;

/// What was tried lately.
#[derive(Default)]
pub(super) struct Attempts {
    failures: Mutex<HashMap<ClientIdUrl, Count>>,
    hosts: Mutex<HashMap<String, Count>>,
}

#[derive(Clone, Copy)]
struct Count {
    count: u32,
    since: UnixTime,
}

impl Attempts {
    /// Whether this URL may be asked now; counts it. `known`: there was a valid document lately, so it is not one of many
    /// that somebody invents, and the others do not use up its turn.
    pub(super) fn allow(&self, url: &ClientIdUrl, known: bool, now: UnixTime) -> bool {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = |failed: &Count| failed.count >= FREE_FAILURES && now.since(failed.since) < PAUSE;
        if failures.get(url).is_some_and(waits) {
            return false;
        }
        drop(failures);
        known || self.count_host(url.authority(), now)
    }

    fn count_host(&self, host: &str, now: UnixTime) -> bool {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        forget(&mut hosts, now);
        let asked = hosts.entry(host.to_ascii_lowercase()).or_insert(Count { count: 0, since: now });
        if asked.count >= MAX_PER_HOST {
            return false;
        }
        asked.count += 1;
        true
    }

    /// The URL was asked, in vain.
    pub(super) fn failed(&self, url: &ClientIdUrl, now: UnixTime) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        forget(&mut failures, now);
        let failed = failures.entry(url.clone()).or_insert(Count { count: 0, since: now });
        *failed = Count { count: failed.count.saturating_add(1), since: now };
    }

    /// There is a valid document.
    pub(super) fn succeeded(&self, url: &ClientIdUrl) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(url);
    }
}

/// Makes room: what is old goes, and if that is not enough, everything; then some are asked a few times too often.
fn forget<K: Eq + Hash>(counts: &mut HashMap<K, Count>, now: UnixTime) {
    counts.retain(|_, count| now.since(count.since) < REMEMBERED);
    if counts.len() >= MAX_REMEMBERED {
        counts.clear();
    }
}

#[cfg(test)]
mod tests {
    use protocol::loopback::LoopbackPolicy;

    use super::*;

    const NOW: UnixTime = UnixTime(1000);

    fn url(text: &str) -> ClientIdUrl {
        ClientIdUrl::parse(text, LoopbackPolicy::HttpsOnly).unwrap()
    }

    #[test]
    fn a_url_that_only_fails_has_to_wait() {
        let attempts = Attempts::default();
        let (failing, other) = (url("https://c.example/c"), url("https://c.example/other"));
        for _ in 0..FREE_FAILURES {
            assert!(attempts.allow(&failing, false, NOW));
            attempts.failed(&failing, NOW);
        }
        assert!(!attempts.allow(&failing, false, NOW));
        assert!(!attempts.allow(&failing, true, NOW.plus(PAUSE - 1)));
        assert!(attempts.allow(&other, false, NOW), "another URL of the host is not touched");
        let later = NOW.plus(PAUSE);
        assert!(attempts.allow(&failing, false, later));
        attempts.failed(&failing, later);
        assert!(!attempts.allow(&failing, false, later), "once in a while, not three times again");
        attempts.succeeded(&failing);
        assert!(attempts.allow(&failing, false, later));
    }

    #[test]
    fn a_host_is_not_asked_for_ever_new_urls() {
        let attempts = Attempts::default();
        for i in 0..MAX_PER_HOST {
            assert!(attempts.allow(&url(&format!("https://c.example/{i}")), false, NOW));
        }
        let new = url("https://C.example/new");
        assert!(!attempts.allow(&new, false, NOW));
        assert!(attempts.allow(&new, true, NOW), "a client that is known is not locked out by invented ones");
        assert!(attempts.allow(&url("https://other.example/new"), false, NOW));
        assert!(attempts.allow(&new, false, NOW.plus(REMEMBERED)));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let attempts = Attempts::default();
        for i in 0..MAX_REMEMBERED + 100 {
            let url = url(&format!("https://{i}.example/c"));
            attempts.allow(&url, false, NOW);
            attempts.failed(&url, NOW);
        }
        assert!(attempts.failures.lock().unwrap().len() <= MAX_REMEMBERED);
        assert!(attempts.hosts.lock().unwrap().len() <= MAX_REMEMBERED);
    }
}
