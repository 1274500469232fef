//! The loop that performs a flow's actions.

use std::time::{SystemTime, UNIX_EPOCH};

use flow::{Action, Env, Flow, Unexpected};

use crate::http::Http;
use crate::person::{Person, PersonError};

/// Why a walk ended before the flow did.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// The person did not come back.
    #[error(transparent)]
    Person(#[from] PersonError),
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

/// Walks until the flow rests or fails. `observe` is called after each thing that happened.
///
/// # Errors
/// [`DriveError`]. A flow that fails is no error here: ask it by [`Flow::poll`].
pub async fn walk(
    flow: &mut Flow,
    http: &Http,
    person: &mut Person,
    env: impl Fn() -> Env,
    mut observe: impl FnMut(&Flow),
) -> Result<(), DriveError> {
    loop {
        match flow.poll() {
            Action::Send(outgoing) => match http.send(&outgoing.request).await {
                Ok(response) => flow.handle_response(&env(), response)?,
                Err(reason) => flow.handle_unreachable(&env(), &reason)?,
            },
            Action::Navigate | Action::AwaitCallback => {
                let url = flow.depart(&env())?;
                observe(flow);
                let callback = person.visit(&url, &flow.config().redirect_uri.clone()).await?;
                flow.handle_callback(&env(), &callback)?;
            }
            Action::Rest | Action::Failed(_) => return Ok(()),
        }
        observe(flow);
    }
}
