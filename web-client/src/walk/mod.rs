//! A walk: a run of the client, where the reader stands in it, and the moves that the reader can make.

mod deeds;
mod moves;
mod next;
mod presenting;
mod records;
mod start;
mod tools;

use std::ops::Deref;

use flow::lessons::steps::Step;
use flow::{Action, Flow};
use leptos::prelude::*;
use protocol::observation::MASK;
use protocol::party::Party;
use protocol::revision::Revision;
use record::{Hop, HopId, merge};
use serde::{Deserialize, Serialize};

pub(crate) use next::Next;
pub(crate) use start::{Start, begin};
pub(crate) use tools::{LOST, Tool};

use crate::choice::Choice;
use crate::draft::Draft;
use crate::fetched::Workbench;
use crate::followed::{followed, latest, spelled};
use crate::lab::Lab;
use crate::lessons::Lessons;
use crate::observatory::Observatory;
use crate::view::highlight::Value;

/// Where the reader stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum At {
    /// At something that has happened.
    Hop(HopId),
    /// At what comes next.
    Pending,
}

/// How far a run goes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Until {
    /// Until the person is to be sent to the authorization server.
    Consent,
    /// Until this step has happened.
    Step(Step),
    /// Until somebody refuses something, or everything is done.
    Refusal,
    /// Until everything is done.
    End,
}

/// What is being waited for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Busy {
    /// By the browser's clock for durations, in milliseconds.
    pub(crate) since: f64,
    /// Who is to answer; `You`: the browser is leaving.
    pub(crate) whom: Party,
}

