//! The moves: on, back, by itself, elsewhere, anew.

use flow::http::Response;
use flow::{Action, Flow, Input, Outgoing, Recorded, Unexpected};
use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::party::Party;
use record::HopId;

use super::{At, Busy, Next, Until, Walk};
use crate::choice::Choice;
use crate::storage::{self, Saved};
use crate::{driver, env};

/// Why the browser is not sent away.
const NOT_KEPT: &str = "This browser keeps nothing for this page: its storage is full or forbidden. After the consent your \
     run would be lost, so the page stays here. Let it store data for this address, then press Next again.";

/// What the client wants, as far as a page can do it.
enum Wish {
    Send(Box<Outgoing>),
    Leave,
    Nothing,
}

impl Walk {
    /// One hop on: looks at the next one, shows what would go, or lets it happen.
    pub(crate) fn step(self) {
        if self.busy.get_untracked().is_some() {
            return;
        }
        self.notice.set(None);
        match untrack(|| self.next()) {
            Next::Reveal(_) => self.look_along(1),
            Next::Prepare(_) | Next::Conclude => self.look_at(At::Pending),
            Next::Send(_) if self.flow.with_untracked(Flow::can_try_again) => self.try_again(),
            Next::Send(_) | Next::Leave => self.perform(false),
            Next::End => {}
        }
    }

    /// One whole exchange on: past everything that has happened, to the answer of the next message.
    pub(crate) fn step_exchange(self) {
        if self.busy.get_untracked().is_none() {
            self.perform(true);
        }
    }

    /// One hop back. Nothing is sent.
    pub(crate) fn back(self) {
        self.look_along(-1);
    }

    fn look_along(self, by: isize) {
        let count = self.hops.with_untracked(Vec::len);
        let here = untrack(|| self.place()).unwrap_or(count);
        let there = here.saturating_add_signed(by).min(count.saturating_sub(1));
        if let Some(id) = self.hops.with_untracked(|hops| hops.get(there).map(|hop| hop.id)) {
            self.look_at(At::Hop(id));
        }
    }

    /// Looks somewhere.
    pub(crate) fn look_at(self, at: At) {
        if self.at.get_untracked() != at {
            self.at.set(at);
        }
        self.save();
    }

    /// Goes on by itself.
    pub(crate) fn run(self, until: Until) {
        if self.busy.get_untracked().is_none() && untrack(|| self.can_go_on()) {
            self.running.set(Some(until));
            self.go_on();
        }
    }

    /// Whether a request is shown before it goes.
    pub(crate) fn set_pauses(self, pauses: bool) {
        self.pauses.set(pauses);
        self.save();
    }

    /// Stops running after the message that is under way.
    pub(crate) fn pause(self) {
        self.running.set(None);
        self.save();
    }

    /// The browser shows a page again that it had left and kept: nothing is under way any more.
    pub(crate) fn resume(self) {
        self.busy.set(None);
        self.running.set(None);
    }

    /// Forgets this run and begins the same again.
    pub(crate) fn start_over(self) {
        self.start(self.choice.get_untracked());
    }

    /// Forgets this run and begins one of another kind.
    pub(crate) fn start(self, choice: Choice) {
        let Some(config) = self.lab.with_value(|lab| choice.config(lab)) else {
            self.notice.set(Some("This lab does not offer that way of registration."));
            return;
        };
        self.keep_finished();
        storage::clear();
        self.observatory.begin();
        batch_reset(self);
        self.choice.set(choice);
        self.flow.set(Flow::new(config));
        self.save();
    }

    /// Tells the client something that makes it go on from rest, and lets that happen.
    pub(crate) fn command(self, command: impl FnOnce(&mut Flow, &flow::Env) -> Result<(), Unexpected>) {
        if self.busy.get_untracked().is_some() {
            return;
        }
        let Some(env) = self.env() else { return };
        let first_new = self.count();
        let done = self.flow.try_update(|flow| command(flow, &env));
        if matches!(done, Some(Ok(()))) {
            self.outcome.set(None);
            self.running.set(Some(Until::Refusal));
            if self.count() > first_new {
                self.look_at_entry(first_new);
            }
            self.perform(true);
        }
    }

    /// Sends the request once more that nobody answered.
    pub(crate) fn try_again(self) {
        let Some(env) = self.env() else { return };
        if let Some(Ok(())) = self.flow.try_update(|flow| flow.try_again(&env)) {
            self.perform(false);
        }
    }

    /// Goes on if the run is to go on by itself and has not reached its goal.
    fn go_on(self) {
        match self.running.get_untracked() {
            Some(until) if !self.has_reached(until) => self.perform(true),
            Some(_) => self.pause(),
            None => {}
        }
    }

    fn has_reached(self, until: Until) -> bool {
        self.flow.with_untracked(|flow| match until {
            Until::Consent => !matches!(flow.poll(), Action::Send(_)),
            Until::Step(step) => flow.trace().entries().iter().any(|entry| entry.step == step),
            // What the client worked out of it stands behind it.
            Until::Refusal => {
                let mut entries = flow.trace().entries().iter().rev();
                entries.find(|entry| entry.from != entry.to).is_some_and(|entry| entry.event.is_refused())
            }
            Until::End => false,
        })
    }

