//! A flow is a function of what it was told. So what it was told is what is kept of it: whoever has the configuration and
//! the recording has the flow, its trace included.

use std::fmt;

use protocol::mcp::ToolCall;
use serde::{Deserialize, Serialize};

use crate::action::Unexpected;
use crate::config::Config;
use crate::ending::Farewell;
use crate::env::Env;
use crate::http::{Request, Response};
use crate::identity::Credentials;
use crate::machine::Flow;
use crate::revocation::TokenKind;

/// Something that came from outside. There is no other way into a flow.
///
/// `Debug` shows only what kind it is: tokens are in it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// The request was answered.
    Answered(Response),
    /// The request got no answer, and why.
    Unreachable(String),
    /// A signature, in base64url.
    Signed(String),
    /// The person said who the client is.
    Named(Credentials),
    /// The browser was sent away: to this URL, if the person wanted another than the client.
    Departed(Option<String>),
    /// The browser came back, with this URL.
    CameBack(String),
    /// The person wants the request to go like this.
    Edited(Request),
    /// The person wants the request to go again that nobody answered.
    TryAgain,
    /// The person wants one more call.
    CallTool(ToolCall),
    /// The person wants another token.
    Refresh,
    /// The person wants to see what becomes of a refresh token that is used twice.
    ReuseRefreshToken,
    /// The person wants to see what a token is worth that was given back.
    Revoke(TokenKind),
    /// The person does not wait for the call any more.
    Cancel,
    /// The person leaves.
    Finish(Farewell),
}

impl Input {
    fn kind(&self) -> &'static str {
        match self {
            Self::Answered(_) => "answered",
            Self::Unreachable(_) => "unreachable",
            Self::Signed(_) => "signed",
            Self::Named(_) => "named",
            Self::Departed(_) => "departed",
            Self::CameBack(_) => "came back",
            Self::Edited(_) => "edited",
            Self::TryAgain => "try again",
            Self::CallTool(_) => "call tool",
            Self::Refresh => "refresh",
            Self::ReuseRefreshToken => "reuse refresh token",
            Self::Revoke(_) => "revoke",
            Self::Cancel => "cancel",
            Self::Finish(_) => "finish",
        }
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())
    }
}

/// An input, with the time and the entropy that came along.
///
/// It holds everything that the run holds, in the open: codes, tokens, and what becomes a verifier.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// When it came, and what randomness came along.
    pub env: Env,
    /// What came.
    pub input: Input,
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.input.fmt(f)
    }
}

impl Flow {
    /// Everything that the flow has taken so far. What was refused as [`Unexpected`] is not in it.
    #[must_use]
    pub fn recording(&self) -> &[Recorded] {
        &self.inputs
    }

    /// The flow that took these inputs. Nothing is sent for it: the answers are in the recording.
    ///
    /// # Errors
    /// What a flow says to an input that does not fit: the recording is of another configuration, or of another version of
    /// this crate.
    pub fn replay(config: Config, recording: Vec<Recorded>) -> Result<Self, Unexpected> {
        let mut flow = Self::new(config);
        for Recorded { env, input } in recording {
            flow.take(&env, input)?;
        }
        Ok(flow)
    }

    /// The flow as it was when it had taken its first `count` inputs; all of them, if it has not taken so many.
    #[must_use]
    pub fn forked(&self, count: usize) -> Self {
        let mut flow = Self::new(self.config().clone());
        for Recorded { env, input } in self.inputs.iter().take(count).cloned() {
            // It fitted before, and nothing but the inputs makes a difference.
            let taken = flow.take(&env, input);
            debug_assert_eq!(taken, Ok(()));
        }
        flow
    }
}
