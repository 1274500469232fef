//! A walk: a flow, where the reader stands in its trace, and the moves that the reader can make.

use flow::trace::Entry;
use flow::{Action, Config, Flow};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::storage::{self, Saved};
use crate::{driver, env};

/// The state of the page. All of it is signals, so copies are the same walk.
#[derive(Clone, Copy)]
pub(crate) struct Walk {
    /// The client.
    pub(crate) flow: RwSignal<Flow>,
    /// Which entry is looked at; the number of entries means: what comes next.
    pub(crate) at: RwSignal<usize>,
    /// Since when a request has been under way, or the browser has been leaving.
    pub(crate) busy_since: RwSignal<Option<f64>>,
    /// Whether it goes on by itself until a person is needed.
    pub(crate) running: RwSignal<bool>,
    /// Whether codes, verifiers and tokens are shown.
    pub(crate) show_secrets: RwSignal<bool>,
    /// A word to the reader that belongs to no entry.
    pub(crate) notice: RwSignal<Option<&'static str>>,
}

/// What the main button will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Look at an entry that is there already.
    Reveal(String),
    /// Send a request.
    Send(String),
    /// Send the browser to the authorization server.
    Leave,
    /// Nothing: the end.
    End,
}

impl Walk {
    pub(crate) fn new(saved: Saved, notice: Option<&'static str>) -> Self {
        Self {
            flow: RwSignal::new(saved.flow),
            at: RwSignal::new(saved.at),
            busy_since: RwSignal::new(None),
            running: RwSignal::new(saved.running),
            show_secrets: RwSignal::new(false),
            notice: RwSignal::new(notice),
        }
    }

    /// How many entries there are.
    pub(crate) fn count(self) -> usize {
        self.flow.with(|flow| flow.trace().entries().len())
    }

    /// The entry that is looked at; `None` where that is what comes next.
    pub(crate) fn entry(self) -> Option<Entry> {
        self.flow.with(|flow| flow.trace().entries().get(self.at.get()).cloned())
    }

    /// A text with secrets masked, unless the reader wants to see them.
    pub(crate) fn visible(self, text: &str) -> String {
        if self.show_secrets.get() {
            text.to_owned()
        } else {
            self.flow.with(|flow| flow.trace().mask(text).into_owned())
        }
    }

    /// What the main button will do.
    pub(crate) fn next(self) -> Next {
        let at = self.at.get();
        self.flow.with(|flow| match (flow.trace().entries().get(at + 1), flow.poll()) {
            (Some(entry), _) => Next::Reveal(entry.title.clone()),
            (None, Action::Send(outgoing)) => Next::Send(outgoing.title.clone()),
            (None, Action::Navigate | Action::AwaitCallback) => Next::Leave,
            // This client has its document, so nobody is asked for credentials, and nothing is signed.
            (None, _) => Next::End,
        })
    }

    /// One step on: looks at the next entry, or lets the next thing happen.
    pub(crate) fn step(self) {
        if self.busy_since.get_untracked().is_some() {
            return;
        }
        let at = self.at.get_untracked();
        if at + 1 < self.flow.with_untracked(|flow| flow.trace().entries().len()) {
            self.look_at(at + 1);
        } else {
            self.perform(false);
        }
    }

    /// One whole exchange on: past local work, to the answer of the next message.
    pub(crate) fn step_exchange(self) {
        if self.busy_since.get_untracked().is_none() {
            self.perform(true);
        }
    }

    /// One entry back. Nothing is sent.
    pub(crate) fn back(self) {
        self.look_at(self.at.get_untracked().saturating_sub(1));
    }

    /// Goes on by itself until a person is needed.
    pub(crate) fn run(self) {
        if self.busy_since.get_untracked().is_none() {
            self.running.set(true);
            self.perform(true);
        }
    }

    /// The browser shows a page again that it had left and kept: nothing is under way any more.
    pub(crate) fn resume(self) {
        self.busy_since.set(None);
        self.running.set(false);
    }

    /// Stops running after the message that is under way.
    pub(crate) fn pause(self) {
        self.running.set(false);
    }

    /// Forgets everything and begins again.
    pub(crate) fn start_over(self) {
        let config = self.flow.with_untracked(|flow| flow.config().clone());
        self.running.set(false);
        self.notice.set(None);
        self.busy_since.set(None);
        self.flow.set(Flow::new(config));
        self.at.set(0);
        storage::clear();
    }

    /// Looks at an entry.
    pub(crate) fn look_at(self, at: usize) {
        self.at.set(at);
        self.save();
    }

    /// Lets happen what the flow wants next. `to_last`: look at the last entry then, not at the first new one.
    fn perform(self, to_last: bool) {
        let outgoing = self.flow.with_untracked(|flow| match flow.poll() {
            Action::Send(outgoing) => Some(Some(outgoing.clone())),
            Action::Navigate | Action::AwaitCallback => Some(None),
            _ => None,
        });
        match outgoing {
            None => self.running.set(false),
            Some(None) => self.leave(),
            Some(Some(outgoing)) => {
                self.busy_since.set(Some(driver::now()));
                spawn_local(async move {
                    let answer = driver::send(&outgoing).await;
                    // Starting over has made another flow meanwhile: this answer belongs to nobody.
                    if self.busy_since.get_untracked().is_none() {
                        return;
                    }
                    self.busy_since.set(None);
                    let first_new = self.flow.with_untracked(|flow| flow.trace().entries().len());
                    let Some(env) = self.env() else { return };
                    let taken = self.flow.try_update(|flow| match answer {
                        Ok(response) => flow.handle_response(&env, response),
                        Err(reason) => flow.handle_unreachable(&env, &reason),
                    });
                    debug_assert_eq!(
                        taken,
                        Some(Ok(())),
                        "the answer belongs to the request that was polled"
                    );
                    let last =
                        self.flow.with_untracked(|flow| flow.trace().entries().len()).saturating_sub(1);
                    self.look_at(if to_last { last } else { first_new });
                    if self.running.get_untracked() {
                        self.perform(true);
                    }
                });
            }
        }
    }

    /// Sends the browser to the authorization server, in this tab. The page ends here and is resumed later.
    fn leave(self) {
        let Some(env) = self.env() else { return };
        let Some(Ok(url)) = self.flow.try_update(|flow| flow.depart(&env)) else { return };
        self.look_at(self.flow.with_untracked(|flow| flow.trace().entries().len()).saturating_sub(1));
        // Until the browser is gone, a second press must not ask for a second departure.
        self.busy_since.set(Some(driver::now()));
        let gone = web_sys::window().is_some_and(|window| window.location().assign(&url).is_ok());
        if !gone {
            self.busy_since.set(None);
        }
    }

    fn env(self) -> Option<flow::Env> {
        let env = env::fresh();
        if env.is_none() {
            self.notice.set(Some("This browser has no randomness to offer, so nothing can be sent safely."));
        }
        env
    }

    fn save(self) {
        storage::save(&Saved {
            flow: self.flow.get_untracked(),
            at: self.at.get_untracked(),
            running: self.running.get_untracked(),
        });
    }
}

/// A walk at its beginning.
pub(crate) fn fresh(config: Config) -> Saved {
    Saved { flow: Flow::new(config), at: 0, running: false }
}
