//! The trace in the terminal, printed as it happens, in numbered parts.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write};

use flow::lessons::steps::{Chapter, Step};
use flow::trace::{Answer, Check, Entry, Event, Outcome, Party, Trace};
use flow::{Action, Agenda, Failure, Flow, OnBehalf};
use serde_json::Value;

use crate::advice;
use walker::driver::DriveError;

/// The part of the printed trace to which an entry belongs. The greeting belongs to the first call.
fn part(flow: &Flow, entry: &Entry) -> String {
    let tool = || {
        let name = entry.title.strip_prefix("tools/call ").unwrap_or(&entry.title);
        name.split(',').next().unwrap_or(name).to_owned()
    };
    let first = || match &flow.config().agenda {
        Agenda::Calls(calls) => calls.first().map_or_else(|| "Tools".to_owned(), |call| call.name.clone()),
        Agenda::EveryTool => "Tools".to_owned(),
    };
    match (entry.step.chapter(), entry.step) {
        (Chapter::Discovery, _) => "Discovery".into(),
        (Chapter::Identity | Chapter::Authorization | Chapter::Token, _) => {
            format!("Authorization ({})", way_to_be_known(flow))
        }
        (Chapter::Use, Step::Call) => tool(),
        (Chapter::Use, _) => first(),
        (Chapter::StepUp, Step::InsufficientScope) => format!("{} refused", tool()),
        (Chapter::StepUp, _) => "Step-up".into(),
        (Chapter::Retry, _) => format!("{}, retried", tool()),
        (Chapter::Lifetime, step) => step.title().into(),
    }
}

/// How the client came to be known, and what protects the code.
fn way_to_be_known(flow: &Flow) -> &'static str {
    let happened = |step| flow.trace().entries().iter().any(|entry| entry.step == step);
    match (flow.config().on_behalf, happened(Step::ClientDocument), happened(Step::Registration)) {
        (OnBehalf::Itself, ..) => "client credentials",
        (OnBehalf::Person, true, _) => "CIMD + PKCE",
        (OnBehalf::Person, false, true) => "DCR + PKCE",
        (OnBehalf::Person, false, false) => "PKCE",
    }
}

/// A text from outside without anything that commands the terminal, or turns the line around.
#[must_use]
pub fn harmless(text: &str) -> String {
    let commands = |c: char| c.is_control() && !matches!(c, '\t' | '\n');
    text.chars().map(|c| if commands(c) || turns_around(c) { '\u{fffd}' } else { c }).collect()
}

/// A JSON object over several lines, fit for a terminal. JSON escapes the older half of the control characters by itself,
/// but not the newer.
#[must_use]
pub fn harmless_json(value: &Value) -> String {
    let mut harmless = String::new();
    for c in format!("{value:#}").chars() {
        match c {
            '\n' => harmless.push(c),
            c if c.is_control() || turns_around(c) => {
                let _ = write!(harmless, "\\u{:04x}", u32::from(c));
            }
            c => harmless.push(c),
        }
    }
    harmless
}

