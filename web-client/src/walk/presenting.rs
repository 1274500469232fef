//! The walk as a room sees it: secrets always masked.

use flow::Action;
use flow::lessons::steps::Step;
use leptos::prelude::*;

use super::{Next, Walk};
use crate::bridge::{Moment, Scene};

impl Walk {
    /// Where it stands.
    pub(super) fn moment(self) -> Moment {
        Moment {
            revision: self.revision(),
            total: self.hops.with(Vec::len),
            scene: self.scene(),
            next: self.next_in_words(),
        }
    }

    fn scene(self) -> Scene {
        if let (Some(place), Some(hop)) = (self.place(), self.hop()) {
            return Scene::Hop(place, Box::new(hop.masked(&|text| self.masked(text))));
        }
        let last = self.hops.with(|hops| hops.last().map_or(Step::Challenge, |hop| hop.step));
        self.flow.with(|flow| match flow.poll() {
            Action::Send(outgoing) => Scene::Pending(outgoing.step, outgoing.to, outgoing.title.clone()),
            Action::Navigate | Action::AwaitCallback => Scene::Leaving(last),
            _ => Scene::Rest(last),
        })
    }

    /// What the main button does; `None` at the end.
    fn next_in_words(self) -> Option<String> {
        match self.next() {
            Next::Reveal(title) => Some(["look at ", &self.masked(&title)].concat()),
            Next::Prepare(title) => Some(["prepare ", &title].concat()),
            Next::Send(title) => Some(["send ", &title].concat()),
            Next::Leave => Some("go to the authorization server".to_owned()),
            Next::Conclude => Some("what came of it".to_owned()),
            Next::End => None,
        }
    }
}
