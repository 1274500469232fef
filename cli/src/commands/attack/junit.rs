//! The results as JUnit XML: a suite for each kind of attack, a case for each attack and revision. There is no standard; what
//! is written here is what Jenkins, GitLab and the reporters of GitHub have in common.

use std::fmt::Write as _;
use std::time::Duration;

use flow::lessons::attacks::Kind;

use super::catalogue::kind_id;
use super::result::{Ending, Performed, in_words};
use crate::report::harmless;

/// The whole document.
pub(super) fn document(ground: &str, performed: &[Performed]) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let all: Vec<_> = performed.iter().collect();
    let name = format!("attacks on {ground}");
    // Writing to a text never fails.
    let _ = writeln!(xml, "<testsuites name=\"{}\"{}>", escaped(&name), counts(&all));
    for kind in Kind::ALL {
        let suite: Vec<_> = performed.iter().filter(|one| one.attack.kind() == kind).collect();
        if suite.is_empty() {
            continue;
        }
        let _ = writeln!(xml, "  <testsuite name=\"{}\"{}>", escaped(kind.title()), counts(&suite));
        for one in suite {
            case(&mut xml, one);
        }
        xml += "  </testsuite>\n";
    }
    xml + "</testsuites>\n"
}

fn case(xml: &mut String, one: &Performed) {
    let name = format!("{} {}", one.attack.id, one.revision.as_str());
    let class = format!("attack.{}", kind_id(one.attack.kind()));
    let _ = write!(
        xml,
        "    <testcase classname=\"{class}\" name=\"{}\" time=\"{}\"",
        escaped(&name),
        seconds(one.took)
    );
    let body = match &one.ending {
        Ending::Passed(_, None) => return *xml += "/>\n",
        Ending::Passed(_, Some(note)) => format!("<system-out>{}</system-out>", escaped(note)),
        Ending::Failed(_, why) => format!(
            "<failure type=\"{}\" message=\"{}\">{}</failure>",
            one.verdict().replace(' ', "_"),
            escaped(&format!("{}: {why}", one.attack.title)),
            escaped(&account(one))
        ),
        Ending::OutOfPlace(why) => format!("<skipped message=\"{}\"/>", escaped(why)),
        Ending::NotPerformed(why) => {
            format!("<error type=\"not_performed\" message=\"{}\"/>", escaped(why))
        }
    };
    let _ = write!(xml, ">\n      {body}\n    </testcase>\n");
}

/// The rule, the evidence, and what to do.
fn account(one: &Performed) -> String {
    let (clause, revision) = (one.clause(), one.revision);
    let mut text = format!("Changed: {}\n", one.attack.change);
    if let Some(outcome) = one.outcome() {
        let _ =
            writeln!(text, "Expected: {}\nFound: {}", in_words(&outcome.expected), in_words(&outcome.found));
    }
    for check in one.checks() {
        let _ =
            writeln!(text, "Checked: {}: expected {}, found {}", check.title, check.expected, check.found);
    }
    let (rule, source, level) = (clause.rule_in(revision), clause.source(), clause.level().as_str());
    let _ = writeln!(text, "Rule: {rule} ({source}, {level})\nRead: {}", clause.url_in(revision));
    let _ = write!(text, "If nobody refuses: {}\nRemedy: {}", one.attack.cost, one.attack.remedy);
    text
}

fn counts(cases: &[&Performed]) -> String {
    let count = |is: fn(&Ending) -> bool| cases.iter().filter(|one| is(&one.ending)).count();
    format!(
        " tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{}\"",
        cases.len(),
        count(|ending| matches!(ending, Ending::Failed(..))),
        count(|ending| matches!(ending, Ending::NotPerformed(_))),
        count(|ending| matches!(ending, Ending::OutOfPlace(_))),
        seconds(cases.iter().map(|one| one.took).sum())
    )
}

fn seconds(took: Duration) -> String {
    format!("{:.3}", took.as_secs_f64())
}

/// A text inside of an element or of an attribute in double quotes. What XML has no way to write is left out by
/// [`harmless`], save two characters that are none.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in harmless(text).chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\n' => escaped += "&#10;",
            '\t' => escaped += "&#9;",
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_server_says_stays_text() {
        assert_eq!(
            escaped("</failure> ]]> & \"quoted\"\n\u{1b}[2J\u{0}\u{ffff}"),
            "&lt;/failure&gt; ]]&gt; &amp; &quot;quoted&quot;&#10;\u{fffd}[2J\u{fffd}\u{fffd}"
        );
    }
}
