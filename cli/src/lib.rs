//! The MCP client in the terminal: it drives a [`flow::Flow`] with a native HTTP client, and a person signs in and consents
//! in a browser, or a scripted one fills in the authorization server's real forms.
//!
//! The parts are a library so that tests walk the journey with the very code that the terminal uses.

pub mod advice;
pub mod args;
pub mod browser;
pub mod commands;
pub mod exit;
pub mod progress;
pub mod report;
