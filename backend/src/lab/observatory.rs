//! What the servers of the lab reported about their work, kept for whoever reads it: bounded, in memory, in the order in
//! which requests were answered.
//!
//! [`Observation::seq`] counts requests as they came, so a later one may be told first. A reader who names the last one that
//! it was told gets everything that was told after that, and loses nothing.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use axum::body::Bytes;
use protocol::observation::Observation;
use server_kit::entropy::Entropy;
use tokio::sync::watch;

/// So many observations are kept, enough for a run and the whole catalogue of attacks after it …
const MAX_KEPT: usize = 5000;
/// … of so many bytes in all. Older ones make room.
const MAX_KEPT_BYTES: usize = 16 * 1024 * 1024;
/// So many are taken out at once: whoever reads all of them does not keep those waiting who report.
const BATCH: usize = 64;

/// The observations of one start of the lab.
pub(super) struct Observatory {
    boot: String,
    kept: Mutex<Kept>,
    /// Wakes readers when there is something new. It holds whether the lab ends.
    news: watch::Sender<bool>,
}

/// How many observations a reader has had, or will not get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position(u64);

#[derive(Default)]
struct Kept {
    /// How many have made room already.
    gone: u64,
    bytes: usize,
    entries: VecDeque<Entry>,
}

/// An observation as JSON, and its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) seq: u64,
    pub(super) text: Bytes,
}

/// Some observations in their order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Batch {
    /// How many the reader has missed, because they are not kept any more.
    pub(super) missed: u64,
    pub(super) entries: Vec<Entry>,
    /// Where the reader stands then.
    pub(super) end: Position,
}

impl Observatory {
    /// An empty one. Its name is drawn, so that a reader notices that the lab was started anew.
    pub(super) fn new(entropy: &dyn Entropy) -> Self {
        let [a, b, c, d, ..] = entropy.bytes();
        let boot = format!("{:08x}", u32::from_be_bytes([a, b, c, d]));
        Self { boot, kept: Mutex::default(), news: watch::Sender::default() }
    }

    /// The name of this start of the lab: 8 hexadecimal digits.
    pub(super) fn boot(&self) -> &str {
        &self.boot
    }

    /// Keeps an observation.
    pub(super) fn record(&self, observation: &Observation) {
        // Texts, numbers and lists, which JSON can always express.
        let Ok(text) = serde_json::to_vec(observation) else { return };
        self.kept().push(Entry { seq: observation.seq, text: text.into() });
        self.news.send_modify(|_| ());
    }

    /// Changes with each observation from now on, and becomes `true` when the lab ends.
    pub(super) fn news(&self) -> watch::Receiver<bool> {
        self.news.subscribe()
    }

    /// The lab ends, and nobody has to wait for more.
    pub(super) fn end(&self) {
        self.news.send_replace(true);
    }

    /// Where a reader stands who has had everything, and the number of the last observation, 0 if there is none.
    pub(super) fn newest(&self) -> (Position, u64) {
        let kept = self.kept();
        (kept.end(), kept.entries.back().map_or(0, |entry| entry.seq))
    }

    /// Where a reader stands who was told `<boot>-<seq>` last. Whoever names another start of the lab, or what is not kept,
    /// begins with the first.
    pub(super) fn position(&self, named: &str) -> Position {
        let seq = named.split_once('-').filter(|(boot, _)| *boot == self.boot);
        let seq = seq.and_then(|(_, seq)| seq.parse().ok());
        seq.map_or(Position::default(), |seq| self.kept().behind(seq))
    }

