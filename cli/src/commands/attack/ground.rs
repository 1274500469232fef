//! Where the attacks are performed.

use std::time::Instant;

use attack::{Attacker, Places};
use flow::Env;
use flow::http::Request;
use flow::lessons::attacks::Attack;
use protocol::loopback::is_loopback_host;
use protocol::revision::Revision;
use serde_json::Value;

use super::own::Own;
use super::result::{Ending, Performed};
use crate::args::AttackArgs;
use crate::commands::CommandError;
use walker::driver::system_env;
use walker::http::Http;

/// A lab that runs, or a server of one's own.
pub(super) enum Ground {
    /// A lab: all of it can be attacked.
    Lab(Box<Attacker<fn() -> Env>>),
    /// Somebody's own.
    Own(Box<Own>),
}

impl Ground {
    /// Finds it, and makes sure that it may be attacked.
    pub(super) async fn of(args: &AttackArgs, http: Http) -> Result<Self, CommandError> {
        if let Some(server) = &args.server {
            return Ok(Self::Own(Box::new(Own::visit(server, args, http).await?)));
        }
        let places = places_of_lab(&http, args.lab.trim_end_matches('/')).await?;
        Ok(Self::Lab(Box::new(Attacker { http, places, env: system_env })))
    }

    /// For the heading of a table.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Lab(attacker) => format!("the lab at {}", attacker.places.page),
            Self::Own(own) => own.server.clone(),
        }
    }

    /// Whether it speaks this revision.
    pub(super) fn speaks(&self, revision: Revision) -> bool {
        match self {
            Self::Lab(_) => true,
            Self::Own(own) => own.revisions.contains(&revision),
        }
    }

    /// Performs an attack there.
    pub(super) async fn perform(&self, attack: &'static Attack, revision: Revision) -> Performed {
        let started = Instant::now();
        let ending = match self {
            Self::Lab(attacker) => match attacker.perform(attack, revision).await {
                Ok(outcome) => Ending::in_lab(outcome),
                Err(error) => Ending::NotPerformed(error.to_string()),
            },
            Self::Own(own) => match own.guest.perform(attack, revision).await {
                Ok(outcome) => Ending::elsewhere(attack, outcome),
                Err(error) if error.is_out_of_place() => Ending::OutOfPlace(error.to_string()),
                Err(error) => Ending::NotPerformed(error.to_string()),
            },
        };
        Performed { attack, revision, ending, took: started.elapsed() }
    }
}

/// Asks the lab's page where its servers are.
async fn places_of_lab(http: &Http, page: &str) -> Result<Places, CommandError> {
    let url = format!("{page}/lab.json");
    on_this_machine("--lab", page)?;
    let start = "start it with `just demo`, or say where it is with --lab URL";
    let answer = http
        .send(&Request::get_json(&url))
        .await
        .map_err(|reason| CommandError::Unreachable(format!("no lab runs at {page} ({reason}): {start}")))?;
    let lab: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let place = |name: &str| {
        let url = lab.get(name).and_then(Value::as_str).ok_or_else(|| {
            CommandError::Unreachable(format!("{page} is no lab that attacks can be tried in: {start}"))
        })?;
        on_this_machine(name, url)?;
        Ok::<_, CommandError>(url.to_owned())
    };
    Ok(Places {
        page: page.to_owned(),
        mcp_server: place("mcp_server")?,
        authorization_server: place("authorization_server")?,
        rogue: place("rogue")?,
    })
}

/// A lab is on this machine with all its servers. Whatever says otherwise is none, and is not attacked.
fn on_this_machine(what: &str, url: &str) -> Result<(), CommandError> {
    let host = url::Url::parse(url).ok().and_then(|url| Some(url.host_str()?.to_owned()));
    match host {
        Some(host) if is_loopback_host(&host) => Ok(()),
        _ => Err(CommandError::Usage(format!("{what} {url}: a lab is on this machine alone"))),
    }
}
