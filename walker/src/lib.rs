//! Performs what a [`flow::Flow`] wants where there is no browser: HTTP by a native client, a person who fills in the
//! authorization server's real forms, a key that signs.
//!
//! The terminal walks with it, the lab's attacks walk with it, and so do tests.

pub mod companion;
pub mod driver;
pub mod forms;
pub mod http;
pub mod interrupts;
pub mod person;
pub mod signer;
