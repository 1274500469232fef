//! A run as one value: to take away, and to look at again.

use std::collections::BTreeSet;

use protocol::revision::Revision;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::hop::Hop;

/// What this program writes. A later one may write another.
const VERSION: u64 = 1;
/// The longest text that is read, in bytes. No run of the lab comes near it.
pub const MAX_BYTES: u32 = 2 * 1024 * 1024;
/// More than anybody looks at, and no more than a page can draw.
const MAX_HOPS: usize = 2_000;

/// What a record calls itself.
const FORMAT: &str = "mcp-auth-lab-record";

/// A run of the lab, from both sides.
///
/// Shape: `{"format":"mcp-auth-lab-record","version":1,"revision":"2025-11-25","registration":"cimd","started_at_ms":…,"hops":[…]}`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    format: String,
    version: u64,
    /// The revision that the client followed.
    pub revision: Revision,
    /// How the client was known at the authorization server, as links name it: `cimd`, `pre`, `dcr`.
    pub registration: String,
    /// When it began, in milliseconds since 1970-01-01T00:00:00Z.
    pub started_at_ms: u64,
    /// Everything that happened, in order.
    pub hops: Vec<Hop>,
}

/// Why a text cannot be looked at as a run. The words are for the person who chose it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// More than is read.
    #[error("This is larger than 2 MB: no record of MCP Auth Lab is.")]
    TooLong,
    /// Something else.
    #[error("This is no record of MCP Auth Lab. Export a run as JSON to get one.")]
    NoRecord,
    /// Of a later program.
    #[error(
        "This record was made by a newer version of MCP Auth Lab (format {0}; this one reads up to {VERSION})."
    )]
    Newer(u64),
    /// Cut off, or edited into something that no run is.
    #[error("This record of MCP Auth Lab is damaged: {0}.")]
    Damaged(String),
}

impl Record {
    /// A run, as it is: secrets included.
    #[must_use]
    pub fn new(revision: Revision, registration: impl Into<String>, hops: Vec<Hop>) -> Self {
        let started_at_ms = hops.first().map_or(0, |hop| hop.at_ms);
        let registration = registration.into();
        Self { format: FORMAT.to_owned(), version: VERSION, revision, registration, started_at_ms, hops }
    }