/// Characters that change the direction of what stands around them.
fn turns_around(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
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

    /// A text in this colour.
    #[must_use]
    pub fn paint(self, code: &str, text: &str) -> String {
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
    parts: usize,
    part: String,
}

impl<W: Write> Report<W> {
    /// A report that writes to `out`.
    pub fn new(out: W, palette: Palette, show_secrets: bool) -> Self {
        Self { out, palette, show_secrets, printed: 0, parts: 0, part: String::new() }
    }

    /// Prints what is new in the trace of a flow.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub fn update(&mut self, flow: &Flow) -> io::Result<()> {
        let trace = flow.trace();
        for entry in &trace.entries()[self.printed..] {
            self.heading(flow, entry)?;
            self.entry(trace, entry)?;
        }
        self.printed = trace.entries().len();
        self.out.flush()
    }

    /// Prints how a run ended.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub fn conclusion(&mut self, flow: &Flow, walked: &Result<(), DriveError>) -> io::Result<()> {
        match (walked, flow.poll()) {
            (Err(error), _) => {
                let line = self.visible(flow.trace(), &error.to_string());
                writeln!(self.out, "\n{}", self.palette.paint("31", &format!("Stopped: {line}")))?;
                self.next(advice::after_stop(error))
            }
            (Ok(()), Action::Failed(failure)) => self.failure(flow, failure),
            (Ok(()), _) => self.success(flow),
        }
    }

    /// Prints the last lines of a run that reached its end.
    fn success(&mut self, flow: &Flow) -> io::Result<()> {
        let entries = flow.trace().entries();
        let exchanges = entries.iter().filter(|entry| matches!(entry.event, Event::Exchange { .. })).count();
        let checks = || entries.iter().flat_map(|entry| &entry.checks);
        let warnings = checks().filter(|check| check.outcome == Outcome::Warning).count();
        let failed = flow.results().iter().filter(|result| result.is_error).count();
        let token = flow
            .granted()
            .map_or_else(|| ", without any token".into(), |granted| format!(", with a token for {granted}"));
        let line = match failed {
            0 => self.palette.paint("32", &format!("Success: every call was answered{token}.")),
            n => self
                .palette
                .paint("33", &format!("Every call was answered{token}; {n} tools say that they failed.")),
        };
        writeln!(
            self.out,
            "\n{line}\n{exchanges} exchanges, {} checks, {warnings} warnings.",
            checks().count()
        )
    }

    /// Prints which hop failed and why.
    fn failure(&mut self, flow: &Flow, failure: &Failure) -> io::Result<()> {
        let trace = flow.trace();
        let title = format!("Failed at \"{}\": {}", failure.step.title(), failure.title);
        writeln!(self.out, "\n{}", self.palette.paint("31", &self.visible(trace, &title)))?;
        writeln!(self.out, "  expected: {}", self.visible(trace, &failure.expected))?;
        writeln!(self.out, "  found:    {}", self.visible(trace, &failure.found))?;
        if let Some(clause) = failure.clause {
            let level = clause.level().as_str();
            writeln!(
                self.out,
                "  rule:     {} ({}, {level})",
                clause.rule_in(flow.revision()),
                clause.source()
            )?;
            writeln!(self.out, "  read:     {}", clause.url_in(flow.revision()))?;
        }
        self.next(advice::after_failure(flow, failure))
    }

    fn next(&mut self, advice: Option<&str>) -> io::Result<()> {
        advice.map_or(Ok(()), |advice| writeln!(self.out, "  next:     {advice}"))
    }

    fn visible(&self, trace: &Trace, text: &str) -> String {
        visible(trace, text, self.show_secrets)
    }

    fn heading(&mut self, flow: &Flow, entry: &Entry) -> io::Result<()> {
        let part = part(flow, entry);
        // Leaving is no part of its own: it belongs to what was done last.
        if part == self.part || entry.step == Step::Ending && self.parts > 0 {
            return Ok(());
        }
        self.parts += 1;
        let heading = self.visible(flow.trace(), &format!("[{}] {part}", self.parts));
        self.part = part;
        writeln!(self.out, "\n{}", self.palette.paint("1", &heading))
    }

    fn entry(&mut self, trace: &Trace, entry: &Entry) -> io::Result<()> {
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
                    let (name, value) = (self.visible(trace, name), self.visible(trace, value));
                    writeln!(self.out, "      {name:<22} {value}")?;
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
        let (show_secrets, palette) = (self.show_secrets, self.palette);
        print_check(&mut self.out, palette, check, |text| visible(trace, text, show_secrets))
    }
}

/// A text of a run as it may be printed: on one line, harmless, secrets masked unless they are wanted.
fn visible(trace: &Trace, text: &str, show_secrets: bool) -> String {
    let text = if show_secrets { text.into() } else { trace.mask(text) };
    harmless(&text).replace('\n', " ")
}

/// Prints a check: what was looked at, what was found, which rule; and what was expected, unless it was found.
///
/// # Errors
/// If `out` cannot be written.
pub fn print_check(
    out: &mut impl Write,
    palette: Palette,
    check: &Check,
    visible: impl Fn(&str) -> String,
) -> io::Result<()> {
    let mark = match check.outcome {
        Outcome::Passed => palette.paint("32", "✓"),
        Outcome::Warning => palette.paint("33", "!"),
        Outcome::Failed => palette.paint("31", "✗"),
    };
    let source = palette.paint("2", check.clause.source());
    writeln!(out, "    {mark} {}: {}  {source}", check.title, visible(&check.found))?;
    if check.outcome != Outcome::Passed {
        writeln!(out, "        expected: {}", visible(&check.expected))?;
    }
    Ok(())
}

fn arrow(entry: &Entry) -> &'static str {
    if entry.to == Party::Client { "←" } else { "→" }
}
