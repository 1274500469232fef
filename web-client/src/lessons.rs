//! The texts of the lessons. They are no part of the program: those of a chapter are fetched when it is shown for the first
//! time, and kept.

use std::sync::Arc;

use flow::lessons::sheet::{self, Sheet};
use flow::lessons::steps::{Chapter, Step};
use gloo_net::http::Request;
use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::revision::Revision;

/// The texts that were fetched so far. All of it is signals, so copies are the same.
#[derive(Clone, Copy)]
pub(crate) struct Lessons {
    /// What was asked for.
    asked: StoredValue<Vec<(Chapter, Revision)>>,
    /// What came of it.
    came: RwSignal<Vec<(Chapter, Revision, Texts)>>,
}

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
        Self { asked: StoredValue::new(Vec::new()), came: RwSignal::new(Vec::new()) }
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
            let sheets = fetch(chapter, revision).await;
            let texts = sheets.map_or(Texts::Lost, |sheets| Texts::Here(Arc::new(sheets)));
            self.came.update(|came| came.push((chapter, revision, texts)));
        });
    }
}

/// Fetches the texts of a chapter. The browser asks whether those that it keeps are still the same.
async fn fetch(chapter: Chapter, revision: Revision) -> Option<Vec<Sheet>> {
    let address = String::from("/") + &sheet::path(chapter, revision);
    let response = Request::get(&address).send().await.ok()?;
    let sheets: Vec<Sheet> = protocol::json::read(&response.text().await.ok()?).ok()?;
    // A build that knows other steps than this page has no texts for it.
    chapter.steps().all(|step| sheets.iter().any(|sheet| sheet.step == step)).then_some(sheets)
}
