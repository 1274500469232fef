//! The tools that few open at first, as a program of its own: what the page says is an [`Order`], what it is told is a
//! [`Told`].

mod tools;

use std::cell::OnceCell;

use js_sys::Function;
use leptos::prelude::*;
use wasm_bindgen::JsValue;

use self::tools::Tool;
use crate::bridge::{self, Order, Told};
use crate::trial::Places;
use crate::view::document_editor::Trial;

/// What lies on the workbench. All of it is signals, so copies are the same.
#[derive(Clone, Copy)]
struct Desk {
    /// What is open.
    order: RwSignal<Option<Order>>,
    /// The document that is being tried: it outlives its dialog.
    trial: StoredValue<Option<Trial>>,
    tell: StoredValue<Option<Function>, LocalStorage>,
}

thread_local! {
    static DESK: OnceCell<(Owner, Desk)> = const { OnceCell::new() };
}

/// Opens what the order names, in place of what is open. Whatever is decided there is told to `tell`.
pub fn open(order: &str, tell: Function) {
    let Some(order) = bridge::read(order) else { return };
    DESK.with(|desk| {
        let (_, desk) = desk.get_or_init(set_up);
        desk.tell.set_value(Some(tell));
        desk.order.set(Some(order));
    });
}

/// An empty desk, whose tools will stand at the end of the document.
fn set_up() -> (Owner, Desk) {
    let owner = Owner::new();
    let desk = owner.with(|| Desk {
        order: RwSignal::new(None),
        trial: StoredValue::new(None),
        tell: StoredValue::new_local(None),
    });
    leptos::mount::mount_to_body(move || {
        move || desk.order.get().map(|order| view! { <Tool desk=desk order=order /> })
    });
    (owner, desk)
}

impl Desk {
    /// Tells the page, once the tool is closed.
    fn tell(self, told: &Told) {
        self.order.set(None);
        let tell = self.tell.with_value(Option::clone);
        // Nobody is there to hear it if the page has stopped.
        let _ = tell.map(|tell| tell.call1(&JsValue::NULL, &bridge::write(told).into()));
    }

    /// The document that is being tried, from the first one on.
    fn trial(self, places: &Places) -> Trial {
        self.trial.get_value().unwrap_or_else(|| {
            let make = |(owner, _): &(Owner, Desk)| owner.with(|| Trial::new(places));
            let trial = DESK.with(|desk| make(desk.get_or_init(set_up)));
            self.trial.set_value(Some(trial));
            trial
        })
    }
}

#[cfg(test)]
mod tests {
    use record::Record;
    use wasm_bindgen::JsCast as _;
    use wasm_bindgen_futures::JsFuture;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn js(body: &str) -> JsValue {
        Function::new_no_args(body).call0(&JsValue::NULL).unwrap()
    }

    /// Lets everything happen that is due, and evaluates.
    async fn then(expression: &str) -> JsValue {
        let turn = js(&["return new Promise((done) => setTimeout(() => done(", expression, ")))"].concat());
        JsFuture::from(turn.unchecked_into::<js_sys::Promise>()).await.unwrap()
    }

    #[test]
    async fn tools_come_and_go_and_leave_nothing_behind() {
        let run = |title: &str| Record::new(protocol::revision::Revision::V2026_07_28, title, Vec::new());
        let export = Order::Export { name: "run".into(), masked: run("masked"), with_secrets: run("all") };
        let tell = || Function::new_with_args("told", "window.told = told");
        let mut counts = Vec::new();
        for _ in 0..3 {
            for order in [&Order::Compare, &export] {
                open(&bridge::write(order), tell());
                let id = then("document.querySelector('dialog[open]').id").await.as_string();
                assert_eq!(id.as_deref(), Some(if *order == export { "export" } else { "compare" }));
                js("document.querySelector('dialog[open] header button').click()");
                then("0").await;
                counts.push(then("document.querySelectorAll('*').length").await.as_f64());
            }
        }
        assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");

        open(&bridge::write(&Order::Compare), tell());
        then("document.querySelector('[data-testid=\"run-2025-11-25\"]').click()").await;
        assert_eq!(then("window.told").await.as_string().as_deref(), Some("{\"Run\":\"2025-11-25\"}"));
        assert!(then("document.querySelector('dialog[open]')").await.is_null());
        open("{\"Later\":{}}", tell());
        assert!(then("document.querySelector('dialog[open]')").await.is_null(), "of another build");
    }
}
