//! Where logs go, in which form, and what can never be among them.

use std::io::IsTerminal as _;

use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry, fmt};

/// How a line is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs: an object for each event.
    Json,
}

/// The parts of this program. Their events were written with the rule in mind that nothing secret is in them.
const OURS: [&str; 7] =
    ["backend", "resource_server", "server_kit", "protocol", "authorization_server", "mcp_server", "lab"];

/// What libraries may say at most. Beyond it they print what they handle: headers, bodies, messages.
const OTHERS: LevelFilter = LevelFilter::WARN;

/// Writes logs to standard error. `RUST_LOG` chooses what, else `default_filter`, for instance `info`.
///
/// Nothing secret can be among them, whatever `RUST_LOG` says: secrets have no readable `Debug`, handlers record no
/// arguments, and libraries are cut off above [`OTHERS`].
///
/// # Errors
/// If `RUST_LOG` cannot be read. Nothing is written then.
///
/// Spec: MCP Authorization, Token Theft (never logged).
pub fn init(default_filter: &str, format: Format) -> Result<(), String> {
    let filter = match std::env::var("RUST_LOG") {
        Ok(filter) => EnvFilter::try_new(&filter).map_err(|reason| format!("RUST_LOG={filter}: {reason}"))?,
        Err(_) => EnvFilter::new(default_filter),
    };
    // A second call, as in tests, keeps the first set-up.
    let _ = subscriber(filter, format, std::io::stderr).try_init();
    Ok(())
}

/// What [`init`] sets up, with another place for the lines: for tests of what is in them.
pub fn subscriber<W>(filter: EnvFilter, format: Format, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = match format {
        Format::Text => fmt::layer().with_ansi(std::io::stderr().is_terminal()).with_writer(writer).boxed(),
        Format::Json => fmt::layer().json().flatten_event(true).with_writer(writer).boxed(),
    };
    Registry::default().with(lines.with_filter(filter).with_filter(filter_fn(may_be_logged)))
}

fn may_be_logged(event: &Metadata<'_>) -> bool {
    let library = event.target().split("::").next().unwrap_or_default();
    *event.level() <= OTHERS || OURS.contains(&library)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn lines_of(format: Format) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        tracing::subscriber::with_default(
            subscriber(EnvFilter::new("trace"), format, move || writer.clone()),
            || {
                tracing::trace!(target: "backend::store", rows = 3, "ours");
                tracing::info!(target: "hyper_util::client", "a header");
                tracing::trace!(target: "reqwest::connect", "a body");
                tracing::warn!(target: "rmcp::service", "a complaint");
            },
        );
        String::from_utf8(lines.0.lock().unwrap().clone()).unwrap()
    }

    /// Req: ALL-11
    #[test]
    fn libraries_cannot_be_made_to_say_what_they_handle() {
        let text = lines_of(Format::Text);
        assert!(text.contains("ours rows=3") && text.contains("a complaint"), "{text}");
        assert!(!text.contains("a header") && !text.contains("a body"), "{text}");
    }

    #[test]
    fn an_event_is_one_object_for_programs() {
        let text = lines_of(Format::Json);
        let events: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(events.len(), 2);
        assert_eq!((&events[0]["message"], &events[0]["rows"]), (&"ours".into(), &3.into()));
    }
}
