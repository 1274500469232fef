//! A line that says what is waited for, and how long already: on a terminal it counts, elsewhere it is said once.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// Waits for something, and says so on standard error meanwhile.
pub async fn waiting_for<T>(what: &str, awaited: impl Future<Output = T>) -> T {
    let started = Instant::now();
    let counts = io::stderr().is_terminal();
    let mut awaited = std::pin::pin!(awaited);
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    let mut said = false;
    loop {
        tokio::select! {
            done = &mut awaited => {
                if counts && said {
                    eprint!("\r\x1b[K");
                }
                return done;
            }
            _ = tick.tick() => {
                let seconds = started.elapsed().as_secs();
                if counts {
                    eprint!("\r\x1b[K{what} … {seconds} s (Ctrl-C gives up)");
                } else if !said {
                    eprintln!("{what} …");
                }
                said = true;
                // A terminal that is gone needs no progress.
                let _ = io::stderr().flush();
            }
        }
    }
}
