//! A text of the run: secrets masked, and the values that are followed marked.

use leptos::prelude::*;

use super::highlight::Highlighted;
use crate::walk::Walk;

/// The text.
#[component]
pub(crate) fn Text(walk: Walk, text: String) -> impl IntoView {
    let visible = Signal::derive(move || walk.visible(&text));
    let point = Callback::new(move |name: Option<&'static str>| {
        walk.lit.set(name.or(walk.picked.get_untracked()));
    });
    let pick = Callback::new(move |name| walk.pick(name));
    view! {
        <Highlighted text=visible values=walk.followed masked=false lit=walk.lit on_point=point on_pick=pick />
    }
}
