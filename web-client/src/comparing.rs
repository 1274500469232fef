//! From two records to the rows that the page shows.

use protocol::revision::Revision;
use record::Record;
use record::comparison::{self, Difference, Explanation};

use crate::view::compare::{Part, Reason, Row, Side};

/// Lays two runs side by side, the one of the older revision at the left. Whoever has their traces has masked both.
pub(crate) fn rows(left: &Record, right: &Record) -> Vec<Row> {
    let side = |run: &Record, at: Option<usize>| {
        let hop = run.hops.get(at?)?;
        Some(Side { title: hop.title.clone(), answer: hop.answer.clone().unwrap_or_default() })
    };
    let compared = comparison::compare(left, right).into_iter();
    compared
        .map(|row| Row {
            left: side(left, row.left),
            right: side(right, row.right),
            remembered: row.difference.is_remembered(),
            reasons: row.difference.explanations().into_iter().map(reason).collect(),
            parts: match row.difference {
                Difference::Changed(parts) => parts.into_iter().map(part).collect(),
                Difference::Same | Difference::OnlyLeft(_) | Difference::OnlyRight(_) => Vec::new(),
            },
        })
        .collect()
}

fn part(part: comparison::Part) -> Part {
    let place = part.place.name();
    let name = if part.name == place { part.name } else { [place, " ", &part.name].concat() };
    Part { name, left: part.left, right: part.right }
}

fn reason(why: Explanation) -> Reason {
    let clause = why.clause().map(|clause| (clause.source(), clause.url_in(Revision::V2026_07_28)));
    Reason { text: why.text(), clause }
}
