//! Hostile input for the client and for the parsers it stands on.
//!
//! A target is a function from bytes to nothing that panics when a promise is broken. libFuzzer calls it some ten thousand
//! times a second and grows inputs towards code that none has reached before (`just fuzz`); `flow/tests/hostile.rs`
//! includes this file and calls it with every input that is kept in `fuzz/corpus`, in each run of the tests.
//!
//! | target | input | promise |
//! |---|---|---|
//! | [`challenge`] | a header | what is written is read back the same, and cannot split a header |
//! | [`documents`] | a JSON document | what is accepted obeys the rules, judged by another parser |
//! | [`answers`] | the body of an answer | an event stream says the same as the JSON in it |
//! | [`callback`] | the query of a callback | no `iss` and no `state` but those that were recorded |
//! | [`flow`] | what a hostile world does | nothing goes where it does not belong, and it ends |
//!
//! None of them may panic, whatever comes.

pub mod answers;
pub mod callback;
pub mod challenge;
pub mod documents;
pub mod flow;
pub mod trust;

/// A target: its name, which is also the folder of its inputs, and what is called with each of them.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 5] = [
    ("challenge", challenge::run),
    ("documents", documents::run),
    ("answers", answers::run),
    ("callback", callback::run),
    ("flow", flow::run),
];
