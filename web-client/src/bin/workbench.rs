//! The workbench: the page's second program, fetched and started when one of its tools is opened for the first time.

use js_sys::Function;
use wasm_bindgen::prelude::wasm_bindgen;

fn main() {
    web_client::tell_mistakes(
        "A tool has made a mistake and stopped. Reload the page to use it again; the console has the details.",
    );
}

/// Opens a tool. The page calls it, with an order and with whom to tell what comes of it; both speak JSON.
#[wasm_bindgen]
pub fn open(order: &str, tell: Function) {
    web_client::workbench::open(order, tell);
}
