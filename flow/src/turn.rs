//! One turn of the machine: what a rule may read, and where it writes its account.

use protocol::clause::Clause;
use protocol::secret::Secret;
use serde_json::Value;

use crate::check::{Checks, Stop};
use crate::config::Config;
use crate::env::Env;
use crate::http::{MAX_ANSWER_BYTES, Request, Response};
use crate::lessons::steps::Step;
use crate::trace::{Decoded, Entry, Event, Party};

/// A request that the driver is to send, with what the reader should know beforehand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Which step it belongs to.
    pub step: Step,
    /// Who gets it.
    pub to: Party,
    /// What it is, in a few words.
    pub title: String,
    /// The message.
    pub request: Request,
    /// How long the driver is to wait before it sends this, in milliseconds: the server wants it so.
    pub wait_ms: u32,
    /// Whether the person changed it.
    pub edited: bool,
}

impl Outgoing {
    pub(crate) fn new(step: Step, to: Party, title: impl Into<String>, request: Request) -> Self {
        Self { step, to, title: title.into(), request, wait_ms: 0, edited: false }
    }

    pub(crate) fn after_ms(self, wait_ms: u32) -> Self {
        Self { wait_ms, ..self }
    }
}

/// Collects what happens while one answer is read.
pub(crate) struct Turn<'a> {
    pub(crate) config: &'a Config,
    pub(crate) env: &'a Env,
    pub(crate) checks: Checks,
    pub(crate) decoded: Vec<Decoded>,
    /// A few words about the answer, for the arrow back.
    pub(crate) summary: String,
    /// Local work that follows from the answer, each an entry of its own.
    pub(crate) local: Vec<Entry>,
    pub(crate) secrets: Vec<Secret>,
    /// The step that the answer turns out to belong to, if another than the request.
    pub(crate) step: Option<Step>,
    /// Whether the request that was answered brought a token: somebody may have taken it out.
    pub(crate) with_token: bool,
}

impl<'a> Turn<'a> {
    pub(crate) fn new(config: &'a Config, env: &'a Env) -> Self {
        Self {
            config,
            env,
            checks: Checks::default(),
            decoded: Vec::new(),
            summary: String::new(),
            local: Vec::new(),
            secrets: Vec::new(),
            step: None,
            with_token: false,
        }
    }

    /// Adds an entry of local work.
    pub(crate) fn work_out(&mut self, step: Step, title: &str, checks: Checks, decoded: Vec<Decoded>) {
        let ends = (Party::Client, Party::Client);
        let entry = Entry::new(step, ends, title, self.env.now_ms, Event::Local);
        self.local.push(Entry { checks: checks.into_inner(), decoded, ..entry });
    }

    /// Demands a status.
    pub(crate) fn status(&mut self, clause: Clause, expected: u16, response: &Response) -> Result<(), Stop> {
        self.checks.require(
            clause,
            "status",
            response.status == expected,
            expected.to_string(),
            response.status.to_string(),
        )
    }

    /// Demands that an answer is no longer than the client reads. Says nothing as long as that is so.
    pub(crate) fn bearable(&mut self, clause: Clause, response: &Response) -> Result<(), Stop> {
        let size = response.body.len();
        if size <= MAX_ANSWER_BYTES {
            return Ok(());
        }
        let expected = format!("at most {MAX_ANSWER_BYTES} bytes");
        self.checks.require(clause, "size of the answer", false, expected, format!("{size} bytes"))
    }

    /// Demands a JSON object of a bearable size, and reads it.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(
        &mut self,
        clause: Clause,
        what: &str,
        response: &Response,
    ) -> Result<T, Stop> {
        self.bearable(clause, response)?;
        let read = protocol::strict_json::parse_object(response.body.as_bytes())
            .and_then(|object| protocol::json::from_value(Value::Object(object)));
        match read {
            Ok(value) => {
                self.checks.require(clause, "format", true, what, what)?;
                Ok(value)
            }
            Err(reason) => {
                self.checks.require(clause, "format", false, what, reason.to_string())?;
                Err(Stop)
            }
        }
    }
}
