//! The loop that performs a flow's actions.

use std::time::{SystemTime, UNIX_EPOCH};

use flow::{Action, Env, Farewell, Flow, Unexpected};
use protocol::ids::Issuer;

use crate::companion::Companion;
use crate::http::Http;
use crate::interrupts::Interrupts;
use crate::person::PersonError;
use crate::signer::SignerError;

/// Why a walk ended before the flow did.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// The person did not come back.
    #[error(transparent)]
    Person(#[from] PersonError),
    /// The client's key is not there, or does not sign like this.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// Nobody can say who the client is at this server.
    #[error(
        "{issuer} offers no way to introduce oneself that this client can use: register a client there by hand, and name \
         it with --client-id (and --client-secret)"
    )]
    Nobody {
        /// The authorization server.
        issuer: Issuer,
    },
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
    /// The driver and the flow disagree: a mistake in this program.
    #[error(transparent)]
    Unexpected(#[from] Unexpected),
}

/// The machine's time and randomness.
///
/// # Panics
/// If the operating system has no randomness.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the terminal is where time and randomness come from")]
pub fn system_env() -> Env {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut entropy = [0; 64];
    getrandom::fill(&mut entropy).expect("the operating system gives random bytes");
    Env { now_ms: u64::try_from(now.as_millis()).unwrap_or(u64::MAX), entropy }
}

/// What performs actions: the network, Ctrl-C, time and randomness.
#[derive(Debug)]
pub struct Driver<E> {
    /// The network.
    pub http: Http,
    /// Ctrl-C.
    pub interrupts: Interrupts,
    /// Time and randomness, fresh at each call.
    pub env: E,
}

impl<E: Fn() -> Env> Driver<E> {
    /// Walks until the flow rests or stops. `observe` is called after each thing that happened.
    ///
    /// Ctrl-C during a tool call calls the tool off, and what is left is still done; at any other time it ends the walk.
    ///
    /// # Errors
    /// [`DriveError`]. A flow that stops is no error here: ask it by [`Flow::poll`]. [`DriveError::Interrupted`] also when
    /// a call was called off.
    pub async fn walk(
        &self,
        flow: &mut Flow,
        companion: &mut impl Companion,
        mut observe: impl FnMut(&Flow),
    ) -> Result<(), DriveError> {
        let mut called_off = false;
        loop {
            match flow.poll() {
                Action::Send(outgoing) => {
                    let sent = tokio::select! {
                        answer = self.http.perform(outgoing) => Some(answer),
                        () = self.interrupts.next() => None,
                    };
                    match sent {
                        Some(Ok(response)) => flow.handle_response(&(self.env)(), response)?,
                        Some(Err(reason)) => flow.handle_unreachable(&(self.env)(), &reason)?,
                        None => {
                            flow.cancel(&(self.env)()).map_err(|_| DriveError::Interrupted)?;
                            called_off = true;
                        }
                    }
                }
                Action::Sign(request) => {
                    let signature = companion.sign(request)?;
                    flow.handle_signature(&(self.env)(), &signature)?;
                }
                Action::AskCredentials(issuer) => {
                    let issuer = issuer.clone();
                    let credentials = companion.credentials(&issuer).ok_or(DriveError::Nobody { issuer })?;
                    flow.provide_credentials(&(self.env)(), credentials)?;
                }
                Action::Navigate | Action::AwaitCallback => {
                    let url = flow.depart(&(self.env)())?;
                    observe(flow);
                    let callback = tokio::select! {
                        callback = companion.visit(flow, &url) => callback?,
                        () = self.interrupts.next() => return Err(DriveError::Interrupted),
                    };
                    flow.handle_callback(&(self.env)(), &callback)?;
                }
                Action::Rest | Action::Finished | Action::Failed(_) if called_off => {
                    return Err(DriveError::Interrupted);
                }
                Action::Rest | Action::Finished | Action::Failed(_) => return Ok(()),
            }
            observe(flow);
        }
    }

    /// Walks until the flow rests, and leaves in good order.
    ///
    /// # Errors
    /// [`DriveError`], as [`Self::walk`].
    pub async fn walk_and_leave(
        &self,
        flow: &mut Flow,
        farewell: Farewell,
        companion: &mut impl Companion,
        mut observe: impl FnMut(&Flow),
    ) -> Result<(), DriveError> {
        let walked = self.walk(flow, companion, &mut observe).await;
        if flow.poll() != Action::Rest {
            return walked;
        }
        walked.and(self.finish(flow, farewell, companion, observe).await)
    }

    /// Leaves in good order. What cannot be said any more is not said.
    ///
    /// # Errors
    /// [`DriveError`].
    pub async fn finish(
        &self,
        flow: &mut Flow,
        farewell: Farewell,
        companion: &mut impl Companion,
        observe: impl FnMut(&Flow),
    ) -> Result<(), DriveError> {
        match flow.finish(&(self.env)(), farewell) {
            Ok(()) => self.walk(flow, companion, observe).await,
            Err(_) => Ok(()),
        }
    }
}
