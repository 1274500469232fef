//! Which attacks make sense at servers that are no lab: as tests of what any server must refuse, for whoever writes one.

use super::{Attack, Deed, Moment, Plot, Prediction, Scene};
use crate::lessons::steps::{Chapter, Step};
use crate::tamper::{Edit, Part, Slot, Value};
use protocol::party::Party;

/// Whether an attack can be performed at servers other than the lab's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Elsewhere {
    /// It can: it takes nothing but a client that gets in, changes one thing of what that client says, and harms nobody.
    Yes,
    /// It cannot: this is why.
    No(&'static str),
}

/// Attacks that would do by their plot, and still say nothing of another server.
const OF_THE_LAB: &[(&str, &str)] = &[
    ("code-of-another", "it names a client that the lab knows"),
    ("refresh-by-another", "it names a client that the lab knows"),
    ("wrong-secret", "it names a client that the lab knows"),
    ("secret-of-public", "a client of another server may have a secret"),
];

impl Attack {
    /// Whether it can be performed elsewhere. It follows from what is done, so that a new attack need not say it.
    #[must_use]
    pub fn elsewhere(&self) -> Elsewhere {
        let by_name = OF_THE_LAB.iter().find(|(id, _)| *id == self.id).map(|(_, why)| *why);
        match by_name.or_else(|| of_prediction(&self.prediction)).or_else(|| of_plot(&self.plot)) {
            Some(why) => Elsewhere::No(why),
            None => Elsewhere::Yes,
        }
    }
}

fn of_prediction(prediction: &Prediction) -> Option<&'static str> {
    match prediction {
        Prediction::Refused(refusal) if refusal.by == Party::Client => Some("it tries the client"),
        Prediction::Refused(_) => None,
        Prediction::Allowed(..) => Some("nobody has to refuse it"),
    }
}

fn of_plot(plot: &Plot) -> Option<&'static str> {
    match plot {
        Plot::Client(scenes) => scenes.iter().find_map(of_scene),
        Plot::Server(_) | Plot::ServerOfPage(_) => Some("it tries the client"),
        Plot::Document(_) => Some("another server does not fetch documents from the lab"),
    }
}

fn of_scene(scene: &Scene) -> Option<&'static str> {
    match scene {
        Scene::Until(Moment::Sends(step)) => of_step(*step),
        Scene::Until(Moment::Departs(times) | Moment::Returns(times)) => {
            (*times > 1).then_some("it needs a step-up, which the list of tools does not")
        }
        Scene::Until(Moment::Decides(_)) => Some("each server has its own form for the consent"),
        Scene::Until(Moment::Rests) => None,
        Scene::Change(edits) => edits.iter().find_map(of_edit),
        Scene::Again(step, edits) => of_step(*step).or_else(|| edits.iter().find_map(of_edit)),
        Scene::Do(deed) | Scene::Unharmed(deed) => match deed {
            Deed::Refresh | Deed::ReuseRefreshToken | Deed::Revoke(_) => None,
            Deed::Call(..) => Some("it calls a tool of the lab"),
        },
        Scene::Ask(_) => Some("it knows the paths of the lab"),
        Scene::Publish(_) => Some("another server does not fetch documents from the lab"),
        Scene::AsSomebodyElse => Some("it needs a second person"),
        Scene::AtUpstream => Some("it needs a second MCP server"),
    }
}

fn of_step(step: Step) -> Option<&'static str> {
    matches!(step.chapter(), Chapter::StepUp | Chapter::Retry)
        .then_some("it needs a step-up, which the list of tools does not")
}

fn of_edit(edit: &Edit) -> Option<&'static str> {
    let value = match edit {
        Edit::Set(part, name, value) | Edit::Add(part, name, value) => {
            let of_call =
                name.is_empty() || name.starts_with("/params/name") || name.starts_with("/params/arg");
            if *part == Part::Json && of_call {
                return Some("it changes the call of a tool");
            }
            value
        }
        Edit::Drop(..) => return None,
        Edit::To(value) => value,
    };
    let (Value::Kept(slot) | Value::Prefixed(_, slot)) = value else { return None };
    match slot {
        Slot::Page | Slot::Rogue | Slot::Upstream | Slot::Published | Slot::Victims(_) => {
            Some("it needs more than one server of the lab")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::super::all;
    use super::*;

    #[test]
    fn what_tries_a_server_alone_can_be_done_elsewhere() {
        let of = |id| Attack::find(id).unwrap().elsewhere();
        for id in ["wrong-verifier", "redirect-elsewhere", "no-token", "code-twice", "old-refresh-token"] {
            assert_eq!(of(id), Elsewhere::Yes, "{id}");
        }
        assert_eq!(of("other-issuer"), Elsewhere::No("it tries the client"));
        assert_eq!(of("two-spaces"), Elsewhere::No("nobody has to refuse it"));
        assert_eq!(of("name-contradicts"), Elsewhere::No("it changes the call of a tool"));
    }

    #[test]
    fn exceptions_are_attacks_that_need_one() {
        for (id, _) in OF_THE_LAB {
            let attack = all().find(|attack| attack.id == *id).unwrap();
            assert!(of_prediction(&attack.prediction).is_none() && of_plot(&attack.plot).is_none(), "{id}");
        }
    }
}
