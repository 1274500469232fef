//! What the servers of the lab reported about their work, kept for whoever reads it: numbered, bounded, in memory.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use axum::body::Bytes;
use protocol::observation::Observation;
use server_kit::entropy::Entropy;
use tokio::sync::watch;

/// So many observations are kept …
const MAX_KEPT: usize = 2000;
/// … of so many bytes in all. Older ones make room.
const MAX_KEPT_BYTES: usize = 16 * 1024 * 1024;
/// So many are taken out at once: whoever reads all of them does not keep those waiting who report.
const BATCH: usize = 64;

/// The observations of one start of the lab.
pub(super) struct Observatory {
    boot: String,
    kept: Mutex<Kept>,
    news: watch::Sender<News>,
}

/// What is new.
#[derive(Clone, Copy, Default)]
pub(super) struct News {
    /// The number of the newest observation; 0 if there is none yet.
    pub(super) newest: u64,
    /// The lab ends.
    pub(super) ended: bool,
}

#[derive(Default)]
struct Kept {
    newest: u64,
    bytes: usize,
    /// The last one has the number `newest`, the one before it one less, and so on.
    texts: VecDeque<Bytes>,
}

/// Some observations in their order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Batch {
    /// The first and the last number of those that the reader has missed: they are not kept any more.
    pub(super) missed: Option<(u64, u64)>,
    /// Numbers, and observations as JSON.
    pub(super) observations: Vec<(u64, Bytes)>,
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

    /// Keeps an observation, and gives it its number: that of its answer, so that a reader who knows one of them knows all
    /// before it.
    pub(super) fn record(&self, mut observation: Observation) {
        let mut kept = self.kept();
        observation.seq = kept.newest + 1;
        // Texts, numbers and lists, which JSON can always express.
        let Ok(text) = serde_json::to_vec(&observation) else { return };
        kept.push(text.into());
        // While the lock is held: so nobody is told of the newer one first.
        self.news.send_modify(|news| news.newest = observation.seq);
    }

    /// Tells of what is new from now on.
    pub(super) fn news(&self) -> watch::Receiver<News> {
        self.news.subscribe()
    }

    /// The lab ends, and nobody has to wait for more.
    pub(super) fn end(&self) {
        self.news.send_modify(|news| news.ended = true);
    }

    /// The number of the newest observation; 0 if there is none yet.
    pub(super) fn newest(&self) -> u64 {
        self.news.borrow().newest
    }

    /// The number after which a reader goes on, who was told `<boot>-<seq>`. Whoever names another start of the lab, or
    /// nothing that exists, begins with the first.
    pub(super) fn position(&self, named: &str) -> u64 {
        let seq = named.split_once('-').filter(|(boot, _)| *boot == self.boot);
        let seq = seq.and_then(|(_, seq)| seq.parse().ok());
        seq.filter(|seq| *seq <= self.newest()).unwrap_or_default()
    }

    /// The observations after this number, so many at once.
    pub(super) fn after(&self, position: u64) -> Batch {
        self.kept().after(position)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn push(&mut self, text: Bytes) {
        self.newest += 1;
        self.bytes += text.len();
        self.texts.push_back(text);
        while self.texts.len() > MAX_KEPT || self.bytes > MAX_KEPT_BYTES {
            let Some(oldest) = self.texts.pop_front() else { break };
            self.bytes -= oldest.len();
        }
    }

    fn after(&self, position: u64) -> Batch {
        let before_oldest = self.newest - self.texts.len() as u64;
        let from = position.max(before_oldest);
        let skipped = usize::try_from(from - before_oldest).unwrap_or(usize::MAX);
        let texts = self.texts.iter().skip(skipped).take(BATCH).cloned();
        Batch {
            missed: (position < before_oldest).then_some((position + 1, before_oldest)),
            observations: (from + 1..).zip(texts).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use server_kit::entropy::SeededEntropy;

    use super::*;

    fn kept(lengths: impl IntoIterator<Item = usize>) -> Kept {
        let mut kept = Kept::default();
        for length in lengths {
            kept.push(vec![b'x'; length].into());
        }
        kept
    }

    fn numbers(batch: &Batch) -> Vec<u64> {
        batch.observations.iter().map(|(seq, _)| *seq).collect()
    }

    #[test]
    fn a_reader_gets_what_it_has_not_had() {
        let kept = kept([1, 2, 3]);
        assert_eq!(numbers(&kept.after(0)), [1, 2, 3]);
        assert_eq!(numbers(&kept.after(2)), [3]);
        assert_eq!(kept.after(2).observations[0].1.len(), 3, "number and text belong together");
        assert!(numbers(&kept.after(3)).is_empty());
        assert_eq!(kept.after(0).missed, None);
    }

    #[test]
    fn the_oldest_make_room_and_a_reader_is_told_what_it_missed() {
        let kept = kept(std::iter::repeat_n(1, MAX_KEPT + 5));
        assert_eq!((kept.texts.len(), kept.bytes), (MAX_KEPT, MAX_KEPT));
        let batch = kept.after(2);
        assert_eq!(batch.missed, Some((3, 5)));
        assert_eq!(numbers(&batch), (6..6 + BATCH as u64).collect::<Vec<_>>());
        assert_eq!(kept.after(5).missed, None);
    }

    #[test]
    fn bytes_are_bounded_too() {
        let kept = kept([MAX_KEPT_BYTES / 2, MAX_KEPT_BYTES / 2, 1]);
        assert_eq!((kept.texts.len(), kept.bytes), (2, MAX_KEPT_BYTES / 2 + 1));
        assert_eq!(kept.after(0).missed, Some((1, 1)));
    }

    #[test]
    fn a_place_is_found_by_the_name_of_the_start_and_the_number() {
        let observatory = Observatory::new(&SeededEntropy::new(1));
        observatory.news.send_modify(|news| news.newest = 7);
        let boot = observatory.boot();
        assert_eq!(boot.len(), 8);
        assert_eq!(observatory.position(&format!("{boot}-5")), 5);
        for unknown in ["", "5", "00000000-5", "-", &format!("{boot}-8"), &format!("{boot}-x"), boot] {
            assert_eq!(observatory.position(unknown), 0, "{unknown}");
        }
    }
}
