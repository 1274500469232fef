//! The MCP client as a state machine without IO.
//!
//! A [`Flow`] says what to send and takes what came back; it reads neither clock nor randomness nor network. So the
//! same code runs in the page (driven by fetch), in the terminal (driven by a native HTTP client) and in tests, and a
//! person can pause between any two messages.
//!
//! ```text
//!            ┌────────── poll() ──────────┐
//!            ▼                            │
//!   Send(request) ── driver sends ──▶ handle_response(env, response)
//!   Navigate ─────── depart(env) ───▶ the browser leaves … handle_callback(env, url)
//!   Rest / Failed ── done
//! ```
//!
//! The driver is a loop of ten lines:
//!
//! ```
//! use flow::{Action, Env, Flow};
//! use flow::http::{Request, Response};
//!
//! fn drive(flow: &mut Flow, env: impl Fn() -> Env, send: impl Fn(&Request) -> Result<Response, String>) {
//!     while let Action::Send(outgoing) = flow.poll() {
//!         let result = match send(&outgoing.request) {
//!             Ok(response) => flow.handle_response(&env(), response),
//!             Err(reason) => flow.handle_unreachable(&env(), &reason),
//!         };
//!         result.expect("an answer to the request that was polled");
//!     }
//! }
//! ```
//!
//! Where order matters, the types say so: only `callback.rs` makes a validated callback, and only that can be redeemed.

mod account;
mod authorize;
mod callback;
mod client_authentication;
mod config;
mod discovery;
mod ending;
mod env;
mod handshake;
pub mod http;
pub mod identity;
pub mod lessons;
mod machine;
mod operate;
mod operation;
mod registration;
mod secrecy;
mod session;
mod step_up;
mod token_request;
mod token_response;
mod tool_call;
mod tools;
pub mod trace;
mod turn;

pub use client_authentication::SigningRequest;
pub use config::{Agenda, Config, Era, OnBehalf};
pub use discovery::{ScopeChoice, ScopeSource};
pub use ending::Farewell;
pub use env::Env;
pub use machine::{Action, Failure, Flow, Unexpected};
pub use session::{MAX_STEP_UPS, ToolResult};
pub use token_response::decode_jwt;
pub use turn::Outgoing;
