//! What a driver says to a flow: what came from outside, and what the person wants. All of it goes one way, through which
//! it gets into the recording.

use protocol::base64url;
use protocol::mcp::ToolCall;

use crate::action::Unexpected;
use crate::ending::Farewell;
use crate::env::Env;
use crate::http::Response;
use crate::identity::Credentials;
use crate::machine::Flow;
use crate::recording::Input;

impl Flow {
    /// Takes the answer to the request of [`Action::Send`](crate::Action::Send).
    ///
    /// # Errors
    /// [`Unexpected::NoRequest`]. What is wrong with the answer itself is no error here but
    /// [`Action::Failed`](crate::Action::Failed).
    pub fn handle_response(&mut self, env: &Env, response: Response) -> Result<(), Unexpected> {
        self.take(env, Input::Answered(response))
    }

    /// Takes the news that the request of [`Action::Send`](crate::Action::Send) got no answer.
    ///
    /// # Errors
    /// [`Unexpected::NoRequest`].
    pub fn handle_unreachable(&mut self, env: &Env, reason: &str) -> Result<(), Unexpected> {
        self.take(env, Input::Unreachable(reason.to_owned()))
    }

    /// Takes the signature of [`Action::Sign`](crate::Action::Sign): for ES256 the two numbers one behind the other, 64
    /// bytes.
    ///
    /// # Errors
    /// [`Unexpected::NothingToSign`].
    pub fn handle_signature(&mut self, env: &Env, signature: &[u8]) -> Result<(), Unexpected> {
        self.take(env, Input::Signed(base64url(signature)))
    }

    /// Takes what the person says about who the client is at the server of
    /// [`Action::AskCredentials`](crate::Action::AskCredentials).
    ///
    /// # Errors
    /// [`Unexpected::NotAsked`]. Credentials for another server are no error here but
    /// [`Action::Failed`](crate::Action::Failed).
    pub fn provide_credentials(&mut self, env: &Env, credentials: Credentials) -> Result<(), Unexpected> {
        self.take(env, Input::Named(credentials))
    }

    /// Sends the browser away: records it and returns the URL. Can be repeated while the browser has not come back.
    ///
    /// # Errors
    /// [`Unexpected::NoAuthorization`].
    pub fn depart(&mut self, env: &Env) -> Result<String, Unexpected> {
        let url = self.destination().ok_or(Unexpected::NoAuthorization)?;
        self.take(env, Input::Departed)?;
        Ok(url)
    }

    /// Takes the URL with which the browser came back.
    ///
    /// # Errors
    /// [`Unexpected::NoAuthorization`]. What is wrong with the URL is no error here but
    /// [`Action::Failed`](crate::Action::Failed).
    pub fn handle_callback(&mut self, env: &Env, redirected_to: &str) -> Result<(), Unexpected> {
        self.take(env, Input::CameBack(redirected_to.to_owned()))
    }

    /// Calls one more tool, once all planned calls are made.
    ///
    /// # Errors
    /// [`Unexpected::NotAtRest`].
    pub fn call_tool(&mut self, env: &Env, call: ToolCall) -> Result<(), Unexpected> {
        self.take(env, Input::CallTool(call))
    }

    /// Renews the token now, and rests again.
    ///
    /// # Errors
    /// [`Unexpected::NotAtRest`] or [`Unexpected::NoRefreshToken`].
    pub fn refresh(&mut self, env: &Env) -> Result<(), Unexpected> {
        self.take(env, Input::Refresh)
    }

    /// Calls the tool call under way off. The driver hangs up first.
    ///
    /// # Errors
    /// [`Unexpected::NoCall`].
    pub fn cancel(&mut self, env: &Env) -> Result<(), Unexpected> {
        self.take(env, Input::Cancel)
    }

    /// Leaves in good order: ends the session, and gives the tokens back if so wished.
    ///
    /// # Errors
    /// [`Unexpected::NotAtRest`].
    pub fn finish(&mut self, env: &Env, farewell: Farewell) -> Result<(), Unexpected> {
        self.take(env, Input::Finish(farewell))
    }
}
