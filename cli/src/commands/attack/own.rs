//! A server of one's own, which is attacked with its authorization server, as a test. Only whoever says that it is theirs may.

use std::collections::BTreeSet;
use std::io::{self, BufRead as _, IsTerminal as _};

use attack::Guest;
use flow::{Agenda, Env, Era, Farewell, Flow};
use protocol::loopback::is_loopback_host;
use protocol::revision::Revision;
use url::Url;

use crate::args::AttackArgs;
use crate::commands::{CommandError, Helper, driver, scripted, stranger};
use crate::report::harmless;
use walker::driver::{DriveError, system_env};
use walker::http::Http;
use walker::person::{Decision, Person};

/// What a client learns of an authorization server, and then talks to.
const ENDPOINTS: [&str; 4] =
    ["authorization_endpoint", "token_endpoint", "registration_endpoint", "revocation_endpoint"];

/// A server that an honest client gets in at.
pub(super) struct Own {
    pub(super) server: String,
    pub(super) guest: Guest<fn() -> Env>,
    /// Those of the wanted ones that it speaks.
    pub(super) revisions: Vec<Revision>,
}

impl Own {
    /// Makes sure that all of it is theirs, and goes in once as a client should: a server that refuses everything would pass
    /// every test.
    pub(super) async fn visit(server: &str, args: &AttackArgs, http: Http) -> Result<Self, CommandError> {
        let mut config = args
            .client
            .config(server, Era::Detect, Agenda::Calls(Vec::new()), None)
            .map_err(CommandError::Usage)?;
        if let Some(document) = &mut config.identities.document {
            document.read_first = false;
        }
        let mut mine = args.mine.clone();
        confirm(&host_of(server), &mut mine)?;
        for host in hosts_of_authorization(server, args, http.clone()).await? {
            confirm(&host, &mut mine)?;
        }
        let http = http.within(mine);
        let person = scripted(&args.client, server, &http, Decision::Allow)?;
        let mut guest = Guest::new(http, config, person, system_env as fn() -> Env);
        let (mut revisions, mut reasons) = (Vec::new(), Vec::new());
        for revision in Revision::ALL {
            if args.revision.is_some_and(|wanted| wanted != revision) {
                continue;
            }
            match guest.arrive(revision).await {
                Ok(()) => revisions.push(revision),
                Err(reason) => reasons.push(format!("{}: {reason}", revision.as_str())),
            }
        }
        let reasons = harmless(&reasons.join("; "));
        if revisions.is_empty() {
            let why = format!("a client that does all as it should does not get in at {server}: {reasons}");
            return Err(CommandError::Unreachable(why));
        }
        if !reasons.is_empty() {
            eprintln!("left out, because no client gets in: {reasons}");
        }
        Ok(Self { server: server.to_owned(), guest, revisions })
    }
}

/// Whom the client will talk to beside the MCP server, as far as one learns it without permission.
async fn hosts_of_authorization(
    server: &str,
    args: &AttackArgs,
    http: Http,
) -> Result<BTreeSet<String>, CommandError> {
    let revision = args.revision.unwrap_or_default();
    let mut flow = Flow::new(stranger(server, Era::Only(revision))?);
    let mut helper = Helper::scripted(Person::new(http.clone(), "nobody", Decision::Deny), None);
    let walked = driver(http).walk_and_leave(&mut flow, Farewell::EndSession, &mut helper, |_| ()).await;
    match (&walked, flow.poll()) {
        (Err(DriveError::Nobody { .. }), _) => {}
        (_, flow::Action::Failed(failure)) => {
            let why = format!("{server}: {}: {}", failure.title, failure.found);
            return Err(CommandError::Unreachable(why));
        }
        (Err(reason), _) => return Err(CommandError::Unreachable(format!("{server}: {reason}"))),
        (Ok(()), _) => {
            let why = format!("{server} answers without a token: there is nothing to attack");
            return Err(CommandError::Unreachable(why));
        }
    }
    let trace = flow.trace();
    let known = |name: &str| trace.value(name, trace.entries().len());
    Ok(ENDPOINTS.iter().filter_map(|name| known(name)).map(host_of).collect())
}

fn host_of(url: &str) -> String {
    Url::parse(url).ok().and_then(|url| Some(url.host_str()?.to_owned())).unwrap_or_default()
}

/// Asks whether a host is theirs, unless it is this machine or they have said so.
fn confirm(host: &str, mine: &mut Vec<String>) -> Result<(), CommandError> {
    if is_loopback_host(host) || mine.iter().any(|known| known == host) {
        return Ok(());
    }
    let host = harmless(host);
    if io::stdin().is_terminal() && io::stderr().is_terminal() {
        eprintln!("{host} is not this machine. Attacks on it are for whom it belongs to.");
        eprint!("Type its name if it is yours to attack: ");
        let mut typed = String::new();
        io::stdin().lock().read_line(&mut typed)?;
        if typed.trim() == host {
            mine.push(host);
            return Ok(());
        }
    }
    let why =
        format!("{host} is not this machine: if it is yours to attack, say so with --it-is-mine {host}");
    Err(CommandError::NotTheirs(why))
}
