//! Views and handlers of few types. Each type that a list holds, that changes, or that is called costs the page a kilobyte.

use std::sync::{Arc, Mutex};

use leptos::ev::MouseEvent;
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

/// A view that may be there.
pub(crate) trait Boxed {
    /// The same, of the one type that all of them have.
    fn boxed(self) -> Option<AnyView>;
}

impl<V: IntoView + 'static> Boxed for Option<V> {
    fn boxed(self) -> Option<AnyView> {
        self.map(IntoAny::into_any)
    }
}

/// A part of the page that is made anew when a signal in it changes.
pub(crate) fn changing<V: IntoView + 'static>(mut make: impl FnMut() -> V + Send + 'static) -> AnyView {
    let make: Arc<Mutex<dyn FnMut() -> AnyView + Send>> = Arc::new(Mutex::new(move || make().into_any()));
    make.into_any()
}

/// What a click does.
pub(crate) fn click(action: impl FnMut(MouseEvent) + 'static) -> Box<dyn FnMut(MouseEvent)> {
    Box::new(action)
}
