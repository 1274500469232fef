//! Nobody answered, and there is no other place to ask. The client stops; whoever drives it can let the request go again.

use crate::action::Failure;
use crate::state::State;
use crate::turn::Outgoing;

/// A request that nobody answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unanswered {
    pub(crate) failure: Failure,
    /// What the client was about: the request follows from it.
    pub(crate) before: State,
}

impl Unanswered {
    pub(crate) fn stop(before: State, outgoing: &Outgoing, reason: &str) -> State {
        let failure = Failure {
            step: outgoing.step,
            title: format!("no answer from {}", outgoing.request.url),
            expected: "an answer".into(),
            found: reason.to_owned(),
            clause: None,
        };
        State::Unanswered(Box::new(Self { failure, before }))
    }
}
