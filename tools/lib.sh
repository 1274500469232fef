# shellcheck shell=sh
# What the scripts of this folder share: speaking, failing, showing progress, installing. Sourced by a script that
# has set `top` to the top of the clone; changes into it.

cd "$top" || exit 1

# Tools live outside the clone, in a folder per version, where a second clone finds them again.
tools=${MCP_AUTH_LAB_TOOLS:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/mcp-auth-lab/tools}
case $tools in /*) ;; *) tools=$top/$tools ;; esac

# rustup's default place: a login shell may not have been opened since it was installed.
command -v cargo >/dev/null 2>&1 || PATH=$PATH:${CARGO_HOME:-${HOME:-/nonexistent}/.cargo}/bin

say() {
    printf '%s\n' "$*"
}

# fail SENTENCE: what is missing and what to do about it, in one sentence.
fail() {
    printf 'mcp-auth-lab: %s\n' "$*" >&2
    exit 1
}

have() {
    command -v "$1" >/dev/null 2>&1
}

# prepend FOLDER: its programs are found first.
prepend() {
    PATH=$1:$PATH
    export PATH
}

# What is under way and must not outlive the script.
ticker=
staging=
locked=

clean_up() {
    [ -z "$ticker" ] || kill "$ticker" 2>/dev/null || :
    unlock
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# open_log LOG: makes it, empty.
open_log() {
    { mkdir -p "${1%/*}" && : >"$1"; } 2>/dev/null || fail "cannot write $1: make its folder writable."
}

# with_progress WHAT LOG COMMAND…: runs the command into LOG; says every now and then how far it is.
with_progress() {
    progress_log=$2
    open_log "$progress_log"
    progress "$1" "$progress_log" &
    ticker=$!
    shift 2
    status=0
    "$@" >>"$progress_log" 2>&1 </dev/null || status=$?
    stop_progress
    return "$status"
}

stop_progress() {
    kill "$ticker" 2>/dev/null || :
    wait "$ticker" 2>/dev/null || :
    ticker=
    [ ! -t 1 ] || printf '\r\033[K'
}

# A line that renews itself on a terminal; elsewhere a line each half minute.
progress() {
    started=$(date +%s)
    told=0
    while sleep 1 >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do
        seconds=$(($(date +%s) - started))
        crates=$(grep -c '^ *Compiling ' "$2" 2>/dev/null || :)
        line="  $1: $seconds s"
        [ "${crates:-0}" = 0 ] || line="$line, $crates crates compiled"
        if [ -t 1 ]; then
            [ "$seconds" -lt 2 ] || printf '\r\033[K%s' "$line"
        elif [ "$((seconds / 30))" -gt "$told" ]; then
            told=$((seconds / 30))
            printf '%s\n' "$line"
        fi
    done
}

# why LOG: the likely cause of a failure, as the second half of a sentence.
why() {
    last_words=$(tail -n 40 "$1")
    if says 'no space left'; then
        echo "the disk is full: make room, then run this again (log: $1)."
    elif says 'linker .*not found|failed to find tool|C compiler'; then
        echo "a C compiler is missing: install one (Debian, Ubuntu: sudo apt-get install build-essential; macOS: xcode-select --install), then run this again (log: $1)."
    elif says '(could not|failure|failed to) resolv|could not connect|failed to connect|timed out|failed to (fetch|download)|spurious network|ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN'; then
        echo "the network or the package registry did not answer: check the connection or the proxy, then run this again (log: $1)."
    else
        echo "the reason is at the end of $1."
    fi
}

says() {
    printf '%s\n' "$last_words" | grep -qiE "$1"
}

# One set-up at a time: the second waits for the first and then finds its work done. Two at once would do no harm
# (a finished folder appears in one step), they would only compile the same twice.
lock() {
    mkdir -p "$tools" 2>/dev/null && [ -w "$tools" ] ||
        fail "cannot write the tools folder $tools: make it writable, or name another one in MCP_AUTH_LAB_TOOLS."
    waited=0
    until mkdir "$tools/.lock" 2>/dev/null; do
        read -r owner host 2>/dev/null <"$tools/.lock/owner" || owner='' host=''
        if [ -n "$owner" ] && [ "$host" = "$(uname -n)" ] && ! kill -0 "$owner" 2>/dev/null; then
            rm -rf "$tools/.lock"
        elif [ -z "$owner" ] && [ "$waited" -ge 10 ]; then
            rm -rf "$tools/.lock"
        else
            [ "$waited" != 1 ] || say "Another set-up is at work (process ${owner:-unknown}, lock $tools/.lock): waiting for it."
            waited=$((waited + 1))
            sleep 1
        fi
    done
    locked=yes
    echo "$$ $(uname -n)" >"$tools/.lock/owner"
    # What a killed set-up has left.
    rm -rf "$tools"/.staging.*
}

unlock() {
    [ -z "$staging" ] || rm -rf "$staging"
    [ -z "$locked" ] || rm -rf "$tools/.lock"
    staging=''
    locked=''
}

# stage: makes `$staging`, a folder beside the finished ones that goes away by itself unless `keep` takes from it.
stage() {
    staging=$(mktemp -d "$tools/.staging.XXXXXX") && chmod 755 "$staging" ||
        fail "cannot write the tools folder $tools: make it writable, or name another one in MCP_AUTH_LAB_TOOLS."
}

# keep FOLDER NAME-VERSION: a finished installation gets its final name in one step.
keep() {
    mv "$1" "$tools/$2" || fail "cannot write $tools/$2: make the tools folder writable, or name another one in MCP_AUTH_LAB_TOOLS."
    # Where somebody else was quicker, mv has put ours inside theirs.
    rm -rf "${tools:?}/$2/${1##*/}"
}
