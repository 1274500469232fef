//! What the main button will do.

use flow::Action;
use leptos::prelude::*;

use super::{At, Walk};

/// What the main button will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Look at a hop that is there already.
    Reveal(String),
    /// Show the request that would go next.
    Prepare(String),
    /// Send a request.
    Send(String),
    /// Send the browser to the authorization server.
    Leave,
    /// Look back at the whole run: everything is done.
    Conclude,
    /// Nothing: the end.
    End,
}

impl Walk {
    /// What the main button will do.
    pub(crate) fn next(self) -> Next {
        let shown = self.place();
        let following = self.hops.with(|hops| {
            let place = match (shown, self.at.get()) {
                (Some(place), _) => place + 1,
                // Before the first hop, or beyond the last.
                (None, _) => hops.len(),
            };
            hops.get(place).map(|hop| hop.title.clone())
        });
        if let Some(title) = following {
            return Next::Reveal(title);
        }
        if self.imported.with(Option::is_some) {
            return Next::End;
        }
        let prepares = self.pauses.get() && self.at.get() != At::Pending;
        self.flow.with(|flow| match flow.poll() {
            Action::Send(outgoing) if prepares => Next::Prepare(outgoing.title.clone()),
            Action::Send(outgoing) => Next::Send(outgoing.title.clone()),
            Action::Navigate if prepares => Next::Prepare("the authorization request".to_owned()),
            Action::Navigate | Action::AwaitCallback => Next::Leave,
            Action::Rest | Action::Finished if self.at.get() != At::Pending => Next::Conclude,
            Action::Failed(_) if flow.can_try_again() => Next::Send(
                flow.trace().entries().last().map_or_else(String::new, |entry| entry.title.clone()),
            ),
            // This client has its document or an id, so nobody is asked for credentials, and nothing is signed.
            _ => Next::End,
        })
    }
}