/// A walk. There is one to a page, so it stays: what is copied into every view and every closure is its address.
#[derive(Clone, Copy)]
pub(crate) struct Walk(&'static State);

impl Deref for Walk {
    type Target = State;

    fn deref(&self) -> &State {
        self.0
    }
}

/// The state of the page, in signals.
pub(crate) struct State {
    pub(crate) lab: StoredValue<Lab>,
    /// Revision and registration.
    pub(crate) choice: RwSignal<Choice>,
    /// The client.
    pub(crate) flow: RwSignal<Flow>,
    /// What the servers report.
    pub(crate) observatory: Observatory,
    /// A run that is looked at instead.
    pub(crate) imported: RwSignal<Option<Vec<Hop>>>,
    /// The name of the attack whose run that is.
    pub(crate) guest: RwSignal<Option<String>>,
    /// What the reader's own run is about, and where the reader stood in it, while another one is looked at.
    pub(crate) own: StoredValue<Option<(Choice, At)>>,
    /// Both sides, in one order.
    pub(crate) hops: Memo<Vec<Hop>>,
    pub(crate) at: RwSignal<At>,
    pub(crate) busy: RwSignal<Option<Busy>>,
    /// How far it goes by itself; `None`: a person presses for each hop.
    pub(crate) running: RwSignal<Option<Until>>,
    /// Whether a request is shown before it goes.
    pub(crate) pauses: RwSignal<bool>,
    /// Whether it is told to a room.
    pub(crate) presents: RwSignal<bool>,
    /// The request that comes next, as the reader has changed it.
    pub(crate) draft: RwSignal<Option<Draft>>,
    /// Whether codes, verifiers and tokens are shown.
    pub(crate) show_secrets: RwSignal<bool>,
    /// The name of the value that lights up wherever it occurs.
    pub(crate) lit: RwSignal<Option<&'static str>>,
    /// The hops in which that value occurs.
    pub(crate) lit_hops: Memo<Vec<HopId>>,
    /// The name of the value that stays lit.
    pub(crate) picked: RwSignal<Option<&'static str>>,
    /// The values that are followed across the run.
    pub(crate) followed: Memo<Vec<Value>>,
    /// What the last deed at rest came to.
    pub(crate) outcome: RwSignal<Option<String>>,
    /// How far the lab's clock is ahead, in seconds.
    pub(crate) clock_ahead: RwSignal<u64>,
    /// Whether the lab was asked for it.
    pub(crate) clock_asked: StoredValue<bool>,
    /// A step that a link leads to, and that has not happened yet.
    pub(crate) wanted: RwSignal<Option<Step>>,
    /// A word to the reader that belongs to no hop.
    pub(crate) notice: RwSignal<Option<&'static str>>,
    /// The attack that the catalogue is to open.
    pub(crate) attack: StoredValue<Option<String>>,
    /// What is said about steps.
    pub(crate) lessons: Lessons,
    /// The tools that are fetched when they are wanted.
    pub(crate) workbench: Workbench,
}

impl Walk {
    /// A walk as it was found. To be made inside a component: it keeps the stream of reports open.
    pub(crate) fn new(start: Start) -> Self {
        let flow = RwSignal::new(start.flow);
        let observatory = Observatory::open(start.since);
        let imported = RwSignal::new(None::<Vec<Hop>>);
        let hops = Memo::new(move |_| {
            if let Some(hops) = imported.get() {
                return hops;
            }
            let hops = observatory.seen.with(|seen| flow.with(|flow| merge(flow.trace().entries(), seen)));
            observatory.keep_for(&hops);
            hops
        });
        let lit = RwSignal::new(None);
        let known = Memo::new(move |_| hops.with(|hops| followed(hops)));
        Self(Box::leak(Box::new(State {
            lab: StoredValue::new(start.lab),
            choice: RwSignal::new(start.choice),
            flow,
            observatory,
            imported,
            guest: RwSignal::new(None),
            own: StoredValue::new(None),
            hops,
            at: RwSignal::new(start.at),
            busy: RwSignal::new(None),
            running: RwSignal::new(start.running),
            pauses: RwSignal::new(start.pauses),
            presents: RwSignal::new(start.presents),
            draft: RwSignal::new(None),
            show_secrets: RwSignal::new(false),
            lit,
            lit_hops: Memo::new(move |_| {
                let Some(name) = lit.get() else { return Vec::new() };
                let texts = known.with(|known| spelled(known, name));
                hops.with(|hops| {
                    let mentions = |hop: &&Hop| texts.iter().any(|text| hop.mentions(text));
                    hops.iter().filter(mentions).map(|hop| hop.id).collect()
                })
            }),
            picked: RwSignal::new(None),
            followed: known,
            outcome: RwSignal::new(None),
            clock_ahead: RwSignal::new(0),
            clock_asked: StoredValue::new(false),
            wanted: RwSignal::new(start.wanted),
            notice: RwSignal::new(start.notice),
            attack: StoredValue::new(None),
            lessons: Lessons::new(),
            workbench: Workbench::new(),
        })))
    }

    /// The revision in effect.
    pub(crate) fn revision(self) -> Revision {
        self.choice.with(|choice| choice.revision)
    }

    /// The hop that is looked at; `None` where that is what comes next.
    pub(crate) fn hop(self) -> Option<Hop> {
        let place = self.place()?;
        self.hops.with(|hops| hops.get(place).cloned())
    }

    /// Its place among all hops.
    pub(crate) fn place(self) -> Option<usize> {
        match self.at.get() {
            At::Hop(id) => self.hops.with(|hops| hops.iter().position(|hop| hop.id == id)),
            At::Pending => None,
        }
    }

    /// The latest value of a name that was taken apart up to where the reader stands.
    pub(crate) fn value(self, name: &str) -> Option<String> {
        let place = self.place();
        self.hops.with(|hops| latest(place.map_or(&hops[..], |place| &hops[..=place]), name))
    }

    /// Whether something remains that would be sent or done.
    pub(crate) fn can_go_on(self) -> bool {
        self.imported.with(Option::is_none)
            && self.flow.with(|flow| {
                matches!(flow.poll(), Action::Send(_) | Action::Navigate | Action::AwaitCallback)
            })
    }

    /// Keeps a value lit, or no more.
    pub(crate) fn pick(self, name: &'static str) {
        let picked = self.picked.get_untracked();
        self.picked.set(if picked == Some(name) { None } else { Some(name) });
        self.lit.set(Some(name));
    }

    /// A text with secrets masked, unless the reader wants to see them.
    pub(crate) fn visible(self, text: &str) -> String {
        if self.show_secrets.get() { text.to_owned() } else { self.masked(text) }
    }

    /// A text with secrets masked, for whoever must not see them.
    pub(crate) fn masked(self, text: &str) -> String {
        if self.imported.with(Option::is_some) {
            // Nobody has told this client what is secret there.
            self.followed.with(|values| {
                let secret = values.iter().filter(|value| value.secret);
                secret.fold(text.to_owned(), |text, value| text.replace(&value.text, MASK))
            })
        } else {
            self.flow.with(|flow| flow.trace().mask(text).into_owned())
        }
    }
}
