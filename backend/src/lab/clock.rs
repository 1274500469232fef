//! The lab's clock: the machine's, or ahead of it, so that one sees tokens expire without waiting.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use protocol::ids::UnixTime;
use server_kit::clock::Clock;

/// All servers of the lab go by it, so they agree on what has expired.
pub(super) struct LabClock {
    machine: Arc<dyn Clock>,
    ahead: AtomicU64,
}

impl LabClock {
    /// A clock that shows the machine's time.
    pub(super) fn new(machine: Arc<dyn Clock>) -> Self {
        Self { machine, ahead: AtomicU64::new(0) }
    }

    /// Sets it ahead by so many seconds more.
    pub(super) fn advance(&self, seconds: u64) {
        self.ahead.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Back to the machine's time.
    pub(super) fn reset(&self) {
        self.ahead.store(0, Ordering::SeqCst);
    }

    /// By how many seconds it is ahead.
    pub(super) fn ahead(&self) -> u64 {
        self.ahead.load(Ordering::SeqCst)
    }
}

impl Clock for LabClock {
    fn now(&self) -> UnixTime {
        self.machine.now().plus(self.ahead())
    }

    fn now_ms(&self) -> u64 {
        self.machine.now_ms().saturating_add(self.ahead().saturating_mul(1000))
    }
}

#[cfg(test)]
mod tests {
    use server_kit::clock::FixedClock;

    use super::*;

    #[test]
    fn it_goes_ahead_and_comes_back() {
        let clock = LabClock::new(Arc::new(FixedClock::at(UnixTime(1000))));
        clock.advance(60);
        clock.advance(5);
        assert_eq!((clock.now(), clock.now_ms(), clock.ahead()), (UnixTime(1065), 1_065_000, 65));
        clock.reset();
        assert_eq!((clock.now(), clock.ahead()), (UnixTime(1000), 0));
    }
}
