//! A run as a shell script that walks it again: the client's own messages, with curl.
//!
//! What is fresh in every run is fresh in the script too: `state` and the PKCE pair are made, codes and tokens are taken out
//! of the answers. So a record without secrets is as good as one with them. A person signs in and decides in a browser; the
//! browser then comes back to a port where nobody listens, and the address is pasted into the script.

use std::fmt::Write as _;

use flow::http::{Request, Response};
use flow::lessons::steps::Step;
use flow::trace::{Answer, Event};
use protocol::revision::Revision;
use serde_json::Value;
use url::form_urlencoded;

use crate::code::{sendable, shell};
use crate::hop::Hop;
use crate::message::header;
use crate::run::Record;

/// What each script needs, in the shell's own words.
const PRELUDE: &str = include_str!("curl.sh");

impl Record {
    /// The run as a script for a POSIX shell with curl and openssl.
    #[must_use]
    pub fn to_shell_script(&self) -> String {
        let mut script = Script {
            text: String::from("#!/bin/sh\n# A run of MCP Auth Lab, walked again: revision "),
            revision: self.revision,
            step: None,
            registered: false,
            server: Server { issuer: String::new(), promises_iss: false },
            departure: None,
        };
        let registration = line(&self.registration);
        script.text.extend([self.revision.as_str(), ", registration ", &registration]);
        script.text.push_str(
            ".\n# Needs curl and openssl, the servers of the run, and you: where the run asked a person, so does this.\n",
        );
        script.text.push_str(PRELUDE);
        for hop in &self.hops {
            script.hop(hop);
        }
        script.text.push_str("\nprintf '\\nThat was the run.\\n'\n");
        script.text
    }
}

struct Script<'a> {
    text: String,
    revision: Revision,
    /// The last one that was commented on.
    step: Option<Step>,
    /// Whether the client got its id in this very run.
    registered: bool,
    server: Server,
    /// The step in which the browser was sent away, and where to.
    departure: Option<(Step, &'a str)>,
}

/// What the authorization server said about itself.
struct Server {
    issuer: String,
    promises_iss: bool,
}

impl<'a> Script<'a> {
    fn hop(&mut self, hop: &'a Hop) {
        match &hop.event {
            Some(Event::Exchange { request, answer, .. }) => {
                let title = line(&[hop.to.name(), ": ", &hop.title].concat());
                self.step(hop.step, &title);
                self.send(hop.step, request);
                match answer {
                    Answer::Response(response) => {
                        let _ = writeln!(self.text, "expect {}", response.status);
                        self.learn(hop.step, request, response);
                    }
                    Answer::Unreachable(_) => self.text.push_str("# In the run there was no answer.\n"),
                }
            }
            Some(Event::Navigation { url }) => self.departure = Some((hop.step, url)),
            Some(Event::Callback { url }) => {
                if let Some((step, address)) = self.departure.take() {
                    self.visit(step, address, url);
                }
            }
            Some(Event::Local) | None => {}
        }
    }

    /// A heading, and where a step of the journey begins, what happens in it.
    fn step(&mut self, step: Step, title: &str) {
        self.text.push('\n');
        if self.step != Some(step) {
            self.step = Some(step);
            let what = step.what(self.revision);
            let sentence = what.split_once(". ").map_or(what, |(sentence, _)| sentence);
            self.text.extend(["# ", step.title(), ": ", sentence.trim_end_matches('.'), ".\n"]);
        }
        self.text.extend(["step ", &shell(title), "\n"]);
    }

    fn send(&mut self, step: Step, request: &Request) {
        let media_type = header(&request.headers, "content-type").unwrap_or_default();
        let body = request.body.as_deref().unwrap_or_default();
        let body = if media_type.starts_with("application/x-www-form-urlencoded") {
            self.form(step, body)
        } else {
            shell(body)
        };
        self.text.extend(["send ", request.method.as_str(), " ", &shell(&request.url), " \\\n  ", &body]);
        for (name, value) in sendable(request) {
            let header = self.header(name, value);
            self.text.extend([" \\\n  ", &header]);
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
            // A line of a file.
            (_, _) => return shell(&line(&[name, ": ", value].concat())),
        };
        ["\"", name, ": ", fresh, "\""].concat()
    }

