//! The whole client in a hostile world: the input is a [`script`] of what the world does.
//!
//! Each answer begins as the right one, and the script changes it; so a small input gets deep, and reads as what it is. What
//! is promised, at every step:
//!
//! - nothing panics, and the client comes to an end within a number of actions that the world cannot raise;
//! - a request goes to a URL that the person or an answer has named, by https or to this machine ([`witness`]);
//! - each secret goes to the one who may see it, in the one place where it belongs ([`secrets`]);
//! - nothing is asked for with a code that came with a callback that must not be believed;
//! - the masked trace holds no secret;
//! - a client that is put away and taken up again is the same.

mod edit;
mod script;
mod secrets;
mod setting;
mod witness;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use ::flow::http::Response;
use ::flow::trace::Party;
use ::flow::{Action, Env, Farewell, Flow, Outgoing};
use protocol::mcp::ToolCall;
use serde_json::{Value, json};

use script::{Edit, Script, Wish};
use witness::Witness;
use world::World;

use super::callback::is_to_be_believed;

/// How many actions there may be, whatever happens.
const ACTIONS: usize = 100;
/// How many more for each operation at the MCP server, and each wish of the person.
const ACTIONS_EACH: usize = 20;
/// The client is put away and taken up again once in so many actions; when first, depends on the script. Each time would
/// take most of the time.
const SNAPSHOT_EVERY: u64 = 7;
/// The most wishes that are fulfilled.
const WISHES: usize = 5;

/// Takes the input as the script of a hostile world.
///
/// # Panics
/// When a promise is broken.
pub fn run(input: &[u8]) {
    let script = Script::read(&String::from_utf8_lossy(input));
    Walk::new(&script).walk();
}

/// A client on its way.
struct Walk<'a> {
    script: &'a Script,
    world: World,
    witness: Witness,
    flow: Flow,
    now_ms: u64,
    actions: usize,
    /// How often each place was asked.
    times: BTreeMap<String, u32>,
    operations: BTreeSet<String>,
}

impl<'a> Walk<'a> {
    fn new(script: &'a Script) -> Self {
        let mut world = World::new(script);
        let flow = Flow::new(setting::config(script, &mut world));
        Self {
            script,
            witness: Witness::new(&world),
            world,
            flow,
            now_ms: 1_800_000_000_000,
            actions: 0,
            times: BTreeMap::new(),
            operations: BTreeSet::new(),
        }
    }

    fn walk(mut self) {
        let mut wishes = self.script.then.iter().take(WISHES);
        loop {
            self.actions += 1;
            assert!(
                self.actions <= ACTIONS + ACTIONS_EACH * self.operations.len(),
                "it does not end: {} operations",
                self.operations.len()
            );
            match self.flow.poll() {
                Action::Send(outgoing) => {
                    let outgoing = outgoing.clone();
                    self.exchange(&outgoing);
                }
                Action::Sign(_) => self.act(|flow, env| flow.handle_signature(env, b"signature")),
                Action::AskCredentials(issuer) => {
                    let credentials = setting::entered(issuer, self.script, &mut self.world);
                    self.act(|flow, env| flow.provide_credentials(env, credentials));
                }
                Action::Navigate | Action::AwaitCallback => self.authorize(),
                Action::Rest => match wishes.next() {
                    Some(wish) => self.fulfil(wish),
                    None => break,
                },
                Action::Finished | Action::Failed(_) => break,
            }
            self.is_the_same_again();
        }
        self.masked_trace_holds_no_secret();
    }

    /// Does what fits the state, with a fresh moment and fresh entropy.
    fn act<E: std::fmt::Debug>(&mut self, action: impl FnOnce(&mut Flow, &Env) -> Result<(), E>) {
        let env = self.env();
        action(&mut self.flow, &env).expect("what was polled fits the state");
    }

    /// Each time another moment and other entropy, which depend on the whole script: so a script can have no verifier in it
    /// that the client is going to make.
    fn env(&mut self) -> Env {
        self.now_ms += 10;
        let seed = (self.script.hash ^ self.now_ms).to_be_bytes();
        let entropy = std::array::from_fn(|i| seed[i % seed.len()] ^ i.to_le_bytes()[0]);
        Env { now_ms: self.now_ms, entropy }
    }

