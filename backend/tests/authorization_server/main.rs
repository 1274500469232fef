//! The authorization server, through its real router: what it answers, and what it refuses.
//!
//! Time stands still unless a test moves it, randomness repeats, and each test has its own database and its own client.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of these tests say what they expect, too"
)]

mod authorize;
mod authorize_hostile;
mod cimd;
mod cimd_on_the_web;
mod client_assertion;
mod client_auth;
mod clients;
mod consent;
mod faults;
mod grants;
mod internet;
mod interstitial;
mod introspect;
mod key_import;
mod keys;
mod keys_at_rest;
mod metadata;
mod observations;
mod outbound;
mod password;
mod program;
mod prompt;
mod rate_limit;
mod refresh;
mod registration;
mod remembered_consent;
mod revoke;
mod sign_in;
mod store;
mod support;
mod token;