    /// A form or a query with fresh values.
    fn form(&self, step: Step, encoded: &str) -> String {
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
                "refresh_token" if step == Step::RefreshReuse => word.variable("$worn_refresh_token"),
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
    fn learn(&mut self, step: Step, request: &Request, response: &Response) {
        let asked = request.body.as_deref().unwrap_or_default();
        let has = |name: &str| response.body.contains(&["\"", name, "\""].concat());
        if response.header("mcp-session-id").is_some() {
            self.text.push_str("session=$(header mcp-session-id)\n");
        }
        if asked.contains("grant_type=") && has("access_token") {
            self.text.push_str("access_token=$(member access_token)\n");
            if has("refresh_token") {
                if asked.contains("grant_type=refresh_token") {
                    self.text.push_str("worn_refresh_token=$refresh_token\n");
                }
                self.text.push_str("refresh_token=$(member refresh_token)\n");
            }
        }
        if asked.contains("\"redirect_uris\"") && has("client_id") {
            self.registered = true;
            self.text.push_str("client_id=$(member client_id)\nclient_secret=$(member client_secret)\n");
        }
        if step == Step::ServerMetadata
            && response.status == 200
            && let Ok(said) = serde_json::from_str::<Value>(&response.body)
            && let Some(issuer) = said["issuer"].as_str()
        {
            let promises_iss = said["authorization_response_iss_parameter_supported"] == true;
            self.server = Server { issuer: issuer.to_owned(), promises_iss };
        }
    }

    /// The way of the browser, which a person goes.
    fn visit(&mut self, step: Step, address: &str, callback: &str) {
        let (endpoint, query) = address.split_once('?').unwrap_or((address, ""));
        let url = [shell(&[endpoint, "?"].concat()), self.form(step, query)].concat();
        self.step(step, "You: sign in and decide, in your browser");
        let promised = if self.server.promises_iss { "yes" } else { "no" };
        let issuer = shell(&self.server.issuer);
        self.text.extend(["fresh\ncome_back ", &url, " ", &issuer, " ", promised, "\n"]);
        let answer = callback.split_once('?').map_or("", |(_, query)| query);
        for pair in answer.split(['&', '#']) {
            match pair.split_once('=') {
                Some(("code", _)) => self.text.push_str(
                    "[ -n \"$code\" ] || fail 'There is no code: you said no, or the request was refused.'\n",
                ),
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

    use flow::trace::Entry;

    use super::*;
    use crate::{merge, samples};

    fn script(entries: &[Entry]) -> String {
        let text = Record::new(Revision::V2025_11_25, "cimd", merge(entries, &[])).to_shell_script();
        text.split_once(PRELUDE).unwrap().1.to_owned()
    }

    /// The authorization server's, in its step.
    fn metadata(promises_iss: bool) -> Entry {
        let request = samples::document("http://localhost:9000/.well-known/oauth-authorization-server");
        let mut entry = answered(
            &request,
            &format!(
                r#"{{"issuer":"http://localhost:9000","authorization_response_iss_parameter_supported":{promises_iss}}}"#
            ),
        );
        entry.step = Step::ServerMetadata;
        entry
    }

    fn answered(request: &Request, body: &str) -> Entry {
        let mut entry = samples::exchange(request, 1, 0, 200);
        let Event::Exchange { answer: Answer::Response(response), .. } = &mut entry.event else { panic!() };
        response.body = body.into();
        entry
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
        let redeemed = answered(&redeem, r#"{"access_token":"old","refresh_token":"old"}"#);
        let call = samples::message("{\"it's\":1}", Some("old")).header("mcp-session-id", "old");
        let entries = [
            metadata(true),
            samples::navigation(address, 1),
            samples::callback(answer, 2),
            Entry { step: Step::CodeExchange, ..redeemed },
            samples::exchange(&call, 4, 0, 200),
        ];
        assert_eq!(
            script(&entries),
            r#"
# Server metadata: The authorization server describes itself too: where to send the browser, where to redeem codes, what it can do.
step 'Authorization server: http://localhost:9000/.well-known/oauth-authorization-server'
send GET 'http://localhost:9000/.well-known/oauth-authorization-server' \
  '' \
  'accept: application/json'
expect 200

# Sign in, consent: The browser goes to the authorization server, where you sign in and decide.
step 'You: sign in and decide, in your browser'
fresh
come_back 'http://localhost:9000/authorize?''client_id=it%27s&redirect_uri=http%3A%2F%2Flocalhost%3A'"$redirect_port"'%2Fcallback&state='"$state"'&code_challenge='"$challenge" 'http://localhost:9000' yes
[ -n "$code" ] || fail 'There is no code: you said no, or the request was refused.'

# Code exchange: The client redeems the code directly at the authorization server, without the browser's address bar in between.
step 'Authorization server: http://localhost:9000/token'
send POST 'http://localhost:9000/token' \
  'grant_type=authorization_code&code='"$code"'&code_verifier='"$verifier" \
  'content-type: application/x-www-form-urlencoded' \
  'accept: application/json'
expect 200
access_token=$(member access_token)
refresh_token=$(member refresh_token)

# Tool call: A tool call.
step 'MCP server: http://localhost:8001/mcp'
send POST 'http://localhost:8001/mcp' \
  '{"it'\''s":1}' \
  'content-type: application/json' \
  "authorization: Bearer $access_token" \
  "mcp-session-id: $session"
expect 200

printf '\nThat was the run.\n'
"#
        );
    }

    #[test]
    fn no_text_of_a_run_becomes_a_command() {
        let nasty = "'; touch x; '$(touch x)`touch x`\n\u{1b}[2J";
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
            format!("send POST 'http://localhost/{quoted}' \\\n  '{quoted}' \\\n"),
            format!("  'x: {shown}'"),
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
        let registered = answered(&request, r#"{"client_id":"old","client_secret":"old"}"#);
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

    #[test]
    fn a_refresh_token_that_is_used_twice_is_the_one_that_was_replaced() {
        let form = [("grant_type", "refresh_token".into()), ("refresh_token", "old".into())];
        let refresh = Request::post_form("http://localhost:9000/token", &form);
        let renewed = answered(&refresh, r#"{"access_token":"new","refresh_token":"new"}"#);
        let reused = Entry { step: Step::RefreshReuse, ..samples::exchange(&refresh, 2, 0, 400) };
        let text = script(&[renewed, reused]);
        let (renewal, reuse) = text.split_once("expect 200\n").unwrap();
        assert!(renewal.contains(r#"refresh_token='"$refresh_token""#), "{text}");
        assert!(reuse.starts_with("access_token=$(member access_token)\nworn_refresh_token=$refresh_token\nrefresh_token=$(member refresh_token)\n"), "{text}");
        assert!(reuse.contains(r#"refresh_token='"$worn_refresh_token""#), "{text}");
    }

    #[test]
    fn each_step_says_once_what_happens_in_it() {
        for revision in Revision::ALL {
            let entry = |step| Entry { step, ..samples::exchange(&samples::message("{}", None), 1, 0, 200) };
            let entries: Vec<_> = Step::ALL.into_iter().flat_map(|step| [entry(step), entry(step)]).collect();
            let text = Record::new(revision, "cimd", merge(&entries, &[])).to_shell_script();
            let text = text.split_once(PRELUDE).unwrap().1;
            let comments: Vec<_> = text.lines().filter(|line| line.starts_with('#')).collect();
            assert_eq!(comments.len(), Step::ALL.len());
            for (comment, step) in comments.into_iter().zip(Step::ALL) {
                let what = comment.strip_prefix(&format!("# {}: ", step.title())).unwrap();
                let sentence = what.strip_suffix('.').unwrap();
                assert!(step.what(revision).starts_with(sentence) && !sentence.contains(". "), "{comment}");
            }
        }
    }
}
