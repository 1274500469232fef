//! The request of a hop as a program would send it.

use record::{Hop, code};

use crate::walk::Walk;

/// In each language; `None` where the client sent nothing.
pub(super) fn code_of(hop: &Hop) -> Option<Vec<(&'static str, String)>> {
    let request = hop.request()?;
    Some(vec![
        ("curl", code::curl(request)),
        ("JavaScript", code::javascript(request)),
        ("Rust", code::rust(request)),
    ])
}

/// As the reader wants to see secrets now.
pub(super) fn masked(walk: Walk, snippets: Vec<(&'static str, String)>) -> Vec<(&'static str, String)> {
    snippets.into_iter().map(|(label, code)| (label, walk.visible(&code))).collect()
}
