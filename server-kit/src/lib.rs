//! What both servers of MCP Auth Lab stand on, and neither of them is about.
//!
//! | module | gives |
//! |---|---|
//! | [`clock`] | the time, which tests can set |
//! | [`entropy`] | randomness, which tests can repeat |
//! | [`listen`] | sockets with limits and deadlines, and an end that cuts nobody off |
//! | [`outbound`] | HTTP requests to addresses that strangers named, without knocking on internal doors |
//! | [`private_file`] | files that only their owner may read |
//! | [`telemetry`] | logs |
//! | [`witness`] | what a server says about its own work, where somebody watches |

pub mod clock;
pub mod entropy;
pub mod listen;
pub mod outbound;
pub mod private_file;
pub mod telemetry;
pub mod witness;
