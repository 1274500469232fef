//! A component in the browser that runs the tests, and hands to use it with.

use std::any::Any;

use js_sys::Function;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, HtmlElement};

/// What is shown, until it is dropped.
pub(crate) struct TestPage {
    root: HtmlElement,
    _mounted: Box<dyn Any>,
}

impl TestPage {
    /// Shows a component, and waits until it stands there.
    pub(crate) async fn show<V: IntoView + 'static>(view: impl FnOnce() -> V + 'static) -> Self {
        let document = web_sys::window().unwrap().document().unwrap();
        let root: HtmlElement = document.create_element("div").unwrap().unchecked_into();
        document.body().unwrap().append_child(&root).unwrap();
        let mounted = leptos::mount::mount_to(root.clone(), view);
        let page = Self { root, _mounted: Box::new(mounted) };
        settle().await;
        page
    }

    /// The one element that a selector means.
    pub(crate) fn the(&self, selector: &str) -> Element {
        let all = self.all(selector);
        assert_eq!(all.len(), 1, "{selector} in {}", self.root.inner_html());
        all.into_iter().next().unwrap()
    }

    /// All that a selector means, in their order.
    pub(crate) fn all(&self, selector: &str) -> Vec<Element> {
        let all = js("return Array.from(this.querySelectorAll(a))").call1(&self.root, &selector.into());
        js_sys::Array::from(&all.unwrap()).iter().map(JsCast::unchecked_into).collect()
    }

    /// The texts of all that a selector means.
    pub(crate) fn texts(&self, selector: &str) -> Vec<String> {
        self.all(selector).iter().map(|element| element.text_content().unwrap_or_default()).collect()
    }

    /// The text of the whole.
    pub(crate) fn text(&self) -> String {
        self.root.text_content().unwrap_or_default()
    }

    /// Clicks the button with this text.
    pub(crate) async fn press(&self, text: &str) {
        let buttons = self.all("button");
        let button = buttons.iter().find(|button| button.text_content().as_deref() == Some(text));
        let button = button.unwrap_or_else(|| panic!("no button {text} in {}", self.root.inner_html()));
        button.unchecked_ref::<HtmlElement>().click();
        settle().await;
    }

    /// Clicks one of all that a selector means, counted from 0.
    pub(crate) async fn click(&self, selector: &str, index: usize) {
        self.all(selector)[index].unchecked_ref::<HtmlElement>().click();
        settle().await;
    }

    /// Gives the focus to the one element that a selector means.
    pub(crate) fn focus(&self, selector: &str) {
        self.the(selector).unchecked_ref::<HtmlElement>().focus().unwrap();
    }

    /// Presses a key on an element; whether the page would still do what it does at that key.
    pub(crate) async fn key(&self, selector: &str, key: &str) -> bool {
        let dispatch = js(
            "let heard = false; const hear = () => heard = true; window.addEventListener('keydown', hear); \
             this.dispatchEvent(new KeyboardEvent('keydown', { key: a, bubbles: true, cancelable: true })); \
             window.removeEventListener('keydown', hear); return heard",
        );
        let heard = dispatch.call1(&self.the(selector), &key.into()).unwrap();
        settle().await;
        heard.is_truthy()
    }

    /// Lets an element have an event that bubbles.
    pub(crate) async fn fire(&self, selector: &str, event: &str) {
        let dispatch = js("this.dispatchEvent(new Event(a, { bubbles: true }))");
        dispatch.call1(&self.the(selector), &event.into()).unwrap();
        settle().await;
    }

    /// Sets or clears a box.
    pub(crate) async fn check(&self, selector: &str, checked: bool) {
        js("this.checked = a").call1(&self.the(selector), &checked.into()).unwrap();
        self.fire(selector, "change").await;
    }

    /// Types a text into a field, in place of what is there.
    pub(crate) async fn enter(&self, selector: &str, text: &str) {
        js("this.value = a").call1(&self.the(selector), &text.into()).unwrap();
        self.fire(selector, "input").await;
    }

    /// Waits until nothing is left of what a selector means.
    pub(crate) async fn gone(&self, selector: &str) {
        while !self.all(selector).is_empty() {
            settle().await;
        }
    }

    /// Waits until an element's text has this in it, for as many turns as nothing here takes.
    pub(crate) async fn until(&self, selector: &str, text: &str) {
        for _ in 0..2500 {
            if self.texts(selector).iter().any(|found| found.contains(text)) {
                return;
            }
            settle().await;
        }
        panic!("{selector} never says “{text}”: {}", self.root.inner_html());
    }
}

impl Drop for TestPage {
    fn drop(&mut self) {
        self.root.remove();
    }
}

fn js(body: &str) -> Function {
    Function::new_with_args("a", body)
}

/// Lets everything happen that is due.
async fn settle() {
    let turn = js("return new Promise((done) => setTimeout(done))").call0(&JsValue::NULL).unwrap();
    JsFuture::from(turn.unchecked_into::<js_sys::Promise>()).await.unwrap();
}
