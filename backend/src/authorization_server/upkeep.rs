//! What has to be done every minute, whether somebody asks or not.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::{AuthorizationServer, KEY_WATCH_SECONDS, KeyError};

/// How often.
const PERIOD: Duration = Duration::from_secs(KEY_WATCH_SECONDS);

impl AuthorizationServer {
    /// Does it once: looks after the signing keys, then deletes what has expired, in small batches between the work of
    /// others.
    ///
    /// # Errors
    /// [`KeyError`], most often because of the store: the rest is left for the next time.
    pub async fn maintain(&self) -> Result<(), KeyError> {
        let keys = self.maintain_keys().await;
        self.server().store.prune(self.server().clock.now()).await?;
        keys
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
