//! Where the attacks are performed.

use std::time::Instant;

use attack::{Attacker, Places};
use flow::Env;
use flow::http::Request;
use flow::lessons::attacks::Attack;
use protocol::loopback::is_loopback_host;
use protocol::revision::Revision;
use serde_json::Value;

use super::result::{Ending, Performed};
use crate::args::AttackArgs;
use crate::commands::CommandError;
use walker::driver::system_env;
use walker::http::Http;

/// A lab that runs.
pub(super) struct Ground {
    attacker: Attacker<fn() -> Env>,
}

impl Ground {
    /// Finds it.
    pub(super) async fn of(args: &AttackArgs, http: Http) -> Result<Self, CommandError> {
        let places = places_of_lab(&http, args.lab.trim_end_matches('/')).await?;
        Ok(Self { attacker: Attacker { http, places, env: system_env } })
    }

    /// For the heading of a table.
    pub(super) fn name(&self) -> String {
        format!("the lab at {}", self.attacker.places.page)
    }

    /// Performs an attack there.
    pub(super) async fn perform(&self, attack: &'static Attack, revision: Revision) -> Performed {
        let started = Instant::now();
        let ending = match self.attacker.perform(attack, revision).await {
            Ok(outcome) => Ending::in_lab(outcome),
            Err(error) => Ending::NotPerformed(error.to_string()),
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
