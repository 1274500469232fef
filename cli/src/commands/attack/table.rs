//! All attacks: a table, what is to be said of some, and a sum.

use std::io::{self, Write};

use attack::Verdict;
use flow::lessons::attacks::{Attack, Kind};
use protocol::revision::Revision;

use super::result::{Ending, Performed};
use crate::report::{Palette, harmless};

/// Prints what came of all.
pub(super) fn print(
    out: &mut impl Write,
    palette: Palette,
    ground: &str,
    performed: &[Performed],
) -> io::Result<()> {
    let width = performed.iter().map(|one| one.attack.id.len()).max().unwrap_or_default();
    let revisions: Vec<_> = Revision::ALL
        .into_iter()
        .filter(|revision| performed.iter().any(|one| one.revision == *revision))
        .collect();
    for kind in Kind::ALL {
        let mut rows: Vec<&Attack> = Vec::new();
        for one in performed.iter().filter(|one| one.attack.kind() == kind) {
            if rows.last().is_none_or(|last| last.id != one.attack.id) {
                rows.push(one.attack);
            }
        }
        if rows.is_empty() {
            continue;
        }
        let heading = format!("{:<indent$}", kind.title(), indent = width + 2);
        let dates = revisions.iter().map(|revision| format!("  {:<17}", revision.as_str()));
        writeln!(out, "{}", palette.paint("1", (heading + &dates.collect::<String>()).trim_end()))?;
        for attack in rows {
            let cells = revisions.iter().map(|revision| {
                let one =
                    performed.iter().find(|one| one.attack.id == attack.id && one.revision == *revision);
                format!("  {}", cell(palette, one))
            });
            let line = format!("  {:<width$}{}", attack.id, cells.collect::<String>());
            writeln!(out, "{}", line.trim_end())?;
        }
        writeln!(out)?;
    }
    for one in performed.iter().filter(|one| one.remark().is_some()) {
        remark(out, palette, one)?;
    }
    writeln!(out, "{}", sum(ground, performed))
}

fn cell(palette: Palette, one: Option<&Performed>) -> String {
    let Some(one) = one else { return format!("{:<17}", "") };
    let text = format!("{:<17}", one.verdict());
    palette.paint(color(&one.ending), &text)
}

fn color(ending: &Ending) -> &'static str {
    match ending {
        Ending::Passed(_, None) => "32",
        Ending::Passed(_, Some(_)) | Ending::OutOfPlace(_) | Ending::NotPerformed(_) => "33",
        Ending::Failed(..) => "31",
    }
}

/// What is to be said of one. Where it failed, what to read and what to do.
fn remark(out: &mut impl Write, palette: Palette, one: &Performed) -> io::Result<()> {
    let head = format!("{} in {}: {}", one.attack.id, one.revision.as_str(), one.verdict());
    let remark = harmless(one.remark().unwrap_or_default()).replace('\n', " ");
    writeln!(out, "{}\n  {remark}", palette.paint(color(&one.ending), &head))?;
    if matches!(one.ending, Ending::Failed(..)) {
        let clause = one.clause();
        let (rule, source, level) = (clause.rule_in(one.revision), clause.source(), clause.level().as_str());
        writeln!(out, "  what:   {}\n  rule:   {rule} ({source}, {level})", one.attack.change)?;
        writeln!(out, "  read:   {}\n  remedy: {}", clause.url_in(one.revision), one.attack.remedy)?;
    }
    writeln!(out)
}

fn sum(ground: &str, performed: &[Performed]) -> String {
    let count = |is: &dyn Fn(&Performed) -> bool| performed.iter().filter(|one| is(one)).count();
    let with = |verdict| count(&|one| one.outcome().is_some_and(|outcome| outcome.verdict == verdict));
    let mut parts = vec![format!("{} refused", with(Verdict::Refused))];
    for (number, what) in [
        (with(Verdict::Policy), "not refused, which is a matter of policy"),
        (with(Verdict::RefusedOtherwise), "refused otherwise than predicted"),
        (with(Verdict::Accepted), "accepted"),
        (count(&|one| matches!(one.ending, Ending::OutOfPlace(_))), "out of place"),
        (count(&|one| matches!(one.ending, Ending::NotPerformed(_))), "not performed"),
    ] {
        if number > 0 {
            parts.push(format!("{number} {what}"));
        }
    }
    format!("{} attacks on {}: {}.", performed.len(), harmless(ground), parts.join(", "))
}
