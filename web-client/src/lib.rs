//! The page: it draws a [`flow::Flow`] and performs its actions with fetch. No rule of the protocol lives here.
//!
//! Two programs are made of this. The page is what a browser loads first; the [`workbench`] has the tools that are opened
//! later, if at all, and is fetched then (ADR 15).

#![expect(unreachable_pub, reason = "the component macro of leptos makes the properties public")]
#![expect(clippy::needless_pass_by_value, reason = "components own their properties")]

mod app;
mod attempts;
mod bridge;
mod browser;
mod choice;
mod comparing;
mod draft;
mod driver;
mod env;
mod fetched;
mod files;
mod followed;
mod guess;
mod lab;
mod lab_attacks;
mod lab_controls;
mod lessons;
mod observatory;
mod storage;
mod tampered;
mod trial;
mod view;
mod walk;
mod web_crypto;
pub mod workbench;

#[cfg(test)]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// Shows the page.
pub fn show_page() {
    leptos::mount::mount_to_body(app::App);
}

/// From now on a mistake is told: in the console, and in these words to whoever looks at the page.
pub fn tell_mistakes(words: &'static str) {
    std::panic::set_hook(Box::new(move |panic| {
        console_error_panic_hook::hook(panic);
        say_that_it_broke(words);
    }));
}

/// A program that has stopped must say so, not just stand still.
fn say_that_it_broke(words: &str) {
    let Some(document) = web_sys::window().and_then(|window| window.document()) else { return };
    let (Some(body), Ok(notice)) = (document.body(), document.create_element("p")) else { return };
    notice.set_class_name("broken");
    // Failing to say it leaves nothing else to try.
    let _ = notice.set_attribute("role", "alert");
    notice.set_text_content(Some(words));
    let _ = body.prepend_with_node_1(&notice);
}
