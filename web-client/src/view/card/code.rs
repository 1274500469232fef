//! The request of a hop as a program would send it.

use leptos::prelude::*;
use record::Hop;

use super::opened::BenchPlace;
use crate::bridge::Bench;
use crate::walk::Walk;

/// In several languages, with secrets as the reader wants to see them now.
#[component]
pub(crate) fn Code(walk: Walk, hop: Hop) -> impl IntoView {
    let bench = Signal::derive(move || {
        let hop = hop.clone().masked(&|text| walk.visible(text));
        hop.request().cloned().map(Bench::Code)
    });
    view! { <BenchPlace walk=walk bench=bench /> }
}
