//! What the lessons point to exists: in this repository, and in its matrix of requirements.

use std::fs;
use std::path::{Path, PathBuf};

use flow::lessons::Source;
use flow::lessons::steps::Step;
use protocol::party::Party;
use protocol::revision::Revision;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn each_step_is_done_where_it_is_said_to_be() {
    for step in Step::ALL {
        let sources = step.sources();
        assert!(sources.iter().any(|source| source.party == Party::Client), "{step:?}");
        assert!(sources.iter().any(|source| source.party != Party::Client), "{step:?}");
        for Source { path, function, .. } in sources {
            let text = fs::read_to_string(repository().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"));
            let is_there = [format!("fn {function}("), format!("fn {function}<")]
                .iter()
                .any(|declaration| text.contains(declaration.as_str()));
            assert!(is_there, "{path} has no {function}");
        }
    }
}

#[test]
fn each_attack_stands_in_the_matrix_for_this_revision() {
    let matrix = fs::read_to_string(repository().join("docs/spec/requirements.tsv")).unwrap();
    for (step, revision) in Step::ALL.iter().flat_map(|step| Revision::ALL.map(|revision| (step, revision))) {
        for attack in step.attacks(revision) {
            let row = matrix.lines().find(|row| row.split('\t').next() == Some(attack));
            let of = row.and_then(|row| row.split('\t').nth(2)).unwrap();
            // "both", "both (…)", "25", or "26 (25: …)".
            assert!(of.starts_with("both") || of.contains(&revision.as_str()[2..4]), "{attack}: {of}");
        }
    }
}
