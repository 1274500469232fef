//! The OAuth 2.1 authorization server: it knows people, asks them, and issues tokens for protected resources.
//!
//! | path | file | what happens |
//! |---|---|---|
//! | `GET /.well-known/oauth-authorization-server` | [`metadata`] | says what the server can do |
//! | `GET /jwks` | [`metadata`] | publishes the key that verifies its tokens |
//! | `GET /authorize` | [`authorize`] | checks a request and puts it down |
//! | `GET`, `POST /sign-in`, `POST /sign-out` | [`sign_in`] | finds out who is there |
//! | `GET`, `POST /consent` | [`consent`] | asks the person and sends the browser back |
//! | `GET /grants`, `POST /grants/…` | [`grants`] | shows what a person has allowed, and takes it back |
//! | `POST /token` | [`token`], [`code_grant`] | turns a code into an access token |
//!
//! Spec: OAuth 2.1 (draft 13), RFC 8414, RFC 8707, RFC 9068, RFC 9207, Client ID Metadata Documents; MCP Authorization.

mod assets;
mod authorize;
mod cimd;
mod client_auth;
mod clients;
mod code_grant;
mod consent;
mod csrf;
mod form;
mod grants;
mod html;
mod interstitial;
mod introduction;
mod metadata;
mod page_refusal;
mod password;
mod peer;
mod rate_limit;
mod redirect;
mod redirect_refusal;
mod remembered;
mod router;
mod session;
mod settings;
mod sign_in;
mod signing_key;
mod state;
mod token;
mod visit;
mod words;

pub use password::{HashingLimits, PasswordError, PasswordHash, PasswordHashError, hash_password};
pub use settings::{Lifetimes, OfferedScope, Person, ProtectedResource, Settings};
pub use state::{AuthorizationServer, StartError};
