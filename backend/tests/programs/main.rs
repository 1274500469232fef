//! The programs as they are run: started, stopped, killed, and short of disk.

#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that cannot go on has failed the test")]

mod disk;
mod end;
mod kill;
mod running;
mod sockets;
