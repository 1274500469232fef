//! The MCP client as a state machine without IO.
//!
//! A [`Flow`] knows how an MCP client gets permission and uses it: discovery of the authorization server, the ways to be
//! known there (registered beforehand, metadata document, dynamic registration, asking the person), authorization code with
//! PKCE or client credentials, refresh, step-up, sessions of 2025-11-25 and stateless requests of 2026-07-28. It says what
//! to send and takes what came back; it reads neither clock nor randomness nor network. So the same code runs in a page
//! (driven by fetch), in a terminal (driven by a native HTTP client) and in tests, and a person can pause between any two
//! messages. Everything that it verified stands in its [`trace`].
//!
//! # The picture
//!
//! ```text
//!    Flow::new(config)
//!          │
//!          ▼        401         ┌──────────────────┐   200   ┌────────────────┐
//!   ┌───────────┐ ────────────▶ │ ResourceMetadata │ ──────▶ │ ServerMetadata │
//!   │  Operate  │               └──────────────────┘         └───────┬────────┘
//!   │           │                  each place in order               │ who is the client here?
//!   │ initialize│                                                    ▼
//!   │ discover  │               ┌───────────┬────────────────┬──────────────┬────────────────┐
//!   │ tools/list│               │ registered│ ClientDocument │ Register     │ AskCredentials │
//!   │ tools/call│               │ before    │ (CIMD)         │ (DCR)        │ (the person)   │
//!   │           │               └─────┬─────┴───────┬────────┴──────┬───────┴───────┬────────┘
//!   │           │  403                └─────────────┴───────┬───────┴───────────────┘
//!   │           │ ── more scopes ──────────────────────────▶│
//!   │           │                                           ▼
//!   │           │   the client's own name      ┌───────────────────────────┐
//!   │           │  (no person) ┌────────────── │ Authorize → AwaitCallback │  the browser is away
//!   │           │              ▼               └─────────────┬─────────────┘
//!   │           │       ┌─────────────┐   validated callback │
//!   │           │ ◀──── │ Sign, Token │ ◀────────────────────┘
//!   └─────┬─────┘ token └─────────────┘
//!         │                    ▲ refresh: the token ran out, or 401 at the same server
//!         ▼                    │
//!      ┌──────┐ ───────────────┘          ┌─────┐      ┌──────────┐
//!      │ Rest │ ── finish() ────────────▶ │ End │ ───▶ │ Finished │
//!      └──────┘ ◀─ call_tool() goes on    └─────┘      └──────────┘
//!
//!   from everywhere: Failed, with the check that says why
//! ```
//!
//! # The states
//!
//! | state | what it means | what the driver does |
//! |---|---|---|
//! | `Operate` | an operation is under way at the MCP server; the very first one carries no token | sends |
//! | `ResourceMetadata`, `ServerMetadata` | looking for the two documents, candidate by candidate | sends |
//! | `ClientDocument` | the client reads its own metadata document, as the server will | sends |
//! | `Register` | the client registers itself at this server, and will use what it gets nowhere else | sends |
//! | `AskCredentials` | no other way is open: somebody has to say who the client is | [`Flow::provide_credentials`] |
//! | `Authorize` | PKCE pair, `state` and issuer are recorded; nothing is sent yet | [`Flow::depart`] |
//! | `AwaitCallback` | the browser is away; the flow's recording can be put away meanwhile. After a no to more, the client goes on with the token that it has | [`Flow::handle_callback`] |
//! | `Sign` | a client assertion waits for its signature; the flow never sees the key | [`Flow::handle_signature`] |
//! | `Token` | a code, a refresh token or the client's own name is exchanged for a token | sends |
//! | `Probe` | a used-up refresh token is sent again, or a token is given back, to see what comes of it; then it rests again | sends |
//! | `Cancel` | a call is called off (until 2025-11-25 a message says so) | sends |
//! | `Rest` | everything on the agenda is done | nothing, or a command |
//! | `End`, `Finished` | the session is deleted, tokens are given back; over | sends; nothing |
//! | `Unanswered` | nobody answered, and there is no other place to ask | nothing, or [`Flow::try_again`] |
//! | `Failed` | a check failed whose rule is a MUST | nothing |
//!
//! Where order matters, the types say so: only `callback.rs` makes a validated callback, only that can be redeemed, and
//! only at the server that the request went to.
//!
//! # The driver
//!
//! A driver is a loop. This one is complete; what is particular to a place (network, browser, key, person) is passed in:
//!
//! ```
//! use flow::http::{Request, Response};
//! use flow::identity::Credentials;
//! use flow::{Action, Env, Flow, SigningRequest, Unexpected};
//! use protocol::ids::Issuer;
//!
//! trait Place {
//!     fn env(&self) -> Env;
//!     fn send(&self, request: &Request) -> Result<Response, String>;
//!     fn browse(&self, url: &str) -> String;
//!     fn sign(&self, request: &SigningRequest) -> Vec<u8>;
//!     fn ask(&self, issuer: &Issuer) -> Credentials;
//! }
//!
//! fn drive(flow: &mut Flow, place: &impl Place) -> Result<(), Unexpected> {
//!     loop {
//!         match flow.poll() {
//!             Action::Send(outgoing) => match place.send(&outgoing.request) {
//!                 Ok(response) => flow.handle_response(&place.env(), response)?,
//!                 Err(reason) => flow.handle_unreachable(&place.env(), &reason)?,
//!             },
//!             Action::Navigate | Action::AwaitCallback => {
//!                 let url = flow.depart(&place.env())?;
//!                 flow.handle_callback(&place.env(), &place.browse(&url))?;
//!             }
//!             Action::Sign(request) => {
//!                 let signature = place.sign(request);
//!                 flow.handle_signature(&place.env(), &signature)?;
//!             }
//!             Action::AskCredentials(issuer) => {
//!                 let credentials = place.ask(issuer);
//!                 flow.provide_credentials(&place.env(), credentials)?;
//!             }
//!             Action::Rest | Action::Finished | Action::Failed(_) => return Ok(()),
//!         }
//!     }
//! }
//! ```
//!
//! What a driver must keep to: it waits for [`Outgoing::wait_ms`] before it sends; no redirects are followed; no cookies are sent; an answer is read up to
//! [`http::MAX_ANSWER_BYTES`], and a stream only until [`http::Request::is_answered_by`] holds; each wait has a deadline;
//! and every [`Env`] has fresh entropy.
//!
//! A flow that stops is no error of the driver, so the loop returns `Ok` then too; [`Flow::poll`] tells which it is, and
//! [`Failure`] why. A deadline of some 20 seconds for each request has proved enough.
//!
//! # Into a program of your own
//!
//! The crate is not on crates.io. Depend on it by path or by git, on `protocol` from the same place (its types are in this
//! interface), and on `serde_json`. What a client has to offer is in [`Config::identities`]: with none of the ways,
//! [`Action::AskCredentials`] comes at the first server. A native program that may register itself, at servers on this very
//! machine by http as well:
//!
//! ```
//! use flow::identity::{Identities, SelfDescription};
//! use flow::{Agenda, Config, Era, OnBehalf};
//! use protocol::client_metadata::ApplicationType;
//! use protocol::ids::{RedirectUri, ResourceUri};
//! use protocol::loopback::LoopbackPolicy;
//!
//! let loopback = LoopbackPolicy::AllowHttpOnLoopback;
//! let config = Config {
//!     server: ResourceUri::parse("http://localhost:8001/mcp", loopback)?,
//!     era: Era::Detect,
//!     loopback,
//!     // Where the program listens for the browser.
//!     redirect_uri: RedirectUri::parse("http://127.0.0.1:4000/callback")?,
//!     identities: Identities {
//!         registration: Some(SelfDescription {
//!             client_name: "My program".into(),
//!             application_type: ApplicationType::Native,
//!         }),
//!         ..Identities::default()
//!     },
//!     on_behalf: OnBehalf::Person,
//!     // The tools are listed; `Flow::call_tool` calls them later.
//!     agenda: Agenda::Calls(Vec::new()),
//! };
//! # let _ = config;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A first run
//!
//! A server that wants no token is used without one; here it is two closures away:
//!
//! ```
//! use flow::http::Response;
//! use flow::identity::Identities;
//! use flow::{Action, Agenda, Config, Env, Era, Flow, OnBehalf};
//! use protocol::ids::{RedirectUri, ResourceUri};
//! use protocol::loopback::LoopbackPolicy;
//! use protocol::mcp::ToolCall;
//! use protocol::revision::Revision;
//! use serde_json::{Value, json};
//!
//! let mut flow = Flow::new(Config {
//!     server: ResourceUri::parse("https://mcp.example/mcp", LoopbackPolicy::HttpsOnly)?,
//!     era: Era::Only(Revision::V2026_07_28),
//!     loopback: LoopbackPolicy::HttpsOnly,
//!     redirect_uri: RedirectUri::parse("http://127.0.0.1:4000/callback")?,
//!     identities: Identities::default(),
//!     on_behalf: OnBehalf::Person,
//!     agenda: Agenda::Calls(vec![ToolCall::new("greet", json!({}))]),
//! });
//! let env = |n: u8| Env { now_ms: 1_800_000_000_000, entropy: [n; 64] };
//! let mut n = 0;
//! while let Action::Send(outgoing) = flow.poll() {
//!     let message: Value = serde_json::from_str(outgoing.request.body.as_deref().unwrap_or_default())?;
//!     let result = match message["method"].as_str() {
//!         Some("server/discover") => json!({ "supportedVersions": ["2026-07-28"] }),
//!         Some("tools/list") => json!({ "tools": [{ "name": "greet" }] }),
//!         _ => json!({ "content": [{ "type": "text", "text": "hello" }] }),
//!     };
//!     let body = json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }).to_string();
//!     let headers = vec![("content-type".into(), "application/json".into())];
//!     n += 1;
//!     flow.handle_response(&env(n), Response { status: 200, headers, body, elapsed_ms: 1 })?;
//! }
//! assert_eq!(flow.poll(), Action::Rest);
//! assert_eq!(protocol::mcp_answer::tool_text(&flow.results()[0].result), "hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod account;
mod action;
mod attempts;
mod authorize;
mod callback;
mod check;
mod client_authentication;
mod commands;
mod config;
mod discovery;
mod ending;
mod env;
mod handshake;
pub mod http;
pub mod identity;
#[cfg(feature = "lax")]
pub mod lax;
pub mod lessons;
mod machine;
pub mod opened_token;
mod operate;
mod operation;
mod probe;
mod recording;
mod registration;
mod resume;
mod revocation;
mod secrecy;
mod session;
mod state;
mod step_up;
pub mod tamper;
mod token_request;
mod token_response;
mod tool_call;
mod tools;
pub mod trace;
mod turn;
mod unanswered;

pub use action::{Action, Failure, Unexpected};
pub use attempts::MAX_STEP_UPS;
pub use client_authentication::SigningRequest;
pub use config::{Agenda, Config, Era, OnBehalf};
pub use discovery::{ScopeChoice, ScopeSource};
pub use ending::Farewell;
pub use env::Env;
pub use machine::Flow;
pub use recording::{Input, Recorded};
pub use revocation::TokenKind;
pub use secrecy::spellings;
pub use session::ToolResult;
pub use token_response::decode_jwt;
pub use turn::Outgoing;
