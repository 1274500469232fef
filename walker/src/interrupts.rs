//! Ctrl-C, while something is waited for.

/// Whether Ctrl-C is listened to. Tests do not.
#[derive(Clone, Copy, Debug, Default)]
pub enum Interrupts {
    /// It never comes.
    #[default]
    Never,
    /// It comes from the terminal.
    Terminal,
}

impl Interrupts {
    /// Waits for the next one.
    pub async fn next(self) {
        match self {
            // A terminal that cannot be listened to never interrupts.
            Self::Terminal if tokio::signal::ctrl_c().await.is_ok() => {}
            Self::Terminal | Self::Never => std::future::pending().await,
        }
    }
}
