//! For how long something has been waited for.

use std::time::Duration;

use leptos::prelude::*;

use crate::driver;

/// Whole seconds since then, by the browser's clock for durations; counted only while something is waited for.
pub(crate) fn elapsed_seconds(since: impl Fn() -> Option<f64> + Send + Sync + 'static) -> RwSignal<u32> {
    let seconds = RwSignal::new(0);
    Effect::new(move || {
        seconds.set(0);
        let Some(since) = since() else { return };
        let tick = move || {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a duration below the deadline"
            )]
            seconds.set(((driver::now() - since).max(0.0) / 1000.0) as u32);
        };
        if let Ok(handle) = set_interval_with_handle(tick, Duration::from_secs(1)) {
            on_cleanup(move || handle.clear());
        }
    });
    seconds
}
