//! The page, as a browser loads it.

fn main() {
    web_client::tell_mistakes(
        "The page has made a mistake and stopped. Reload it to go on where you were; the console has the details.",
    );
    web_client::show_page();
}
