//! A run as a shell script that walks it again: the client's own messages, with curl.
//!
//! What is fresh in every run is fresh in the script too: `state` and the PKCE pair are made, codes and tokens are taken out
//! of the answers. So a record without secrets is as good as one with them. A person signs in and decides in a browser; the
//! browser then comes back to a port where nobody listens, and the address is pasted into the script.

use std::fmt::Write as _;

use flow::trace::{Answer, Event};
use url::form_urlencoded;

use crate::code::{sendable, shell};
use crate::hop::Hop;
use crate::message::header;
use crate::run::Record;
use flow::http::{Request, Response};

const PRELUDE: &str = r#"set -eu

# The browser comes back to this port, where nobody should listen: it shows an error, and in its address bar the code. A
# server takes any port for a redirect URI on loopback (RFC 8252 section 7.3).
redirect_port=${REDIRECT_PORT:-3999}

fail() { printf '\n%s\n' "$1" >&2; exit 1; }
step() { printf '\n=== %s ===\n' "$1"; }

# Sends a request and shows the answer.
send() {
  answer=$(curl --silent --show-error --include --max-time 30 --header 'expect:' "$@" | tr -d '\r')
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
"#;

impl Record {
    /// The run as a script for a POSIX shell with curl and openssl.
    #[must_use]
    pub fn to_shell_script(&self) -> String {
        let mut script = Script { text: String::from("#!/bin/sh\n"), registered: false, address: None };
        let revision = self.revision.as_str();
        let registration = line(&self.registration);
        // Writing to a string does not fail.
        let _ = write!(
            script.text,
            "# A run of MCP Auth Lab, walked again: revision {revision}, registration {registration}.\n\
             # Needs curl and openssl, the servers of the run, and you: where the run asked a person, so does this.\n{PRELUDE}"
        );
        for hop in &self.hops {
            script.hop(hop);
        }
        script.text.push_str("\nprintf '\\nThat was the run.\\n'\n");
        script.text
    }
}

struct Script<'a> {
    text: String,
    /// Whether the client got its id in this very run.
    registered: bool,
    /// Where the browser was sent.
    address: Option<&'a str>,
}

impl<'a> Script<'a> {
    fn hop(&mut self, hop: &'a Hop) {
        match &hop.event {
            Some(Event::Exchange { request, answer, .. }) => {
                self.step(hop);
                self.send(request);
                match answer {
                    Answer::Response(response) => {
                        let _ = writeln!(self.text, "expect {}", response.status);
                        self.learn(request, response);
                    }
                    Answer::Unreachable(_) => self.text.push_str("# In the run there was no answer.\n"),
                }
            }
            Some(Event::Navigation { url }) => self.address = Some(url),
            Some(Event::Callback { url }) => {
                if let Some(address) = self.address.take() {
                    self.visit(address, url);
                }
            }
            Some(Event::Local) | None => {}
        }
    }

    fn step(&mut self, hop: &Hop) {
        let title = line(&[hop.to.name(), ": ", &hop.title].concat());
        self.text.extend(["\nstep ", &shell(&title), "\n"]);
    }

    fn send(&mut self, request: &Request) {
        self.text.extend(["send --request ", request.method.as_str(), " --url ", &shell(&request.url)]);
        for (name, value) in sendable(request) {
            self.text.push_str(" \\\n  --header ");
            let header = self.header(name, value);
            self.text.push_str(&header);
        }
        if let Some(body) = &request.body {
            let media_type = header(&request.headers, "content-type").unwrap_or_default();
            let is_form = media_type.starts_with("application/x-www-form-urlencoded");
            let body = if is_form { self.form(body) } else { shell(body) };
            self.text.extend([" \\\n  --data-raw ", &body]);
        }
        self.text.push('\n');
    }

    fn header(&self, name: &str, value: &str) -> String {
        let fresh = match (name, value.split_once(' ')) {
            ("authorization", Some(("Bearer", _))) => "Bearer $access_token",
            ("authorization", Some(("Basic", _))) if self.registered => {
                "Basic $(printf %s \"$client_id:$client_secret\" | openssl base64 -A)"
            }
            ("authorization", Some(("Basic", _))) => {
                "Basic ${BASIC:?set it to the base64 of client_id:client_secret}"
            }
            ("mcp-session-id", _) => "$session",
            (_, _) if value.is_empty() => return shell(&[name, ";"].concat()),
            (_, _) => return shell(&[name, ": ", value].concat()),
        };
        ["\"", name, ": ", fresh, "\""].concat()
    }

