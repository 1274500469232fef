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

    /// Whether nothing but the servers' memory of earlier runs is the reason: such a row says nothing about the revisions.
    #[must_use]
    pub fn is_remembered(&self) -> bool {
        let of_memory = |why: &Option<Explanation>| why.is_some_and(|why| !why.is_of_revision());
        match self {
            Self::Same => false,
            Self::OnlyLeft(why) | Self::OnlyRight(why) => of_memory(why),
            Self::Changed(parts) => parts.iter().all(|part| of_memory(&part.why)),
        }
    }
}

/// Compares two runs. Rows stand in the order of both.
///
/// What differs in every run is no difference: `state`, codes, verifiers, challenges, tokens, ids, times, ports.
#[must_use]
pub fn compare(left: &Record, right: &Record) -> Vec<Row> {
    let pairs = align::align(&left.hops, &right.hops);
    let [left_ids, right_ids] = [left, right].map(|run| parts::issued_ids(&run.hops));
    let mut rows: Vec<Row> = Vec::with_capacity(pairs.len());
    for (left_at, right_at) in pairs {
        let difference = match (left_at, right_at) {
            (Some(l), Some(r)) => {
                let parts = parts::differing((&left.hops[l], &left_ids), (&right.hops[r], &right_ids));
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

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use flow::lessons::steps::Step;
    use flow::trace::{Entry, Event};
    use protocol::revision::Revision;

    use super::*;
    use crate::samples::{self, Browser};
    use crate::{Hop, merge};

    fn of(revision: Revision, hops: Vec<Hop>) -> Record {
        Record::new(revision, "cimd", hops)
    }

    fn old(hops: Vec<Hop>) -> Record {
        of(Revision::V2025_11_25, hops)
    }

    fn new(hops: Vec<Hop>) -> Record {
        of(Revision::V2026_07_28, hops)
    }

    fn sent(body: &str, headers: &[(&str, &str)]) -> Entry {
        let mut request = samples::message(body, Some("t0ken"));
        request.headers.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        samples::exchange(&request, 10, 1, 200)
    }

    fn parts(row: &Row) -> Vec<(Place, &str, Option<Explanation>)> {
        let Difference::Changed(parts) = &row.difference else { panic!("{row:?}") };
        parts.iter().map(|part| (part.place, part.name.as_str(), part.why)).collect()
    }

    #[test]
    fn what_differs_in_every_run_is_no_difference() {
        let run = |authorization: &str, body: &str, at_ms: u64| {
            let mut request = samples::message(body, Some(authorization));
            request.url = request.url.replace("8001", &at_ms.to_string());
            let redeem = "http://localhost:9000/token";
            let form = [("code", authorization.to_owned()), ("code_verifier", authorization.to_owned())];
            let entries = [
                samples::exchange(&request, at_ms, 1, 200),
                samples::exchange(&flow::http::Request::post_form(redeem, &form), at_ms, 1, 200),
                samples::callback(&format!("http://localhost/cb?state={authorization}&code={at_ms}"), at_ms),
            ];
            old(merge(&entries, &[]))
        };
        let left = run("one", r#"{"id":1,"method":"tools/list","params":{"at":"http://localhost:1/"}}"#, 1);
        let right =
            run("two", r#"{"id":2,"method":"tools/list","params":{"at":"http://localhost:2/"}}"#, 9_999);
        let rows = compare(&left, &right);
        assert_eq!(rows.len(), 3);
        assert!(rows.iter().all(|row| row.difference == Difference::Same), "{rows:?}");
        let masked = run("•••••", r#"{"id":2,"method":"tools/list","params":{"at":"•••••"}}"#, 3);
        assert!(compare(&left, &masked).iter().all(|row| row.difference == Difference::Same));
    }

    #[test]
    fn each_difference_of_the_revisions_is_explained() {
        let left = old(merge(
            &[
                sent(r#"{"method":"initialize","params":{"protocolVersion":"2025-11-25"}}"#, &[]),
                sent(r#"{"method":"notifications/initialized"}"#, &[("mcp-session-id", "1")]),
                sent(r#"{"method":"tools/list","params":{}}"#, &[("mcp-session-id", "1")]),
            ],
            &[],
        ));
        let meta = r#"{"method":"tools/list","params":{"_meta":{"x":1}}}"#;
        let right = new(merge(
            &[sent(r#"{"method":"server/discover"}"#, &[]), sent(meta, &[("mcp-method", "tools/list")])],
            &[],
        ));
        let rows = compare(&left, &right);
        assert_eq!(
            parts(&rows[0]),
            [
                (Place::RequestBody, "method", Some(Explanation::DiscoverInstead)),
                (Place::RequestBody, "params.protocolVersion", Some(Explanation::DiscoverInstead)),
            ]
        );
        assert_eq!(rows[1].difference, Difference::OnlyLeft(Some(Explanation::InitializedGone)));
        assert_eq!((rows[1].left, rows[1].right), (Some(1), None));
        assert_eq!(
            rows[2].difference.explanations(),
            [Explanation::NoSession, Explanation::MetaInEachMessage, Explanation::HeadersMirrorBody]
        );
        // The other way around.
        let rows = compare(&right, &left);
        assert_eq!(rows[1].difference, Difference::OnlyRight(Some(Explanation::InitializedGone)));
    }

    #[test]
    fn a_registration_says_where_the_client_runs() {
        let register = |body: serde_json::Value| {
            let request = flow::http::Request::post_json("http://localhost:9000/register", &body);
            merge(&[Entry { step: Step::Registration, ..samples::exchange(&request, 1, 1, 201) }], &[])
        };
        let left = old(register(serde_json::json!({ "client_name": "a" })));
        let right = new(register(serde_json::json!({ "client_name": "a", "application_type": "web" })));
        let rows = compare(&left, &right);
        let expected = [(Place::RequestBody, "application_type", Some(Explanation::ApplicationType))];
        assert_eq!(parts(&rows[0]), expected);
    }

    #[test]
    fn what_the_servers_remembered_is_no_difference_of_the_revisions() {
        let (entries, observations) = samples::run();
        let left = old(merge(&entries, &observations));
        // Signed in already; the document and the keys are known.
        let Event::Navigation { url } = &entries[3].event else { panic!() };
        let mut browser = Browser::new("v", 3, 1_041);
        let arrival = browser.goes(url, 303, Some("/consent?request=r1"));
        let mut remembered: Vec<_> =
            observations.iter().filter(|of| ![3, 4, 5, 6, 11].contains(&of.seq)).cloned().collect();
        remembered.push(arrival);
        for of in &mut remembered {
            of.visit = of.visit.as_ref().map(|_| "v".into());
            of.findings.clear();
        }
        let right = new(merge(&entries, &remembered));
        let rows = compare(&left, &right);
        let differing: Vec<_> = rows.iter().flat_map(|row| row.difference.explanations()).collect();
        assert!(
            differing.contains(&Explanation::AskedBefore) && differing.contains(&Explanation::SignedInBefore)
        );
        assert!(differing.iter().all(|why| !why.is_of_revision()), "{differing:?}");
        let mut rows = rows.iter().map(|row| &row.difference).filter(|row| **row != Difference::Same);
        assert!(rows.all(Difference::is_remembered));
    }

    #[test]
    fn one_reason_of_the_revisions_is_enough() {
        let part = |why| Part { place: Place::Status, name: "status".into(), left: None, right: None, why };
        let (memory, rule) = (Some(Explanation::AskedBefore), Some(Explanation::NoSession));
        for (difference, remembered) in [
            (Difference::Same, false),
            (Difference::OnlyLeft(memory), true),
            (Difference::OnlyRight(memory), true),
            (Difference::OnlyLeft(rule), false),
            (Difference::OnlyRight(None), false),
            (Difference::Changed(vec![part(memory), part(memory)]), true),
            (Difference::Changed(vec![part(memory), part(rule)]), false),
            (Difference::Changed(vec![part(memory), part(None)]), false),
        ] {
            assert_eq!(difference.is_remembered(), remembered, "{difference:?}");
        }
    }

    #[test]
    fn every_hop_stands_in_one_row_whatever_the_runs_are() {
        let (entries, observations) = samples::run();
        let hops = merge(&entries, &observations);
        let mut backwards = hops.clone();
        backwards.reverse();
        let many: Vec<_> = hops.iter().cycle().take(700).cloned().collect();
        for (left, right) in
            [(hops.clone(), backwards), (Vec::new(), hops.clone()), (many.clone(), many), (hops, Vec::new())]
        {
            let (left, right) = (old(left), new(right));
            let rows = compare(&left, &right);
            assert!(rows.iter().filter_map(|row| row.left).eq(0..left.hops.len()));
            assert!(rows.iter().filter_map(|row| row.right).eq(0..right.hops.len()));
        }
    }

    #[test]
    fn each_explanation_has_its_words() {
        for why in EXPLANATIONS {
            assert!(why.text().ends_with('.'));
            assert_eq!(why.text().starts_with("No difference of the revisions"), !why.is_of_revision());
        }
    }
}
