//! The program itself, run as a person or a script runs it, against a lab on free ports.

#![expect(clippy::unwrap_used, reason = "a program that cannot be run has failed the test")]

mod attack;
mod browser;
mod call;
mod connect;
mod hostile;
mod inspect;
#[path = "../../../backend/tests/journey/lab.rs"]
mod lab;
mod program;
mod token;
mod trace;