    /// A form or a query with fresh values.
    fn form(&self, encoded: &str) -> String {
        let hint = form_urlencoded::parse(encoded.as_bytes()).find(|(name, _)| name == "token_type_hint");
        let is_refresh_token = hint.is_some_and(|(_, hint)| hint == "refresh_token");
        let mut word = Word::default();
        for (at, pair) in encoded.split('&').enumerate() {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            word.text(if at > 0 { "&" } else { "" });
            word.text(name);
            word.text("=");
            match name {
                "code" => word.variable("$code"),
                "code_verifier" => word.variable("$verifier"),
                "code_challenge" => word.variable("$challenge"),
                "state" => word.variable("$state"),
                "refresh_token" => word.variable("$refresh_token"),
                "token" if is_refresh_token => word.variable("$refresh_token"),
                "token" => word.variable("$access_token"),
                "client_id" if self.registered => word.variable("$client_id"),
                "client_secret" if self.registered => word.variable("$client_secret"),
                "client_secret" => word.variable("${CLIENT_SECRET:?set it to the secret of the client}"),
                "client_assertion" => word.variable("${CLIENT_ASSERTION:?set it to a signed assertion}"),
                "redirect_uri" => word.redirect_uri(value),
                _ => word.text(value),
            }
        }
        word.finish()
    }

    /// What later requests need.
    fn learn(&mut self, request: &Request, response: &Response) {
        let asked = request.body.as_deref().unwrap_or_default();
        let has = |name: &str| response.body.contains(&["\"", name, "\""].concat());
        if response.header("mcp-session-id").is_some() {
            self.text.push_str("session=$(header mcp-session-id)\n");
        }
        if asked.contains("grant_type=") && has("access_token") {
            self.text.push_str("access_token=$(member access_token)\n");
            if has("refresh_token") {
                self.text.push_str("refresh_token=$(member refresh_token)\n");
            }
        }
        if asked.contains("\"redirect_uris\"") && has("client_id") {
            self.registered = true;
            self.text.push_str("client_id=$(member client_id)\nclient_secret=$(member client_secret)\n");
        }
    }

    /// The way of the browser, which a person goes.
    fn visit(&mut self, address: &str, callback: &str) {
        let (endpoint, query) = address.split_once('?').unwrap_or((address, ""));
        let url = [shell(&[endpoint, "?"].concat()), self.form(query)].concat();
        self.text.push_str("\nstep 'You: sign in and decide, in your browser'\n");
        self.text.push_str("verifier=$(random)\nchallenge=$(s256 \"$verifier\")\nstate=$(random)\n");
        self.text.extend(["url=", &url, "\n"]);
        self.text.push_str(
            "printf 'Open this address, sign in and decide:\\n\\n%s\\n\\nThen paste the address where the browser ends: ' \"$url\"\n\
             read -r callback\n\
             [ \"$(parameter state)\" = \"$state\" ] || fail 'This does not answer the question: state is another one.'\n",
        );
        let answer = callback.split_once('?').map_or("", |(_, query)| query);
        for pair in answer.split(['&', '#']) {
            match pair.split_once('=') {
                Some(("iss", issuer)) => {
                    let says = "fail 'Another server answers: iss is not the one that was asked.'\n";
                    self.text.extend(["[ \"$(parameter iss)\" = ", &shell(issuer), " ] || ", says]);
                }
                Some(("code", _)) => {
                    let says = "[ -n \"$code\" ] || fail 'There is no code: you said no, or the request was refused.'\n";
                    self.text.extend(["code=$(parameter code)\n", says]);
                }
                Some(("error", error)) => {
                    self.text.extend(["# In the run the answer was an error: ", &line(error), "\n"]);
                }
                _ => {}
            }
        }
    }
}

/// A word of the shell: texts in single quotes, which mean nothing else, and variables in double quotes.
#[derive(Default)]
struct Word {
    done: String,
    text: String,
}

impl Word {
    fn text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn variable(&mut self, variable: &str) {
        if !self.text.is_empty() {
            self.done.push_str(&shell(&self.text));
            self.text.clear();
        }
        self.done.extend(["\"", variable, "\""]);
    }

    /// On loopback, with another port; every other as it is.
    fn redirect_uri(&mut self, encoded: &str) {
        let rest = ["http%3A%2F%2Flocalhost%3A", "http%3A%2F%2F127.0.0.1%3A"]
            .into_iter()
            .find_map(|origin| encoded.strip_prefix(origin));
        let Some(rest) = rest else { return self.text(encoded) };
        self.text(&encoded[..encoded.len() - rest.len()]);
        self.variable("$redirect_port");
        self.text(rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    }

    fn finish(self) -> String {
        if self.text.is_empty() { self.done } else { self.done + &shell(&self.text) }
    }
}

/// A text of one line that does nothing to a terminal.
fn line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use protocol::revision::Revision;

    use super::*;
    use crate::{merge, samples};

    fn script(entries: &[flow::trace::Entry]) -> String {
        let text = Record::new(Revision::V2025_11_25, "cimd", merge(entries, &[])).to_shell_script();
        text.split_once(PRELUDE).unwrap().1.to_owned()
    }

