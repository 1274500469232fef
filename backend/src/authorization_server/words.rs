//! Times and identifiers as they stand on pages.

use std::time::{Duration, UNIX_EPOCH};

use protocol::ids::UnixTime;

/// The longest identifier that is shown whole, in characters.
const MAX_SHOWN: usize = 160;

/// "10 minutes"
pub(super) fn lifetime(seconds: u64) -> String {
    let (count, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7200 => (seconds / 60, "minute"),
        7200..172_800 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// A day, in UTC: nobody told this server where the person is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Day {
    /// "15 January 2027"
    pub(super) words: String,
    /// "2027-01-15"
    pub(super) iso: String,
}

/// The day of a moment.
pub(super) fn day(time: UnixTime) -> Day {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    // "Fri, 15 Jan 2027 08:00:00 GMT": made of fixed places.
    let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(time.0.min(LAST_MOMENT)));
    let (day, month, year) = (&date[5..7], &date[8..11], &date[12..16]);
    let number = MONTHS.iter().position(|name| name.starts_with(month)).unwrap_or_default();
    Day {
        words: format!("{} {} {year}", day.trim_start_matches('0'), MONTHS[number]),
        iso: format!("{year}-{:02}-{day}", number + 1),
    }
}

/// The end of the year 9999, beyond which the format has no place for a year.
const LAST_MOMENT: u64 = 253_402_300_799;

/// The name of a variant, without what it holds: what a refusal is called.
pub(super) fn variant(value: &impl std::fmt::Debug) -> String {
    let text = format!("{value:?}");
    let name = text.split(|letter: char| !letter.is_ascii_alphanumeric()).next();
    name.unwrap_or_default().to_owned()
}

/// The beginning of an identifier, and how much more there is: neither a page nor a log is to be filled with one.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}… ({} more characters)", &text[..end], text[end..].chars().count()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_are_read_by_people() {
        assert_eq!(lifetime(600), "10 minutes");
        assert_eq!(lifetime(90), "90 seconds");
        assert_eq!(lifetime(1), "1 second");
        assert_eq!(lifetime(7200), "2 hours");
        assert_eq!(lifetime(30 * 86_400), "30 days");
    }

    #[test]
    fn days_are_read_by_people_and_by_programs() {
        let read = |seconds| {
            let day = day(UnixTime(seconds));
            (day.words, day.iso)
        };
        assert_eq!(read(0), ("1 January 1970".into(), "1970-01-01".into()));
        assert_eq!(read(1_800_000_000), ("15 January 2027".into(), "2027-01-15".into()));
        assert_eq!(read(1_798_675_200), ("31 December 2026".into(), "2026-12-31".into()));
        assert_eq!(read(u64::MAX).1, "9999-12-31");
    }

    #[test]
    fn a_page_cannot_be_filled_with_one_identifier() {
        assert_eq!(shortened("/callback"), "/callback");
        assert_eq!(shortened(&"x".repeat(MAX_SHOWN)), "x".repeat(MAX_SHOWN));
        let long = shortened(&"x".repeat(2000));
        assert_eq!(long, format!("{}… (1840 more characters)", "x".repeat(160)));
    }
}
