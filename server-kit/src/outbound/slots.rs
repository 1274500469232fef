//! How many fetches run at once: in all, and for one host, so that a slow host cannot take the slots of the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use super::FetchError;

/// Fetches that run at once.
const MAX_RUNNING: usize = 32;
/// Of them, for one host.
pub(super) const MAX_RUNNING_PER_HOST: usize = 4;
/// Fetches that run or wait for their turn. More are refused at once: waiting costs memory, too.
const MAX_QUEUED: usize = 512;
/// Of them, for one host.
pub(super) const MAX_QUEUED_PER_HOST: usize = 32;

/// The queue of all hosts.
pub(super) struct Slots {
    running: Semaphore,
    hosts: Mutex<HashMap<String, Host>>,
}

/// The queue of one host. It exists while somebody stands in it.
struct Host {
    running: Arc<Semaphore>,
    queued: usize,
}

/// The right to fetch from a host; given back when it is dropped, also when the fetch is abandoned.
pub(super) struct Turn<'a> {
    _running: SemaphorePermit<'a>,
    _of_host: OwnedSemaphorePermit,
    _place: Place<'a>,
}

impl Slots {
    pub(super) fn new() -> Self {
        Self { running: Semaphore::new(MAX_RUNNING), hosts: Mutex::default() }
    }

    /// Waits for a turn. A host's own queue comes first: the common one only sees as many of its fetches as may run.
    pub(super) async fn turn(&self, host: &str) -> Result<Turn<'_>, FetchError> {
        let (place, of_host) = self.place(host).ok_or(FetchError::Busy)?;
        let of_host = of_host.acquire_owned().await.map_err(|_| FetchError::Busy)?;
        let running = self.running.acquire().await.map_err(|_| FetchError::Busy)?;
        Ok(Turn { _running: running, _of_host: of_host, _place: place })
    }

    fn place(&self, host: &str) -> Option<(Place<'_>, Arc<Semaphore>)> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let queued: usize = hosts.values().map(|host| host.queued).sum();
        let of_host = hosts.get(host).map_or(0, |host| host.queued);
        if queued >= MAX_QUEUED || of_host >= MAX_QUEUED_PER_HOST {
            return None;
        }
        let entry = hosts
            .entry(host.to_owned())
            .or_insert_with(|| Host { running: Arc::new(Semaphore::new(MAX_RUNNING_PER_HOST)), queued: 0 });
        entry.queued += 1;
        Some((Place { hosts: &self.hosts, host: host.to_owned() }, Arc::clone(&entry.running)))
    }
}

/// A place in a host's queue.
struct Place<'a> {
    hosts: &'a Mutex<HashMap<String, Host>>,
    host: String,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(host) = hosts.get_mut(&self.host) {
            host.queued -= 1;
            if host.queued == 0 {
                hosts.remove(&self.host);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    /// What is there without waiting.
    fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            std::task::Poll::Ready(value) => Some(value),
            std::task::Poll::Pending => None,
        }
    }

    #[test]
    fn one_host_cannot_take_all_slots() {
        let slots = Slots::new();
        let turns: Vec<_> =
            (0..MAX_RUNNING_PER_HOST).map(|_| at_once(slots.turn("slow.example")).unwrap()).collect();
        assert!(turns.iter().all(Result::is_ok));
        assert!(at_once(slots.turn("slow.example")).is_none(), "the next one waits");
        assert!(at_once(slots.turn("other.example")).is_some());
        drop(turns);
        assert!(at_once(slots.turn("slow.example")).is_some());
        assert!(slots.hosts.lock().unwrap().is_empty(), "nothing is kept of hosts that nobody asks");
    }

    #[test]
    fn queues_are_bounded_for_one_host_and_for_all() {
        let slots = Slots::new();
        let _places: Vec<_> =
            (0..MAX_QUEUED_PER_HOST).map(|_| slots.place("slow.example").unwrap().0).collect();
        assert!(matches!(at_once(slots.turn("slow.example")), Some(Err(FetchError::Busy))));
        assert!(at_once(slots.turn("other.example")).unwrap().is_ok());
        let _others: Vec<_> = (MAX_QUEUED_PER_HOST..MAX_QUEUED)
            .map(|i| slots.place(&format!("{i}.example")).unwrap().0)
            .collect();
        assert!(matches!(at_once(slots.turn("other.example")), Some(Err(FetchError::Busy))));
    }
}
