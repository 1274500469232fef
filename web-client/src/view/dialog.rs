//! A modal dialog: the browser's own, which keeps the focus inside, closes on Escape, and gives the focus back.

use leptos::html::Dialog;
use leptos::prelude::*;

use super::boxed::click;

/// A dialog with a title and a button that closes it. What is inside exists only while it is open.
#[component]
pub(crate) fn Modal(
    /// Whether it is open. Closing it, in whatever way, makes this false.
    open: RwSignal<bool>,
    /// Names the dialog in the page; letters and hyphens.
    id: &'static str,
    /// What stands at its top, and what it is called.
    title: &'static str,
    /// What is inside.
    children: ChildrenFn,
) -> impl IntoView {
    let dialog = shown_while(open);
    let title_id = format!("{id}-title");
    let called = title_id.clone();
    view! {
        <dialog
            class="modal"
            id=id
            node_ref=dialog
            aria-labelledby=called
            on:close=move |_| open.set(false)
        >
            <header>
                // The title takes the focus, so that it is what a screen reader says first.
                <h2 id=title_id tabindex="-1" autofocus>{title}</h2>
                <button class="quiet" on:click=click(move |_| close(dialog))>"Close"<kbd>"Esc"</kbd></button>
            </header>
            {move || open.get().then(|| children())}
        </dialog>
    }
}

/// A dialog element that is shown as a modal while `open` is true.
pub(super) fn shown_while(open: RwSignal<bool>) -> NodeRef<Dialog> {
    let dialog = NodeRef::<Dialog>::new();
    Effect::new(move || {
        let Some(element) = dialog.get() else { return };
        if open.get() {
            // Already open is as good as opened.
            let _ = element.show_modal();
        } else {
            element.close();
        }
    });
    dialog
}

/// Closes a dialog; its `close` event tells the page.
pub(super) fn close(dialog: NodeRef<Dialog>) {
    if let Some(element) = dialog.get_untracked() {
        element.close();
    }
}

/// Whether a dialog is in front of the page: then the page's own keys rest.
pub(crate) fn is_any_open() -> bool {
    let document = web_sys::window().and_then(|window| window.document());
    document.is_some_and(|document| matches!(document.query_selector("dialog[open]"), Ok(Some(_))))
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::view::test_page::TestPage;

    #[test]
    async fn takes_the_focus_and_gives_it_back() {
        let open = RwSignal::new(false);
        let page = TestPage::show(move || {
            view! {
                <button on:click=move |_| open.set(true)>"Open"</button>
                <Modal open=open id="demo" title="A title"><p class="inside">"Inside"</p></Modal>
            }
        })
        .await;
        assert!(page.all(".inside").is_empty() && !is_any_open());
        page.focus("button:first-child");
        page.press("Open").await;
        assert_eq!(page.texts(":focus"), ["A title"]);
        assert!(page.all(".inside").len() == 1 && is_any_open());
        page.press("CloseEsc").await;
        page.gone(".inside").await;
        assert_eq!(page.texts(":focus"), ["Open"]);
        assert!(!open.get_untracked() && !is_any_open());
        open.set(true);
        page.until(".inside", "Inside").await;
        open.set(false);
        page.gone("dialog[open]").await;
    }
}
