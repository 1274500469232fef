//! How the program ends: the status says why, so that scripts need not read the text.

use std::process::ExitCode;

use flow::trace::Outcome;
use flow::{Action, Flow};
use protocol::clause::Clause;

use walker::driver::DriveError;
use walker::person::PersonError;

/// Why the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything was done that was to be done.
    Done,
    /// The client stopped because a check failed, or the tool of `call` said that it failed.
    Stopped,
    /// Wrong arguments.
    Usage,
    /// A server did not answer.
    Unreachable,
    /// The person did not come back, or said no.
    NoPermission,
    /// An attack ended otherwise than it must.
    Otherwise,
    /// An attack could not be performed, so nothing is known of how it would have ended.
    NotPerformed,
    /// Ctrl-C.
    Interrupted,
}

impl Exit {
    /// The status.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Stopped | Self::Otherwise => 1,
            Self::Usage => 2,
            Self::Unreachable => 3,
            Self::NoPermission => 4,
            Self::NotPerformed => 5,
            Self::Interrupted => 130,
        }
    }

    /// How a walk ended. Whether tools failed is another question: where they are called with made-up arguments, some do.
    #[must_use]
    pub fn of(walked: &Result<(), DriveError>, flow: &Flow) -> Self {
        match (walked, flow.poll()) {
            (Err(DriveError::Interrupted), _) => Self::Interrupted,
            (Err(DriveError::Person(PersonError::Unreachable { .. })), _) => Self::Unreachable,
            (Err(DriveError::Person(_) | DriveError::Nobody { .. }), _) => Self::NoPermission,
            (Err(DriveError::Signer(_) | DriveError::Unexpected(_)), _) => Self::Stopped,
            (Ok(()), Action::Failed(failure)) => match failure.clause {
                None => Self::Unreachable,
                Some(Clause::AccessDenied) => Self::NoPermission,
                Some(_) => Self::Stopped,
            },
            (Ok(()), _) if said_no(flow) => Self::NoPermission,
            (Ok(()), _) => Self::Done,
        }
    }
}

/// Whether the person said no to something, also where the client could go on without it.
fn said_no(flow: &Flow) -> bool {
    let mut checks = flow.trace().entries().iter().flat_map(|entry| &entry.checks);
    checks.any(|check| check.clause == Clause::AccessDenied && check.outcome != Outcome::Passed)
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// For `--help`.
pub const HELP: &str = "Exit status:
  0    everything was answered
  1    the client stopped: a check failed (it is named); with call, also when the tool failed
  2    wrong arguments
  3    a server did not answer
  4    the person did not come back, or said no
  130  interrupted";

/// The same for `attack`.
pub const ATTACK_HELP: &str = "Exit status:
  0    every attack ended as it must
  1    one did not: something was accepted that must not be, or was refused otherwise than predicted
  2    wrong arguments
  3    there is no lab, or an honest client does not get in at the server
  4    nobody has said that the server is theirs
  5    an attack could not be performed, so nothing is known of it
  130  interrupted

At a server of your own another refusal than the predicted one is noted, and is no failure; neither is what has no place
there, such as an attack on refresh tokens where there are none.";
