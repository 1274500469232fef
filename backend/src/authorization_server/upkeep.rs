//! What has to be done every minute, whether somebody asks or not.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::AuthorizationServer;
use super::keys::KEY_WATCH_SECONDS;
use crate::authorization_server::KeyError;
use crate::store::StoreError;

/// How often: other processes rely on it for the keys.
const PERIOD: Duration = Duration::from_secs(KEY_WATCH_SECONDS);

/// What was not done.
#[derive(Debug, thiserror::Error)]
pub enum UpkeepError {
    /// The keys were not looked after.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// Expired rows were not deleted.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AuthorizationServer {
    /// Does it once: looks after the keys, and deletes what has expired, in small batches between the work of others.
    ///
    /// # Errors
    /// [`UpkeepError`]: the rest is left for the next time.
    pub async fn maintain(&self) -> Result<(), UpkeepError> {
        let keys = self.maintain_keys().await;
        // Whether or not that worked, this can.
        self.server().store.prune(self.server().clock.now()).await?;
        Ok(keys?)
    }

    /// Does it now and every minute from now on. Runs until it is dropped, which may happen at any time.
    pub async fn keep_up(self) {
        let mut ticks = interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.maintain().await {
                tracing::error!(%error, "the upkeep is put off to the next minute");
            }
        }
    }
}
