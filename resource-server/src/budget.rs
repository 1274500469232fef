//! What one request, one person and everybody together may use. Every limit of these layers stands here.
//!
//! | what | limit | beyond it |
//! |---|---|---|
//! | a token | [`TOKEN_BYTES`] | 401, before any cryptography |
//! | a message | [`MESSAGE_BYTES`], [`MESSAGE_SECONDS`] | 413, 408 |
//! | its nesting, its values | [`MESSAGE_DEPTH`], [`MESSAGE_VALUES`] | 400, 413 |
//! | calls under way, streams among them | [`CALLS`], of one person [`CALLS_OF_ONE`] | 503, 429 |
//! | messages in work | [`WORKING_BYTES`] | 503 |
//! | sessions | [`SESSIONS`], of one person and client [`SESSIONS_OF_ONE`] | 503; the one unused for longest ends |
//! | the age of a session | [`SESSION_SECONDS`], unused [`SESSION_IDLE_SECONDS`] | 404 |
//! | remembered tokens | [`REMEMBERED_TOKENS`] | the oldest are verified anew |
//!
//! The size of a request's head, the number of connections and the pace of slow peers are limited before these layers,
//! by [`server_kit::listen`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use sha2::{Digest as _, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The longest token that is looked at.
pub const TOKEN_BYTES: usize = 8 * 1024;
/// The longest message.
pub const MESSAGE_BYTES: usize = 64 * 1024;
/// A message has to be here within this time.
pub const MESSAGE_SECONDS: u64 = 10;
/// How deep objects and arrays may stand in each other.
pub const MESSAGE_DEPTH: usize = 32;
/// How many values a message may consist of. In the memory of a parser, the smallest costs a hundred times its byte.
pub const MESSAGE_VALUES: usize = 4096;
/// Calls that are being answered at a time.
pub const CALLS: usize = 512;
/// Calls of one person through one client that are being answered at a time.
pub const CALLS_OF_ONE: usize = 32;
/// What the messages of all calls under way may weigh: their bytes, and [`VALUE_BYTES`] for each value.
pub const WORKING_BYTES: usize = 16 * 1024 * 1024;
/// What a value weighs, for it is parsed into memory and lives as long as its call.
pub const VALUE_BYTES: usize = 128;
/// Sessions at a time. rmcp needs some 140 KB for each.
pub const SESSIONS: usize = 128;
/// Sessions of one person through one client at a time.
pub const SESSIONS_OF_ONE: usize = 8;
/// The longest life of a session.
pub const SESSION_SECONDS: u64 = 24 * 3600;
/// The longest rest of a session.
pub const SESSION_IDLE_SECONDS: u64 = 3600;
/// Verified tokens that are remembered.
pub const REMEMBERED_TOKENS: usize = 1024;
/// While a stream is open, its token is judged again after so many seconds.
pub const STREAM_CHECK_SECONDS: u64 = 5;

/// Permits are counted in pieces of so many bytes.
const WEIGHT_UNIT: usize = 1024;

/// Who calls: a person through a client, as a hash of the two, so that every caller takes the same little room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Caller([u8; 32]);

impl Caller {
    pub(crate) fn of(subject: &str, client_id: &str) -> Self {
        // No subject has a line break in it.
        let text = Sha256::new().chain_update(subject).chain_update("\n").chain_update(client_id);
        Self(text.finalize().into())
    }
}

/// There is no place left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exhausted {
    /// For this caller.
    OfOne,
    /// For anybody.
    Everybodys,
}

/// The calls under way.
pub(crate) struct Calls {
    all: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    of_one: Mutex<HashMap<Caller, usize>>,
}

impl Calls {
    pub(crate) fn new() -> Self {
        Self {
            all: Arc::new(Semaphore::new(CALLS)),
            bytes: Arc::new(Semaphore::new(WORKING_BYTES / WEIGHT_UNIT)),
            of_one: Mutex::new(HashMap::new()),
        }
    }

    /// Takes a turn. Nobody waits: a queue would only be one more thing to fill.
    pub(crate) fn begin(self: &Arc<Self>, caller: Caller) -> Result<Turn, Exhausted> {
        let place = Arc::clone(&self.all).try_acquire_owned().map_err(|_| Exhausted::Everybodys)?;
        let mut of_one = self.of_one.lock().unwrap_or_else(PoisonError::into_inner);
        let count = of_one.entry(caller).or_default();
        if *count >= CALLS_OF_ONE {
            return Err(Exhausted::OfOne);
        }
        *count += 1;
        Ok(Turn { calls: Arc::clone(self), caller, _place: place, weight: OnceLock::new() })
    }
}

/// A call under way. It is over when this is dropped.
pub(crate) struct Turn {
    calls: Arc<Calls>,
    caller: Caller,
    _place: OwnedSemaphorePermit,
    weight: OnceLock<OwnedSemaphorePermit>,
}

impl Turn {
    /// Adds the weight of the call's message.
    pub(crate) fn weigh(&self, bytes: usize) -> Result<(), Exhausted> {
        let units = u32::try_from(bytes.div_ceil(WEIGHT_UNIT)).map_err(|_| Exhausted::Everybodys)?;
        let weight = Arc::clone(&self.calls.bytes).try_acquire_many_owned(units);
        // A call has one message.
        let _ = self.weight.set(weight.map_err(|_| Exhausted::Everybodys)?);
        Ok(())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut of_one = self.calls.of_one.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = of_one.get_mut(&self.caller) {
            *count -= 1;
            if *count == 0 {
                of_one.remove(&self.caller);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(name: &str) -> Caller {
        Caller::of(name, "c")
    }

    #[test]
    fn nobody_takes_the_turns_of_others_and_a_turn_comes_back() {
        let calls = Arc::new(Calls::new());
        let mut turns: Vec<_> = (0..CALLS_OF_ONE).map(|_| calls.begin(caller("ada")).unwrap()).collect();
        assert_eq!(calls.begin(caller("ada")).err(), Some(Exhausted::OfOne));
        let grace = calls.begin(caller("grace")).unwrap();
        drop(turns.pop());
        turns.push(calls.begin(caller("ada")).unwrap());
        drop(turns);
        drop(grace);
        assert!(calls.of_one.lock().unwrap().is_empty(), "nobody is remembered");
    }

    #[test]
    fn all_together_have_so_many_turns() {
        let calls = Arc::new(Calls::new());
        let names = (0..CALLS).map(|i| caller(&(i / CALLS_OF_ONE).to_string()));
        let turns: Vec<_> = names.map(|name| calls.begin(name).unwrap()).collect();
        assert_eq!(calls.begin(caller("late")).err(), Some(Exhausted::Everybodys));
        drop(turns);
        assert!(calls.begin(caller("late")).is_ok());
    }

    #[test]
    fn messages_in_work_have_a_weight() {
        let calls = Arc::new(Calls::new());
        let heavy = calls.begin(caller("a")).unwrap();
        assert_eq!(heavy.weigh(WORKING_BYTES - WEIGHT_UNIT), Ok(()));
        let light = calls.begin(caller("b")).unwrap();
        assert_eq!(light.weigh(WEIGHT_UNIT + 1), Err(Exhausted::Everybodys));
        assert_eq!(light.weigh(1), Ok(()));
        drop(heavy);
        assert_eq!(calls.begin(caller("c")).unwrap().weigh(WORKING_BYTES / 2), Ok(()));
    }
}
