//! The page: it draws a [`flow::Flow`] and performs its actions with fetch. No rule of the protocol lives here.

#![expect(unreachable_pub, reason = "the component macro of leptos makes the properties public")]
#![expect(clippy::needless_pass_by_value, reason = "components own their properties")]

mod app;
mod browser;
mod choice;
mod comparing;
mod draft;
mod driver;
mod env;
mod files;
mod followed;
mod lab;
mod lab_controls;
mod observatory;
mod storage;
mod trial;
mod view;
mod walk;
mod web_crypto;

#[cfg(test)]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

fn main() {
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        say_that_it_broke();
    }));
    leptos::mount::mount_to_body(app::App);
}

/// A page that has stopped must say so, not just stand still.
fn say_that_it_broke() {
    let Some(document) = web_sys::window().and_then(|window| window.document()) else { return };
    let (Some(body), Ok(notice)) = (document.body(), document.create_element("p")) else { return };
    notice.set_class_name("broken");
    // Failing to say it leaves nothing else to try.
    let _ = notice.set_attribute("role", "alert");
    notice.set_text_content(Some(
        "The page has made a mistake and stopped. Reload it to go on where you were; the console has the details.",
    ));
    let _ = body.prepend_with_node_1(&notice);
}
