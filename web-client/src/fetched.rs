//! The workbench from the page's side: fetched when one of its tools is wanted for the first time.

use js_sys::{Function, Promise};
use leptos::prelude::*;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::CustomEvent;

use crate::bridge::{self, Order, Told};
use crate::walk::Tool;

/// The file that fetches and starts it, and the event by which that says so.
const STARTER: &str = "/start_workbench.js";
const STARTED: &str = "workbench";

/// The workbench. All of it is signals, so copies are the same.
#[derive(Clone, Copy)]
pub(crate) struct Workbench {
    /// The tool that is waited for.
    pub(crate) opening: RwSignal<Option<Tool>>,
    /// The program's function `open`, sooner or later; `None`: it is not fetched.
    program: StoredValue<Option<Promise>, LocalStorage>,
    attempts: StoredValue<u32>,
}

impl Workbench {
    /// Not fetched yet.
    pub(crate) fn new() -> Self {
        Self {
            opening: RwSignal::new(None),
            program: StoredValue::new_local(None),
            attempts: StoredValue::new(0),
        }
    }

    /// Opens a tool. Once the program is there, the order is made and handed over; whether it is there.
    pub(crate) async fn open(self, order: impl FnOnce() -> Order, on_told: impl Fn(Told) + 'static) -> bool {
        let Ok(open) = JsFuture::from(self.program()).await else {
            self.program.set_value(None);
            return false;
        };
        let tell = Closure::<dyn Fn(String)>::new(move |text: String| {
            if let Some(told) = bridge::read(&text) {
                on_told(told);
            }
        });
        let order = bridge::write(&order());
        // A tool that breaks says so itself.
        let _ = open.unchecked_into::<Function>().call2(&JsValue::NULL, &order.into(), &tell.into_js_value());
        true
    }

    fn program(self) -> Promise {
        self.program
            .try_update_value(|program| {
                program
                    .get_or_insert_with(|| {
                        let attempt = self
                            .attempts
                            .try_update_value(|attempts| std::mem::replace(attempts, *attempts + 1));
                        future_to_promise(fetch(attempt.unwrap_or_default()))
                    })
                    .clone()
            })
            .unwrap_or_else(|| Promise::reject(&JsValue::NULL))
    }
}

/// Fetches and starts the program.
async fn fetch(attempt: u32) -> Result<JsValue, JsValue> {
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    let document = window.document().ok_or(JsValue::NULL)?;
    let script = document.create_element("script")?;
    script.set_attribute("type", "module")?;
    script.set_attribute("src", &format!("{STARTER}?{attempt}"))?;
    let answer = Promise::new(&mut |started, failed| {
        let listens = window.add_event_listener_with_callback(STARTED, &started);
        if listens.and_then(|()| script.add_event_listener_with_callback("error", &failed)).is_err() {
            let _ = failed.call0(&JsValue::NULL);
        }
    });
    document.head().ok_or(JsValue::NULL)?.append_child(&script)?;
    let event: CustomEvent = JsFuture::from(answer).await?.unchecked_into();
    event.detail().dyn_into::<Function>().map(JsValue::from)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use protocol::revision::Revision;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn js(body: &str) -> JsValue {
        Function::new_no_args(body).call0(&JsValue::NULL).unwrap()
    }

    /// The server of the tests has no workbench: what a fetch would start is played here.
    #[test]
    async fn it_is_fetched_once_and_again_only_where_it_was_not_to_be_had() {
        let bench = Workbench::new();
        let told = Rc::new(RefCell::new(Vec::new()));
        let open = || {
            let told = Rc::clone(&told);
            bench.open(|| Order::Compare, move |what| told.borrow_mut().push(what))
        };
        assert!(!open().await, "no such file");
        js("const start = () => dispatchEvent(new CustomEvent('workbench', { detail: (order, tell) => { \
              window.order = order; tell('no JSON'); tell('{\"Run\":\"2026-07-28\"}') } })); \
            new MutationObserver((_, observer) => { observer.disconnect(); start() }) \
              .observe(document.head, { childList: true })");
        assert!(open().await && open().await);
        assert_eq!(js("return window.order").as_string().unwrap(), "\"Compare\"");
        assert_eq!(*told.borrow(), [Told::Run(Revision::V2026_07_28), Told::Run(Revision::V2026_07_28)]);
        let scripts = js("return document.querySelectorAll('script[src^=\"/start_workbench.js\"]').length");
        assert_eq!(scripts.as_f64(), Some(2.0));
    }
}
