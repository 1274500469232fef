//! What a learner expects of an attack before it is performed: who will refuse, and with what.

use flow::lessons::attacks::{self, Attack, Prediction, Refusal};
use protocol::party::Party;
use serde::{Deserialize, Serialize};

/// Who may refuse; the last one: nobody does.
pub(crate) const CULPRITS: [Option<Party>; 5] =
    [Some(Party::McpServer), Some(Party::AuthorizationServer), Some(Party::Client), Some(Party::You), None];

/// So many answers are offered, the right one among them.
const ANSWERS: usize = 4;

/// Who refuses, and with what, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Guess {
    /// `None`: nobody.
    pub(crate) by: Option<Party>,
    /// One of [`answers`]; nothing where nobody refuses.
    pub(crate) with: Option<String>,
}

/// How good a guess was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Judged {
    /// Whether it named who refuses.
    pub(crate) by: bool,
    /// Whether it named with what.
    pub(crate) with: bool,
}

impl Judged {
    /// Whether all of it was right.
    pub(crate) fn is_right(self) -> bool {
        self.by && self.with
    }
}

impl Guess {
    /// What must come of an attack.
    pub(crate) fn right(attack: &Attack) -> Self {
        match &attack.prediction {
            Prediction::Refused(refusal) => Self { by: Some(refusal.by), with: Some(in_words(refusal)) },
            Prediction::Allowed(..) => Self { by: None, with: None },
        }
    }

    /// Compares it with what must come of an attack.
    pub(crate) fn judged(&self, attack: &Attack) -> Judged {
        let right = Self::right(attack);
        let by = self.by == right.by;
        // Whoever says that nobody refuses need not say with what.
        let with = match right.with {
            None => by,
            with => self.by.is_some() && self.with == with,
        };
        Judged { by, with }
    }
}

/// Who refuses: `the MCP server`, `nobody`.
pub(crate) fn culprit(by: Option<Party>) -> &'static str {
    match by {
        Some(Party::McpServer) => "the MCP server",
        Some(Party::AuthorizationServer) => "the authorization server",
        Some(Party::Client) => "the client",
        Some(Party::ClientHost) => "the metadata host",
        // What a person does is never refused by the person.
        Some(Party::You) => "the browser",
        None => "nobody",
    }
}

/// What a refusal looks like from outside.
fn in_words(refusal: &Refusal) -> String {
    in_words_of(refusal.by, refusal.status, refusal.error, refusal.name)
}

/// The same of one that happened.
pub(crate) fn in_words_of(by: Party, status: Option<u16>, error: Option<&str>, name: &str) -> String {
    let Some(status) = status else {
        let lacks = by == Party::You;
        return [if lacks { "an answer kept back, for want of " } else { "a check that fails: " }, name]
            .concat();
    };
    let status_text = status.to_string();
    match (status, error) {
        (303, Some(error)) => [error, ", by way of the browser"].concat(),
        (_, Some("isError")) => [&status_text, " with a result that is an error"].concat(),
        (_, Some(error)) => [&status_text, " ", error].concat(),
        (400, None) => "400 and a page from which there is no way on".to_owned(),
        (_, None) => status_text,
    }
}

/// With what somebody could refuse: what must come of the attack, and what comes of others. The order is always the same,
/// and tells nothing.
pub(crate) fn answers(attack: &Attack) -> Vec<String> {
    let right = match &attack.prediction {
        Prediction::Refused(refusal) => Some(refusal),
        Prediction::Allowed(..) => None,
    };
    let mut answers: Vec<String> = right.map(in_words).into_iter().collect();
    let mut others: Vec<_> = attacks::all()
        .filter_map(|other| match &other.prediction {
            Prediction::Refused(refusal) => Some((nearness(attack, other), refusal)),
            Prediction::Allowed(..) => None,
        })
        .collect();
    others.sort_by_key(|(near, _)| *near);
    let by = right.map(|right| right.by);
    // Half of them are of whoever refuses, so that one answer does not give away the other.
    let (same, different): (Vec<_>, Vec<_>) = others.into_iter().partition(|(_, other)| Some(other.by) == by);
    let mut take = |from: &[(u32, &Refusal)], upto: usize| {
        for (_, other) in from {
            let words = in_words(other);
            if answers.len() < upto && !answers.contains(&words) {
                answers.push(words);
            }
        }
    };
    take(&same, ANSWERS / 2);
    take(&different, ANSWERS);
    take(&same, ANSWERS);
    answers.sort_by_key(|answer| scattered(attack.id, answer));
    answers
}

/// How far an attack is from another one on the journey; 0: at the same step.
fn nearness(attack: &Attack, other: &Attack) -> u32 {
    let chapters = u32::from(attack.step.chapter() != other.step.chapter());
    u32::from(attack.step != other.step) + chapters + u32::from(attack.kind() != other.kind())
}

/// A number that looks like chance and is always the same.
///
/// Spec: FNV-1a, 32 bits.
fn scattered(id: &str, answer: &str) -> u32 {
    let bytes = id.bytes().chain(answer.bytes());
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn the_right_answer_is_among_different_ones_and_in_no_certain_place() {
        let mut places = Vec::new();
        for attack in attacks::all() {
            let answers = answers(attack);
            assert!((3..=ANSWERS).contains(&answers.len()), "{}: {answers:?}", attack.id);
            assert_eq!(answers, super::answers(attack), "always the same");
            let mut different = answers.clone();
            different.sort_unstable();
            different.dedup();
            assert_eq!(different.len(), answers.len(), "{}: {answers:?}", attack.id);
            let right = Guess::right(attack);
            let place = right.with.map(|with| answers.iter().position(|answer| *answer == with).unwrap());
            places.extend(place);
        }
        assert!(places.iter().any(|place| *place != places[0]), "{places:?}");
    }

    #[test]
    fn a_guess_can_be_half_right() {
        let attack = Attack::find("wrong-verifier").unwrap();
        let right = Guess::right(attack);
        assert!(right.judged(attack).is_right());
        let other = Guess { by: Some(Party::Client), ..right.clone() };
        assert_eq!(other.judged(attack), Judged { by: false, with: true });
        let other = Guess { with: Some("401 invalid_token".into()), ..right };
        assert_eq!(other.judged(attack), Judged { by: true, with: false });
        let nobody = Guess { by: None, with: None };
        assert_eq!(nobody.judged(attack), Judged { by: false, with: false });
    }

    #[test]
    fn each_kind_of_refusal_has_its_words() {
        let words = |status, error| in_words_of(Party::Client, status, error, "issuer");
        assert_eq!(words(Some(400), Some("invalid_grant")), "400 invalid_grant");
        assert_eq!(words(Some(303), Some("invalid_scope")), "invalid_scope, by way of the browser");
        assert_eq!(words(Some(404), None), "404");
        assert_eq!(words(None, None), "a check that fails: issuer");
    }
}