    /// Lets happen what the client wants next. `to_last`: look at the last new hop then, not at the first.
    fn perform(self, to_last: bool) {
        if self.imported.with_untracked(Option::is_some) {
            return;
        }
        let wish = self.flow.with_untracked(|flow| match flow.poll() {
            Action::Send(outgoing) => Wish::Send(Box::new(outgoing.clone())),
            Action::Navigate | Action::AwaitCallback => Wish::Leave,
            _ => Wish::Nothing,
        });
        match wish {
            Wish::Nothing => {
                self.pause();
                if self.flow.with_untracked(|flow| matches!(flow.poll(), Action::Rest | Action::Finished)) {
                    self.look_at(At::Pending);
                }
            }
            Wish::Leave => self.leave(),
            Wish::Send(outgoing) => {
                let outgoing = self.edited(*outgoing);
                self.busy.set(Some(Busy { since: driver::now(), whom: outgoing.to }));
                spawn_local(async move {
                    let answer = driver::send(&outgoing).await;
                    self.answered(answer, to_last);
                });
            }
        }
    }

    /// The request as the reader has changed it.
    fn edited(self, outgoing: Outgoing) -> Outgoing {
        let (Some(draft), Some(env)) = (self.draft.get_untracked(), self.env()) else { return outgoing };
        self.draft.set(None);
        let request = draft.request();
        match self.flow.try_update(|flow| flow.edit(&env, request.clone())) {
            Some(Ok(())) => Outgoing { request, ..outgoing },
            _ => outgoing,
        }
    }

    fn answered(self, answer: Result<Response, String>, to_last: bool) {
        // Starting over has made another run meanwhile: this answer belongs to nobody.
        if self.busy.get_untracked().is_none() {
            return;
        }
        self.busy.set(None);
        let first_new = self.count();
        let Some(env) = self.env() else { return };
        let taken = self.flow.try_update(|flow| match answer {
            Ok(response) => flow.handle_response(&env, response),
            Err(reason) => flow.handle_unreachable(&env, &reason),
        });
        debug_assert_eq!(taken, Some(Ok(())), "the answer belongs to the request that was polled");
        let until = self.running.get_untracked();
        let is_refused = until == Some(Until::Refusal) && self.has_reached(Until::Refusal);
        let last_new = self.count().saturating_sub(1);
        self.look_at_entry(if to_last && !is_refused { last_new } else { first_new });
        self.go_on();
    }

    /// Sends the browser to the authorization server, in this tab. The page ends here and is resumed later; so it goes only
    /// if the walk is kept.
    fn leave(self) {
        let Some(env) = self.env() else { return };
        let draft = self.draft.get_untracked().map(|draft| draft.url());
        let mut saved = self.saved();
        saved.recording.push(Recorded { env, input: Input::Departed(draft.clone()) });
        saved.at = At::Hop(HopId::Entry(self.count()));
        if !storage::save(&saved) {
            self.running.set(None);
            self.notice.set(Some(NOT_KEPT));
            return;
        }
        self.draft.set(None);
        let departed = self.flow.try_update(|flow| match draft {
            Some(url) => flow.depart_to(&env, &url).map(|()| url),
            None => flow.depart(&env),
        });
        let Some(Ok(url)) = departed else { return };
        // Until the browser is gone, a second press must not ask for a second departure.
        self.busy.set(Some(Busy { since: driver::now(), whom: Party::You }));
        self.look_at(saved.at);
        self.observatory.close();
        let gone = window().location().assign(&url).is_ok();
        if !gone {
            self.observatory.reconnect();
            self.busy.set(None);
        }
    }

    fn count(self) -> usize {
        self.flow.with_untracked(|flow| flow.trace().entries().len())
    }

    fn look_at_entry(self, index: usize) {
        self.look_at(At::Hop(HopId::Entry(index)));
    }

    fn env(self) -> Option<flow::Env> {
        let env = env::fresh();
        if env.is_none() {
            self.notice.set(Some("This browser has no randomness to offer, so nothing can be sent safely."));
        }
        env
    }

    /// Puts the walk away, so that it survives a reload and the way to the authorization server.
    pub(crate) fn save(self) {
        if self.imported.with_untracked(Option::is_some) {
            return;
        }
        storage::save(&self.saved());
    }

    fn saved(self) -> Saved {
        Saved {
            choice: self.choice.get_untracked(),
            server: self.lab.with_value(|lab| lab.mcp_server.clone()),
            recording: self.flow.with_untracked(|flow| flow.recording().to_vec()),
            at: self.at.get_untracked(),
            running: self.running.get_untracked(),
            pauses: self.pauses.get_untracked(),
            presents: self.presents.get_untracked(),
            since: self.observatory.since.get_untracked(),
        }
    }
}

fn batch_reset(walk: Walk) {
    walk.imported.set(None);
    walk.running.set(None);
    walk.notice.set(None);
    walk.wanted.set(None);
    walk.busy.set(None);
    walk.draft.set(None);
    walk.outcome.set(None);
    walk.lit.set(None);
    walk.picked.set(None);
    walk.at.set(At::Pending);
}
