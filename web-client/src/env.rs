//! Time and randomness of the browser.

use flow::Env;

/// The browser's time and fresh randomness. `None` where the browser has no randomness: then nothing may be sent.
pub(crate) fn fresh() -> Option<Env> {
    let mut entropy = [0; 64];
    let crypto = web_sys::window()?.crypto().ok()?;
    crypto.get_random_values_with_u8_array(&mut entropy).ok()?;
    Some(Env { now_ms: now_ms(), entropy })
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the time since 1970 in milliseconds is positive and far below 2^53"
    )]
    let now = js_sys::Date::now() as u64;
    now
}
