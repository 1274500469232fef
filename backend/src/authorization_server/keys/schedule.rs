//! Which key signs, which are published, and when the next one is due. All of it follows from the stored times and from
//! the present one, so every process on the store comes to the same answers.
//!
//! ```text
//! first   ── signs ─────────────────────────────┐── published until its last token has expired ──┐
//! second             ── published, not yet used ┴── signs ─────────────────────────────────────────────
//! ```
//!
//! Spec: RFC 7517 §5; OpenID Connect Core §10.1.1 (rotation: published before it is used, and for a while after).

use protocol::ids::UnixTime;

use crate::store::Term;

/// After the end of a key's last token: a minute in which another process may not have noticed that a later key signs,
/// and a minute by which verifiers forgive clocks.
const GRACE_SECONDS: u64 = 120;

/// The times of all keys, in the order in which the keys were made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Schedule(Vec<Term>);

impl Schedule {
    pub(super) fn of(terms: impl Iterator<Item = Term>) -> Self {
        Self(terms.collect())
    }

    /// The latest key whose time to sign has come. `None` only where there is no key at all.
    pub(super) fn signer(&self, now: UnixTime) -> Option<usize> {
        let begun = self.0.iter().rposition(|term| term.signs_from <= now);
        // A clock that was set back does not leave the server without a key.
        begun.or(if self.0.is_empty() { None } else { Some(0) })
    }

    /// Whether a key verifies nothing any more: since a later one signs, each of its tokens has expired.
    pub(super) fn is_retired(&self, position: usize, now: UnixTime) -> bool {
        let last_use = self.0.iter().skip(position + 1).map(|later| later.signs_from).min();
        let lifetime = self.0.get(position).map_or(0, |term| term.token_seconds);
        last_use.is_some_and(|last_use| last_use.plus(lifetime).plus(GRACE_SECONDS) <= now)
    }

    /// Whether it is time for a new key: the signing one has signed for so long, and none is on its way. There is no
    /// such time if `max_age` is 0.
    pub(super) fn is_due(&self, max_age: u64, now: UnixTime) -> bool {
        let Some(signer) = self.signer(now) else { return true };
        let is_last = signer + 1 == self.0.len();
        max_age != 0 && is_last && now.since(self.0[signer].signs_from) >= max_age
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400;

    fn term(published_at: u64, signs_from: u64) -> Term {
        Term { published_at: UnixTime(published_at), signs_from: UnixTime(signs_from), token_seconds: 600 }
    }

    fn published(schedule: &Schedule, now: u64) -> Vec<usize> {
        (0..schedule.0.len()).filter(|key| !schedule.is_retired(*key, UnixTime(now))).collect()
    }

    #[test]
    fn a_key_signs_from_its_time_until_a_later_one_does() {
        let schedule = Schedule(vec![term(0, 0), term(1000, 1900), term(5000, 5900)]);
        let signers = [0, 1899, 1900, 5899, 5900, 99_999].map(|now| schedule.signer(UnixTime(now)));
        assert_eq!(signers, [Some(0), Some(0), Some(1), Some(1), Some(2), Some(2)]);
    }

    #[test]
    fn a_key_is_published_until_the_last_token_that_it_signed_has_expired() {
        let schedule = Schedule(vec![term(0, 0), term(1000, 1900)]);
        for now in [0, 1899, 1900, 1900 + 600 + GRACE_SECONDS - 1] {
            assert_eq!(published(&schedule, now), [0, 1], "{now}");
        }
        assert_eq!(published(&schedule, 1900 + 600 + GRACE_SECONDS), [1]);
        assert_eq!(published(&schedule, 99_999), [1], "the last one never retires");
    }

    /// An urgent key overtakes one that is on its way: that one never signs, however late it is.
    #[test]
    fn a_later_key_that_signs_at_once_overtakes() {
        let schedule = Schedule(vec![term(0, 0), term(1000, 1900), term(1200, 1200)]);
        let signers = [1199, 1200, 1900, 9999].map(|now| schedule.signer(UnixTime(now)));
        assert_eq!(signers, [Some(0), Some(2), Some(2), Some(2)]);
        assert_eq!(published(&schedule, 1200 + 600 + GRACE_SECONDS), [2]);
    }

    #[test]
    fn a_new_key_is_due_when_the_signing_one_is_old_and_none_is_on_its_way() {
        let alone = Schedule(vec![term(0, 900)]);
        let due = [900, 900 + DAY - 1, 900 + DAY].map(|now| alone.is_due(DAY, UnixTime(now)));
        assert_eq!(due, [false, false, true]);
        let followed = Schedule(vec![term(0, 900), term(900 + DAY, 1800 + DAY)]);
        let due = [900 + DAY, 1800 + DAY, 1800 + 2 * DAY].map(|now| followed.is_due(DAY, UnixTime(now)));
        assert_eq!(due, [false, false, true]);
        assert!(!alone.is_due(0, UnixTime(u64::MAX)), "0 switches it off");
        assert!(Schedule(Vec::new()).is_due(0, UnixTime(0)), "without any key it is high time");
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_leave_the_server_without_a_key() {
        let schedule = Schedule(vec![term(1000, 1000), term(2000, 2900)]);
        assert_eq!(schedule.signer(UnixTime(999)), Some(0));
        assert_eq!(published(&schedule, 999), [0, 1]);
        assert_eq!(Schedule(Vec::new()).signer(UnixTime(0)), None);
    }
}
