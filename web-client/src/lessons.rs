//! The texts of the lessons. They are no part of the program: those of a chapter are fetched when it is shown for the first
//! time, and kept.

use std::sync::Arc;

use flow::lessons::sheet::{self, Sheet};
use flow::lessons::steps::{Chapter, Step};
use gloo_net::http::Request;
use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::clause::Clause;
use protocol::revision::Revision;
use serde::de::DeserializeOwned;

/// The texts that were fetched so far. All of it is signals, so copies are the same.
#[derive(Clone, Copy)]
pub(crate) struct Lessons {
    /// What was asked for.
    asked: StoredValue<Vec<(Chapter, Revision)>>,
    /// What came of it.
    came: RwSignal<Vec<(Chapter, Revision, Texts)>>,
    asked_for_rules: StoredValue<Vec<Revision>>,
    rules: RwSignal<Vec<(Revision, Rules)>>,
}

type Rules = Vec<(Clause, String, String)>;

/// The texts of a chapter.
#[derive(Clone)]
enum Texts {
    Awaited,
    Here(Arc<Vec<Sheet>>),
    Lost,
}

impl Lessons {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        Self {
            asked: StoredValue::new(Vec::new()),
            came: RwSignal::new(Vec::new()),
            asked_for_rules: StoredValue::new(Vec::new()),
            rules: RwSignal::new(Vec::new()),
        }
    }

    /// The texts of a step; `None` as long as they are not here. Who asks first has those of its chapter fetched.
    pub(crate) fn sheet(self, step: Step, revision: Revision) -> Option<Sheet> {
        match self.texts(step, revision) {
            Texts::Here(sheets) => sheets.iter().find(|sheet| sheet.step == step).cloned(),
            Texts::Awaited | Texts::Lost => None,
        }
    }

    /// Whether the texts of a step did not come.
    pub(crate) fn are_lost(self, step: Step, revision: Revision) -> bool {
        matches!(self.texts(step, revision), Texts::Lost)
    }

    /// What a rule says; nothing as long as the rules are not here. How binding it is, and the name of the place where it
    /// stands, is known without them.
    pub(crate) fn rule(self, clause: Clause, revision: Revision) -> String {
        self.of_rule(clause, revision).map(|(rule, _)| rule).unwrap_or_default()
    }

    /// The address where it stands, once the rules are here.
    pub(crate) fn url(self, clause: Clause, revision: Revision) -> Option<String> {
        self.of_rule(clause, revision).map(|(_, url)| url)
    }

    fn of_rule(self, clause: Clause, revision: Revision) -> Option<(String, String)> {
        let said = self.rules.with(|rules| {
            let (_, rules) = rules.iter().find(|(known, _)| *known == revision)?;
            let found = rules.iter().find(|(known, _, _)| *known == clause);
            found.map(|(_, rule, url)| (rule.clone(), url.clone()))
        });
        if said.is_none() {
            self.ask_for_rules(revision);
        }
        said
    }

    fn ask_for_rules(self, revision: Revision) {
        if self.asked_for_rules.with_value(|asked| asked.contains(&revision)) {
            return;
        }
        self.asked_for_rules.update_value(|asked| asked.push(revision));
        spawn_local(async move {
            match fetch(sheet::path_of_rules(revision)).await {
                Some(rules) => self.rules.update(|known| known.push((revision, rules))),
                // Who looks next asks again.
                None => self.asked_for_rules.update_value(|asked| asked.retain(|known| *known != revision)),
            }
        });
    }

    /// Has those of a chapter that did not come fetched once more.
    pub(crate) fn try_again(self, step: Step, revision: Revision) {
        let chapter = step.chapter();
        self.asked.update_value(|asked| asked.retain(|known| *known != (chapter, revision)));
        self.came.update(|came| came.retain(|(known, of, _)| (*known, *of) != (chapter, revision)));
    }

    fn texts(self, step: Step, revision: Revision) -> Texts {
        let chapter = step.chapter();
        let came = self.came.with(|came| {
            let found = came.iter().find(|(known, of, _)| (*known, *of) == (chapter, revision));
            found.map(|(_, _, texts)| texts.clone())
        });
        came.unwrap_or_else(|| {
            self.ask(chapter, revision);
            Texts::Awaited
        })
    }

    fn ask(self, chapter: Chapter, revision: Revision) {
        if self.asked.with_value(|asked| asked.contains(&(chapter, revision))) {
            return;
        }
        self.asked.update_value(|asked| asked.push((chapter, revision)));
        spawn_local(async move {
            let sheets: Option<Vec<Sheet>> = fetch(sheet::path(chapter, revision)).await;
            // A build that knows other steps than this page has no texts for it.
            let is_known = |step| sheets.iter().flatten().any(|sheet| sheet.step == step);
            let sheets = chapter.steps().all(is_known).then_some(sheets).flatten();
            let texts = sheets.map_or(Texts::Lost, |sheets| Texts::Here(Arc::new(sheets)));
            self.came.update(|came| came.push((chapter, revision, texts)));
        });
    }
}

/// Fetches a file of texts. The browser asks whether the one that it keeps is still the same.
async fn fetch<T: DeserializeOwned>(path: String) -> Option<T> {
    let response = Request::get(&(String::from("/") + &path)).send().await.ok()?;
    protocol::json::read(&response.text().await.ok()?).ok()
}
