//! What a step teaches: the shape of the texts. The texts themselves are in [`super::texts`].

use protocol::clause::Clause;
use protocol::party::Party;
use protocol::revision::Revision;

use super::steps::Step;
use super::texts;

/// Something that the two revisions have in common, or each in its own way.
#[derive(Clone, Copy, Debug)]
pub(super) enum By<T> {
    Both(T),
    Each { in_2025: T, in_2026: T },
}

impl<T: Copy> By<T> {
    fn of(self, revision: Revision) -> T {
        match (self, revision) {
            (Self::Both(it), _)
            | (Self::Each { in_2025: it, .. }, Revision::V2025_11_25)
            | (Self::Each { in_2026: it, .. }, Revision::V2026_07_28) => it,
        }
    }
}

pub(super) type Text = By<&'static str>;

/// Everything that is said about a step.
#[derive(Debug)]
pub(super) struct Lesson {
    pub(super) what: Text,
    pub(super) look_at: Text,
    pub(super) breaks: Text,
    /// Ids of the matrix of requirements.
    pub(super) attacks: By<&'static [&'static str]>,
    pub(super) notes: Text,
    pub(super) deviation: Option<&'static str>,
    /// Of both revisions; those of the other one are left out when somebody asks.
    pub(super) rules: &'static [Clause],
    pub(super) sources: &'static [Source],
}

/// Where in this project a step is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// By whom.
    pub party: Party,
    /// The file, from the root of the repository: `flow/src/callback.rs`.
    pub path: &'static str,
    /// The function in it: `validate`.
    pub function: &'static str,
}

impl Source {
    pub(super) const fn client(path: &'static str, function: &'static str) -> Self {
        Self { party: Party::Client, path, function }
    }

    pub(super) const fn mcp_server(path: &'static str, function: &'static str) -> Self {
        Self { party: Party::McpServer, path, function }
    }

    pub(super) const fn authorization_server(path: &'static str, function: &'static str) -> Self {
        Self { party: Party::AuthorizationServer, path, function }
    }
}

impl Step {
    /// What happens and why, in two or three sentences.
    #[must_use]
    pub fn what(self, revision: Revision) -> &'static str {
        texts::of(self).what.of(revision)
    }

    /// What to look at in the message.
    #[must_use]
    pub fn look_at(self, revision: Revision) -> &'static str {
        texts::of(self).look_at.of(revision)
    }

    /// What would break here: what an attacker or a mistake does, what that costs, and who refuses it.
    #[must_use]
    pub fn breaks(self, revision: Revision) -> &'static str {
        texts::of(self).breaks.of(revision)
    }

    /// The attacks that show it, by their ids in `docs/spec/requirements.tsv`: `X-19`. Not each of them can be played.
    #[must_use]
    pub fn attacks(self, revision: Revision) -> &'static [&'static str] {
        texts::of(self).attacks.of(revision)
    }

    /// What to say in front of people, and what to ask them.
    #[must_use]
    pub fn notes(self, revision: Revision) -> &'static str {
        texts::of(self).notes.of(revision)
    }

    /// Where the lab does something else than the specification demands, and why.
    #[must_use]
    pub fn deviation(self) -> Option<&'static str> {
        texts::of(self).deviation
    }

    /// The rules that it is about, in this revision.
    pub fn rules(self, revision: Revision) -> impl Iterator<Item = Clause> {
        texts::of(self).rules.iter().copied().filter(move |clause| clause.is_in(revision))
    }

    /// Where in this project it is done: by the client, and by the server on the other side.
    #[must_use]
    pub fn sources(self) -> &'static [Source] {
        texts::of(self).sources
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn each() -> impl Iterator<Item = (Step, Revision)> {
        Step::ALL.into_iter().flat_map(|step| Revision::ALL.map(|revision| (step, revision)))
    }

    #[test]
    fn texts_are_whole_sentences_and_few() {
        for (step, revision) in each() {
            let texts =
                [step.what(revision), step.look_at(revision), step.breaks(revision), step.notes(revision)];
            for text in texts.into_iter().chain(step.deviation()) {
                assert!(text.ends_with('.'), "{step:?}: {text}");
                assert!(text.len() <= 400 && !text.contains("  "), "{step:?}: {text}");
            }
        }
    }

    #[test]
    fn each_step_is_about_a_rule_of_the_revision() {
        for (step, revision) in each() {
            let rules: Vec<_> = step.rules(revision).collect();
            assert!(!rules.is_empty(), "{step:?}");
            assert!(rules.iter().all(|rule| rule.is_in(revision)), "{step:?}");
            assert!(rules.iter().enumerate().all(|(n, rule)| !rules[..n].contains(rule)), "{step:?}");
        }
        assert!(Step::Handshake.rules(Revision::V2025_11_25).any(|rule| rule == Clause::Initialize));
        assert!(!Step::Handshake.rules(Revision::V2026_07_28).any(|rule| rule == Clause::Initialize));
    }

    #[test]
    fn what_differs_between_the_revisions_is_said() {
        let differs = |step: Step| step.what(Revision::V2025_11_25) != step.what(Revision::V2026_07_28);
        for step in [Step::Registration, Step::Callback, Step::Handshake, Step::StepUpScopes, Step::Ending] {
            assert!(differs(step), "{step:?}");
        }
        assert!(!differs(Step::Pkce));
    }
}
