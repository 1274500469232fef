//! Files between the page and the person: one to keep, one to look at again. Nothing goes over the network.

use js_sys::Array;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, File, HtmlAnchorElement, Url};

/// Offers a text as a file. Whether the browser took it.
pub(crate) fn save(name: &str, media_type: &str, text: &str) -> bool {
    save_or_fail(name, media_type, text).is_ok()
}

fn save_or_fail(name: &str, media_type: &str, text: &str) -> Result<(), JsValue> {
    let options = BlobPropertyBag::new();
    options.set_type(media_type);
    let blob = Blob::new_with_str_sequence_and_options(&Array::of1(&text.into()), &options)?;
    let document = web_sys::window().and_then(|window| window.document()).ok_or(JsValue::NULL)?;
    let link: HtmlAnchorElement = document.create_element("a")?.unchecked_into();
    let url = Url::create_object_url_with_blob(&blob)?;
    link.set_href(&url);
    link.set_download(name);
    link.click();
    // The browser has taken hold of the blob with the click; the address would keep it for as long as the page lives.
    Url::revoke_object_url(&url)
}

/// Reads a file that the person chose. The error is for people.
pub(crate) async fn read(file: File) -> Result<String, &'static str> {
    if file.size() > f64::from(record::MAX_BYTES) {
        return Err("This file is larger than 2 MB: no record of MCP Auth Lab is.");
    }
    let text = JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string());
    text.ok_or("The browser could not read this file.")
}
