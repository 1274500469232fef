//! A part of a message, taken apart.

use flow::trace::Decoded;
use leptos::prelude::*;

use crate::view::boxed::{Boxed as _, CollectBoxed as _};
use crate::view::text::Text;
use crate::walk::Walk;

/// Names, values, and what they mean.
#[component]
pub(crate) fn DecodedView(walk: Walk, decoded: Decoded) -> impl IntoView {
    let rows = decoded.rows.into_iter().map(|(name, value, meaning)| {
        view! {
            <dt>{name}</dt>
            <dd><code><Text walk=walk text=value /></code>{(!meaning.is_empty()).then(|| view! { <span class="meaning">{meaning}</span> }).boxed()}</dd>
        }
    });
    view! {
        <p class="section">{decoded.title}</p>
        <dl class="decoded">{rows.collect_boxed()}</dl>
    }
}
