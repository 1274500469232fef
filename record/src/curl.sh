set -eu
# Only you can read what is kept here, and it goes when the script ends.
umask 077
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# The browser comes back to this port, where nobody should listen: it shows an error, and in its address bar the code. A
# server takes any port for a redirect URI on loopback (RFC 8252 section 7.3).
redirect_port=${REDIRECT_PORT:-3999}

fail() { printf '\n%s\n' "$1" >&2; exit 1; }
step() { printf '\n=== %s ===\n' "$1"; }

# send METHOD URL BODY HEADER...: sends a request and shows the answer. Headers and body go through files: everybody on
# this machine can see the arguments of a program.
send() {
  method=$1 url=$2
  printf %s "$3" >"$work/body"
  shift 3
  printf '%s\n' "$@" >"$work/headers"
  set -- --request "$method" --url "$url" --header "@$work/headers"
  [ ! -s "$work/body" ] || set -- "$@" --data-binary "@$work/body"
  answer=$(curl --silent --show-error --include --globoff --proto '=http,https' --max-time 30 --header 'expect:' \
    --noproxy "localhost,127.0.0.1,::1${no_proxy:+,$no_proxy}" "$@" | tr -d '\r')
  printf '%s\n' "$answer"
}
# Demands the status that the run had.
expect() {
  status=$(printf '%s\n' "$answer" | awk '{ print $2; exit }')
  [ "$status" = "$1" ] || fail "In the run this was answered $1."
}
# A header of the last answer; a member of its JSON; a parameter of the callback.
header() { printf '%s\n' "$answer" | awk -F ': ' -v name="$1" 'tolower($1) == name { print $2; exit }'; }
member() { printf '%s\n' "$answer" | sed -n 's/.*"'"$1"'": *"\([^"]*\)".*/\1/p' | tail -n 1; }
parameter() { printf '%s\n' "$callback" | sed 's/^[^?]*?//; s/#.*//' | tr '&' '\n' | sed -n "s/^$1=//p"; }

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
random() { openssl rand 32 | base64url; }
s256() { printf %s "$1" | openssl dgst -sha256 -binary | base64url; }

# What is fresh in each authorization request.
fresh() { verifier=$(random) challenge=$(s256 "$verifier") state=$(random); }
# come_back ADDRESS ISS PROMISED: asks for the address where the browser ends, and takes nothing from it before state and
# iss are right. ISS, as it stands in an address, is the server that was asked; if PROMISED is yes, iss must be there.
come_back() {
  printf 'Open this address, sign in and decide:\n\n%s\n\nThen paste the address where the browser ends: ' "$1"
  read -r callback
  [ "$(parameter state)" = "$state" ] || fail 'This does not answer the question: state is another one.'
  iss=$(parameter iss | sed 's/%3[Aa]/:/g; s/%2[Ff]/\//g')
  [ "$iss" = "$2" ] || { [ -z "$iss" ] && [ "$3" = no ]; } ||
    fail 'Another server answers: iss is not the one that was asked.'
  code=$(parameter code)
}
