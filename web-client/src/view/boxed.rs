//! Views of one type. Each other type that a list can hold, or that can be absent, costs the page a kilobyte.

use leptos::prelude::*;

/// An iterator whose items are views.
pub(crate) trait CollectBoxed {
    /// All of them, one after the other.
    fn collect_boxed(self) -> Vec<AnyView>;
}

impl<V: IntoView + 'static, I: Iterator<Item = V>> CollectBoxed for I {
    fn collect_boxed(self) -> Vec<AnyView> {
        self.map(IntoAny::into_any).collect()
    }
}
