//! Where logs go.

use tracing_subscriber::EnvFilter;

/// Writes logs to standard error. `RUST_LOG` chooses what, else `default_filter`, for instance `info`.
///
/// Nothing secret can be among them: secrets have no readable `Debug`, and handlers record no arguments.
pub fn init(default_filter: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default_filter));
    // A second call, as in tests, keeps the first set-up.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}
