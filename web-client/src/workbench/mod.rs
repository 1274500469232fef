//! The tools that few open at first, as a program of its own: what the page says is an [`Order`], what it is told is a
//! [`Told`].

mod benches;
mod tools;

use std::cell::OnceCell;

use js_sys::Function;
use leptos::prelude::*;
use wasm_bindgen::JsValue;

use self::benches::Benches;
use self::tools::Tool;
use crate::bridge::{self, Moment, Order, Told};
use crate::trial::Places;
use crate::view::breaking::Breaking;
use crate::view::document_editor::Trial;

/// What lies on the workbench. All of it is signals, so copies are the same.
#[derive(Clone, Copy)]
struct Desk {
    /// What is open, and how many orders came before it.
    order: RwSignal<Option<(u32, Order)>>,
    count: StoredValue<u32>,
    /// What a room sees.
    moment: RwSignal<Option<Moment>>,
    /// What is shown in the page's card.
    benches: Benches,
    /// The document that is being tried: it outlives its dialog.
    trial: StoredValue<Option<Trial>>,
    /// The catalogue of attacks, as it was left.
    breaking: StoredValue<Option<Breaking>>,
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
        if let Order::Bench { bench, shows_secrets, clock_ahead } = order {
            return desk.benches.show(bench, shows_secrets, clock_ahead);
        }
        desk.tell.set_value(Some(tell));
        if let Order::Present(moment) = &order {
            desk.moment.set(Some(moment.clone()));
            if desk.order.with_untracked(|open| matches!(open, Some((_, Order::Present(_))))) {
                return;
            }
        }
        desk.count.update_value(|count| *count = count.wrapping_add(1));
        desk.order.set(Some((desk.count.get_value(), order)));
    });
}

/// An empty desk, whose tools will stand at the end of the document.
fn set_up() -> (Owner, Desk) {
    let owner = Owner::new();
    let desk = owner.with(|| Desk {
        order: RwSignal::new(None),
        count: StoredValue::new(0),
        moment: RwSignal::new(None),
        benches: Benches::new(),
        trial: StoredValue::new(None),
        breaking: StoredValue::new(None),
        tell: StoredValue::new_local(None),
    });
    // Each order has a dialog of its own: one that is about to close must not take the next one with it.
    leptos::mount::mount_to_body(move || {
        view! {
            <For each=move || desk.order.get() key=|(number, _)| *number let((_, order))>
                <Tool desk=desk order=order.clone() />
            </For>
        }
    });
    (owner, desk)
}

impl Desk {
    /// Closes the tool and tells the page what was decided in it.
    fn close_with(self, told: &Told) {
        self.order.set(None);
        self.tell(told);
    }

    /// Tells the page.
    fn tell(self, told: &Told) {
        let tell = self.tell.with_value(Option::clone);
        // Nobody is there to hear it if the page has stopped.
        let _ = tell.map(|tell| tell.call1(&JsValue::NULL, &bridge::write(told).into()));
    }

    /// The catalogue of attacks, from the first time on.
    fn breaking(self) -> Breaking {
        self.breaking.get_value().unwrap_or_else(|| {
            let make = |(owner, _): &(Owner, Desk)| owner.with(Breaking::new);
            let breaking = DESK.with(|desk| make(desk.get_or_init(set_up)));
            self.breaking.set_value(Some(breaking));
            breaking
        })
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

    /// Waits until the one dialog that is open is of this name; the empty one: until none is.
    async fn until_open(name: &str) {
        for _ in 0..2500 {
            let open = js("return document.querySelector('dialog[open]')?.id ?? ''").as_string();
            let there = js("return document.querySelectorAll('#compare, #export').length").as_f64();
            if open.as_deref() == Some(name) && there == Some(if name.is_empty() { 0.0 } else { 1.0 }) {
                return;
            }
            let turn = js("return new Promise((done) => setTimeout(done))");
            JsFuture::from(turn.unchecked_into::<js_sys::Promise>()).await.unwrap();
        }
        panic!("“{name}” never opens: {:?}", js("return document.body.innerHTML"));
    }

    #[test]
    async fn tools_come_and_go_and_leave_nothing_behind() {
        let run = |title: &str| Record::new(protocol::revision::Revision::V2026_07_28, title, Vec::new());
        let export = Order::Export {
            name: "run".into(),
            masked: run("masked"),
            with_secrets: run("all"),
            imported: false,
        };
        let tell = || Function::new_with_args("told", "window.told = told");
        let mut counts = Vec::new();
        for _ in 0..3 {
            for (order, name) in [(&Order::Compare, "compare"), (&export, "export")] {
                open(&bridge::write(order), tell());
                until_open(name).await;
                js("document.querySelector('dialog[open] header button').click()");
                until_open("").await;
                counts.push(js("return document.querySelectorAll('*').length").as_f64());
            }
        }
        assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");

        open(&bridge::write(&export), tell());
        until_open("export").await;
        // The event that tells of it comes later.
        let told = js("const dialog = document.querySelector('dialog[open]'); dialog.close(); \
             return new Promise((done) => dialog.addEventListener('close', () => setTimeout(done)))");
        open(&bridge::write(&Order::Compare), tell());
        JsFuture::from(told.unchecked_into::<js_sys::Promise>()).await.unwrap();
        until_open("compare").await;
        js("document.querySelector('#compare [data-testid=\"run-2025-11-25\"]').click()");
        until_open("").await;
        assert_eq!(js("return window.told").as_string().as_deref(), Some("{\"Run\":\"2025-11-25\"}"));
        open("{\"Later\":{}}", tell());
        until_open("").await;
    }
}
