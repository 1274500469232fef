# The recipes of this project: `just` lists them. Without just installed, `./just` does the same.

set quiet
set positional-arguments
set shell := ["sh", "-eu", "-c"]

# rustup's default place, last: a login shell may not have been opened since it was installed.
export PATH := env("PATH") + ":" + env("CARGO_HOME", env("HOME", "") / ".cargo") / "bin"

[private]
default:
    echo "Start with 'just demo'; 'just test' runs every test."
    {{ just_executable() }} --justfile {{ quote(justfile()) }} --list --unsorted --list-heading ""

# Build and start the lab and open its page; FLAGS: --no-open, --page-port 3001, … --help
[group('run')]
[no-exit-message]
demo *FLAGS:
    tools/build page servers
    exec cargo run --quiet --package backend --bin lab -- "$@"

# The same, rebuilding what changes: the page in place, the servers with a restart
[group('run')]
[no-exit-message]
dev *FLAGS:
    exec tools/dev "$@"

# Walk the journey in the terminal; FLAGS: --json, … --help
[group('run')]
[no-exit-message]
trace *FLAGS:
    tools/build cli
    exec cargo run --quiet --package mcp-auth-lab --bin mcp-auth-lab -- trace "$@"

# The client in the terminal, for any MCP server: call, inspect, token, trace, … --help
[group('run')]
[no-exit-message]
client *ARGS:
    tools/build cli
    exec cargo run --quiet --package mcp-auth-lab --bin mcp-auth-lab -- "$@"

# Every test: native, in WebAssembly, in a browser
[group('test')]
test: test-unit test-wasm test-e2e

# Unit and integration tests; ARGS go to `cargo test`
[group('test')]
test-unit *ARGS:
    tools/setup rust
    cargo test --workspace --exclude web-client "$@"

# The tests of protocol and flow once more, in WebAssembly under Node; the page's components in Chromium
[group('test')]
test-wasm *ARGS:
    exec tools/test-wasm "$@"

# The page in a real Chromium, the walk in a real Firefox too; ARGS go to `playwright test`
[group('test')]
test-e2e *ARGS:
    tools/build page servers
    exec tools/test-e2e "$@"

# The official MCP conformance suite, as far as it judges the lab
[group('test')]
conformance:
    tools/build servers cli
    exec tools/conformance

# Feed the client and its parsers with hostile input; ARGS name a target and seconds
[group('test')]
[no-exit-message]
fuzz *ARGS:
    exec tools/fuzz "$@"

# Walk the journey against servers that others wrote
[group('test')]
foreign:
    tools/build cli
    exec tools/foreign

# Measure the servers; ARGS go to `cargo bench`: --bench authorization_server measures one of them
[group('test')]
bench *ARGS:
    tools/setup rust
    cargo bench --quiet -p backend --benches "$@"

# Measure the page: bytes, Lighthouse, a slow CPU, memory over 200 runs; ARGS name one: loading, lighthouse, memory
[group('test')]
[no-exit-message]
measure *ARGS:
    tools/build page servers
    exec tools/measure "$@"

# Take pictures of every screen, three sizes, light and dark: target/pictures, and those of docs/images
[group('check')]
pictures *ARGS:
    tools/build page servers
    exec tools/pictures "$@"

# Formatting, clippy (native and WebAssembly), documentation, scripts: warnings are errors
[group('check')]
lint:
    exec tools/lint

# Format everything
[group('check')]
fmt:
    cargo fmt --all

# Write docs/spec-coverage.md anew; build and open the API documentation
[group('check')]
docs:
    tools/setup rust
    UPDATE_DOCS=1 cargo test -p backend --test spec_coverage
    cargo doc --workspace --exclude web-client --no-deps --document-private-items --open
