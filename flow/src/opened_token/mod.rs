//! An access token opened for the reader: what stands in it, who judges it by which rule, and whether its signature can be
//! verified with a key that the authorization server publishes.
//!
//! A client never does this: to it an access token is an opaque text. The page does, so that one sees what the MCP server sees.

mod members;
mod verification;

pub use members::{Expected, Member, OpenedToken, Verdict, open};
pub use verification::{Altered, CannotVerify, Verification, altered, verification};
