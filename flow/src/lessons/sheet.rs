//! The texts as files, one for each chapter and revision, and one for its rules. A page that has all texts in its program is a third larger for
//! those who only look at the first step; so it fetches those of the chapter that it shows.

use protocol::clause::Clause;
use protocol::party::Party;
use protocol::revision::Revision;
use serde::{Deserialize, Serialize};

use super::attacks;
use super::steps::{Chapter, Step};

/// What a reader is told about a step in one revision. The speaker's notes are not for readers, and of the attacks it only
/// says which there are.
///
/// Shape: `{"step":"challenge","what":"…","look_at":"…","breaks":"…","deviation":null,"attacks":[["no-token","…"]],"rules":["challenge"],"sources":[["client","flow/src/…","…"]]}`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    /// Which step.
    pub step: Step,
    /// What happens and why.
    pub what: String,
    /// What to look at in the message.
    pub look_at: String,
    /// What would break here.
    pub breaks: String,
    /// Where the lab does something else than the specification demands, and why.
    pub deviation: Option<String>,
    /// The attacks that can be tried here: the name and the title of each.
    pub attacks: Vec<(String, String)>,
    /// The rules that it is about.
    pub rules: Vec<Clause>,
    /// Where in this project it is done: by whom, in which file, by which function.
    pub sources: Vec<(Party, String, String)>,
}

impl Sheet {
    /// The texts of a step.
    #[must_use]
    pub fn of(step: Step, revision: Revision) -> Self {
        let sources = step.sources().iter();
        let attacks =
            attacks::all().filter(|attack| attack.step == step && attack.revisions.contains(&revision));
        Self {
            step,
            what: step.what(revision).to_owned(),
            look_at: step.look_at(revision).to_owned(),
            breaks: step.breaks(revision).to_owned(),
            deviation: step.deviation().map(str::to_owned),
            attacks: attacks.map(|attack| (attack.id.to_owned(), attack.title.to_owned())).collect(),
            rules: step.rules(revision).collect(),
            sources: sources
                .map(|source| (source.party, source.path.to_owned(), source.function.to_owned()))
                .collect(),
        }
    }
}

/// What each rule says in a revision, in our words, and the address where it stands.
#[must_use]
pub fn rules(revision: Revision) -> Vec<(Clause, String, String)> {
    let of =
        |clause: &Clause| (*clause, clause.rule_in(revision).to_owned(), clause.url_in(revision).to_owned());
    Clause::ALL.iter().map(of).collect()
}

/// Where the rules are, from the page's folder on: what [`rules`] gives.
#[must_use]
pub fn path_of_rules(revision: Revision) -> String {
    ["lessons/", revision.as_str(), "/rules.json"].concat()
}

/// Where the sheets of a chapter are, from the page's folder on: `lessons/2025-11-25/step-up.json`, a list of [`Sheet`]s.
#[must_use]
pub fn path(chapter: Chapter, revision: Revision) -> String {
    ["lessons/", revision.as_str(), "/", chapter.id(), ".json"].concat()
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_sheet_is_read_as_it_was_written() {
        for (step, revision) in Step::ALL.into_iter().flat_map(|step| Revision::ALL.map(|it| (step, it))) {
            let sheet = Sheet::of(step, revision);
            let text = serde_json::to_string(&sheet).unwrap();
            assert_eq!(protocol::json::read::<Sheet>(&text).unwrap(), sheet);
            assert_eq!(
                (sheet.what.as_str(), sheet.rules.len()),
                (step.what(revision), step.rules(revision).count())
            );
        }
    }

    #[test]
    fn each_chapter_has_a_file_of_its_own_in_each_revision() {
        let each = Chapter::ALL.into_iter().flat_map(|chapter| Revision::ALL.map(|it| path(chapter, it)));
        let paths: std::collections::BTreeSet<_> = each.collect();
        assert_eq!(paths.len(), Chapter::ALL.len() * Revision::ALL.len());
        assert!(paths.contains("lessons/2026-07-28/step-up.json"));
        assert!(Revision::ALL.into_iter().all(|revision| !paths.contains(&path_of_rules(revision))));
    }
}
