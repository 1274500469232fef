//! What a driver says to a flow: what came from outside, and what the person wants. All of it goes one way, through which
//! it gets into the recording.

use protocol::base64url;
use protocol::mcp::ToolCall;

use crate::action::Unexpected;
use crate::ending::{Ending, Farewell};
use crate::env::Env;
use crate::http::{Request, Response};
use crate::identity::Credentials;
use crate::machine::Flow;
use crate::operate::{self, Resting};
use crate::probe::{self, Probe};
use crate::recording::Input;
use crate::revocation::{Revocation, TokenKind};
use crate::session::{Access, Errand};
use crate::state::State;
use crate::token_request;

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

    /// Lets the request go again that nobody answered, as the client made it: what the person had changed in it is as it was.
    ///
    /// # Errors
    /// [`Unexpected::NothingToTryAgain`].
    pub fn try_again(&mut self, env: &Env) -> Result<(), Unexpected> {
        self.take(env, Input::TryAgain)
    }

    /// Whether the client stopped only because nobody answered, so that [`Flow::try_again`] goes on.
    #[must_use]
    pub fn can_try_again(&self) -> bool {
        matches!(self.state, State::Unanswered(_))
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
        self.take(env, Input::Departed(None))?;
        Ok(url)
    }

    /// Where [`Flow::depart`] would send the browser; `None` unless it is to be sent away.
    #[must_use]
    pub fn destination(&self) -> Option<String> {
        match &self.state {
            State::Authorize(pending) | State::AwaitCallback(pending) => Some(pending.url()),
            _ => None,
        }
    }

    /// Sends the browser to a URL that the person made of the client's. What the client will check the answer with stays as
    /// it was.
    ///
    /// # Errors
    /// [`Unexpected::NoAuthorization`].
    pub fn depart_to(&mut self, env: &Env, url: &str) -> Result<(), Unexpected> {
        self.take(env, Input::Departed(Some(url.to_owned())))
    }

    /// Replaces the request of [`Action::Send`](crate::Action::Send) before it goes: its URL, its headers, its body. The
    /// trace shows what was sent, and that it was changed. The client knows nothing of it: it goes by what it meant to send.
    ///
    /// # Errors
    /// [`Unexpected::NoRequest`] or [`Unexpected::OtherMethod`].
    pub fn edit(&mut self, env: &Env, request: Request) -> Result<(), Unexpected> {
        self.take(env, Input::Edited(request))
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

    /// Sends the refresh token that was replaced last once more, and rests again: servers refuse it and end what grew from the
    /// same consent. The client has forgotten it; it is taken from the account of the run, as a thief would from a log.
    ///
    /// # Errors
    /// [`Unexpected::NotAtRest`] or [`Unexpected::NoWornRefreshToken`].
    pub fn reuse_refresh_token(&mut self, env: &Env) -> Result<(), Unexpected> {
        self.take(env, Input::ReuseRefreshToken)
    }

    /// Gives a token back, and rests again. The client keeps it all the same, so that the next call shows what it is worth.
    ///
    /// # Errors
    /// [`Unexpected::NotAtRest`] or [`Unexpected::NothingToRevoke`].
    pub fn revoke(&mut self, env: &Env, kind: TokenKind) -> Result<(), Unexpected> {
        self.take(env, Input::Revoke(kind))
    }

    /// Whether the client rests and has a token of this kind: [`Flow::refresh`] needs a refresh token, [`Flow::revoke`] the
    /// one to be given back.
    #[must_use]
    pub fn holds(&self, kind: TokenKind) -> bool {
        let token = self.resting_access().map(|access| &access.token);
        token.is_some_and(|token| kind == TokenKind::AccessToken || token.refresh_token.is_some())
    }

    /// Whether a refresh token was replaced, so that [`Flow::reuse_refresh_token`] can be asked for.
    #[must_use]
    pub fn has_worn_refresh_token(&self) -> bool {
        self.resting_access().is_some_and(|access| probe::worn_refresh_token(&self.trace, access).is_some())
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

/// What the commands do.
impl Flow {
    pub(crate) fn call(&mut self, env: &Env, call: &ToolCall) -> Result<(), Unexpected> {
        let Resting { mut session, access } = self.at_rest()?;
        session.queue.push_back(call.clone());
        self.work_out(env, |turn| Ok(operate::proceed(turn, session, access)));
        Ok(())
    }

    pub(crate) fn renew(&mut self, env: &Env) -> Result<(), Unexpected> {
        let Resting { session, access } = self.at_rest()?;
        let access =
            access.filter(|access| access.token.refresh_token.is_some()).ok_or(Unexpected::NoRefreshToken)?;
        self.work_out(env, |turn| Ok(token_request::renew(turn, Errand { session, then: None }, access)));
        Ok(())
    }

    pub(crate) fn reuse(&mut self, env: &Env) -> Result<(), Unexpected> {
        let Resting { session, access } = self.at_rest()?;
        let access = access.ok_or(Unexpected::NoWornRefreshToken)?;
        let worn = probe::worn_refresh_token(&self.trace, &access).ok_or(Unexpected::NoWornRefreshToken)?;
        self.work_out(env, |turn| Ok(Probe::reuse(turn, session, access, worn)));
        Ok(())
    }

    pub(crate) fn give_back(&mut self, env: &Env, kind: TokenKind) -> Result<(), Unexpected> {
        let Resting { session, access } = self.at_rest()?;
        let access = access.ok_or(Unexpected::NothingToRevoke)?;
        let revocation = Revocation::of(&access, kind, env).ok_or(Unexpected::NothingToRevoke)?;
        self.work_out(env, |_| Ok(Probe::revoke(session, access, revocation)));
        Ok(())
    }

    pub(crate) fn leave(&mut self, env: &Env, farewell: Farewell) -> Result<(), Unexpected> {
        let resting = self.at_rest()?;
        self.work_out(env, |turn| Ok(Ending::begin(turn, resting, farewell)));
        Ok(())
    }

    fn at_rest(&self) -> Result<Resting, Unexpected> {
        match &self.state {
            State::Rest(resting) => Ok((**resting).clone()),
            _ => Err(Unexpected::NotAtRest),
        }
    }

    fn resting_access(&self) -> Option<&Access> {
        match &self.state {
            State::Rest(resting) => resting.access.as_ref(),
            _ => None,
        }
    }
}
