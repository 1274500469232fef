//! Replays what fuzzing has taught: every input that is kept in `fuzz/corpus` goes to the function that libFuzzer calls
//! (`just fuzz`), here without libFuzzer.

// Inputs are files, and proptest is native.
#![cfg(not(target_arch = "wasm32"))]

#[path = "../../../fuzz/src/lib.rs"]
pub mod hostile;
mod scripts;

use std::fs;
use std::path::Path;

use proptest::prelude::*;

/// Feeds a target with its inputs. What breaks a promise panics; the test shows which input was the last.
fn replay(name: &str) {
    let (_, run) = hostile::TARGETS.into_iter().find(|(target, _)| *target == name).expect("a target");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(name);
    let inputs = fs::read_dir(&folder).expect("a folder for each target");
    let mut inputs: Vec<_> = inputs.map(|entry| entry.expect("an input").path()).collect();
    inputs.sort();
    assert!(inputs.len() >= 5, "{} is nearly empty", folder.display());
    for input in inputs {
        println!("{}", input.display());
        run(&fs::read(&input).expect("a file"));
    }
}

/// Req: CL-01
#[test]
fn challenges() {
    replay("challenge");
}

/// Req: CL-08
#[test]
fn documents() {
    replay("documents");
}

/// Req: CL-47
#[test]
fn answers() {
    replay("answers");
}

/// Req: CL-29, CL-31, H06, H07
#[test]
fn callbacks() {
    replay("callback");
}

/// Req: ALL-11, CL-03, CL-05, CL-06, CL-08, CL-09, CL-18, CL-25, CL-26, CL-29, CL-31, CL-37, CL-40, CL-41, CL-46
/// Req: H02, H03, H05, H06, H07, H10, H11
#[test]
fn worlds() {
    replay("flow");
}

proptest! {
    /// Whatever is put together from what a world can do wrong.
    ///
    /// Req: ALL-11, CL-03, CL-05, CL-08, CL-25, CL-26, CL-29, CL-37, CL-40, CL-41, CL-46
    #[test]
    fn no_world_breaks_a_promise(script in scripts::any()) {
        hostile::flow::run(script.as_bytes());
    }
}
