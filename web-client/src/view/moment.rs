//! Moments as people say them.

use js_sys::Date;
use protocol::ids::UnixTime;
use wasm_bindgen::JsValue;

/// "in 58 minutes", "3 days ago", "now"
pub(crate) fn relative(moment: UnixTime, now: UnixTime) -> String {
    match (moment.since(now), now.since(moment)) {
        (0, 0) => "now".to_owned(),
        (0, behind) => span(behind) + " ago",
        (ahead, _) => String::from("in ") + &span(ahead),
    }
}

/// "90 seconds", "10 minutes", "2 hours"
fn span(seconds: u64) -> String {
    let (count, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7200 => (seconds / 60, "minute"),
        7200..172_800 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// Day and time where the reader is, as the reader's browser writes them.
pub(crate) fn local(moment: UnixTime) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a date is below 2^53 milliseconds, or none at all")]
    let date = Date::new(&JsValue::from_f64(moment.0 as f64 * 1000.0));
    date.to_locale_string("default", &JsValue::UNDEFINED).into()
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn moments_are_said_from_now() {
        let now = UnixTime(1_800_000_000);
        for (moment, said) in [
            (now, "now"),
            (now.plus(1), "in 1 second"),
            (now.plus(3480), "in 58 minutes"),
            (UnixTime(now.0 - 7200), "2 hours ago"),
            (UnixTime(now.0 - 3 * 86_400), "3 days ago"),
        ] {
            assert_eq!(relative(moment, now), said);
        }
        assert!(local(now).contains("2027"), "{}", local(now));
        assert!(!local(UnixTime(u64::MAX)).is_empty());
    }
}