    /// As JSON, to be read by [`Record::parse`].
    #[must_use]
    pub fn to_json(&self) -> String {
        // Texts, numbers and lists, which JSON can always express.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what [`Record::to_json`] wrote. Whatever stands in it is text to be shown, from wherever it came.
    ///
    /// # Errors
    /// [`ImportError`].
    pub fn parse(text: &str) -> Result<Self, ImportError> {
        if text.len() > MAX_BYTES as usize {
            return Err(ImportError::TooLong);
        }
        let damaged = |error: serde_json::Error| {
            let reason = if error.is_eof() { "it is cut off".to_owned() } else { error.to_string() };
            ImportError::Damaged(reason)
        };
        // What cannot be read is of ours, if it says so.
        let value: Value = serde_json::from_str(text)
            .map_err(|error| if text.contains(FORMAT) { damaged(error) } else { ImportError::NoRecord })?;
        let version = value.get("version").and_then(Value::as_u64).unwrap_or_default();
        if value.get("format").and_then(Value::as_str) != Some(FORMAT) || version == 0 {
            return Err(ImportError::NoRecord);
        }
        if version > VERSION {
            return Err(ImportError::Newer(version));
        }
        let record: Self = protocol::json::from_value(value).map_err(damaged)?;
        if record.hops.len() > MAX_HOPS {
            return Err(ImportError::Damaged(format!("it has more than {MAX_HOPS} hops")));
        }
        let mut ids = BTreeSet::new();
        if !record.hops.iter().all(|hop| ids.insert(hop.id)) {
            return Err(ImportError::Damaged("two hops have the same id".into()));
        }
        Ok(record)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::{merge, samples};

    fn record() -> Record {
        let (entries, observations) = samples::run();
        Record::new(Revision::V2025_11_25, "cimd", merge(&entries, &observations))
    }

    #[test]
    fn writing_and_reading_are_inverse() {
        let record = record();
        assert_eq!(record.started_at_ms, 1_000);
        assert_eq!(Record::parse(&record.to_json()), Ok(record));
    }

    #[test]
    fn a_changed_request_is_remembered_and_older_records_are_still_read() {
        let mut changed = record();
        assert!(!changed.to_json().contains("edited"), "an older version reads it as well");
        changed.hops[0].edited = true;
        let json = changed.to_json();
        assert!(json.contains(r#""edited":true"#));
        assert_eq!(Record::parse(&json), Ok(changed));
    }

    #[test]
    fn what_is_no_record_is_refused_in_words() {
        let json = record().to_json();
        let too_long = " ".repeat(MAX_BYTES as usize + 1);
        for (text, expected) in [
            ("", "This is no record of MCP Auth Lab."),
            ("PNG", "This is no record of MCP Auth Lab."),
            ("[]", "This is no record of MCP Auth Lab."),
            (r#"{"log":{"version":"1.2"}}"#, "This is no record of MCP Auth Lab."),
            (r#"{"format":"another","version":1}"#, "This is no record of MCP Auth Lab."),
            (r#"{"format":"mcp-auth-lab-record","version":-1}"#, "This is no record of MCP Auth Lab."),
            (
                r#"{"format":"mcp-auth-lab-record","version":2,"steps":[]}"#,
                "This record was made by a newer version of MCP Auth Lab (format 2; this one reads up to 1).",
            ),
            (
                r#"{"format":"mcp-auth-lab-record","version":1}"#,
                "This record of MCP Auth Lab is damaged: missing",
            ),
            (&json[..json.len() / 2], "This record of MCP Auth Lab is damaged: it is cut off."),
            (&too_long, "This is larger than 2 MB"),
        ] {
            let error = Record::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[test]
    fn hostile_records_are_refused_or_only_text() {
        let json = record().to_json();
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for (from, to) in [
            (r#""at_ms":1000"#, r#""at_ms":1e400"#),
            (r#""at_ms":1000"#, r#""at_ms":99999999999999999999999"#),
            (r#""at_ms":1000"#, r#""at_ms":-1"#),
            (r#""from":"client""#, r#""from":"__proto__""#),
            (r#""title":"initialize""#, r#""title":{"toString":1}"#),
            (r#""checks":[]"#, &format!(r#""checks":{deep}"#)),
            (r#""hops":["#, &format!(r#""hops":{deep},"x":["#)),
            (r#"{"entry":1}"#, r#"{"entry":0}"#),
            (r#""status":401"#, r#""status":65536"#),
        ] {
            assert!(json.contains(from), "{from}");
            assert!(
                matches!(Record::parse(&json.replacen(from, to, 1)), Err(ImportError::Damaged(_))),
                "{to}"
            );
        }
        let script = json.replace("signs in as ada", "<script>alert(1)</script>\\u0000\\ud83d\\ude00");
        let shown =
            Record::parse(&script).unwrap().hops.into_iter().any(|hop| hop.title.contains("</script>\0😀"));
        assert!(shown, "a text like any other");
        let unknown = json.replacen("{\"format\"", "{\"later\":[{\"x\":1}],\"format\"", 1);
        assert_eq!(Record::parse(&unknown), Ok(record()), "what is not known is passed over");

        let mut many = record();
        many.hops = (0..=MAX_HOPS).map(|_| many.hops[0].clone()).collect();
        for (seq, hop) in (0..).zip(&mut many.hops) {
            hop.id = crate::HopId::Seen(seq);
            hop.event = None;
            hop.seen = None;
        }
        assert!(Record::parse(&many.to_json()).unwrap_err().to_string().contains("more than 2000 hops"));
    }
}
