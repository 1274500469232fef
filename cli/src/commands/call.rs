//! `call TOOL`: one tool, and what it answers.

use std::io::{self, Write as _};

use flow::{Agenda, Farewell, Flow, ToolResult};
use protocol::mcp::ToolCall;
use protocol::mcp_answer::tool_text;
use serde_json::Value;

use super::{CommandError, Helper, as_json, driver, print_json};
use crate::args::CallArgs;
use crate::exit::Exit;
use crate::report::{Palette, Report, harmless};
use walker::http::Http;

/// Calls the tool. Standard output has the answer alone; why there is none stands on standard error.
///
/// # Errors
/// [`CommandError`].
pub async fn run(args: &CallArgs) -> Result<Exit, CommandError> {
    let arguments: Value =
        serde_json::from_str(&args.arguments).ok().filter(Value::is_object).ok_or_else(|| {
            let given = harmless(&args.arguments);
            CommandError::Usage(format!(
                "{given:?} is no JSON object; the arguments of a tool are written like '{{\"city\": \"Paris\"}}'"
            ))
        })?;
    let http = Http::new()?;
    let mut helper = Helper::of(&args.connect, &http).await?;
    let agenda = Agenda::Calls(vec![ToolCall::new(&args.tool, arguments)]);
    let config = args.connect.config(agenda, helper.redirect_uri()).map_err(CommandError::Usage)?;
    let mut flow = Flow::new(config);
    let driver = driver(http);
    let walked = driver.walk_and_leave(&mut flow, Farewell::EndSession, &mut helper, |_| ()).await;
    let exit = Exit::of(&walked, &flow);
    if args.output.json {
        print_json(&as_json(&flow, &walked, args.output))?;
    } else if exit == Exit::Done || exit == Exit::NoPermission && !flow.results().is_empty() {
        for result in flow.results() {
            print(result)?;
        }
    } else {
        Report::new(io::stderr(), Palette::plain(), args.output.show_secrets).conclusion(&flow, &walked)?;
    }
    let failed = flow.results().iter().any(|result| result.is_error);
    Ok(if failed && exit == Exit::Done { Exit::Stopped } else { exit })
}

/// The answer on standard output, or why there is none on standard error.
fn print(result: &ToolResult) -> io::Result<()> {
    let text = tool_text(&result.result);
    let message = result.result.get("message").and_then(Value::as_str);
    let text = match (text.is_empty(), message) {
        (false, _) => text,
        (true, Some(message)) if result.is_error => message.to_owned(),
        (true, _) => result.result.to_string(),
    };
    if result.is_error {
        eprintln!("{} has failed: {}", harmless(&result.call.name), harmless(&text));
        return Ok(());
    }
    writeln!(io::stdout(), "{}", harmless(&text))
}