    #[test]
    fn what_is_fresh_in_every_run_is_fresh_in_the_script() {
        let address = "http://localhost:9000/authorize?client_id=it%27s&redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Fcallback&state=old&code_challenge=old";
        let answer = "http://localhost:3000/callback?code=old&state=old&iss=http%3A%2F%2Flocalhost%3A9000";
        let form = [
            ("grant_type", "authorization_code".into()),
            ("code", "old".into()),
            ("code_verifier", "old".into()),
        ];
        let redeem = Request::post_form("http://localhost:9000/token", &form);
        let mut redeemed = samples::exchange(&redeem, 3, 0, 200);
        let Event::Exchange { answer: Answer::Response(response), .. } = &mut redeemed.event else {
            panic!()
        };
        response.body = r#"{"access_token":"old","refresh_token":"old"}"#.into();
        let call = samples::message("{\"it's\":1}", Some("old")).header("mcp-session-id", "old");
        let entries = [
            samples::navigation(address, 1),
            samples::callback(answer, 2),
            redeemed,
            samples::exchange(&call, 4, 0, 200),
        ];
        assert_eq!(
            script(&entries),
            r#"
step 'You: sign in and decide, in your browser'
verifier=$(random)
challenge=$(s256 "$verifier")
state=$(random)
url='http://localhost:9000/authorize?''client_id=it%27s&redirect_uri=http%3A%2F%2Flocalhost%3A'"$redirect_port"'%2Fcallback&state='"$state"'&code_challenge='"$challenge"
printf 'Open this address, sign in and decide:\n\n%s\n\nThen paste the address where the browser ends: ' "$url"
read -r callback
[ "$(parameter state)" = "$state" ] || fail 'This does not answer the question: state is another one.'
code=$(parameter code)
[ -n "$code" ] || fail 'There is no code: you said no, or the request was refused.'
[ "$(parameter iss)" = 'http%3A%2F%2Flocalhost%3A9000' ] || fail 'Another server answers: iss is not the one that was asked.'

step 'Authorization server: http://localhost:9000/token'
send --request POST --url 'http://localhost:9000/token' \
  --header 'content-type: application/x-www-form-urlencoded' \
  --header 'accept: application/json' \
  --data-raw 'grant_type=authorization_code&code='"$code"'&code_verifier='"$verifier"
expect 200
access_token=$(member access_token)
refresh_token=$(member refresh_token)

step 'MCP server: http://localhost:8001/mcp'
send --request POST --url 'http://localhost:8001/mcp' \
  --header 'content-type: application/json' \
  --header "authorization: Bearer $access_token" \
  --header "mcp-session-id: $session" \
  --data-raw '{"it'\''s":1}'
expect 200

printf '\nThat was the run.\n'
"#
        );
    }

    #[test]
    fn no_text_of_a_run_becomes_a_command() {
        let nasty = "'; touch /tmp/x; '$(touch /tmp/x)`touch /tmp/x`\n\u{1b}[2J";
        let mut entry = samples::exchange(&samples::message(nasty, Some("t")).header("x", nasty), 1, 0, 200);
        entry.title = nasty.into();
        let Event::Exchange { request, .. } = &mut entry.event else { panic!() };
        request.url = format!("http://localhost/{nasty}");
        request.headers.push(("$(x)".into(), "y".into()));
        let text = Record::new(Revision::V2025_11_25, nasty, merge(&[entry], &[])).to_shell_script();
        let quoted = nasty.replace('\'', r"'\''");
        let shown = quoted.replace(['\n', '\u{1b}'], " ");
        let (before, body) = text.split_once(PRELUDE).unwrap();
        assert_eq!(before.lines().count(), 3, "comments stay comments");
        for place in [
            format!("step 'Authorization server: {shown}'\n"),
            format!(" --url 'http://localhost/{quoted}'"),
            format!("--header 'x: {quoted}'"),
            format!("--data-raw '{quoted}'\n"),
        ] {
            assert!(body.replace("MCP server", "Authorization server").contains(&place), "{place}\n{body}");
        }
        assert!(!body.contains("$(x)"));
    }

    #[test]
    fn a_client_that_registers_uses_what_it_gets() {
        let request = Request::post_json(
            "http://localhost:9000/register",
            &serde_json::json!({ "redirect_uris": ["http://localhost:3000/callback"] }),
        );
        let mut registered = samples::exchange(&request, 1, 0, 201);
        let Event::Exchange { answer: Answer::Response(response), .. } = &mut registered.event else {
            panic!()
        };
        response.body = r#"{"client_id":"old","client_secret":"old"}"#.into();
        let form = [
            ("client_id", "old".into()),
            ("token", "old".into()),
            ("token_type_hint", "refresh_token".into()),
        ];
        let revoke = Request::post_form("http://localhost:9000/revoke", &form);
        let revoke = revoke.header("authorization", "Basic b2xk");
        let text = script(&[registered, samples::exchange(&revoke, 2, 0, 200)]);
        assert!(text.contains("client_id=$(member client_id)\nclient_secret=$(member client_secret)\n"));
        assert!(text.contains(
            r#"'client_id='"$client_id"'&token='"$refresh_token"'&token_type_hint=refresh_token'"#
        ));
        assert!(text.contains(
            r#""authorization: Basic $(printf %s "$client_id:$client_secret" | openssl base64 -A)""#
        ));
        let known = script(&[samples::exchange(&revoke, 2, 0, 200)]);
        assert!(known.contains("'client_id=old&token='") && known.contains("Basic ${BASIC:?"));
    }
}
