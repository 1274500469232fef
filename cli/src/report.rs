//! The trace in the terminal, printed as it happens, in numbered parts.

use std::io::{self, IsTerminal as _, Write};

use flow::lessons::steps::{Chapter, Step};
use flow::trace::{Answer, Check, Entry, Event, Outcome, Party, Trace};
use flow::{Failure, Flow};
use protocol::clause::Clause;

/// The numbered part of the printed trace to which an entry belongs.
fn part(entry: &Entry) -> (u8, &'static str) {
    let refused = entry.checks.iter().any(|check| check.clause == Clause::InsufficientScope);
    match (entry.step.chapter(), entry.step) {
        (Chapter::Discovery, _) => (1, "Discovery"),
        (Chapter::Identity | Chapter::Authorization | Chapter::Token, _) => {
            (2, "Authorization (CIMD + PKCE)")
        }
        (Chapter::Use, _) => (3, "whoami"),
        (Chapter::StepUp, Step::InsufficientScope) if refused => (4, "get_weather refused"),
        (Chapter::StepUp, Step::InsufficientScope) => (4, "get_weather"),
        (Chapter::StepUp, _) => (5, "Step-up"),
        (Chapter::Retry, _) => (6, "get_weather, retried"),
    }
}

/// ANSI colours, or nothing.
#[derive(Clone, Copy, Debug)]
pub struct Palette {
    on: bool,
}

impl Palette {
    /// Colours only on a terminal, and only if `NO_COLOR` is not set.
    #[must_use]
    pub fn for_stdout() -> Self {
        Self {
            on: io::stdout().is_terminal()
                && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        }
    }

    /// Never colours.
    #[must_use]
    pub fn plain() -> Self {
        Self { on: false }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.on { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Prints entries that were not printed yet.
#[derive(Debug)]
pub struct Report<W> {
    out: W,
    palette: Palette,
    show_secrets: bool,
    printed: usize,
    part: u8,
}

impl<W: Write> Report<W> {
    /// A report that writes to `out`.
    pub fn new(out: W, palette: Palette, show_secrets: bool) -> Self {
        Self { out, palette, show_secrets, printed: 0, part: 0 }
    }

    /// Prints what is new in the trace.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub fn update(&mut self, trace: &Trace) -> io::Result<()> {
        for entry in &trace.entries()[self.printed..] {
            self.entry(trace, entry)?;
        }
        self.printed = trace.entries().len();
        self.out.flush()
    }

    /// Prints the last line of a run that reached its end.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub fn success(&mut self, flow: &Flow) -> io::Result<()> {
        let granted = flow.granted().map(ToString::to_string).unwrap_or_default();
        let entries = flow.trace().entries();
        let exchanges = entries.iter().filter(|entry| matches!(entry.event, Event::Exchange { .. })).count();
        let checks = || entries.iter().flat_map(|entry| &entry.checks);
        let warnings = checks().filter(|check| check.outcome == Outcome::Warning).count();
        let line = format!("Success: every call was answered, with a token for {granted}.");
        let line = self.palette.paint("32", &line);
        writeln!(
            self.out,
            "\n{line}\n{exchanges} exchanges, {} checks, {warnings} warnings.",
            checks().count()
        )
    }

    /// Prints which hop failed and why.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub fn failure(&mut self, trace: &Trace, failure: &Failure) -> io::Result<()> {
        let title = format!("Failed at \"{}\": {}", failure.step.title(), failure.title);
        writeln!(self.out, "\n{}", self.palette.paint("31", &self.visible(trace, &title)))?;
        writeln!(self.out, "  expected: {}", self.visible(trace, &failure.expected))?;
        writeln!(self.out, "  found:    {}", self.visible(trace, &failure.found))?;
        match failure.clause {
            Some(clause) => {
                writeln!(
                    self.out,
                    "  rule:     {} ({}, {})",
                    clause.rule(),
                    clause.source(),
                    clause.level().as_str()
                )?;
                writeln!(self.out, "  read:     {}", clause.url())
            }
            None => writeln!(
                self.out,
                "  next:     start the servers with `just demo`, or name others with --server and --client-id"
            ),
        }
    }

    fn visible(&self, trace: &Trace, text: &str) -> String {
        let text = if self.show_secrets { text.into() } else { trace.mask(text) };
        // Text from outside must not command the terminal.
        text.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect()
    }

    fn entry(&mut self, trace: &Trace, entry: &Entry) -> io::Result<()> {
        let (number, title) = part(entry);
        if number != self.part {
            self.part = number;
            writeln!(self.out, "\n{}", self.palette.paint("1", &format!("[{number}] {title}")))?;
        }
        let title = self.visible(trace, &entry.title);
        match &entry.event {
            Event::Exchange { request, answer, summary } => {
                let line = format!("{} {}", request.method.as_str(), request.url);
                writeln!(self.out, "  {} {}: {title}", arrow(entry), entry.to.name())?;
                writeln!(self.out, "      {}", self.visible(trace, &line))?;
                let took = match answer {
                    Answer::Response(response) => format!(" ({} ms)", response.elapsed_ms),
                    Answer::Unreachable(reason) => format!(": {reason}"),
                };
                writeln!(self.out, "    ← {}{}", self.visible(trace, summary), self.visible(trace, &took))?;
            }
            Event::Local => {
                writeln!(self.out, "  · {title}")?;
                for (name, value, _) in entry.decoded.iter().flat_map(|decoded| &decoded.rows) {
                    writeln!(self.out, "      {name:<22} {}", self.visible(trace, value))?;
                }
            }
            Event::Navigation { url } | Event::Callback { url } => {
                writeln!(self.out, "  {} {title}", arrow(entry))?;
                writeln!(self.out, "      {}", self.visible(trace, url))?;
            }
        }
        entry.checks.iter().try_for_each(|check| self.check(trace, check))
    }

    fn check(&mut self, trace: &Trace, check: &Check) -> io::Result<()> {
        let mark = match check.outcome {
            Outcome::Passed => self.palette.paint("32", "✓"),
            Outcome::Warning => self.palette.paint("33", "!"),
            Outcome::Failed => self.palette.paint("31", "✗"),
        };
        let found = self.visible(trace, &check.found);
        let source = self.palette.paint("2", check.clause.source());
        writeln!(self.out, "    {mark} {}: {found}  {source}", check.title)?;
        if check.outcome != Outcome::Passed {
            writeln!(self.out, "        expected: {}", self.visible(trace, &check.expected))?;
        }
        Ok(())
    }
}

fn arrow(entry: &Entry) -> &'static str {
    if entry.to == Party::Client { "←" } else { "→" }
}