    /// The observations behind this position, so many at once.
    pub(super) fn after(&self, position: Position) -> Batch {
        self.kept().after(position)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn push(&mut self, entry: Entry) {
        self.bytes += entry.text.len();
        self.entries.push_back(entry);
        while self.entries.len() > MAX_KEPT || self.bytes > MAX_KEPT_BYTES {
            let Some(oldest) = self.entries.pop_front() else { break };
            self.bytes -= oldest.text.len();
            self.gone += 1;
        }
    }

    fn end(&self) -> Position {
        Position(self.gone + self.entries.len() as u64)
    }

    fn behind(&self, seq: u64) -> Position {
        let index = self.entries.iter().position(|entry| entry.seq == seq);
        index.map_or(Position::default(), |index| Position(self.gone + index as u64 + 1))
    }

    fn after(&self, position: Position) -> Batch {
        let from = position.0.max(self.gone);
        let skipped = usize::try_from(from - self.gone).unwrap_or(usize::MAX);
        let entries: Vec<_> = self.entries.iter().skip(skipped).take(BATCH).cloned().collect();
        Batch { missed: from - position.0, end: Position(from + entries.len() as u64), entries }
    }
}

#[cfg(test)]
mod tests {
    use server_kit::entropy::SeededEntropy;

    use super::*;

    fn kept(seqs: impl IntoIterator<Item = u64>) -> Kept {
        let mut kept = Kept::default();
        for seq in seqs {
            kept.push(Entry { seq, text: Bytes::from_static(b"x") });
        }
        kept
    }

    fn numbers(batch: &Batch) -> Vec<u64> {
        batch.entries.iter().map(|entry| entry.seq).collect()
    }

    #[test]
    fn a_reader_gets_what_it_has_not_had() {
        let kept = kept([1, 2, 3]);
        assert_eq!(numbers(&kept.after(Position(0))), [1, 2, 3]);
        let last = kept.after(Position(2));
        assert_eq!((numbers(&last), last.missed, last.end), (vec![3], 0, Position(3)));
        assert!(numbers(&kept.after(last.end)).is_empty());
    }

    /// A request that another one is answered for has come later and is told first.
    #[test]
    fn nothing_is_lost_when_a_later_request_is_told_first() {
        let kept = kept([1, 4, 2, 3]);
        assert_eq!(numbers(&kept.after(kept.behind(4))), [2, 3]);
        assert_eq!(numbers(&kept.after(kept.behind(3))), [0; 0]);
        assert_eq!(kept.behind(5), Position(0), "not told yet: better twice than never");
    }

    #[test]
    fn the_oldest_make_room_and_a_reader_is_told_how_many_it_missed() {
        let kept = kept(1..=MAX_KEPT as u64 + 5);
        assert_eq!((kept.entries.len(), kept.bytes), (MAX_KEPT, MAX_KEPT));
        let batch = kept.after(Position(2));
        assert_eq!(batch.missed, 3);
        assert_eq!(numbers(&batch), (6..6 + BATCH as u64).collect::<Vec<_>>());
        assert_eq!(kept.after(Position(5)).missed, 0);
        assert_eq!(kept.behind(5), Position(0), "it is not kept any more");
    }

    #[test]
    fn bytes_are_bounded_too() {
        let mut kept = Kept::default();
        for (seq, length) in [(1, MAX_KEPT_BYTES / 2), (2, MAX_KEPT_BYTES / 2), (3, 1)] {
            kept.push(Entry { seq, text: vec![b'x'; length].into() });
        }
        assert_eq!((kept.entries.len(), kept.bytes, kept.gone), (2, MAX_KEPT_BYTES / 2 + 1, 1));
    }

    #[test]
    fn a_position_is_found_by_the_name_of_the_start_and_the_number() {
        let observatory = Observatory::new(&SeededEntropy::new(1));
        *observatory.kept() = kept([1, 2, 3]);
        let boot = observatory.boot();
        assert_eq!(boot.len(), 8);
        assert_eq!(observatory.position(&format!("{boot}-2")), Position(2));
        for unknown in ["", "2", "00000000-2", "-", &format!("{boot}-8"), &format!("{boot}-x"), boot] {
            assert_eq!(observatory.position(unknown), Position(0), "{unknown}");
        }
        assert_eq!(observatory.newest(), (Position(3), 3));
    }
}
