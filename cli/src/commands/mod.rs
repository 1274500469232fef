//! What the program does, a file for each command.

pub mod attack;
pub mod call;
pub mod conformance;
pub mod inspect;
pub mod token;
pub mod trace;

use std::io::{self, Write as _};

use flow::identity::{Credentials, Identities};
use flow::{Agenda, Config, Env, Era, Flow, OnBehalf, SigningRequest};
use protocol::ids::{IdentifierError, Issuer, RedirectUri, ResourceUri};
use serde_json::{Value, json};

use crate::args::{ClientArgs, ConnectArgs, LOOPBACK_REDIRECT, OutputArgs, explain, loopback_policy};
use crate::browser::Browser;
use crate::exit::Exit;
use crate::progress::waiting_for;
use crate::report::harmless_json;
use walker::driver::{DriveError, Driver, system_env};
use walker::http::Http;
use walker::interrupts::Interrupts;
use walker::person::{Decision, Person, PersonError};
use walker::signer::{Signer, SignerError};

/// Why a command could not even begin, or not say how it ended.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// An argument cannot be used.
    #[error("{0}")]
    Usage(String),
    /// What is to be judged by cannot be found out.
    #[error("{0}")]
    Undiscovered(String),
    /// A server did not answer.
    #[error("{0}")]
    Unreachable(String),
    /// Nobody has said that this server is theirs to attack.
    #[error("{0}")]
    NotTheirs(String),
    /// Nobody can come back from a browser.
    #[error(transparent)]
    Person(#[from] PersonError),
    /// The network cannot be set up.
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    /// What is printed cannot be printed.
    #[error(transparent)]
    Output(#[from] std::io::Error),
    /// The client's key cannot be used.
    #[error(transparent)]
    Signer(#[from] SignerError),
}

impl CommandError {
    /// How the program ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Person(_) | Self::NotTheirs(_) => Exit::NoPermission,
            Self::Unreachable(_) => Exit::Unreachable,
            Self::Undiscovered(_) | Self::Http(_) | Self::Output(_) | Self::Signer(_) => Exit::Stopped,
        }
    }
}

/// Who helps the flow: a scripted person or a real browser, and the client's key if it has one.
#[derive(Debug)]
pub(crate) struct Helper {
    person: Somebody,
    signer: Option<Signer>,
}

#[derive(Debug)]
enum Somebody {
    Scripted(Person),
    Real(Browser),
}

impl Helper {
    /// Somebody who fills in forms.
    pub(crate) fn scripted(person: Person, signer: Option<Signer>) -> Self {
        Self { person: Somebody::Scripted(person), signer }
    }

    /// As the arguments say.
    pub(crate) async fn of(args: &ConnectArgs, http: &Http) -> Result<Self, CommandError> {
        if args.browser {
            return Ok(Self {
                person: Somebody::Real(Browser::listen(args.callback_port).await?),
                signer: None,
            });
        }
        let decision = if args.deny { Decision::Deny } else { Decision::Allow };
        let person = scripted(&args.client, &args.server, http, decision)?;
        Ok(Self::scripted(person, None))
    }

    /// Where the browser comes back to, if it is a real one.
    pub(crate) fn redirect_uri(&self) -> Option<protocol::ids::RedirectUri> {
        match &self.person {
            Somebody::Real(browser) => Some(browser.redirect_uri().clone()),
            Somebody::Scripted(_) => None,
        }
    }
}

impl walker::companion::Companion for Helper {
    async fn visit(&mut self, flow: &Flow, url: &str) -> Result<String, PersonError> {
        match &mut self.person {
            Somebody::Scripted(person) => person.visit(url, &flow.config().redirect_uri).await,
            Somebody::Real(browser) => {
                eprintln!("\nAllow it in your browser. If none has opened, open this address:\n\n  {url}\n");
                waiting_for("Waiting for you in the browser", browser.visit(flow, url)).await
            }
        }
    }

    fn sign(&mut self, request: &SigningRequest) -> Result<Vec<u8>, SignerError> {
        self.signer.as_ref().ok_or(SignerError::NoKey)?.sign(request)
    }

    fn credentials(&mut self, _issuer: &Issuer) -> Option<Credentials> {
        None
    }
}

/// Somebody who fills in the forms of this server's authorization server.
pub(crate) fn scripted(
    args: &ClientArgs,
    server: &str,
    http: &Http,
    decision: Decision,
) -> Result<Person, CommandError> {
    let person = Person::new(http.clone(), &args.account, decision);
    match (&args.password, args.issuer(server).map_err(CommandError::Usage)?) {
        (None, _) => Ok(person),
        (Some(password), Some(issuer)) => Ok(person.with_password(password, &issuer)),
        (Some(_), None) => {
            let why = "a password needs --issuer, the authorization server that it is for";
            Err(CommandError::Usage(why.into()))
        }
    }
}

/// A client that has nothing to offer: it stops exactly where it would have to say who it is, and that is as far as one gets
/// without permission.
pub(crate) fn stranger(server: &str, era: Era) -> Result<Config, CommandError> {
    let loopback = loopback_policy(server);
    let unusable = |reason: IdentifierError| CommandError::Usage(format!("{server}: {}", explain(reason)));
    Ok(Config {
        server: ResourceUri::parse(server, loopback).map_err(unusable)?,
        era,
        loopback,
        redirect_uri: RedirectUri::parse(LOOPBACK_REDIRECT).map_err(unusable)?,
        identities: Identities::default(),
        on_behalf: OnBehalf::Person,
        agenda: Agenda::Calls(Vec::new()),
    })
}

/// The driver of a terminal.
pub(crate) fn driver(http: Http) -> Driver<fn() -> Env> {
    Driver { http, interrupts: Interrupts::Terminal, env: system_env }
}

/// Prints a JSON object on standard output.
pub(crate) fn print_json(object: &Value) -> io::Result<()> {
    writeln!(io::stdout(), "{}", harmless_json(object))
}

/// A run as one JSON object.
pub(crate) fn as_json(flow: &Flow, walked: &Result<(), DriveError>, output: OutputArgs) -> Value {
    let failure = match (walked, flow.poll()) {
        (Err(error), _) => Some(json!({ "found": error.to_string() })),
        (Ok(()), flow::Action::Failed(failure)) => Some(json!(failure)),
        (Ok(()), _) => None,
    };
    let trace = flow.trace();
    let visible = |value: Value| if output.show_secrets { value } else { trace.masked(value) };
    json!({
        "server": flow.config().server,
        "revision": flow.revision(),
        "success": failure.is_none(),
        "granted": flow.granted(),
        "failure": visible(failure.unwrap_or_default()),
        "entries": visible(json!(trace.entries())),
        "results": visible(json!(flow.results())),
    })
}
