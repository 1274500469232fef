//! Two runs side by side: which rows belong together, what differs in them, and why.

mod align;
mod explanation;
mod parts;

use crate::hop::HopId;
use crate::run::Record;

pub use explanation::{EXPLANATIONS, Explanation};
pub use parts::Place;

/// Hops of two runs that belong together, or one that has no counterpart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The hop of the left run, by its index.
    pub left: Option<usize>,
    /// The hop of the right run, by its index.
    pub right: Option<usize>,
    /// What differs.
    pub difference: Difference,
}

/// How the hops of a row differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// In nothing but what differs in every run.
    Same,
    /// The right run has no such hop, and why.
    OnlyLeft(Option<Explanation>),
    /// The left run has no such hop, and why.
    OnlyRight(Option<Explanation>),
    /// These parts differ.
    Changed(Vec<Part>),
}

/// A part of a message that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Where in the message.
    pub place: Place,
    /// The name of a header, parameter, member or check.
    pub name: String,
    /// What it is in the left run, if it is there.
    pub left: Option<String>,
    /// What it is in the right run, if it is there.
    pub right: Option<String>,
    /// Why.
    pub why: Option<Explanation>,
}

impl Difference {
    /// Every reason, once, in the order in which they occur.
    #[must_use]
    pub fn explanations(&self) -> Vec<Explanation> {
        let mut all = Vec::new();
        let reasons: Vec<_> = match self {
            Self::Same => Vec::new(),
            Self::OnlyLeft(why) | Self::OnlyRight(why) => vec![*why],
            Self::Changed(parts) => parts.iter().map(|part| part.why).collect(),
        };
        for why in reasons.into_iter().flatten() {
            if !all.contains(&why) {
                all.push(why);
            }
        }
        all
    }
}

/// Compares two runs. Rows stand in the order of both.
///
/// What differs in every run is no difference: `state`, codes, verifiers, challenges, tokens, ids, times, ports.
#[must_use]
pub fn compare(left: &Record, right: &Record) -> Vec<Row> {
    let pairs = align::align(&left.hops, &right.hops);
    let mut rows: Vec<Row> = Vec::with_capacity(pairs.len());
    for (left_at, right_at) in pairs {
        let difference = match (left_at, right_at) {
            (Some(l), Some(r)) => {
                let parts = parts::differing(&left.hops[l], &right.hops[r]);
                if parts.is_empty() { Difference::Same } else { Difference::Changed(parts) }
            }
            (Some(l), None) => Difference::OnlyLeft(why_alone(&left.hops, l, &rows, |row| row.left)),
            (None, Some(r)) => Difference::OnlyRight(why_alone(&right.hops, r, &rows, |row| row.right)),
            (None, None) => continue,
        };
        rows.push(Row { left: left_at, right: right_at, difference });
    }
    rows
}

/// Why a hop has no counterpart. What a server asked has none where its reason has none.
fn why_alone(
    hops: &[crate::Hop],
    at: usize,
    rows: &[Row],
    side: impl Fn(&Row) -> Option<usize>,
) -> Option<Explanation> {
    let hop = &hops[at];
    let HopId::Fetched(by, _) = hop.id else { return explanation::of_hop(hop) };
    let asker = hops.iter().position(|hop| hop.seen.as_ref().is_some_and(|seen| seen.seq == by));
    let row = rows.iter().find(|row| asker.is_some() && side(row) == asker)?;
    match &row.difference {
        Difference::OnlyLeft(why) | Difference::OnlyRight(why) => *why,
        Difference::Same | Difference::Changed(_) => Some(Explanation::AskedBefore),
    }
}
