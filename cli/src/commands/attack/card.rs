//! One attack, told from its story to its remedy.

use std::io::{self, Write};

use attack::{Outcome, Verdict};
use flow::lessons::attacks::{Attack, Prediction};
use flow::tamper::{Changed, Part};
use record::Hop;

use super::result::{Performed, in_words};
use crate::report::{Palette, harmless, print_check};

/// Prints what an attack is, and what came of it in each revision.
pub(super) fn print(
    out: &mut impl Write,
    palette: Palette,
    attack: &Attack,
    performed: &[Performed],
) -> io::Result<()> {
    let title = format!("{} ({})", attack.title, attack.id);
    writeln!(out, "{}", palette.paint("1", &title))?;
    writeln!(out, "{}, at the step {:?}", attack.kind().title(), attack.step.title())?;
    writeln!(out, "\n{}\n\nChanged: {}", attack.story, attack.change)?;
    if let Some(first) = performed.first() {
        writeln!(out, "Predicted: {}.", in_words(&first.expected()))?;
    }
    if let Prediction::Allowed(_, why) = attack.prediction {
        writeln!(out, "Why nobody has to: {why}")?;
    }
    for one in performed {
        writeln!(out, "\n{}", palette.paint("1", &format!("[{}]", one.revision.as_str())))?;
        if let Some(outcome) = one.outcome() {
            happened(out, outcome)?;
        }
        for check in one.checks() {
            print_check(out, palette, check, harmless)?;
        }
        verdict(out, palette, one)?;
    }
    for one in performed.iter().take(1) {
        let clause = one.clause();
        let (rule, source, level) = (clause.rule_in(one.revision), clause.source(), clause.level().as_str());
        writeln!(out, "\nRule: {rule} ({source}, {level})")?;
        writeln!(out, "Read: {}", clause.url_in(one.revision))?;
    }
    writeln!(out, "If nobody refused: {}\nRemedy: {}", attack.cost, attack.remedy)
}

/// The message, what of it was changed, and what came back.
fn happened(out: &mut impl Write, outcome: &Outcome) -> io::Result<()> {
    let hop = outcome.run.hops.iter().find(|hop| Some(hop.id) == outcome.at);
    if let Some(hop) = hop {
        writeln!(out, "  {} → {}: {}", hop.from.name(), hop.to.name(), one_line(&hop.title))?;
        if let Some(line) = address(hop) {
            writeln!(out, "      {}", one_line(&line))?;
        }
    }
    for change in &outcome.changes {
        let Changed { part, name, was, is } = change;
        let value = |value: &Option<String>| value.as_deref().map_or_else(|| "nothing".to_owned(), shown);
        writeln!(out, "      {}{}: {} → {}", part_name(*part), one_line(name), value(was), value(is))?;
    }
    writeln!(out, "    ← {}", one_line(&in_words(&outcome.found)))
}

fn address(hop: &Hop) -> Option<String> {
    let request = hop.request()?;
    let url = request.url.split('?').next().unwrap_or_default();
    Some(format!("{} {url}", request.method.as_str()))
}

fn part_name(part: Part) -> &'static str {
    match part {
        Part::Query => "query ",
        Part::Header => "header ",
        Part::Form => "form ",
        Part::Json => "JSON ",
        Part::Url => "address",
    }
}

fn verdict(out: &mut impl Write, palette: Palette, one: &Performed) -> io::Result<()> {
    let (color, words) = match one.outcome().map(|outcome| outcome.verdict) {
        Some(Verdict::Refused) => ("32", "refused, as it must be"),
        Some(Verdict::Policy) => ("32", "not refused, and nobody has to"),
        Some(Verdict::RefusedOtherwise) => ("33", "refused, but otherwise"),
        Some(Verdict::Accepted) => ("31", "accepted, although it must be refused"),
        None => ("33", one.verdict()),
    };
    let remark = one.remark().map(|remark| format!(": {}", one_line(remark))).unwrap_or_default();
    writeln!(out, "  {}{remark}", palette.paint(color, &format!("Verdict: {words}")))
}

/// A text from outside, on one line.
fn one_line(text: &str) -> String {
    harmless(text).replace('\n', " ")
}

/// A value, as much of it as says what it is.
fn shown(value: &str) -> String {
    const LONGEST: usize = 120;
    let value = one_line(value);
    match value.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} … ({} characters)", &value[..end], value.chars().count()),
        None => value,
    }
}
