//! The MCP client in the terminal: it drives a [`flow::Flow`] with a native HTTP client, and a scripted person signs in
//! and consents by filling in the authorization server's real forms.
//!
//! The parts are a library so that tests walk the journey with the very code that the terminal uses.

pub mod driver;
pub mod forms;
pub mod http;
pub mod person;
pub mod report;
