//! Break it: the catalogue of attacks, one of them opened, and what came of it.

mod catalogue;
mod guessing;
mod mark;
mod opened;
mod outcome;

use std::sync::Arc;
use std::time::Duration;

use attack::Outcome;
use flow::lessons::attacks::Attack;
use flow::lessons::steps::Step;
use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::party::Party;
use protocol::revision::Revision;
use wasm_bindgen::JsCast as _;
use web_sys::HtmlElement;

use self::catalogue::Catalogue;
use self::opened::Opened;
use super::boxed::changing;
use crate::attempts::Attempts;
use crate::guess::Guess;
use crate::{driver, lab_attacks};

/// The catalogue in somebody's hands. All of it is signals, so copies are the same; it outlives the dialog.
#[derive(Clone, Copy)]
pub(crate) struct Breaking {
    /// The revision of the run that the page shows.
    revision: RwSignal<Revision>,
    /// The attack that is opened; `None`: the whole catalogue.
    opened: RwSignal<Option<&'static Attack>>,
    /// The one that was opened last: in the list it gets the focus back.
    last: StoredValue<Option<&'static Attack>>,
    /// Only those of this step.
    step: RwSignal<Option<Step>>,
    /// Only those that happen at this party.
    place: RwSignal<Option<Party>>,
    attempts: RwSignal<Attempts>,
    stage: RwSignal<Stage>,
}

/// How far the attack is that was performed last.
#[derive(Clone)]
enum Stage {
    /// None was.
    Idle,
    /// It is being performed; since when, by the browser's clock for durations.
    Performing(&'static str, f64),
    /// What came of it.
    Came(Arc<Outcome>),
    /// It could not be performed; why not, for people.
    Lost(&'static str, String),
}

impl Breaking {
    /// Nothing opened yet.
    pub(crate) fn new() -> Self {
        Self {
            revision: RwSignal::new(Revision::default()),
            opened: RwSignal::new(None),
            last: StoredValue::new(None),
            step: RwSignal::new(None),
            place: RwSignal::new(None),
            attempts: RwSignal::new(Attempts::load()),
            stage: RwSignal::new(Stage::Idle),
        }
    }

    /// Opens an attack by its name; one that nobody knows, or none: the catalogue.
    pub(crate) fn show(self, revision: Revision, attack: Option<&str>) {
        let attack = attack.and_then(Attack::find);
        self.revision.set(revision);
        if attack.is_some() {
            // The list has to have it when the reader comes back from it.
            self.step.set(None);
            self.place.set(None);
        }
        self.last.set_value(attack);
        self.opened.set(attack);
    }

    fn open(self, attack: &'static Attack) {
        self.last.set_value(Some(attack));
        self.opened.set(Some(attack));
    }

    /// In which revision it is done: the one of the page, if it can be done there.
    fn revision_of(self, attack: &Attack) -> Revision {
        let revision = self.revision.get();
        let first = attack.revisions.first().copied();
        if attack.revisions.contains(&revision) { revision } else { first.unwrap_or(revision) }
    }

    fn is_performing(self) -> bool {
        self.stage.with(|stage| matches!(stage, Stage::Performing(..)))
    }

    /// What came of this attack, if that was performed last.
    fn outcome(self, attack: &Attack) -> Option<Arc<Outcome>> {
        self.stage.with(|stage| match stage {
            Stage::Came(outcome) if outcome.id == attack.id => Some(Arc::clone(outcome)),
            _ => None,
        })
    }

    /// Has it performed.
    fn perform(self, attack: &'static Attack, guess: Option<&Guess>) {
        if untrack(|| self.is_performing()) {
            return;
        }
        let judged = guess.map(|guess| guess.judged(attack));
        let revision = untrack(|| self.revision_of(attack));
        self.stage.set(Stage::Performing(attack.id, driver::now()));
        spawn_local(async move {
            let stage = match lab_attacks::perform(attack.id, revision).await {
                Ok(outcome) => {
                    self.attempts.update(|attempts| attempts.note(attack.id, outcome.verdict, judged));
                    self.attempts.with_untracked(Attempts::save);
                    Stage::Came(Arc::new(outcome))
                }
                Err(reason) => Stage::Lost(attack.id, reason),
            };
            self.stage.set(stage);
        });
    }
}

/// Gives the focus to the element of this id, once it stands there.
fn focus_soon(id: impl Into<String>) {
    let id = id.into();
    let give = move || {
        let element = document().get_element_by_id(&id);
        if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
            // Where it cannot have the focus, that stays where it is.
            let _ = element.focus();
        }
    };
    set_timeout(give, Duration::ZERO);
}

/// The catalogue, or the attack that is opened.
#[component]
pub(crate) fn Break(
    /// What is shown.
    breaking: Breaking,
    /// Shows the run of an attack.
    on_look: Callback<Arc<Outcome>>,
) -> impl IntoView {
    view! {
        <div class="breaking">
            {changing(move || match breaking.opened.get() {
                None => view! { <Catalogue breaking=breaking /> }.into_any(),
                Some(attack) => view! { <Opened breaking=breaking attack=attack on_look=on_look /> }.into_any(),
            })}
        </div>
    }
}

#[cfg(test)]
mod tests;