    fn edits(&mut self, place: &str) -> Vec<&'a Edit> {
        let time = self.times.entry(place.to_owned()).or_default();
        *time += 1;
        self.script.edits(place, *time)
    }

    /// The client sends, the world answers.
    fn exchange(&mut self, outgoing: &Outgoing) {
        let place = world::place(outgoing);
        let request = &outgoing.request;
        self.witness.sends(&place, request, &mut self.world.secrets);
        if outgoing.to == Party::McpServer {
            self.operations.insert(format!("{place} {}", world::message(request)["params"]["name"]));
        }
        let current = self.witness.current().to_owned();
        let mut answer = self.world.answer(outgoing, &current);
        let (mut unreachable, mut cancelled) = (false, false);
        for edit in self.edits(&place) {
            edit::answer(&mut answer, edit, |text| self.world.fill(text, Some(request)));
            match edit {
                Edit::Later(seconds) => {
                    self.now_ms = self.now_ms.saturating_add(seconds.saturating_mul(1000));
                }
                Edit::Unreachable => unreachable = true,
                Edit::Cancel => cancelled = true,
                _ => {}
            }
        }
        let env = self.env();
        if cancelled && self.flow.cancel(&env).is_ok() {
            return;
        }
        if unreachable {
            self.act(|flow, env| flow.handle_unreachable(env, "connection refused"));
            return;
        }
        self.hear(&place, outgoing, answer);
    }

    fn hear(&mut self, place: &str, outgoing: &Outgoing, answer: Response) {
        self.witness.hears(place, &outgoing.request, &answer);
        if place == "token" {
            self.world.accept(&answer);
        }
        self.world.secrets.deliver(&answer.body);
        self.act(|flow, env| flow.handle_response(env, answer));
    }

    /// The browser goes, and comes back.
    fn authorize(&mut self) {
        let env = self.env();
        let went_to = self.flow.depart(&env).expect("an authorization is under way");
        self.witness.departs(&went_to, &self.world.secrets);
        let issuer = self.witness.current().to_owned();
        let mut url = self.world.authorized(&went_to, &issuer);
        for edit in self.edits("callback") {
            edit::callback(&mut url, edit, |text| self.world.fill(text, None));
        }
        let (address, query) = url.split_once('?').unwrap_or((&url, ""));
        let query = query.split('#').next().unwrap_or_default();
        let (state, promised) = (&self.world.secrets.last_state, self.witness.promises_iss());
        if address != self.world.redirect_uri || !is_to_be_believed(query, &issuer, state, promised) {
            self.world.secrets.poison();
        }
        // Under another name it is nobody's code.
        let codes = url.split(['?', '&', '#']).filter(|pair| pair.starts_with("code="));
        codes.for_each(|code| self.world.secrets.deliver(code));
        self.act(|flow, env| flow.handle_callback(env, &url));
    }

    fn fulfil(&mut self, wish: &Wish) {
        let env = self.env();
        self.operations.insert(format!("{wish:?}"));
        match wish {
            Wish::Call(tool) => {
                let call = ToolCall::new(tool.as_str(), json!({ "city": "Zürich" }));
                self.act(|flow, env| flow.call_tool(env, call));
            }
            // There may be nothing to renew with.
            Wish::Refresh => drop(self.flow.refresh(&env)),
            Wish::Finish => self.act(|flow, env| flow.finish(env, Farewell::EndSession)),
            Wish::Revoke => self.act(|flow, env| flow.finish(env, Farewell::RevokeTokens)),
        }
    }

    /// Put away and taken up again: a page that was left and comes back.
    fn is_the_same_again(&mut self) {
        if !(self.now_ms ^ self.script.hash).is_multiple_of(SNAPSHOT_EVERY) {
            return;
        }
        let stored = serde_json::to_string(self.flow.recording()).expect("a recording can be stored");
        let recording = serde_json::from_str(&stored).expect("a stored recording can be read");
        let restored = Flow::replay(self.flow.config().clone(), recording).expect("it fitted before");
        assert_eq!(restored, self.flow);
        self.flow = restored;
    }

    fn masked_trace_holds_no_secret(&self) {
        let mut texts = Vec::new();
        collect(&self.flow.trace().to_masked_json(), &mut texts);
        self.world.secrets.are_masked(&texts);
    }
}

/// All texts in a JSON value.
fn collect(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        Value::Object(members) => members.values().for_each(|member| collect(member, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
