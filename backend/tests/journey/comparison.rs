//! Two runs side by side: every difference of real runs has its reason.

use flow::identity::Origin;
use protocol::revision::Revision;
use record::Record;
use record::comparison::{Difference, Explanation, Row, compare};

use crate::both_sides::{merged, named};
use crate::plan::config;
use crate::support::Lab;

const WAYS: [Origin; 3] = [Origin::Document, Origin::Registered, Origin::Dynamic];

async fn recorded(lab: &Lab, revision: Revision, way: Origin) -> Record {
    Record::new(revision, way.as_str(), merged(lab, config(lab, revision, way)).await.1)
}

/// What stands in each row, in which parts it differs, and why.
fn table(left: &Record, right: &Record, rows: &[Row]) -> String {
    let title = |run: &Record, at: Option<usize>| at.map_or("-".to_owned(), |at| run.hops[at].title.clone());
    let mut lines = Vec::new();
    for row in rows {
        lines.push(format!("{} | {}", title(left, row.left), title(right, row.right)));
        match &row.difference {
            Difference::Same => lines.push("    same".into()),
            Difference::OnlyLeft(why) | Difference::OnlyRight(why) => {
                lines.push(format!("    alone: {}", reason(*why)));
            }
            Difference::Changed(parts) => lines.extend(parts.iter().map(|part| {
                let sign = match (&part.left, &part.right) {
                    (Some(_), None) => '-',
                    (None, Some(_)) => '+',
                    _ => '~',
                };
                format!("    {sign} {} {}: {}", part.place.name(), part.name, reason(part.why))
            })),
        }
    }
    lines.join("\n")
}

const UNEXPLAINED: &str = "unexplained";

fn reason(why: Option<Explanation>) -> String {
    why.map_or(UNEXPLAINED.to_owned(), |why| format!("{why:?}"))
}

/// Two revisions in the same lab: everything that differs is explained.
#[tokio::test]
async fn what_differs_between_the_revisions_is_explained() {
    let lab = Lab::start().await;
    for way in WAYS {
        let left = recorded(&lab, Revision::V2025_11_25, way).await;
        let right = recorded(&lab, Revision::V2026_07_28, way).await;
        let rows = compare(&left, &right);
        let text = table(&left, &right, &rows);
        assert!(!text.contains(UNEXPLAINED), "{way:?}\n{text}");
        assert!(rows.iter().filter_map(|row| row.left).eq(0..left.hops.len()), "each hop once, in order");
        assert!(rows.iter().filter_map(|row| row.right).eq(0..right.hops.len()));
        let backwards = table(&right, &left, &compare(&right, &left));
        assert!(!backwards.contains(UNEXPLAINED), "{way:?}\n{backwards}");
        let is_named = |why| rows.iter().any(|row| row.difference.explanations().contains(&why));
        assert_eq!(is_named(Explanation::ApplicationType), way == Origin::Dynamic);

        if way == Origin::Document {
            let text = named(&lab, &text);
            insta::with_settings!({
                omit_expression => true,
                snapshot_path => "golden",
                prepend_module_to_snapshot => false,
            }, {
                insta::assert_snapshot!("comparison", text);
            });
        }
    }
    lab.end().await;
}

/// What is another in each run is no difference: ports, codes, tokens, and the id of a client that registers itself.
#[tokio::test]
async fn the_same_journey_twice_shows_no_difference() {
    for revision in Revision::ALL {
        for way in WAYS {
            let first = Lab::start().await;
            let left = recorded(&first, revision, way).await;
            first.end().await;
            let second = Lab::start().await;
            // Other random values than the first run had.
            second.env();
            let right = recorded(&second, revision, way).await;
            second.end().await;
            let rows = compare(&left, &right);
            let text = table(&left, &right, &rows);
            assert!(rows.iter().all(|row| row.difference == Difference::Same), "{way:?}\n{text}");
        }
    }
}
