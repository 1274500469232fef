//! What a flow wants of its driver, and what it says to a driver that does something else.

use protocol::clause::Clause;
use protocol::ids::Issuer;
use serde::Serialize;

use crate::client_authentication::SigningRequest;
use crate::lessons::steps::Step;
use crate::turn::Outgoing;

/// Why a flow stopped, in plain words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// At which step.
    pub step: Step,
    /// What was looked at.
    pub title: String,
    /// What should have been there.
    pub expected: String,
    /// What was there.
    pub found: String,
    /// The rule, unless nothing could be reached at all.
    pub clause: Option<Clause>,
}

/// What the driver must do now.
#[derive(Clone, Debug, PartialEq)]
pub enum Action<'a> {
    /// Send this request, then call [`Flow::handle_response`](crate::Flow::handle_response) or [`Flow::handle_unreachable`](crate::Flow::handle_unreachable).
    Send(&'a Outgoing),
    /// Sign this with the client's key, then call [`Flow::handle_signature`](crate::Flow::handle_signature).
    Sign(&'a SigningRequest),
    /// Ask the person who the client is at this server, then call [`Flow::provide_credentials`](crate::Flow::provide_credentials).
    AskCredentials(&'a Issuer),
    /// Call [`Flow::depart`](crate::Flow::depart) and send the browser to the URL that it returns.
    Navigate,
    /// Wait until the browser comes back, then call [`Flow::handle_callback`](crate::Flow::handle_callback).
    AwaitCallback,
    /// Nothing: all calls are made. [`Flow::call_tool`](crate::Flow::call_tool) goes on, [`Flow::finish`](crate::Flow::finish) leaves.
    Rest,
    /// Nothing: the client has left.
    Finished,
    /// Nothing: the client stopped. Where nobody answered, [`Flow::try_again`](crate::Flow::try_again) goes on.
    Failed(&'a Failure),
}

/// The driver did something that does not fit the state. The flow is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unexpected {
    /// A response came, but no request is under way.
    #[error("no request is under way")]
    NoRequest,
    /// A callback came, or the browser was to be sent away, but no authorization is under way.
    #[error("no authorization is under way")]
    NoAuthorization,
    /// A signature came, but nothing is to be signed.
    #[error("nothing is to be signed")]
    NothingToSign,
    /// Credentials came, but nobody was asked for them.
    #[error("nobody was asked for credentials")]
    NotAsked,
    /// A command that needs a flow at rest.
    #[error("the flow is not at rest")]
    NotAtRest,
    /// There is no refresh token.
    #[error("there is no refresh token")]
    NoRefreshToken,
    /// No refresh token was replaced, so there is no old one.
    #[error("no refresh token was replaced")]
    NoWornRefreshToken,
    /// There is no such token, or the authorization server takes none back.
    #[error("there is nothing to be given back")]
    NothingToRevoke,
    /// A request was to be sent with another method than its own.
    #[error("a request keeps its method")]
    OtherMethod,
    /// The client did not stop because nobody answered.
    #[error("no request is without an answer")]
    NothingToTryAgain,
    /// No tool is being called.
    #[error("no tool is being called")]
    NoCall,
}
