//! The address bar, its history, and what the document shows before the program runs.

use wasm_bindgen::JsValue;

/// The callback URL, if this is one. Code and state leave the address bar and the history at once.
pub(crate) fn take_callback() -> Option<String> {
    let location = web_sys::window()?.location();
    if location.pathname().ok()? != "/callback" {
        return None;
    }
    let url = location.href().ok()?;
    show_address("/");
    Some(url)
}

/// What follows the `#`, with it.
pub(crate) fn hash() -> String {
    web_sys::window().and_then(|window| window.location().hash().ok()).unwrap_or_default()
}

/// Changes the address without adding to the history. An address bar that stays behind does no harm.
pub(crate) fn show_address(address: &str) {
    let history = web_sys::window().and_then(|window| window.history().ok());
    let _shown = history.map(|history| history.replace_state_with_url(&JsValue::NULL, "", Some(address)));
}

/// Takes away what the document says while the program is loading.
pub(crate) fn remove_shell() {
    let document = web_sys::window().and_then(|window| window.document());
    if let Some(shell) = document.and_then(|document| document.get_element_by_id("shell")) {
        shell.remove();
    }
}
