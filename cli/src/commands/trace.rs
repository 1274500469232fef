//! `trace`: the journey, every message and every check.

use std::io;

use flow::{Agenda, Farewell, Flow};

use super::{CommandError, Helper, as_json, driver, print_json};
use crate::args::TraceArgs;
use crate::exit::Exit;
use crate::report::{Palette, Report};
use walker::http::Http;

/// Walks the journey.
///
/// # Errors
/// [`CommandError`].
pub async fn run(args: &TraceArgs) -> Result<Exit, CommandError> {
    let http = Http::new()?;
    let mut helper = Helper::of(&args.connect, &http).await?;
    // What the lab's journey calls is the lab's own. Tools of others are listed; calling them may change something.
    let agenda = match (args.every_tool, args.connect.is_for_the_lab()) {
        (true, _) => Agenda::EveryTool,
        (false, true) => Agenda::lab(),
        (false, false) => Agenda::Calls(Vec::new()),
    };
    let config = args.connect.config(agenda, helper.redirect_uri()).map_err(CommandError::Usage)?;
    let mut flow = Flow::new(config);
    let mut report = Report::new(io::stdout(), Palette::for_stdout(), args.output.show_secrets);
    let mut printing = Ok(());
    let quiet = args.output.json;
    let mut observe = |flow: &Flow| {
        if !quiet && printing.is_ok() {
            printing = report.update(flow);
        }
    };
    let driver = driver(http);
    let farewell = if args.revoke { Farewell::RevokeTokens } else { Farewell::EndSession };
    let walked = driver.walk_and_leave(&mut flow, farewell, &mut helper, &mut observe).await;
    printing?;
    let exit = Exit::of(&walked, &flow);
    if args.output.json {
        print_json(&as_json(&flow, &walked, args.output))?;
    } else {
        report.conclusion(&flow, &walked)?;
    }
    Ok(exit)
}
