//! The run as one value: to take away, and one that comes back.

use flow::Action;
use leptos::prelude::*;
use record::Record;

use super::{At, Walk};
use crate::choice::{Choice, Link};
use crate::storage;

impl Walk {
    /// The run so far.
    pub(crate) fn record(self, with_secrets: bool) -> Record {
        let (revision, way) = self.choice.with(|choice| (choice.revision, choice.way.id()));
        let record = Record::new(revision, way, self.hops.get());
        if with_secrets { record } else { self.flow.with(|flow| record.masked(flow.trace())) }
    }

    /// Keeps the present run for a comparison, if it is finished.
    pub(crate) fn keep_finished(self) {
        if untrack(|| self.is_finished()) {
            storage::keep_finished_run(&untrack(|| self.record(false)));
        }
    }

    fn is_finished(self) -> bool {
        self.imported.with(Option::is_none)
            && self.flow.with(|flow| matches!(flow.poll(), Action::Rest | Action::Finished))
    }

    /// Looks at a run that was exported, or at the one of an attack. The reader's own waits meanwhile.
    pub(super) fn look_at_record(self, record: Record) {
        if self.imported.with_untracked(Option::is_none) {
            self.own.set_value(Some((self.choice.get_untracked(), self.at.get_untracked())));
        }
        let link =
            Link { revision: Some(record.revision), ..Link::parse(&["reg=", &record.registration].concat()) };
        self.choice.set(Choice::default().with(&link));
        let first = record.hops.first().map_or(At::Pending, |hop| At::Hop(hop.id));
        self.running.set(None);
        self.guest.set(None);
        self.imported.set(Some(record.hops));
        self.at.set(first);
    }

    /// Back to the reader's own run, and to where it was left.
    pub(crate) fn back_to_own(self) {
        let Some((choice, at)) = self.own.get_value() else { return };
        self.imported.set(None);
        self.choice.set(choice);
        self.at.set(at);
    }
}
