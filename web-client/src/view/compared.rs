//! Two records as the rows of a comparison.

use record::comparison::{self, Difference, Explanation};
use record::{Hop, Record};

use super::compare::{Part, Row, Side, Why};

/// All rows, in the order of both runs.
pub(super) fn rows(left: &Record, right: &Record) -> Vec<Row> {
    let compared = comparison::compare(left, right);
    compared.into_iter().map(|row| of(&row, left, right)).collect()
}

fn of(row: &comparison::Row, left: &Record, right: &Record) -> Row {
    let parts = match &row.difference {
        Difference::Changed(parts) => parts.iter().map(part).collect(),
        Difference::Same | Difference::OnlyLeft(_) | Difference::OnlyRight(_) => Vec::new(),
    };
    Row {
        left: row.left.and_then(|at| left.hops.get(at)).map(side),
        right: row.right.and_then(|at| right.hops.get(at)).map(side),
        parts,
        why: row.difference.explanations().into_iter().map(why).collect(),
    }
}

fn side(hop: &Hop) -> Side {
    Side { title: hop.title.clone(), answer: hop.answer.clone().unwrap_or_default() }
}

fn part(part: &comparison::Part) -> Part {
    let place = part.place.name();
    // A status is named by its place alone.
    let name = if part.name == place { place.to_owned() } else { [place, " ", &part.name].concat() };
    Part { name, left: part.left.clone(), right: part.right.clone() }
}

fn why(explanation: Explanation) -> Why {
    // What is explained by the newer revision stands there.
    let clause = explanation.clause();
    let revision = protocol::revision::Revision::V2026_07_28;
    Why { text: explanation.text(), clause: clause.map(|clause| (clause.source(), clause.url_in(revision))) }
}
