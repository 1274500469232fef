//! `flow`, `protocol` and `record` have no IO, no clock and no randomness: everything from outside is an argument.
//!
//! The sources may name only those parts of the standard library that compute, and only those crates that do.

#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "a source that cannot be read has failed the test")]

use std::fs;
use std::path::{Path, PathBuf};

/// Modules of the standard library that only compute.
const STD: [&str; 17] = [
    "borrow",
    "boxed",
    "cmp",
    "collections",
    "convert",
    "error",
    "fmt",
    "hash",
    "iter",
    "mem",
    "net",
    "num",
    "ops",
    "slice",
    "str",
    "string",
    "vec",
];
/// Of `std::net` addresses alone: they are numbers.
const NET: [&str; 3] = ["IpAddr", "Ipv4Addr", "Ipv6Addr"];
/// Crates that only compute.
const CRATES: [&str; 10] = [
    "protocol",
    "flow",
    "serde",
    "serde_json",
    "thiserror",
    "url",
    "idna_adapter",
    "sha2",
    "base64",
    "subtle",
];
/// Macros that print or read files while compiling.
const MACROS: [&str; 7] =
    ["println!", "eprintln!", "print!", "eprint!", "dbg!", "include_bytes!", "option_env!"];
/// A source that writes code for others, and what only stands in that code.
const WRITTEN: (&str, &str) = ("record/src/code.rs", "println!");
/// It is compiled for tests alone, by a feature that nobody else turns on.
const FOR_TESTS: &str = "flow/src/lax.rs";

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// What a source names that it should not.
fn impurities(source: &str) -> Vec<String> {
    let code: Vec<&str> = source.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let code = code.join("\n");
    let name_after =
        |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut found: Vec<String> =
        MACROS.iter().filter(|name| code.contains(**name)).map(ToString::to_string).collect();
    for path in ["std::", "core::", "alloc::"] {
        for rest in code.split(path).skip(1) {
            let module = name_after(rest);
            let addresses =
                rest.strip_prefix("net::").is_none_or(|rest| NET.contains(&name_after(rest).as_str()));
            if !STD.contains(&module.as_str()) || !addresses {
                found.push(format!("{path}{module}"));
            }
        }
    }
    found
}

#[test]
fn the_sources_only_compute() {
    let flow = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seen = 0;
    for folder in [flow.join("src"), flow.join("../protocol/src"), flow.join("../record/src")] {
        for path in sources(&folder).into_iter().filter(|path| !path.ends_with(FOR_TESTS)) {
            let mut found = impurities(&fs::read_to_string(&path).unwrap());
            found.retain(|name| !(path.ends_with(WRITTEN.0) && name == WRITTEN.1));
            assert!(found.is_empty(), "{}: {found:?}", path.display());
            seen += 1;
        }
    }
    assert!(seen > 50, "{seen} files");
}

#[test]
fn they_depend_on_crates_that_only_compute() {
    let flow = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in [".", "../protocol", "../record"] {
        let manifest = flow.join(folder).join("Cargo.toml");
        let text = fs::read_to_string(&manifest).unwrap();
        let dependencies = text.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
        let names: Vec<&str> =
            dependencies.lines().filter_map(|line| line.split(['.', ' ', '=']).next()).collect();
        for name in names.iter().filter(|name| !name.is_empty()) {
            assert!(CRATES.contains(name), "{} depends on {name}", manifest.display());
        }
        assert!(names.len() > 4);
    }
}

/// The check itself: what it must find.
#[test]
fn impurities_are_found() {
    for bad in [
        "use std::time::SystemTime;",
        "std::fs::read(x)",
        "let _ = std::net::TcpStream::connect(x);",
        "use std::net::{IpAddr, TcpStream};",
        "std::env::var(\"HOME\")",
        "std::thread::sleep(x)",
        "use std::{fs, io};",
        "println!(\"x\")",
        "core::time::Duration",
        "use std::process;",
    ] {
        assert!(!impurities(bad).is_empty(), "{bad}");
    }
    for good in
        ["use std::borrow::Cow;", "use std::net::IpAddr;", "// std::fs is for others", "format!(\"x\")"]
    {
        assert!(impurities(good).is_empty(), "{good}");
    }
}
