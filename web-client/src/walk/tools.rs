//! The tools of the workbench: what they need of the walk, and what comes back.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{At, Until, Walk};
use crate::bridge::{Order, Told};
use crate::choice::{Choice, Way};
use crate::trial::Places;

/// A tool with a dialog of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    /// Two finished runs side by side.
    Compare,
    /// A metadata document of one's own.
    Document,
    /// Export and import.
    Export,
    /// The catalogue of attacks.
    Break,
    /// One hop fills the screen.
    Present,
    /// The keys and the words.
    Keys,
}

/// What is said where the workbench is not to be had.
pub(crate) const LOST: &str =
    "The tools could not be fetched. Is the lab still running? If it was built anew, reload the page.";

impl Walk {
    /// Opens a tool, unless one is on its way already.
    pub(crate) fn open_tool(self, tool: Tool) {
        let bench = self.workbench;
        if bench.opening.get_untracked().is_some() {
            return;
        }
        bench.opening.set(Some(tool));
        spawn_local(async move {
            let is_there =
                bench.open(move || untrack(|| self.order(tool)), move |told| self.told(told)).await;
            bench.opening.set(None);
            self.presents.set(is_there && tool == Tool::Present);
            if !is_there {
                self.notice.set(Some(LOST));
            } else if self.notice.get_untracked() == Some(LOST) {
                self.notice.set(None);
            }
        });
    }

    /// Opens the catalogue of attacks at one of them.
    pub(crate) fn break_it(self, attack: String) {
        self.attack.set_value(Some(attack));
        self.open_tool(Tool::Break);
    }

    /// Keeps what a room sees where the reader stands. To be called inside a component.
    pub(crate) fn keep_presenting(self) {
        Effect::new(move || {
            if self.presents.get() {
                let order = Order::Present(self.moment());
                spawn_local(async move {
                    if !self.workbench.open(move || order, move |told| self.told(told)).await {
                        self.presents.set(false);
                        self.notice.set(Some(LOST));
                    }
                });
            }
        });
    }

    fn order(self, tool: Tool) -> Order {
        let revision = self.revision();
        match tool {
            Tool::Compare => {
                self.keep_finished();
                Order::Compare
            }
            Tool::Document => Order::Document {
                places: self.lab.with_value(|lab| Places {
                    origin: window().location().origin().unwrap_or_default(),
                    authorization_endpoint: [&lab.authorization_server, "/authorize"].concat(),
                    resource: lab.mcp_server.clone(),
                }),
                revision,
                since: self.observatory.since.get(),
            },
            Tool::Break => {
                let attack = self.attack.try_update_value(Option::take).flatten();
                Order::Break { revision, attack }
            }
            Tool::Export => {
                let way = self.choice.with(|choice| choice.way.id());
                Order::Export {
                    name: ["mcp-auth-", revision.as_str(), "-", way].concat(),
                    masked: self.record(false),
                    with_secrets: self.record(true),
                    imported: self.imported.with(Option::is_some),
                }
            }
            Tool::Present => Order::Present(self.moment()),
            Tool::Keys => Order::Keys,
        }
    }

    /// Does what was decided in a tool.
    fn told(self, told: Told) {
        let choice = self.choice.get_untracked();
        match told {
            Told::Run(revision) => {
                self.start(Choice { revision, ..choice });
                self.run(Until::End);
            }
            Told::StartWithDocument(url) => {
                self.start(Choice { way: Way::Cimd, document: Some(url), ..choice });
            }
            Told::LookAt(record) => self.look_at_record(*record),
            Told::LookAtRow(id) => self.at.set(At::Hop(id)),
            Told::OfAttack(name) => self.guest.set(Some(name)),
            Told::Next => self.step(),
            Told::Back => self.back(),
            Told::Left => self.presents.set(false),
        }
    }
}
