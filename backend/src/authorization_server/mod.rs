//! The OAuth 2.1 authorization server: it knows people, asks them, and issues tokens for protected resources.
//!
//! | path | file | what happens |
//! |---|---|---|
//! | `GET /.well-known/oauth-authorization-server` | [`metadata`] | says what the server can do |
//! | `GET /.well-known/openid-configuration` | [`metadata`] | the same, for clients that look for that form only |
//! | `GET /jwks` | [`metadata`] | publishes the keys that verify its tokens |
//! | `GET /authorize` | [`authorize`] | checks a request and puts it down |
//! | `GET`, `POST /sign-in`, `POST /sign-out` | [`sign_in`] | finds out who is there |
//! | `GET`, `POST /consent` | [`consent`] | asks the person and sends the browser back |
//! | `GET /grants`, `POST /grants/…` | [`grants`] | shows what a person has allowed, and takes it back |
//! | `POST /token` | [`token`], [`code_grant`], [`refresh_grant`], [`issue`] | turns a code or a refresh token into tokens |
//! | `POST /revoke` | [`revoke`] | ends what grew from a consent, for the client |
//! | `POST /introspect` | [`introspect`] | tells a resource server whether a token is still good |
//! | `POST /register` | [`registration`] | gives a client a name, where that is switched on |
//! | `GET /healthz`, `GET /readyz` | [`health`] | tells the operator's tools how it is |
//!
//! Spec: OAuth 2.1 (draft 13), RFC 7009, RFC 7591, RFC 7662, RFC 8414, RFC 8707, RFC 9068, RFC 9207, Client ID Metadata
//! Documents; MCP Authorization.

mod assets;
mod authorize;
mod body;
mod cimd;
mod client_assertion;
mod client_auth;
mod client_config;
mod client_denial;
mod client_keys;
mod clients;
mod code_grant;
mod consent;
mod csrf;
mod form;
mod grants;
mod health;
mod html;
mod interstitial;
mod introduction;
mod introspect;
mod issue;
mod keys;
mod metadata;
mod narrowing;
mod own_token;
mod page_refusal;
mod password;
mod peer;
mod rate_limit;
mod redirect;
mod redirect_refusal;
mod refresh_grant;
mod registration;
mod remembered;
mod revoke;
mod router;
mod session;
mod settings;
mod sign_in;
mod state;
mod token;
mod upkeep;
mod visit;
mod words;

pub use client_config::{ClientConfig, ClientConfigError, ClientConfigFault};
pub use keys::{
    KEY_WATCH_SECONDS, KeyEncryptionSecret, KeyError, KeyFileFault, PublishedKey, Takeover, import_key,
    rotate_keys,
};
pub use password::{HashingLimits, PasswordError, PasswordHash, PasswordHashError, hash_password};
pub use settings::{
    KeySettings, Lifetimes, OfferedScope, Person, ProtectedResource, RegistrationSettings, Settings,
};
pub use state::{AuthorizationServer, ClientIdFault, StartError};
pub use upkeep::UpkeepError;
