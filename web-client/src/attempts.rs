//! What has been tried of the catalogue, and how well it was guessed. It outlives the tab: this browser keeps it.

use std::collections::BTreeMap;

use attack::Verdict;
use serde::{Deserialize, Serialize};

use crate::guess::Judged;

const KEY: &str = "mcp-auth-lab-attacks";

/// All attempts, by the name of the attack.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attempts(BTreeMap<String, Attempt>);

/// What came of an attack when it was tried last, and of the first guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attempt {
    pub(crate) verdict: Verdict,
    /// `None`: it was done without one.
    pub(crate) guess: Option<Judged>,
}

impl Attempts {
    /// Those that this browser keeps. What it cannot read is as good as nothing.
    pub(crate) fn load() -> Self {
        let text = storage().and_then(|storage| storage.get_item(KEY).ok()?);
        text.and_then(|text| protocol::json::read(&text).ok()).unwrap_or_default()
    }

    /// Keeps them. A full or forbidden storage only costs the score after a reload.
    pub(crate) fn save(&self) {
        if let (Some(storage), Ok(text)) = (storage(), serde_json::to_string(self)) {
            let _ = storage.set_item(KEY, &text);
        }
    }

    /// What came of one, if it was tried.
    pub(crate) fn of(&self, id: &str) -> Option<Attempt> {
        self.0.get(id).copied()
    }

    /// Notes an attempt. Only the first guess counts: whoever has seen what comes of it does not guess any more.
    pub(crate) fn note(&mut self, id: &str, verdict: Verdict, guess: Option<Judged>) {
        let guess = self.of(id).map_or(guess, |before| before.guess);
        self.0.insert(id.to_owned(), Attempt { verdict, guess });
    }

    /// How many of these were tried.
    pub(crate) fn tried<'a>(&self, ids: impl Iterator<Item = &'a str>) -> usize {
        ids.filter(|id| self.0.contains_key(*id)).count()
    }

    /// How many of these were guessed right.
    pub(crate) fn guessed<'a>(&self, ids: impl Iterator<Item = &'a str>) -> usize {
        ids.filter(|id| self.of(id).and_then(|attempt| attempt.guess).is_some_and(Judged::is_right)).count()
    }
}

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok()?
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn the_first_guess_counts_and_all_is_kept() {
        let (right, wrong) = (Judged { by: true, with: true }, Judged { by: true, with: false });
        let mut attempts = Attempts::default();
        attempts.note("one", Verdict::Accepted, Some(wrong));
        attempts.note("one", Verdict::Refused, Some(right));
        attempts.note("two", Verdict::Policy, Some(right));
        attempts.note("three", Verdict::Refused, None);
        attempts.note("gone", Verdict::Refused, Some(right));
        assert_eq!(attempts.of("one"), Some(Attempt { verdict: Verdict::Refused, guess: Some(wrong) }));
        let ids = || ["one", "two", "three", "four"].into_iter();
        assert_eq!((attempts.tried(ids()), attempts.guessed(ids())), (3, 1));
        attempts.save();
        assert_eq!(Attempts::load(), attempts);
        storage().unwrap().set_item(KEY, "an old shoe").unwrap();
        assert_eq!(Attempts::load(), Attempts::default());
        storage().unwrap().remove_item(KEY).unwrap();
    }
}
