//! `inspect URL`: what can be found out about a server without any permission, in the order in which a client asks.

use std::io::{self, Write as _};

use flow::trace::{Check, Outcome};
use flow::{Action, Farewell, Flow};
use serde_json::json;

use super::{CommandError, Helper, as_json, driver, print_json, stranger};
use crate::args::InspectArgs;
use crate::exit::Exit;
use crate::report::{Palette, Report};
use walker::driver::DriveError;
use walker::http::Http;
use walker::person::{Decision, Person};

/// Asks what a client asks before it introduces itself, and judges each answer.
///
/// # Errors
/// [`CommandError`].
pub async fn run(args: &InspectArgs) -> Result<Exit, CommandError> {
    let config = stranger(&args.server, args.revision.era())?;
    let http = Http::new()?;
    let mut helper = Helper::scripted(Person::new(http.clone(), "nobody", Decision::Deny), None);
    let mut flow = Flow::new(config);
    let mut report = Report::new(io::stdout(), Palette::for_stdout(), args.output.show_secrets);
    let mut printing = Ok(());
    // A server that wants no token has begun a session: it is ended.
    let walked = driver(http)
        .walk_and_leave(&mut flow, Farewell::EndSession, &mut helper, |flow| {
            if !args.output.json && printing.is_ok() {
                printing = report.update(flow);
            }
        })
        .await;
    printing?;
    let walked = match walked {
        // That is as far as one gets without saying who one is.
        Err(DriveError::Nobody { .. }) => Ok(()),
        other => other,
    };
    let exit = Exit::of(&walked, &flow);
    if args.output.json {
        let mut object = as_json(&flow, &walked, args.output);
        // Of a server that could not be asked nobody knows.
        object["protected"] = json!((exit == Exit::Done).then(|| is_protected(&flow)));
        print_json(&object)?;
    } else if exit == Exit::Done {
        conclude(&flow)?;
    } else {
        report.conclusion(&flow, &walked)?;
    }
    Ok(exit)
}

/// Whether the server wants a token at all.
fn is_protected(flow: &Flow) -> bool {
    matches!(flow.poll(), Action::AskCredentials(_))
}

fn conclude(flow: &Flow) -> io::Result<()> {
    let mut out = io::stdout();
    if !is_protected(flow) {
        return writeln!(out, "\nThe server answers without a token: there is nothing to authorize.");
    }
    let checks = || flow.trace().entries().iter().flat_map(|entry| &entry.checks);
    let count = |outcome| checks().filter(|check: &&Check| check.outcome == outcome).count();
    writeln!(
        out,
        "\nAuthorization can be discovered: {} checks passed, {} warnings.",
        count(Outcome::Passed),
        count(Outcome::Warning)
    )?;
    let entries = flow.trace().entries().len();
    let offered = |name| if flow.trace().value(name, entries).is_some() { "offered" } else { "not offered" };
    writeln!(out, "  metadata document (CIMD)    {}", offered("client_id_metadata_document_supported"))?;
    writeln!(out, "  dynamic registration (DCR)  {}", offered("registration_endpoint"))?;
    writeln!(out, "Next: mcp-auth-lab trace --server {} --browser", flow.config().server)
}
